"""Fakes of secrets and look-alikes that are none, made at random from parts; nothing here ever was a secret.

Prefixes are written with a `|` inside, so that no scanner of source code takes them for real.

LOCATION: tests/secrets_corpus.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import base64
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
SYMBOLS = ALNUM + "!@#$%^*+?"


class Fake(NamedTuple):
    """A text with a secret in it: ``group`` is keys, prefixes, pem, jwt, urls, headers or other."""

    group: str
    kind: str
    text: str
    secret: str


class Benign(NamedTuple):
    """A text that looks a little like a secret and holds none."""

    kind: str
    text: str


def names(text: str) -> list[str]:
    """The words of ``text``."""
    return text.split()


Random = random.Random
Maker = Callable[[Random], str]

# kind: prefix, then length and alphabet of each random part, then what joins the parts.
PREFIXED: dict[str, tuple[str, list[tuple[int, str]], str]] = {
    "aws": ("AK|IA", [(16, UPPER)], ""),
    "aws-session": ("AS|IA", [(16, UPPER)], ""),
    "google-api": ("AI|za", [(35, URLSAFE)], ""),
    "google-oauth": ("ya2|9.", [(60, URLSAFE)], ""),
    "google-client": ("GOC|SPX-", [(28, URLSAFE)], ""),
    "azure-client": ("Ab1|8Q~", [(34, ALNUM)], ""),
    "alibaba": ("LT|AI", [(20, ALNUM)], ""),
    "digitalocean": ("do|p_v1_", [(64, HEX)], ""),
    "openai": ("s|k-", [(48, ALNUM)], ""),
    "openai-project": ("s|k-proj-", [(60, URLSAFE)], ""),
    "anthropic": ("s|k-ant-api03-", [(93, URLSAFE)], ""),
    "openrouter": ("s|k-or-v1-", [(64, HEX)], ""),
    "huggingface": ("h|f_", [(34, ALNUM)], ""),
    "groq": ("gs|k_", [(52, ALNUM)], ""),
    "replicate": ("r|8_", [(37, ALNUM)], ""),
    "perplexity": ("pp|lx-", [(48, ALNUM)], ""),
    "xai": ("xa|i-", [(80, ALNUM)], ""),
    "langsmith": ("lsv|2_pt_", [(32, HEX), (10, HEX)], "_"),
    "nvidia": ("nva|pi-", [(64, URLSAFE)], ""),
    "github": ("gh|p_", [(36, ALNUM)], ""),
    "github-app": ("gh|s_", [(36, ALNUM)], ""),
    "github-fine": ("github|_pat_", [(22, ALNUM), (59, ALNUM)], "_"),
    "gitlab": ("gl|pat-", [(20, URLSAFE)], ""),
    "gitlab-runner": ("gl|rt-", [(20, URLSAFE)], ""),
    "atlassian": ("AT|ATT3", [(180, URLSAFE)], ""),
    "bitbucket": ("AT|BB", [(32, ALNUM)], ""),
    "stripe": ("s|k_live_", [(24, ALNUM)], ""),
    "stripe-restricted": ("r|k_live_", [(24, ALNUM)], ""),
    "stripe-webhook": ("wh|sec_", [(32, ALNUM)], ""),
    "square": ("sq|0atp-", [(22, URLSAFE)], ""),
    "razorpay": ("rz|p_live_", [(14, ALNUM)], ""),
    "shopify": ("sh|pat_", [(32, HEX)], ""),
    "slack-bot": ("xo|xb-", [(12, string.digits), (13, string.digits), (24, ALNUM)], "-"),
    "slack-user": ("xo|xp-", [(12, string.digits), (12, string.digits), (32, HEX)], "-"),
    "slack-app": ("xa|pp-1-A", [(10, UPPER), (13, string.digits), (64, HEX)], "-"),
    "twilio": ("S|K", [(32, HEX)], ""),
    "sendgrid": ("S|G.", [(22, URLSAFE), (43, URLSAFE)], "."),
    "mailgun": ("ke|y-", [(32, HEX)], ""),
    "brevo": ("xke|ysib-", [(64, HEX), (16, ALNUM)], "-"),
    "postman": ("PM|AK-", [(24, HEX), (34, HEX)], "-"),
    "npm": ("np|m_", [(36, ALNUM)], ""),
    "pypi": ("py|pi-AgEIcHlwaS5vcmc", [(120, URLSAFE)], ""),
    "rubygems": ("ruby|gems_", [(48, HEX)], ""),
    "nuget": ("oy|2", [(43, LOWER)], ""),
    "docker": ("dc|kr_pat_", [(27, URLSAFE)], ""),
    "vault": ("hv|s.", [(90, URLSAFE)], ""),
    "databricks": ("da|pi", [(32, HEX)], ""),
    "doppler": ("dp|.pt.", [(43, ALNUM)], ""),
    "pulumi": ("pu|l-", [(40, HEX)], ""),
    "newrelic": ("NR|AK-", [(27, UPPER)], ""),
    "grafana": ("gl|sa_", [(32, ALNUM), (8, HEX)], "_"),
    "sentry": ("snt|ryu_", [(64, HEX)], ""),
    "linear": ("li|n_api_", [(40, ALNUM)], ""),
    "notion": ("nt|n_", [(46, ALNUM)], ""),
    "airtable": ("pa|t", [(14, ALNUM), (64, HEX)], "."),
    "supabase": ("sb|p_", [(40, HEX)], ""),
    "planetscale": ("psc|ale_tkn_", [(43, ALNUM)], ""),
    "tailscale": ("ts|key-auth-", [(12, ALNUM), (30, ALNUM)], "-"),
    "sonar": ("sq|p_", [(40, HEX)], ""),
    "age": ("AGE-SEC|RET-KEY-1", [(58, UPPER)], ""),
    "contentful": ("CF|PAT-", [(43, URLSAFE)], ""),
}

CONTEXTS = {
    "bare": "{}",
    "sentence": "The client started with {} and went on.",
    "json": '{{"user": 7, "sent": "{}"}}',
    "repr": "{{'user': 7, 'sent': '{}', 'n': None}}",
    "url": "GET https://api.example.com/v1/items?limit=20&k={}&page=2",
    "header": "X-Custom: {}",
    "environment": "SERVICE_SETTING={}",
    "lines": "first line\n{}\nlast line",
    "escaped": '{{"body": "first\\n{}\\nlast"}}',
}

SECRET_NAMES = names("""
password passwd pwd db_password DB_PASSWORD userPassword new-password passphrase secret
client_secret clientSecret CLIENT_SECRET secret_key SecretKey api_key apiKey apikey API_KEY
X-Api-Key x-api-key openai_api_key access_token accessToken refresh_token refreshToken session_token
auth_token authToken bearer_token token csrf_token private_key privateKey access_key accessKeySecret
aws_secret_access_key encryption_key signing_key Authorization authorization proxy-authorization
cookie Cookie set-cookie Set-Cookie credentials credential connection_string connectionString
ConnectionString dsn sentry_dsn jwt otp passcode basic_auth http.auth account_key shared_key
master_key webhook_secret password2 smtp.password spring.datasource.password DBPassword
password_value PASSWORD_PROD id_token_secret
""")
HARMLESS_NAMES = names("""
tokens_in tokens_out max_tokens session_id token_count token_type public_key_id password_policy
authors author secretary keyboard idempotency_key tokens total_tokens prompt_tokens
completion_tokens token_usage token_limit tokenizer tokenize key keys keyword primary_key
foreign_key sort_key cache_key public_key key_id api_key_id aws_access_key_id password_hash
password_length password_min password_max_length password_reset_url password_expires_at token_ttl
token_expires secret_name secret_id secret_count cookie_name cookie_policy cookie_domain
has_password is_secret use_token requires_auth author_id authored authentic authenticated auth_type
auth_method auth_enabled session sessions next_token page_token continuation_token pad_token
eos_token monkey turkey compass passenger passed passes bypass cookies_accepted credentials_path
credential_id token_index token_id user_id operation duration_ms trace_id span_id path status
message logger level hockey donkey keypoint secretariat passive passage tokenized session_count
login_count certificate_id key_prefix private public connection connection_id connection_count
string dns design designer assign signature signal
""")


def fakes(seed: int = 20) -> list[Fake]:
    """At least 500 fakes of at least 60 kinds, the same for the same ``seed``."""
    rnd = Random(seed)
    makers = (_prefixed, _jwt, _pem, _urls, _headers, _keys, _other)
    return [fake for make in makers for fake in make(rnd)]


def benign(seed: int = 21) -> list[Benign]:
    """At least 500 look-alikes, the same for the same ``seed``."""
    rnd = Random(seed)
    return [Benign(kind, make(rnd)) for kind, make in LOOK_ALIKES.items() for _ in range(12)]


def body(rnd: Random, length: int, alphabet: str = ALNUM) -> str:
    """Random characters, at least one of them a digit, as real tokens of that length have."""
    return "".join(rnd.choices(alphabet, k=length - 1)) + rnd.choice(
        string.digits if "1" in alphabet else alphabet
    )


def token(rnd: Random, kind: str) -> str:
    """A fake of one kind of `PREFIXED`."""
    prefix, parts, joint = PREFIXED[kind]
    return prefix.replace("|", "") + joint.join(body(rnd, length, alphabet) for length, alphabet in parts)


def password(rnd: Random) -> str:
    """Letters, digits and symbols, as a program makes them."""
    return rnd.choice(ALNUM) + body(rnd, rnd.randint(9, 24), SYMBOLS)


def encoded(data: bytes) -> str:
    """Base64 without padding, as in a JWT."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt(rnd: Random) -> str:
    """Header, claims and a random signature."""
    header = encoded(json.dumps({"alg": rnd.choice(["HS256", "RS256"]), "typ": "JWT"}).encode())
    claims = encoded(json.dumps({"sub": body(rnd, 8), "iat": rnd.randint(1, 10**9)}).encode())
    return f"{header}.{claims}.{body(rnd, 43, URLSAFE)}"


def key_block(rnd: Random, kind: str = "RSA ", newline: str = "\n") -> str:
    """A private key in PEM form."""
    lines = [body(rnd, 64, BASE64) for _ in range(6)]
    name = kind + "PRIV" + "ATE KEY"
    return newline.join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"])


def _prefixed(rnd: Random) -> Iterator[Fake]:
    for kind in PREFIXED:
        for context in CONTEXTS.values():
            secret = token(rnd, kind)
            yield Fake("prefixes", kind, context.format(secret), secret)


def _jwt(rnd: Random) -> Iterator[Fake]:
    for context in (*CONTEXTS.values(), "Authorization: Bearer {}", "Cookie: s={}; a=b", "jwt={}"):
        secret = jwt(rnd)
        yield Fake("jwt", "jwt", context.format(secret), secret)


def _pem(rnd: Random) -> Iterator[Fake]:
    for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "):
        for newline in ("\n", "\\n", "\r\n"):
            block = key_block(rnd, kind, newline)
            inside = block.split(newline)[1]
            yield Fake("pem", "pem", block, inside)
            yield Fake("pem", "pem-in-json", f'{{"data": "{block}", "next": 1}}', inside)
            yield Fake("pem", "pem-cut-end", "got " + block[: len(block) // 2], inside)
            yield Fake("pem", "pem-cut-start", block[40:], block.split(newline)[3])


def _urls(rnd: Random) -> Iterator[Fake]:
    for scheme in names("postgresql mysql+pymysql mongodb+srv redis amqp https ftp smtp ldap mssql+pyodbc"):
        for context in ("{}", "cannot connect to {}: timeout", '{{"url": "{}"}}', "URL={}", "('{}', 5)"):
            secret = body(rnd, 14, ALNUM + "!$%*")
            url = f"{scheme}://{rnd.choice(['app', 'db-user', ''])}:{secret}@db.example.com:5432/main?x=1"
            yield Fake("urls", f"url-{scheme}", context.format(url), secret)
    for name in ("token", "api_key", "access_token", "X-Amz-Signature", "sig", "client_secret", "password"):
        for separator in "?&":
            secret = body(rnd, 24)
            url = f"https://example.com/a?b=1{separator}{name}={secret}&c=2"
            yield Fake("urls", "query", f"GET {url} 200", secret)
    for _ in range(6):
        secret = "/".join(["T" + body(rnd, 8, UPPER), "B" + body(rnd, 8, UPPER), body(rnd, 24)])
        yield Fake("urls", "webhook", f"post to https://hooks.slack.com/services/{secret} ok", secret)


HEADERS = (
    "Authorization: Bearer {}",
    "authorization: bearer {}",
    "Authorization: Token {}",
    "Authorization: {}",
    "Authorization=Bearer {}",
    "curl -H 'Authorization: Bearer {}' https://example.com",
    '{{"Authorization": "Bearer {}"}}',
    "{{'headers': {{'authorization': 'Bearer {}', 'accept': '*/*'}}}}",
    "[('accept', '*/*'), ('Authorization', 'Bearer {}')]",
    "[(b'authorization', b'Bearer {}')]",
    '{{\\"Authorization\\": \\"Bearer {}\\"}}',
    "Proxy-Authorization: Basic {}",
    "X-Api-Key: {}",
    "x-auth-token: {}\r\nAccept: text/plain",
    "Cookie: theme=dark; sessionid={}; lang=en",
    "Set-Cookie: sid={}; Path=/; HttpOnly",
    "curl -b x --header 'Cookie: a={}; b=c' https://example.com",
    'Authorization: Digest username="u", response="{}"',
    "sent with Bearer {} to the service",
    "GET / HTTP/1.1\nHost: example.com\nAuthorization: Bearer {}\nAccept: */*",
    "headers: Authorization=Basic {}, Accept=text/html",
)


def _headers(rnd: Random) -> Iterator[Fake]:
    for form in HEADERS:
        for length in (10, 20, 40):
            secret = body(rnd, length)
            yield Fake("headers", "header", form.format(secret), secret)
    for user in ("admin", "app-user", "x"):
        secret = base64.b64encode(f"{user}:{password(rnd)}".encode()).decode()
        yield Fake("headers", "basic", f"sent Basic {secret} in vain", secret)
        yield Fake("headers", "basic", f"Authorization: Basic {secret}", secret)


ASSIGNMENTS = (
    "{name}={value}",
    "{name} = {value}",
    "{name}: {value}",
    "{name}:{value}",
    '{name}="{value}"',
    "connect(user='u', {name}='{value}', port=5)",
    '{{"user": "u", "{name}": "{value}", "n": 1}}',
    "{{'user': 'u', '{name}': '{value}', 'n': 1}}",
    '{{\\"user\\": \\"u\\", \\"{name}\\": \\"{value}\\"}}',
    '"{{\\\\\\"{name}\\\\\\": \\\\\\"{value}\\\\\\"}}"',
    "tool --verbose --{name} {value} --out x",
    "tool --{name}={value}",
    "['tool', '--{name}', '{value}']",
    "export {name}={value}",
    "first\n{name}: {value}\nlast: 1",
    "first\\n{name}={value}\\nlast",
    "<a><{name}>{value}</{name}></a>",
    "Server=db;Uid=sa;{name}={value};Timeout=5",
    "login failed | {name}={value} | user=7",
    "TRACE: login -> check (user=7, {name}={value}, type=web)",
    "{name} => {value}",
    "{name}={value}, user=7",
)
KEY_NAMES = names("""
password passwd pwd secret api_key apiKey API_KEY client_secret access_token refresh-token DB_PASSWORD
privateKey session_token credentials auth_token
""")


def _keys(rnd: Random) -> Iterator[Fake]:
    for number, form in enumerate(ASSIGNMENTS):
        for name in KEY_NAMES:
            secret = password(rnd) if number % 2 else body(rnd, rnd.randint(8, 24))
            yield Fake("keys", f"key-form-{number}", form.format(name=name, value=secret), secret)


def _other(rnd: Random) -> Iterator[Fake]:
    for shift in range(3):
        for word in ("Authorization", "authorization"):
            secret = base64.b64encode(b"x" * shift + f"{word}: Bearer {body(rnd, 20)}".encode()).decode()
            yield Fake("other", "base64-header", f"raw frame {secret} received", secret)
    for _ in range(6):
        secret = base64.b64encode(body(rnd, 64).encode()).decode()
        text = f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={secret};EndpointSuffix=core.example"
        yield Fake("other", "account-key", text, secret)
    for _ in range(6):
        secret = f"{rnd.randint(10**8, 10**9)}:AA{body(rnd, 33, URLSAFE)}"
        yield Fake("other", "telegram", f"bot {secret} started", secret.split(":")[1])
    for _ in range(6):
        secret = f"M{body(rnd, 23)}.{body(rnd, 6, URLSAFE)}.{body(rnd, 38, URLSAFE)}"
        yield Fake("other", "discord", f"login with {secret}", secret)


def _hex(length: int) -> Maker:
    return lambda rnd: "".join(rnd.choices(HEX, k=length))


def _image(rnd: Random) -> str:
    data = base64.b64encode(rnd.randbytes(1500)).decode()
    return f'<img src="data:image/png;base64,{data}">'


def _uuid(rnd: Random) -> str:
    return str(uuid.UUID(int=rnd.getrandbits(128), version=4))


def _one_of(text: str) -> Maker:
    lines = [line for line in text.splitlines() if line]
    counter = iter(range(10**6))
    return lambda _: lines[next(counter) % len(lines)]


PROSE = names(
    "the a service wrote read twelve files in order then stopped user preference theme apply key token"
)
LOOK_ALIKES: dict[str, Maker] = {
    "uuid": _uuid,
    "uuid-field": lambda rnd: f"session_id={_uuid(rnd)} request_id: {_uuid(rnd)}",
    "sha1": lambda rnd: f"commit {_hex(40)(rnd)} on main",
    "sha256": lambda rnd: f"sha256:{_hex(64)(rnd)}",
    "sha-field": lambda rnd: f'{{"digest": "{_hex(64)(rnd)}", "etag": "{_hex(32)(rnd)}"}}',
    "md5": lambda rnd: f"md5={_hex(32)(rnd)}",
    "integrity": lambda rnd: f"integrity sha512-{base64.b64encode(rnd.randbytes(64)).decode()}",
    "trace": lambda rnd: f"traceparent: 00-{_hex(32)(rnd)}-{_hex(16)(rnd)}-01",
    "image": _image,
    "base64": lambda rnd: base64.b64encode(rnd.randbytes(300)).decode(),
    "object-id": lambda rnd: f"order {_hex(24)(rnd)} stored, cursor={rnd.randint(1, 10**12)}",
    "event-id": lambda rnd: f"evt_{body(rnd, 24)} from cus_{body(rnd, 14)} via pi_{body(rnd, 24)}",
    "publishable": lambda rnd: f"pk_live_{body(rnd, 24)} is public",
    "email": lambda rnd: f"mail sent to {body(rnd, 6, LOWER)}.name@example.com",
    "url": lambda rnd: f"GET https://example.com:8443/a/{_uuid(rnd)}/b@2x.png?page={rnd.randint(1, 99)} 200",
    "git-url": lambda rnd: (
        f"clone git@github.com:org/repo-{body(rnd, 5, LOWER)}.git and ssh://git@host/x.git"
    ),
    "module": lambda rnd: f"ote_logging.handlers.session.rotate_{body(rnd, 12, LOWER)}_files: done",
    "path": lambda rnd: f"/var/lib/service/{_hex(12)(rnd)}/site-packages/keyring/tokens/cookie_jar.py:178",
    "tokens": lambda rnd: (
        f"tokens_in={rnd.randint(1, 9999)} tokens_out={rnd.randint(1, 999)} max_tokens: 4096"
    ),
    "usage": lambda rnd: f'{{"usage": {{"prompt_tokens": {rnd.randint(1, 9999)}, "total_tokens": 12}}}}',
    "trace-point": lambda rnd: f"TRACE: save -> validate (user={rnd.randint(1, 99)}, type=theme, key=accent)",
    "class-name": lambda rnd: f"sk-loading-spinner-container-wide sk-{'x' * rnd.randint(1, 5)}-small-button",
    "certificate": lambda rnd: f"-----BEGIN CERTIFICATE-----\n{body(rnd, 64)}\n-----END CERTIFICATE-----",
    "public-key": lambda rnd: f"-----BEGIN PUBLIC KEY-----\n{body(rnd, 64)}\n-----END PUBLIC KEY-----",
    "public-key-id": lambda rnd: f"public_key_id={_hex(16)(rnd)} key_id: {_hex(8)(rnd)}",
    "version": lambda rnd: (
        f"python-json-logger==4.{rnd.randint(0, 9)}.{rnd.randint(0, 9)}.post20241112101010"
    ),
    "time": lambda rnd: f"[2024-11-12T10:00:{rnd.randint(10, 59)}.123456Z] START user_preference_save_all",
    "name-only": lambda rnd: f"{rnd.choice(HARMLESS_NAMES)}={body(rnd, 12)}",
    "name-json": lambda rnd: json.dumps({rnd.choice(HARMLESS_NAMES): body(rnd, 12)}),
    "password-sentence": _one_of("""
password must not be empty
password: must not be empty
the password is too short (minimum 8 characters)
Password: required
Invalid password for user 7
password validation failed: too short
password: should contain at least one digit
passwords do not match
"password": null
password=None
use --password to set the password
--password is required
"""),
    "token-sentence": _one_of("""
token expired
token: expired
the token has expired, please log in again
Invalid token: expected string but got number
unexpected token: }
SyntaxError: unexpected token ')'
refreshing access token for user 7
token=None
token: null
counted 512 tokens in 3 chunks
next_token=abcdef123456
tokenizer: cl100k_base
"""),
    "secret-sentence": _one_of("""
the secret: never give up
the secret of success: patience and practice
no secrets were found in 12 files
secret: none
secrets: 3 found
jwt: malformed
client_secret is missing
The secretary: Jane Miller
secret rotation finished in 3.2s
read secret 'db' from the store
api_key: missing
api_key is required
the api key must be set in the environment
API key: not set
"""),
    "auth-sentence": _one_of("""
authorization failed for user 7
authorization: denied
Authorization header is missing
basic authentication is used
Basic usage of the tool is shown below
bearer of good news
Bearer authentication required
Auth: Bearer token required
the bearer token is missing
cookie consent was given
cookies: enabled
the cookie policy: see below
author: Jane Miller
"""),
    "code": _one_of("""
def login(user: str, password: str) -> bool:
def call(token: str | None = None, timeout: float = 3.0):
token = get_token()
token = Keyword.Reserved
password = os.environ["DB_PASSWORD"]
api_key = settings.API_KEY
client = Client(api_key=api_key, token=self.token)
if password is None: raise ValueError
password = getpass.getpass()
secret: Optional[str] = None
auth = build_auth(request)
for key, value in items: print(key, value)
key: value
"""),
    "placeholder": _one_of("""
password=${DB_PASSWORD}
password: ${DB_PASSWORD:-}
api_key={{ api_key }}
token=<token>
password=********
password=[REDACTED:key]
"password": "[REDACTED:key]"
Authorization: [REDACTED:key]
token=%s
password=%(password)s
secret=$SECRET
password=xxxxxx
"""),
    "sentence": _one_of("""
Loaded configuration: 12 handlers, 3 filters
the key: practice every day
step: 3 of 12 done
saved theme: dark
a pass: 12 tests
the second pass: adjacent intervals are joined
monkey=7 turkey: 8 donkey=9
The keyboard: 104 keys
connection: keep-alive
string: "hello world, this is text"
signature: def save(user_id: int) -> bool
compass=north passage: west
session: started
"""),
    "prose": lambda rnd: " ".join(rnd.choices(PROSE, k=30)),
    "snake": lambda rnd: "_".join(rnd.choices(PROSE, k=6)),
    "kebab": lambda rnd: "-".join(rnd.choices(PROSE, k=6)),
    "cursor": lambda rnd: (
        f"cursor: {encoded(json.dumps({'id': rnd.randint(1, 10**9), 'by': 'time'}).encode())}"
    ),
    "digits": lambda rnd: f"imei {rnd.randint(10**14, 10**15)} tel +{rnd.randint(10**10, 10**11)}",
    "arn": lambda rnd: (
        f"arn:aws:secretsmanager:eu-west-1:{rnd.randint(10**11, 10**12)}:secret/{_hex(6)(rnd)}"
    ),
}
