"""Tell from its name whether a key holds a secret.

A name is split into words (camel case, kebab, snake, dots, digits) and whole words are compared, so that
`author`, `keyboard` and `secretary` are no secrets. What a name ends in decides last: `token_count` and
`password_policy` speak about a secret and hold none.

LOCATION: ote_logging/redaction/keys.py
DEPENDENCIES: late (patterns)
TRACE POINTS: none
"""

from collections.abc import Iterable
from itertools import pairwise

from ote_logging.late import late_pattern

_WORD = late_pattern(r"[A-Z]{2,40}(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\dA-Za-z_]+")
_NAME = late_pattern(r"[A-Za-z_][A-Za-z_.\-]*")
_SEPARATORS = late_pattern(r"[._\-]+")
# Of letters at random half are capitals; of `accessToken` one in ten.
_FEW_CAPITALS = 0.3
_LONGEST_NAME = 256
_REMEMBERED = 4096


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, for tables that are read by people."""
    return frozenset(text.split())


# Secret wherever they stand in a name, unless the name ends in one of _ENDS.
_ANYWHERE = word_set(
    """
    password passwords passwd passwds pwd pwds passphrase passphrases passcode secret secrets
    credential credentials cred creds authorization cookie cookies apikey apikeys authtoken
    accesstoken refreshtoken secretkey accesskey privatekey clientsecret connectionstring connstr
    dsn jwt bearer otp totp cvv cvc mnemonic passkey userpass dbpass smtppass setcookie idtoken
    sessiontoken bearertoken psk
    """
)
# `PGPASSWORD`, `mysecret`: written together with what stands before.
_SUFFIXES = ("password", "passwd", "passphrase", "passwort", "secret", "apikey")
# Secret only as the last word, or before a word that names the content itself.
_LAST = word_set("token auth pass passwort kennwort")
_CONTENT = word_set("value secret string data header prod production dev staging test live")
_PAIRS = word_set(
    """
    api-key api-keys access-key access-keys secret-key private-key private-keys auth-key signing-key
    encryption-key encrypt-key decryption-key master-key account-key client-key shared-key
    service-key storage-key ssh-key deploy-key webhook-key session-key rsa-key hmac-key aes-key
    ssl-key tls-key app-key admin-key functions-key subscription-key consumer-key crypto-key
    cipher-key root-key license-key openai-key anthropic-key aws-key azure-key gcp-key google-key
    stripe-key github-key gitlab-key slack-key twilio-key sendgrid-key mistral-key groq-key
    cohere-key gemini-key connection-string conn-string conn-str connection-str auth-code
    authorization-code seed-phrase recovery-code recovery-codes backup-code backup-codes pass-word
    pass-phrase auth-header amz-signature goog-signature sas-url sas-uri
    """
)
# A name that ends so counts, limits, names or describes a secret.
_ENDS = word_set(
    """
    count counts max min usage length len limit limits tokens id ids name names type types policy
    policies public hash hashes ttl expires expiry expiration expired expire at on date time timeout
    age status state url uri path paths file files filename dir size total sum field fields label
    hint hints format version enabled disabled required valid invalid present exists used remaining
    rate price cost budget seconds minutes hours days bytes ms index position reset strength score
    rules rule regex pattern attempts retries error errors changed updated created provider
    algorithm alg method scheme mode level scope scopes audience issuer placeholder column arn
    prefix manager service server host port endpoint handler class module function backend
    rounds ref refs middleware view found accepted consent domain banner samesite kind ratio percent in out
    fingerprint checksum digest rotation rotated jar env variable parameter param source region py
    js ts go rb rs sh java json yaml yml toml ini cfg txt md html css xml log
    """
)
_OPENINGS = word_set(
    """
    has is use uses requires require needs num max min total avg count public supports allow
    """
)
_BEFORE_TOKEN = word_set(
    """
    next page continuation sync pagination pad eos bos unk sep cls mask stop start end special first
    last prev previous per input output prompt completion idempotency cancellation total unexpected
    invalid
    """
)
_NAMES_OF_OBJECTS = frozenset({("image", "pull", "secrets"), ("image", "pull", "secret")})
_IN_QUERY = word_set("sig signature hmac")


def words(name: str) -> tuple[str, ...]:
    """The lower-case words of ``name``, digits and separators left out.

    >>> words("X-Api-Key2")
    ('x', 'api', 'key')
    >>> words("dbPassWORD")
    ('db', 'pass', 'word')
    """
    return tuple(word.lower() for word in _WORD.findall(name[:_LONGEST_NAME]))


def is_name(value: str) -> bool:
    """Whether ``value`` is a word or a name of code or a header, rather than letters at random.

    >>> is_name("userId"), is_name("X-Api-Key"), is_name("cYKNBHpuXa")
    (True, True, False)
    """
    return bool(_NAME.fullmatch(value)) and all(map(_is_like_a_word, _SEPARATORS.split(value)))


def _is_like_a_word(part: str) -> bool:
    capitals = sum(letter.isupper() for letter in part)
    return part.islower() or part.istitle() or capitals == len(part) or capitals < _FEW_CAPITALS * len(part)


def _has_pair(parts: tuple[str, ...]) -> bool:
    return any(f"{first}-{second}" in _PAIRS for first, second in pairwise(parts))


def _has_secret_word(parts: tuple[str, ...]) -> bool:
    return not _ANYWHERE.isdisjoint(parts) or any(part.endswith(_SUFFIXES) for part in parts)


def _ends_in_token(parts: tuple[str, ...]) -> bool:
    rest = parts[:-1] if len(parts) > 1 and parts[-1] in _CONTENT else parts
    if rest[-1] not in _LAST:
        return False
    return rest[-1] != "token" or len(rest) < 2 or rest[-2] not in _BEFORE_TOKEN


def _is_secret(parts: tuple[str, ...]) -> bool:
    if not parts or parts[-1] in _ENDS or parts[0] in _OPENINGS:
        return False
    if parts in _NAMES_OF_OBJECTS:
        return False
    return _has_pair(parts) or _has_secret_word(parts) or _ends_in_token(parts)


class KeyRules:
    """The rules for names, with a program's own ones, and a bounded memory of the answers."""

    def __init__(self, keys: Iterable[str] = (), allow: Iterable[str] = ()) -> None:
        """Take ``keys`` for secret wherever their words stand in a name; ``allow`` names win over all."""
        self._own = tuple(words(key) for key in keys)
        self._allowed = frozenset(words(key) for key in allow)
        self._known: dict[str, bool] = {}

    def is_secret(self, name: str) -> bool:
        """Whether a value under ``name`` is to be hidden."""
        answer = self._known.get(name)
        return self._remember(name) if answer is None else answer

    def is_secret_in_query(self, name: str) -> bool:
        """Whether ``?name=`` in a URL holds a secret; there a bare signature is one too."""
        return name.lower() in _IN_QUERY or self.is_secret(name)

    def _remember(self, name: str) -> bool:
        answer = self._decide(words(name))
        if len(name) <= _LONGEST_NAME:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = answer
        return answer

    def _decide(self, parts: tuple[str, ...]) -> bool:
        if parts in self._allowed:
            return False
        return self._is_own(parts) or _is_secret(parts)

    def _is_own(self, parts: tuple[str, ...]) -> bool:
        return any(
            parts[start : start + len(own)] == own
            for own in self._own
            for start in range(len(parts) - len(own) + 1)
        )
