"""A second corpus of secrets, from what the issuers and the well-known scanners document, not from our rules.

`secrets_corpus` grew beside the rules and so shares their blind spots; this one was written without sight of
them. Bodies are random, made at test time: nothing here is or was a secret.

`TOKENS` are recognised by their own form and are put where no name helps. `NAMES` make secret whatever stands
under them. `PLACED` are commands, files and strings in which the place alone tells; left out is what no word
tells (`db:5432:shop:app:x` in .pgpass, `net use z: share /user:a x`). All that `harmless` yields must stay.

LOCATION: tests/secrets_abroad.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import random
import re
import string
import uuid
from collections.abc import Iterator
from typing import NamedTuple

_ALPHABETS = {
    "n": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "A": string.ascii_uppercase + "234567",
    "h": "0123456789abcdef",
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
    "z": "qpzry9x8gf2tvdw0s3jn54khce6mua7l".upper(),
    "p": string.ascii_letters + string.digits + "!#%*+.,^~",
}
_PLACEHOLDER = re.compile(r"\{([a-zA-Z]):?(\d*)\}")


def filled(template: str, rng: random.Random) -> str:
    """Replace ``{n:20}`` by 20 random letters and digits, ``{h:32}`` by hex digits, ``{u}`` by a UUID."""

    def body(match: re.Match[str]) -> str:
        if match[1] == "u":
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        return "".join(rng.choices(_ALPHABETS[match[1]], k=int(match[2])))

    return _PLACEHOLDER.sub(body, template)


def words(text: str) -> list[str]:
    """Return the words of ``text``."""
    return text.split()


TOKENS = {
    # clouds and hosting
    "aws access key": "AKIA{A:16}",
    "aws temporary key": "ASIA{A:16}",
    "aws bedrock key": "ABSKQmVkcm9ja0FQSUtleS{b:109}=",
    "google api key": "AIza{w:35}",
    "google oauth secret": "GOCSPX-{w:28}",
    "google access token": "ya29.a0{w:150}",
    "google refresh token": "1//0{w:60}",
    "azure client secret": "{n:3}8Q~{w:34}",
    "alibaba": "LTAI{n:20}",
    "digitalocean": "dop_v1_{h:64}",
    "digitalocean oauth": "doo_v1_{h:64}",
    "digitalocean refresh": "dor_v1_{h:64}",
    "heroku": "HRKU-AA{w:58}",
    "fly": "fm2_lJPECAAAAAAA{b:120}",
    "fly machine": "fo1_{w:43}",
    "cloudflare origin": "v1.0-{h:24}-{h:146}",
    "databricks": "dapi{h:32}",
    "netlify": "nfp_{n:36}",
    "supabase": "sbp_{h:40}",
    "planetscale": "pscale_tkn_{w:43}",
    "planetscale password": "pscale_pw_{w:43}",
    "tailscale": "tskey-auth-{n:17}-{n:32}",
    "scaleway": "SCW{U:17}",
    "yandex": "AQVN{w:36}",
    # secrets of machines
    "vault": "hvs.{w:95}",
    "vault batch": "hvb.{w:140}",
    "terraform cloud": "{n:14}.atlasv1.{w:67}",
    "pulumi": "pul-{h:40}",
    "doppler": "dp.pt.{n:43}",
    "doppler service": "dp.st.prd.{n:43}",
    "age": "AGE-SECRET-KEY-1{z:58}",
    "1password service": "ops_eyJ{n:260}",
    "1password secret key": "A3-{U:6}-{U:11}-{U:5}-{U:5}-{U:5}",
    "openshift": "sha256~{w:43}",
    "infracost": "ico-{n:32}",
    "prefect": "pnu_{n:36}",
    # code hosting and registries
    "github": "ghp_{n:36}",
    "github oauth": "gho_{n:36}",
    "github app": "ghs_{n:36}",
    "github user": "ghu_{n:36}",
    "github refresh": "ghr_{n:76}",
    "github fine": "github_pat_{n:22}_{n:59}",
    "gitlab": "glpat-{w:20}",
    "gitlab deploy": "gldt-{w:20}",
    "gitlab runner": "glrt-{w:20}",
    "gitlab registration": "GR1348941{w:20}",
    "gitlab job": "glcbt-64_{w:20}",
    "gitlab trigger": "glptt-{h:40}",
    "gitlab feed": "glft-{w:20}",
    "bitbucket": "ATBB{n:32}",
    "atlassian": "ATATT3xFfGF0{w:178}=",
    "npm": "npm_{n:36}",
    "pypi": "pypi-AgEIcHlwaS5vcmc{w:100}",
    "rubygems": "rubygems_{h:48}",
    "docker": "dckr_pat_{w:27}",
    "docker organisation": "dckr_oat_{w:32}",
    "clojars": "CLOJARS_{l:60}",
    "artifactory": "AKCp{n:69}",
    "nuget": "oy2{l:43}",
    "crates": "cio{n:32}",
    "sourcegraph": "sgp_{h:16}_{h:40}",
    "circleci": "CCIPAT_{n:22}_{h:40}",
    "buildkite": "bkua_{h:40}",
    "octopus": "API-{U:26}",
    # payment and shops
    "stripe": "sk_live_{n:24}",
    "stripe long": "sk_live_51{n:97}",
    "stripe test": "sk_test_{n:24}",
    "stripe restricted": "rk_live_{n:24}",
    "stripe webhook": "whsec_{b:32}",
    "square": "sq0atp-{w:22}",
    "square secret": "sq0csp-{w:43}",
    "shopify": "shpat_{h:32}",
    "shopify shared": "shpss_{h:32}",
    "shopify custom": "shpca_{h:32}",
    "braintree": "access_token$production${l:16}${h:32}",
    "flutterwave": "FLWSECK_TEST-{h:32}-X",
    "razorpay": "rzp_live_{n:14}",
    "plaid": "access-production-{u}",
    "easypost": "EZAK{n:54}",
    "shippo": "shippo_live_{h:40}",
    "duffel": "duffel_live_{w:43}",
    # chat and mail
    "slack bot": "xoxb-{d:12}-{d:12}-{n:24}",
    "slack user": "xoxp-{d:12}-{d:12}-{d:12}-{h:32}",
    "slack app": "xapp-1-A{U:10}-{d:13}-{h:64}",
    "slack config": "xoxe.xoxp-1-{n:163}",
    "slack webhook": "https://hooks.slack.com/services/T{U:10}/B{U:10}/{n:24}",
    "discord bot": "MT{n:24}.G{w:5}.{w:38}",
    "discord webhook": "https://discord.com/api/webhooks/{d:18}/{w:68}",
    "teams webhook": "https://acme.webhook.office.com/webhookb2/{u}@{u}/IncomingWebhook/{h:32}/{u}",
    "telegram": "{d:10}:AA{w:33}",
    "sendgrid": "SG.{w:22}.{w:43}",
    "mailgun": "key-{h:32}",
    "mailchimp": "{h:32}-us12",
    "twilio": "SK{h:32}",
    "sendinblue": "xkeysib-{h:64}-{n:16}",
    "resend": "re_{n:8}_{n:24}",
    # models
    "openai": "sk-{n:20}T3BlbkFJ{n:20}",
    "openai project": "sk-proj-{w:74}T3BlbkFJ{w:74}",
    "openai service": "sk-svcacct-{w:74}T3BlbkFJ{w:74}",
    "openai admin": "sk-admin-{w:58}T3BlbkFJ{w:58}",
    "anthropic": "sk-ant-api03-{w:93}AA",
    "anthropic admin": "sk-ant-admin01-{w:93}AA",
    "anthropic oauth": "sk-ant-oat01-{w:93}AA",
    "deepseek": "sk-{h:32}",
    "openrouter": "sk-or-v1-{h:64}",
    "groq": "gsk_{n:52}",
    "hugging face": "hf_{n:34}",
    "hugging face org": "api_org_{n:34}",
    "xai": "xai-{n:80}",
    "perplexity": "pplx-{n:48}",
    "replicate": "r8_{n:37}",
    "nvidia": "nvapi-{w:64}",
    "fireworks": "fw_{n:24}",
    "cerebras": "csk-{l:48}",
    "pinecone": "pcsk_{n:5}_{n:63}",
    "langsmith": "lsv2_pt_{h:32}_{h:10}",
    "langfuse": "sk-lf-{u}",
    "tavily": "tvly-{n:32}",
    "jina": "jina_{h:32}{w:28}",
    "elevenlabs": "sk_{h:48}",
    # watching and planning
    "grafana": "glsa_{n:32}_{h:8}",
    "grafana cloud": "glc_eyJ{n:80}",
    "sentry": "sntrys_eyJ{n:120}_{b:43}",
    "sentry user": "sntryu_{h:64}",
    "new relic": "NRAK-{U:27}",
    "dynatrace": "dt0c01.{U:24}.{U:64}",
    "posthog": "phx_{n:43}",
    "linear": "lin_api_{n:40}",
    "notion": "ntn_{d:11}{n:35}",
    "airtable": "pat{n:14}.{h:64}",
    "figma": "figd_{w:40}",
    "postman": "PMAK-{h:24}-{h:34}",
    "hubspot": "pat-na1-{u}",
    "contentful": "CFPAT-{w:43}",
    "launchdarkly": "sdk-{u}",
    "typeform": "tfp_{w:43}",
    "readme": "rdme_{l:70}",
    "mapbox": "sk.eyJ{w:60}.{w:22}",
    "dropbox": "sl.{w:135}",
    "facebook": "EAA{n:120}",
    # forms of their own
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJ{w:40}.{w:43}",
    "jwt long": "eyJ{w:80}.eyJ{w:400}.{w:342}",
    "encrypted jwt": "eyJ{w:60}..{w:16}.{w:90}.{w:22}",
}
"""Kind: form, as its issuer writes it."""


class Place(NamedTuple):
    """Text around a secret; ``{}`` is where it stands."""

    name: str
    text: str


IN_TEXT = [
    Place("bare", "{}"),
    Place("sentence", "could not log in with {}, trying the next"),
    Place("quoted", 'client refused "{}" (attempt 2)'),
    Place("argument list", "call('eu-1', '{}', retries=3)"),
    Place("shell export", "+ export X={}"),
    Place("query", "GET https://api.example.com/v1/items?page=2&k={}&z=1 200"),
    Place("json in string", '{{"user": 7, "x": "{}"}}'),
    Place("escaped json", '"{{\\"user\\": 7, \\"x\\": \\"{}\\"}}"'),
    Place("yaml", "region: eu\nx: {}\nreplicas: 3"),
    Place("tuple", "('ada', '{}', 3)"),
    Place("bytes", "b'{}'"),
    Place("table", "| ada | {} | 2024-01-01 |"),
    Place("markdown", "use `{}` for now"),
    Place("xml", "<x>{}</x>"),
    Place("second line", "first line\n{}\nthird line"),
    Place("brackets", "[{}]"),
    Place("colon", "x:{}"),
    Place("unicode", "Schlüssel „{}“ ungültig"),
    Place("chinese", "密钥{}无效"),
]
"""Carriers that say nothing of what they carry."""


NAMES = words(
    """
    password passwd pwd pass passphrase secret api_key apikey apiKey API_KEY x-api-key X-Api-Key
    access_token accessToken refresh_token session_token auth_token id_token client_secret clientSecret
    private_key privateKey secret_key SECRET_KEY DB_PASSWORD POSTGRES_PASSWORD MYSQL_ROOT_PASSWORD
    PGPASSWORD REDIS_PASSWORD AWS_SECRET_ACCESS_KEY aws_session_token OPENAI_API_KEY GITHUB_TOKEN
    NPM_TOKEN SLACK_BOT_TOKEN DJANGO_SECRET_KEY JWT_SECRET webhook_secret signing_key signing_secret
    encryption_key master_key account_key shared_key SharedAccessKey AccountKey connection_string
    connectionString authorization Authorization Proxy-Authorization cookie Cookie Set-Cookie credential
    credentials bearer_token csrf_token X-Auth-Token X-Amz-Security-Token x-goog-api-key
    service_account_key ssh_key pgp_private_key user_password newPassword old_password
    password_confirmation smtp_pass ldap_bind_password sasl_password keystore_password
    truststorePassword app_secret consumer_secret oauth_token oauth_token_secret bot_token deploy_token
    personal_access_token license_key
    """
)
"""Names whose value is secret whatever it looks like."""

BODIES = ["{n:24}", "{p:14}", "{h:32}", "{n:12}", "{b:40}", "{w:32}"]

UNDER_NAMES = [
    Place("assignment", "{key}={}"),
    Place("spaced", "{key} = '{}'"),
    Place("colon", "{key}: {}"),
    Place("json", '{{"user": "ada", "{key}": "{}", "n": 3}}'),
    Place("repr", "{{'user': 'ada', '{key}': '{}', 'n': 3}}"),
    Place("escaped json", '{{\\"{key}\\": \\"{}\\"}}'),
    Place("keyword", "Client(host='db', {key}='{}')"),
    Place("header dump", "> Accept: */*\n> {key}: {}\n> Host: api.example.com"),
    Place("env dump", "PATH=/usr/bin:/bin\n{key}={}\nHOME=/root"),
    Place("yaml", "db:\n  host: pg\n  {key}: {}\n  port: 5432"),
    Place("form", "user=ada&{key}={}&remember=1"),
    Place("query", "https://api.example.com/login?{key}={}&x=1"),
    Place("toml", '[db]\n{key} = "{}"\nport = 5432'),
    Place("arrow", "{key} => {}"),
    Place("xml", "<{key}>{}</{key}>"),
    Place("header tuple", "[('Accept', '*/*'), ('{key}', '{}')]"),
    Place("header bytes", "[(b'Accept', b'*/*'), (b'{key}', b'{}')]"),
]


PLACED = {
    "postgres url": ("postgresql://app:{}@db.example.com:5432/shop", "{n:20}"),
    "psycopg url": ("postgresql+psycopg2://app:{}@db/shop?sslmode=require", "{n:20}"),
    "redis url": ("redis://:{}@cache:6379/0", "{n:20}"),
    "mongodb url": ("mongodb+srv://root:{}@cluster0.abc.mongodb.net/test", "{n:16}"),
    "amqp url": ("amqps://guest:{}@mq.example.com/%2f", "{n:16}"),
    "https url": ("fatal: unable to access 'https://ada:{}@git.example.com/a.git/'", "{n:20}"),
    "token url": ("remote: https://oauth2:{}@gitlab.example.com/a/b.git", "{n:20}"),
    "ftp url": ("ftp://ada:{}@ftp.example.com/pub", "{n:10}"),
    "smtp url": ("smtp://mailer%40example.com:{}@smtp.example.com:587", "{n:16}"),
    "percent url": ("mysql://root:p%40{}@127.0.0.1/x", "{n:12}"),
    "password with at": ("mysql://root:a@{}@127.0.0.1/x", "{n:12}"),
    "sentry dsn": ("https://{}@o4505.ingest.sentry.io/4507", "{h:32}"),
    "jdbc": ("jdbc:postgresql://db/shop?user=app&password={}", "{n:16}"),
    "jdbc oracle": ("jdbc:oracle:thin:scott/{}@//db:1521/ORCL", "{n:12}"),
    "ado": ("Server=tcp:db,1433;Database=x;User ID=sa;Password={};Encrypt=True", "{n:16}"),
    "ado pwd": ("Driver={{ODBC Driver 17}};Server=db;Uid=sa;Pwd={};", "{n:16}"),
    "libpq": ("host=db port=5432 user=app password={} dbname=shop", "{n:16}"),
    "azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={};EndpointSuffix=core.windows.net",
        "{b:86}==",
    ),
    "azure bus": (
        "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
        "{b:43}=",
    ),
    "azure sas": (
        "https://acme.blob.core.windows.net/c/b?sv=2022-11-02&se=2026-01-01&sr=b&sp=r&sig={}",
        "{b:43}%3D",
    ),
    "aws presigned": (
        "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Signature={}",
        "{h:64}",
    ),
    "google signed": ("https://storage.googleapis.com/b/k?X-Goog-Expires=900&X-Goog-Signature={}", "{h:256}"),
    "bearer": ("Authorization: Bearer {}", "{w:40}"),
    "bearer lower": ("authorization: bearer {}", "{w:40}"),
    "bearer in dict": ("{{'Authorization': 'Bearer {}', 'Accept': '*/*'}}", "{n:40}"),
    "bearer alone": ("sent Bearer {} to the gateway", "{n:40}"),
    "basic": ("Authorization: Basic {}", "{b:32}"),
    "basic alone": ("header Basic {}==", "{b:26}"),
    "token scheme": ("Authorization: Token {}", "{h:40}"),
    "apikey scheme": ("Authorization: ApiKey {}", "{b:40}"),
    "aws sigv4": (
        "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request,SignedHeaders=host, "
        "Signature={}",
        "{h:64}",
    ),
    "digest": ('Authorization: Digest username="ada", realm="r", nonce="1", response="{}"', "{h:32}"),
    "negotiate": ("Authorization: Negotiate {}", "{b:60}"),
    "cookie": ("Cookie: theme=dark; sessionid={}; lang=de", "{l:32}"),
    "set-cookie": ("Set-Cookie: session={}; Path=/; HttpOnly; Secure", "{w:60}"),
    "curl user": ("curl -u ada:{} https://api.example.com/v1", "{n:16}"),
    "curl user quoted": ("curl -sS --user 'ada:{}' https://api.example.com", "{n:16}"),
    "curl header": ("curl -H 'X-Api-Key: {}' https://api.example.com", "{n:32}"),
    "curl bearer": ('curl -H "Authorization: Bearer {}" https://api.example.com', "{n:32}"),
    "wget": ("wget --user=ada --password={} https://example.com/a.tgz", "{n:16}"),
    "docker login": ("docker login -u ada -p {} registry.example.com", "{n:20}"),
    "docker run": ("docker run -e POSTGRES_PASSWORD={} postgres:16", "{n:16}"),
    "mysql -p": ("mysql -u root -p{} shop < dump.sql", "{n:12}"),
    "mysqldump": ("mysqldump --user=root --password={} shop", "{n:16}"),
    "psql": ("PGPASSWORD={} psql -h db -U app shop", "{n:16}"),
    "sshpass": ("sshpass -p {} ssh root@10.0.0.1", "{n:12}"),
    "redis-cli": ("redis-cli -h cache -a {} ping", "{n:16}"),
    "ldapsearch": ("ldapsearch -x -D cn=admin,dc=example -w {} -b dc=example", "{n:12}"),
    "htpasswd": ("htpasswd -b .htpasswd ada {}", "{n:12}"),
    "openssl": ("openssl enc -aes-256-cbc -in a -out b -pass pass:{}", "{n:16}"),
    "helm": ("helm install x ./chart --set auth.password={}", "{n:16}"),
    "kubectl literal": ("kubectl create secret generic db --from-literal=password={}", "{n:16}"),
    "k8s secret": ("kind: Secret\ndata:\n  password: {}\n  username: YWRh", "{b:24}"),
    "docker config": ('{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}', "{b:40}"),
    "netrc": ("machine api.example.com login ada password {}", "{n:16}"),
    "netrc lines": ("machine api.example.com\n  login ada\n  password {}\n", "{n:16}"),
    "npmrc": ("//registry.npmjs.org/:_authToken={}", "{u}"),
    "npmrc auth": ("//registry.example.com/:_password={}", "{b:24}"),
    "pip conf": ("index-url = https://ada:{}@packages.example.com/simple", "{n:16}"),
    "aws credentials": ("[default]\naws_access_key_id = x\naws_secret_access_key = {}", "{b:40}"),
    "terraform": ('variable "x" {{\n  db_password = "{}"\n}}', "{n:16}"),
    "sql user": ("CREATE USER ada WITH PASSWORD '{}'", "{n:16}"),
    "sql identified": ("CREATE USER 'ada'@'%' IDENTIFIED BY '{}'", "{n:16}"),
    "sql alter": ("ALTER USER app PASSWORD '{}';", "{n:16}"),
    "httpx log": (
        'httpx: HTTP Request: GET https://maps.example.com/api?key={} "HTTP/1.1 200 OK"',
        "AIza{w:35}",
    ),
    "urllib3 log": ('https://api.example.com:443 "GET /v1/x?access_token={} HTTP/1.1" 200 12', "{n:40}"),
    "http.client": (
        "send: b'GET / HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {}\\r\\n\\r\\n'",
        "{n:40}",
    ),
    "dataclass": ("Config(host='db', user='ada', password='{}', port=5432)", "{n:16}"),
    "pydantic error": ("input_value={{'user': 'ada', 'password': '{}'}}, input_type=dict", "{n:16}"),
    "flask config": ("<Config {{'DEBUG': False, 'SECRET_KEY': '{}'}}>", "{n:24}"),
    "django settings": ("SECRET_KEY = 'django-insecure-{}'", "{p:50}"),
    "traceback source": ('    connect("db", password="{}")', "{n:16}"),
    "key error": ("invalid literal for int() with base 10: 'password={}'", "{n:16}"),
    "pem rsa": (
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        "{b:64}\n{b:64}\n{b:30}==",
    ),
    "pem pkcs8": ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "{b:64}\n{b:64}"),
    "pem ec": ("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----", "{b:64}\n{b:50}="),
    "pem openssh": (
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
        "{b:70}\n{b:70}",
    ),
    "pem encrypted": (
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----",
        "{b:64}\n{b:64}",
    ),
    "pgp": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
        "{b:64}\n{b:64}",
    ),
    "pem one line": (
        '{{"private_key": "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n"}}',
        "{b:64}\\n{b:64}",
    ),
    "pem cut": ("-----BEGIN RSA PRIVATE KEY-----\n{}", "{b:64}\n{b:64}"),
    "pem windows": (
        "-----BEGIN RSA PRIVATE KEY-----\r\n{}\r\n-----END RSA PRIVATE KEY-----",
        "{b:64}\r\n{b:64}",
    ),
    "pem indented": (
        "key: |\n    -----BEGIN RSA PRIVATE KEY-----\n    {}\n    -----END RSA PRIVATE KEY-----",
        "{b:64}\n    {b:64}",
    ),
    "putty": ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{}\nPrivate-MAC: 00", "{b:48}"),
    "german": ("Das Passwort lautet: {}", "{p:14}"),
    "password is": ("the new password is {}", "{n:14}"),
    "password was": ("your temporary password: {} (change it)", "{n:14}"),
    "ssn-like token": ("token={}", "{d:20}"),
    "otpauth": ("otpauth://totp/Acme:ada?secret={}&issuer=Acme", "{A:32}"),
    "env in json": ('{{"env": [{{"name": "DB_PASSWORD", "value": "{}"}}]}}', "{n:16}"),
    "env in yaml": ("env:\n- name: DB_PASSWORD\n  value: {}\n", "{n:16}"),
    "basic url in header": ("Referer: https://ada:{}@example.com/", "{n:16}"),
    "websocket": ("wss://example.com/socket?token={}", "{n:32}"),
    "magic link": ("https://example.com/reset?reset_token={}", "{n:32}"),
    "oauth code": ("https://app.example.com/callback?code={}&state=x", "{n:32}"),
    "grpc metadata": ("(('authorization', 'Bearer {}'), ('x-goog', '1'))", "{n:40}"),
    "json list pair": ('["Authorization", "Bearer {}"]', "{n:40}"),
    "go struct": ("{{Host:db User:ada Password:{} Port:5432}}", "{n:16}"),
    "ruby hash": ('{{:user=>"ada", :password=>"{}"}}', "{n:16}"),
    "php array": ("array('user' => 'ada', 'password' => '{}')", "{n:16}"),
    "powershell": ("New-Item -Name x -Password '{}'", "{n:16}"),
    "windows set": ("set DB_PASSWORD={}", "{n:16}"),
    "snowflake": ("snowflake://ada:{}@acme/db?warehouse=w", "{n:16}"),
    "kafka jaas": (
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{}";',
        "{n:24}",
    ),
    "gradle": ("signing.keyPassword={}", "{n:16}"),
    "java property": ("-Djavax.net.ssl.keyStorePassword={}", "{n:16}"),
    "spring": ("spring.datasource.password={}", "{n:16}"),
    "wireguard": ("[Interface]\nPrivateKey = {}\nAddress = 10.0.0.1/24", "{b:43}="),
    "wpa": ('network={{\n  ssid="home"\n  psk="{}"\n}}', "{n:20}"),
    "rsync": ("RSYNC_PASSWORD={} rsync -a a b", "{n:16}"),
    "git config": ("http.extraheader=AUTHORIZATION: basic {}", "{b:40}"),
    "ansible": ("ansible_become_pass={} ansible_user=root", "{n:14}"),
    "zip": ("7z x a.7z -p{}", "{n:14}"),
}
"""Kind: text around, and form of the secret; the place tells it."""


class Fake(NamedTuple):
    """A text with a secret in it."""

    kind: str
    place: str
    secret: str
    text: str


def _framed(text: str, secret: str, **more: str) -> str:
    return text.format(secret, **more)


def tokens(seed: int) -> Iterator[Fake]:
    """Yield each kind of token in each place that says nothing."""
    rng = random.Random(seed)
    for kind, form in TOKENS.items():
        for place in IN_TEXT:
            secret = filled(form, rng)
            yield Fake(kind, place.name, secret, _framed(place.text, secret))


def named(seed: int) -> Iterator[Fake]:
    """Yield each name in each way to write a pair."""
    rng = random.Random(seed)
    for key in NAMES:
        for place in UNDER_NAMES:
            secret = filled(rng.choice(BODIES), rng)
            yield Fake(key, place.name, secret, _framed(place.text, secret, key=key))


def placed(seed: int, times: int = 5) -> Iterator[Fake]:
    """Yield each placed secret some times."""
    rng = random.Random(seed)
    for kind, (text, form) in PLACED.items():
        for _ in range(times):
            secret = filled(form, rng)
            yield Fake(kind, "placed", secret, _framed(text, secret))


def leaked(secret: str, text: str) -> bool:
    """Tell whether a part of ``secret`` that is worth something stands in ``text``.

    A part is ten characters in a row from beyond the form's own start, or the whole where it is shorter.
    """
    rows = [row.strip() for row in re.split(r"\\n|[\r\n]", secret)]
    for row in filter(None, rows):
        width = min(10, len(row))
        start = 0 if len(row) < 24 else len(row) // 3
        if any(row[at : at + width] in text for at in range(start, len(row) - width + 1)):
            return True
    return False


HARMLESS_FORMS = {
    "uuid": "request {u} done",
    "uuid bare": "{u}",
    "uuid under id": "id={u} parent={u}",
    "sha1": "HEAD is now at {h:40} fix the build",
    "short sha": "commit {h:7} by ada",
    "sha256": "sha256:{h:64}",
    "sha256 bare": "{h:64}",
    "digest pull": "docker.io/library/nginx@sha256:{h:64}",
    "md5": "md5 {h:32} checks",
    "md5 bare": "{h:32}",
    "etag": 'ETag: "{h:32}"',
    "sri": '"integrity": "sha512-{b:86}=="',
    "npm lock": '"resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz#{h:40}"',
    "pip hash": "requests==2.31.0 --hash=sha256:{h:64}",
    "poetry lock": '{{file = "attrs-23.2.0-py3-none-any.whl", hash = "sha256:{h:64}"}}',
    "go sum": "golang.org/x/text v0.3.7 h1:{b:43}=",
    "cargo lock": 'checksum = "{h:64}"',
    "png": "data:image/png;base64,iVBORw0KGgo{b:200}==",
    "jpeg": "/9j/4AAQSkZJRg{b:120}",
    "gif": "R0lGODlh{b:80}",
    "base64 text": "payload {b:60}",
    "trace": "traceparent: 00-{h:32}-{h:16}-01",
    "trace ids": "trace_id={h:32} span_id={h:16}",
    "session": "session_id={u} seq=12",
    "aws arn": "arn:aws:iam::{d:12}:role/deploy",
    "aws ids": "vpc-{h:17} subnet-{h:17} i-{h:17}",
    "aws request": "x-amz-request-id: {U:16}",
    "k8s pod": "pod/web-7d4b9c6f5d-{l:5} restarted",
    "k8s uid": "uid: {u}",
    "container": "container {h:12} exited (0)",
    "image tag": "registry.example.com/shop/web:{h:12}",
    "order": "order ORD-{d:10} shipped",
    "invoice": "invoice INV-2024-{d:6} of 12.50 EUR",
    "isbn": "ISBN 978-3-16-{d:6}-0",
    "iban-like": "row DE{d:20} read",
    "phone": "call +49 30 {d:7}",
    "timestamp": "at 1700{d:9} ns",
    "ulid": "event 01H{U:23} stored",
    "ksuid": "id 2{n:26}",
    "nanoid": "form id {w:21}",
    "mongo id": "ObjectId('{h:24}')",
    "firebase push id": "-N{w:18}",
    "youtube": "https://www.youtube.com/watch?v={w:11}",
    "google doc": "https://docs.google.com/document/d/1{w:43}/edit",
    "slack channel": "posted to C{U:10} by U{U:10}",
    "stripe public": "pk_live_{n:24}",
    "stripe objects": "charge ch_{n:24} for cus_{n:14}",
    "stripe intent": "payment pi_{n:24} succeeded",
    "openai ids": "chatcmpl-{n:29} finish_reason=stop",
    "openai request": "x-request-id: req_{h:32}",
    "anthropic message": "msg_01{n:22} stop_reason=end_turn",
    "tool call": "tool_use toolu_01{n:22}",
    "call id": "call_{n:24}",
    "thread id": "thread_{n:24} run_{n:24}",
    "file id": "file-{n:24}",
    "assistant": "asst_{n:24}",
    "ssh fingerprint": "SHA256:{b:43} root@host (ED25519)",
    "ssh public": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b:43} ada@host",
    "ssh rsa public": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b:200} ada@host",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIID{b:60}\n{b:64}\n-----END CERTIFICATE-----",
    "public pem": "-----BEGIN PUBLIC KEY-----\nMIIB{b:60}\n-----END PUBLIC KEY-----",
    "mac": "aa:bb:cc:{h:2}:{h:2}:{h:2} joined",
    "ipv6": "2001:db8::{h:4}:{h:4} connected",
    "path": "/var/lib/docker/overlay2/{h:64}/merged",
    "pycache": "/home/ada/.cache/pip/http/{h:1}/{h:1}/{h:1}/{h:56}",
    "temp": "/tmp/pytest-of-ada/pytest-{d:3}/test_x0",
    "windows path": "C:\\Users\\ada\\AppData\\Local\\Temp\\tmp{l:8}",
    "git diff": "index {h:7}..{h:7} 100644",
    "git log": "{h:9} (HEAD -> main, origin/main) Fix login",
    "git remote": "   {h:7}..{h:7}  main -> main",
    "github run": "https://github.com/acme/shop/actions/runs/{d:10}",
    "issue url": "https://github.com/acme/shop/issues/{d:4}",
    "tokens": "tokens_in={d:4} tokens_out={d:3} max_tokens=4096",
    "token count": "token_count: {d:5}, total_tokens: {d:5}",
    "page token name": "public_key_id={h:16}",
    "key id": "key_id={h:16} algorithm=RS256",
    "primary key": "primary key {d:7} of table users",
    "partition": "partition_key=user#{d:6} sort_key=2024",
    "cache": "cache_key=user:{d:6}:profile hit",
    "idempotency": "Idempotency-Key: {u}",
    "author": "author=ada authors={d:2}",
    "version": "ote 1.{d:2}.{d:1} on Python 3.11.{d:1}",
    "hex color": "color=#{h:6} background=#{h:6}",
    "hexdump": "00000000  {h:2} {h:2} {h:2} {h:2} {h:2} {h:2} {h:2} {h:2}",
    "address": "<object at 0x7f{h:10}>",
    "css class": "css-{l:6} MuiButton-root-{d:3}",
    "webpack": "static/js/main.{h:8}.chunk.js",
    "sourcemap": "app-{w:8}.js.map 512 kB",
    "email": "mail to ada{d:3}@example.com",
    "email list": "ada{d:2}@example.com, bob{d:2}@example.org",
    "url port": "http://localhost:{d:4}/health",
    "url at path": "https://medium.com/@ada/post-{h:12}",
    "npm scope": "https://unpkg.com/@babel/core@7.{d:2}.0/lib/index.js",
    "ssh url": "git@github.com:acme/shop-{d:3}.git",
    "ssh scheme": "ssh://git@github.com/acme/shop{d:2}.git",
    "s3": "s3://bucket-{d:4}/a/b/c.parquet",
    "wheel": "Downloading numpy-1.26.{d:1}-cp311-cp311-manylinux_2_17_x86_64.whl (18.2 MB)",
    "float": "loss=0.{d:12} acc=0.{d:8}",
    "embedding": "[0.{d:8}, -0.{d:8}, 0.{d:8}]",
    "sql id": "SELECT * FROM users WHERE id = '{u}'",
    "json ids": '{{"id": "{u}", "status": "ok", "duration_ms": {d:3}}}',
    "blob": "blob_id=B{n:15} size={d:6}",
    "task": "Task celery@worker-{d:2} succeeded in 0.{d:6}s",
    "kafka": "partition orders-{d:2} offset {d:9}",
    "pip cache": "Using cached https://files.example.org/packages/{h:2}/{h:2}/{h:60}/six-1.16.0.whl",
    "nix": "/nix/store/{l:32}-openssl-3.0.{d:1}",
    "conda": "numpy-1.26.4-py311h{h:7}_0",
    "brew": "openssl@3--3.2.{d:1}.arm64_sonoma.bottle.tar.gz",
    "csp": "script-src 'nonce-{b:22}=='",
    "w3c": "tracestate: vendor={h:16}",
    "dns": "_acme-challenge.example.com. 300 IN TXT ok{d:3}",
    "log4j": "[http-nio-8080-exec-{d:1}] INFO c.e.Api - 200 in {d:3} ms",
}
"""Kind: form of a text that looks like a secret and is none."""


SENTENCES = """
The password must have at least 12 characters.
password is required
Please enter your password.
Invalid password for user ada
password: must not be empty
Password reset requested by user 7
password reset mail sent
wrong password
Password policy: at least 3 classes
passwords do not match
your password has expired
password changed
forgot password?
The secret of good soup is time.
a secret between friends
secret not found
Secret "db-credentials" not found in namespace default
secret/db created
token expired
token is invalid
Token expired at 2024-01-01
unexpected token '<' at line 3
Unexpected token in JSON at position 12
SyntaxError: unexpected token: identifier
tokenizer loaded in 0.3 s
token limit of 4096 reached
max_tokens=4096 exceeded
refresh token rotation is enabled
CSRF token missing or incorrect.
authorization required
Authorization failed for user ada
authorization: denied
authorized as ada
Bearer of bad news
bearer token is missing
Basic usage of the API
basic auth is disabled
Basic understanding of Python is required
API key is missing
api key not configured
no API key found, set OPENAI_API_KEY
set the environment variable OPENAI_API_KEY first
api_key is None
api_key=None
password=None
password=''
password=""
password: null
password=***
password=****
password=<hidden>
password=${DB_PASSWORD}
password: {{ db_password }}
password=$PASSWORD
password=%s
token=None token_type=bearer
token: undefined
secret=None
secret: false
has_password=True
is_secret=False
password_hash_rounds=12
password_policy=strict
key error: 'name'
KeyError: 'password'
KeyError: 'api_key'
missing key: title
key not found: user
primary key violated
foreign key constraint failed
keyboard layout de
keys pressed: 3
private key file not found: /etc/ssl/private/server.key
loading private key from /etc/ssl/private/server.key
certificate and key do not match
cookie banner shown
cookies are disabled
Cookie policy accepted
session_id is required
session expired
sessions: 12 open
passing 3 tests
passed: 12, failed: 0
pass 2 of 3
bypass cache
compass heading 120
passenger list
passport control
passive mode
surpassed the limit
the tests pass: yes
pass: 12 fail: 0
author: Ada Lovelace
authors: Ada, Bob
authority: example.com
:authority: example.com
oauth flow started
authentication took 12 ms
auth method: password
auth=True
auth: none
login ok
login: ada
machine learning model trained
machine went away
user ada logged in
credentials are missing
credentials: include
Access-Control-Allow-Credentials: true
credential helper not set
Unable to locate credentials
signature valid
signature: def f(x: int) -> str
def login(user: str, password: str) -> Token:
def get_token(self, token: str | None = None) -> str:
    password: str
    password: SecretStr
    password = getpass.getpass()
    password = request.form["password"]
    token = get_token()
    token = os.environ["GITHUB_TOKEN"]
    api_key = os.getenv("OPENAI_API_KEY")
    self.password = password
    secret = secrets.token_hex(16)
    return hash_password(password)
    if password != confirm:
    assert token is not None
    key = lambda item: item.name
    sorted(rows, key=str.lower)
    max(rows, key=len)
    for key, value in pairs:
const token = await getToken();
const { password, ...rest } = user;
if (!token) throw new Error("token missing");
password: process.env.DB_PASSWORD,
apiKey: config.apiKey,
Authorization: `Bearer ${token}`
headers = {"Authorization": f"Bearer {token}"}
curl -H "Authorization: Bearer $TOKEN" https://api.example.com
curl -u "$USER:$PASS" https://api.example.com
curl -u ada https://api.example.com
docker login -u ada --password-stdin
docker run -p 8080:80 nginx
mkdir -p /tmp/a
ssh -p 2222 root@host
grep -a password file.txt
tar -p -xf a.tar
postgresql://app@db/shop
postgresql://app:***@db/shop
postgresql://db.example.com:5432/shop
redis://cache:6379/0
mongodb://localhost:27017
https://example.com/reset-password
https://example.com/tokens/list?page=2
https://example.com/oauth/token
https://user@example.com/path
http://[::1]:8080/
mailto:ada@example.com
SELECT password FROM users WHERE id = 3
SELECT id, password_hash FROM users
UPDATE users SET password = ? WHERE id = ?
INSERT INTO tokens (id, token) VALUES (?, ?)
ALTER TABLE users ADD COLUMN password VARCHAR(255)
CREATE INDEX ix_token ON tokens (token)
CREATE TABLE secrets (id INT PRIMARY KEY, name TEXT)
GRANT SELECT ON secrets TO reader
Collecting token-bucket==0.3.0
Successfully installed password-strength-0.0.3 secretstorage-3.3.3
Requirement already satisfied: keyring in ./lib (24.3.0)
Requirement already satisfied: python-jose[cryptography]
npm WARN deprecated request@2.88.2
added 312 packages in 12s
On branch fix/password-reset
Your branch is up to date with 'origin/main'.
 create mode 100644 src/secrets/__init__.py
 rename tests/{test_token.py => test_tokens.py} (98%)
 src/auth/password.py | 12 ++++++------
Merge branch 'feature/api-key-rotation'
diff --git a/token.py b/token.py
modified:   app/passwords.py
/etc/passwd
/run/secrets/db
/usr/lib/python3.11/secrets.py
/usr/lib/python3.11/token.py
C:\\Users\\ada\\passwords.txt
src/main/resources/secret.properties
kubectl get secrets -n default
secretName: db-credentials
secretKeyRef: {name: db, key: password}
serviceAccountName: deploy
imagePullSecrets: [name: regcred]
automountServiceAccountToken: false
tokenRequest failed
deployment.apps/token-service configured
pod/secret-rotator-5d8f7b6c4-x2x9z Running
configmap/auth-config unchanged
TOKEN_TTL=3600
PASSWORD_MIN_LENGTH=12
SESSION_COOKIE_AGE=1209600
SESSION_COOKIE_SECURE=True
SECRET_ROTATION_DAYS=90
token_type=bearer expires_in=3600
grant_type=client_credentials
grant_type=password
auth_method=oauth2
response_type=code
token_endpoint=https://login.example.com/token
tokens per second: 45.2
prompt tokens: 512, completion tokens: 128
stop token <|endoftext|>
special tokens: [CLS], [SEP], [PAD]
vocabulary of 50257 tokens
added_tokens.json loaded
eos_token_id=2 bos_token_id=1
next_page_token=None
cancellation_token=None
Das Passwort muss mindestens 12 Zeichen haben.
Das Passwort ist falsch.
Passwort vergessen?
Bitte geben Sie Ihr Passwort ein.
Der Schlüssel passt nicht.
Zugangsdaten fehlen
Anmeldung fehlgeschlagen: falsches Kennwort
Der geheime Garten
Le mot de passe est incorrect.
Veuillez saisir votre mot de passe.
Le jeton a expiré.
La clé n'existe pas.
L'utilisateur s'est connecté.
La contraseña es obligatoria.
密码不能为空
请输入密码
密码错误,请重试
令牌已过期
用户登录成功
パスワードが違います
トークンの有効期限が切れました
비밀번호를 입력하세요
Пароль неверен
введите пароль
TRACE: login -> check_password | user_id=7
TRACE: save -> validate (user=7, type=token)
TRACE: auth -> FAILED | error=invalid password
EVALUATION: check_password | duration=0.123s | success=True
Traceback (most recent call last):
  File "/app/auth/password.py", line 12, in check_password
ValueError: password too short
RuntimeError: secret backend unreachable
PermissionError: [Errno 13] Permission denied: '/run/secrets/db'
AttributeError: 'NoneType' object has no attribute 'token'
TypeError: login() missing 1 required positional argument: 'password'
pydantic.ValidationError: 1 validation error for User\npassword\n  Field required
jwt.exceptions.ExpiredSignatureError: Signature has expired
401 Unauthorized: invalid_token
403 Forbidden: insufficient scope
WWW-Authenticate: Bearer realm="api", error="invalid_token"
WWW-Authenticate: Basic realm="Restricted"
Vary: Authorization, Cookie
Access-Control-Allow-Headers: Authorization, X-Api-Key, Content-Type
Set the password with: app set-password USER
use --password to give the password
options: --token TOKEN, --api-key KEY
usage: app [-h] [--password PASSWORD]
password:
Password for user ada:
Enter passphrase for key '/home/ada/.ssh/id_ed25519':
ada@host's password:
[sudo] password for ada:
Permission denied (publickey,password).
Agreed key exchange algorithm: curve25519
host key verification failed
RSA key size 4096
public key: loaded
public_key=/etc/ssl/public.pem
the key is to keep it simple
key takeaways: three
turnkey solution
monkey patching asyncio
hotkey: ctrl+s
key=value pairs
key: value
keys: [id, name, kind]
sort key: created_at
unique key: (user_id, kind)
cache key: user/7
dictionary key: title
answer key: b
api: v2
api version 2024-06-01
secretary of state
secrete
tokenized 12 documents
tokenise
broken token stream
accessible tokens
credentialed users: 4
passwordless login enabled
passworded zip skipped
authn: ok authz: ok
connection string is invalid
connection string not set
connection: keep-alive
connection to db:5432 refused
license key expired
license: MIT
encryption: aes-256-gcm
encryption key rotated
encryption_key_version=3
signing: enabled
signed in as ada
signing key not found: kid=2024-01
salt: to taste
pin: 3 boards
pin requests==2.31.0
PIN must have 4 digits
hash: sha256
nonce reused
code: 200
code=ENOENT
state=running
sig=SIGTERM
-p 8080
user:group 1000:1000
root:x:0:0:root:/root:/bin/bash
ratio a:b 3:4
time 12:30:45
at 10:30:00@berlin
foo@bar: baz
name@1.2.3
""".strip("\n").split("\n")
"""Sentences, code and output that speak of secrets and hold none."""


def harmless(seed: int) -> Iterator[Fake]:
    """Yield every harmless text; those with random bodies twice."""
    rng = random.Random(seed)
    for kind, form in HARMLESS_FORMS.items():
        for _ in range(2):
            text = filled(form.replace("{{", "{").replace("}}", "}"), rng)
            yield Fake(kind, "form", "", text)
    for sentence in SENTENCES:
        yield Fake(sentence, "sentence", "", sentence)
