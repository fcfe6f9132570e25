"""Find values that a secret name introduces: `key = value`, `"key": "value"`, `--key value`, `<key>x</key>`.

What stands before each `=` and `:` decides. If all of these words were met before and are harmless, a split
and a look-up are all the cost. Else the text is read backwards: a pattern that starts with the separator
skips to the places that matter at the speed of a character scan, and takes the name from there.

LOCATION: ote_logging/redaction/assignments.py
DEPENDENCIES: late, redaction.keys (KeyRules), redaction.patterns (Finding)
TRACE POINTS: none
"""

import re
from collections.abc import Iterator

from ote_logging.late import late_pattern
from ote_logging.redaction.keys import KeyRules, is_name, word_set, words
from ote_logging.redaction.patterns import PLACEHOLDER, Finding

# Backwards: separator, blanks and quotes, name, and the `\\` of an escape or the `?`/`&` before it.
_NAME = late_pattern(r"[=:][ \t:\\\"'`\])]{0,16}+([\w.\-]{2,64}+[\\?&]?)", re.ASCII)
# Names of two words, backwards: "api key", "connection string", "auth code".
_SECOND_WORDS = frozenset({"yek", "syek", "gnirts", "edoc", "eulav"})
_FIRST_WORD = late_pattern(r" ([\w\-]{2,32}+)", re.ASCII)
_REMEMBERED = 4096
_OPTION = late_pattern(r"--([A-Za-z][\w\-]{1,60}+)(?:[\"'],)?[ \t]{1,4}+", re.ASCII)
# `('Authorization', 'x')` and `["cookie", "x"]`: two patterns, for `re` searches one fixed letter fastest.
_PAIRS = tuple(
    late_pattern(opening + r"b?[\"']([\w\-.]{2,64}+)[\"'], {0,2}(?=b?[\"'])", re.ASCII)
    for opening in (r"\(", r"\[")
)
_Q = r"\\?[\"']"
_NAMED = late_pattern(
    rf"(?<=[NnKk])(?:ame|ey){_Q}: {{0,2}}{_Q}([\w\-.]{{2,64}}+){_Q},"
    rf"\s{{0,20}}+{_Q}[Vv]alue{_Q}: {{0,2}}(?={_Q})",
    re.ASCII,
)
_NAMED_IN_YAML = late_pattern(r"(?<=\b[Nn])ame: {1,4}([\w\-.]{2,64}+)\s{1,40}[Vv]alue:(?= )", re.ASCII)
_ELEMENT = late_pattern(r"<([A-Za-z][\w:.\-]{1,60}+)(?: [^<>]{0,200}+)?>([^<]{1,4096}+)</", re.ASCII)

_QUOTE = late_pattern(r"[=>]{0,2}\s{0,8}+[bruf]{0,2}(?P<quote>\"{3}|'{3}|\\{0,15}[\"'`])")
_BLANKS = late_pattern(r"[=>]{0,2}[ \t]{0,8}+")
# A flat list or object is hidden whole, one that goes deeper is left to the names inside it.
_FLAT = late_pattern(r"[\[{](?!REDACTED|\{)[^\[\]{}]{1,4096}+(?:[\]}]|\Z)")
_STRUCTURE = late_pattern(r"\{[\s\"'\\{]|\[[\s\"'\\{\[]")
_WHOLE_LINE = late_pattern(
    r"(?i:digest|hawk|oauth|aws4-hmac-sha256|aws4-ecdsa-p256-sha256|signature|ntlm) [^\r\n]*+"
)
_COOKIE = late_pattern(r"[^\s=;,\"']{1,128}+=[^\r\n]*+")
# `token: str = "x"`: the value stands behind the type.
_ANNOTATION = late_pattern(
    r"[ \t]?[A-Za-z][\w.]{0,40}+(?:\[[\w., |]{0,40}+\])?(?: \| \w{1,40}+)?"
    r"[ \t]?=[ \t]?(?=[rbf]{0,2}[\"'])",
    re.ASCII,
)
_AUTH_SCHEME = late_pattern(
    r"(?i:bearer|basic|token|apikey|api-key|negotiate|key|bot|jwt|splunk|genie-?key) {1,4}"
)
_BARE = late_pattern(
    r"(?:[^\s,;&|\"'`<>\\]"
    r"|[,;&|](?![\s\"'`]|\Z|[\w.\-]{1,40}+[\"']?[=:])"
    r"|[\"'`](?![\s,;&|)\]}<>\\:]|\Z)"
    r"|\\(?![nrtu\"'`\\]|\Z))++"
)
_TRAILING = ".,:)]}"

_CODE = late_pattern(
    r"[A-Za-z_][A-Za-z_.]*(?:\d{0,3}\(\)|\(.{0,200}\)|\[[\"']?\w{1,60}[\"']?\])"
    r"|(?:await|new|yield|lambda) [A-Za-z_]",
    re.DOTALL,
)
_IDENTIFIER = late_pattern(r"[A-Za-z_][A-Za-z_.]*")
_HARMLESS = word_set(
    """
    malformed corrupt none null nil true false undefined empty unset missing required optional
    expired invalid valid ok failed success denied granted rejected accepted revoked rotated
    refreshed updated changed unchanged present absent redacted hidden masked removed disabled
    enabled unknown error yes no not str int bool bytes string float any object dict list number
    boolean text secretstr self cls n/a na set reset wrong incorrect mismatch found generated
    created deleted loaded stored saved sent received verified confirmed default
    """
)
# First words of sentences after "password:"; a password may be a word, but hardly one of these.
_PROSE = word_set(
    """
    a an the must should shall may can cannot could would will is are was were be been has have had do
    does did to for from of in on at by with without and or but if when while as than then this that
    these those it its not no never always only please enter use using used your you we they too very
    more most less between field value values contains contain minimum maximum least choose check see
    change make keep expected got one two all each every any some both ensure incorrect invalid wrong
    required missing expired what why how who where which login user new old same different
    """
)
# What such a name introduces is never a plain word.
_NEVER_WORDS = frozenset({"token", "credentials"})
# Names whose value may well be a plain word; a token or key never is one.
_STRONG = frozenset({"password", "passwd", "pwd", "passphrase", "passcode"})
# `unexpected token: }`, `pass: 12` and `secrets: 3` speak of syntax, tests and counts.
_VAGUE = frozenset({"token", "pass", "secrets", "passwords", "credentials", "cookies"})
_NEXT_WORD = late_pattern(r",? [A-Za-z]+(?![\w]*[=:])")


class Assignments:
    """Find what stands behind secret names; remembers, bounded, the names that are harmless."""

    def __init__(self, keys: KeyRules) -> None:
        self._keys = keys
        self._harmless: set[str] = set()
        self._secret: dict[str, bool] = {}

    def find(self, text: str) -> list[Finding]:
        """The values behind secret names before `=` and `:`, in the order of the text."""
        if self._is_familiar(text) or (" =" in text and self._is_familiar(text.replace(" =", "="))):
            return []
        places = self._places(text)
        if not places:
            self._remember(text.replace(" =", "="))
        return list(self._values(text, places))

    def _is_familiar(self, text: str) -> bool:
        """Whether every word before a separator, back to a blank, was met before and is harmless."""
        pieces = text.replace(":", "=").split("=")
        del pieces[-1]
        # A plain loop: the usual text has one to three pieces.
        for piece in pieces:  # noqa: SIM110 - all() over a generator takes 0.3 us more
            if piece.rpartition(" ")[2] not in self._harmless:
                return False
        return True

    def _places(self, text: str) -> list[tuple[int, str]]:
        backwards, places = text[::-1], []
        for match in _NAME.finditer(backwards):
            name = match[1]
            if name.lower() in _SECOND_WORDS and (first := _FIRST_WORD.match(backwards, match.end())):
                name += " " + first[1]
            if self._is_secret(name):
                places.append((len(text) - match.start(), _forward(name)))
        return places[::-1]

    def _values(self, text: str, places: list[tuple[int, str]]) -> Iterator[Finding]:
        done = 0
        for place, name in places:
            if place >= done and (found := self._value(text, place, name)):
                done = found.end
                yield found

    def _remember(self, text: str) -> None:
        """Keep the words that tell alone that they are harmless: not empty, not the second of a name."""
        for piece in text.replace(":", "=").split("=")[:-1]:
            word = piece.rpartition(" ")[2]
            if len(self._harmless) >= _REMEMBERED:
                self._harmless.clear()
            if 0 < len(word) <= 64 and word.strip("\\\"'`])\t")[::-1].lower() not in _SECOND_WORDS:
                self._harmless.add(word)

    def options(self, text: str) -> Iterator[Finding]:
        """Yield the values of secret command-line options: `--password x`, also as a list of arguments."""
        for match in _OPTION.finditer(text):
            if self._keys.is_secret(match[1]) and not text.startswith("-", match.end()):
                yield from _one(self._value(text, match.end(), match[1]))

    def pairs(self, text: str) -> Iterator[Finding]:
        """Yield the second of `('Authorization', 'x')`, the form of header lists."""
        for pattern in _PAIRS:
            for match in pattern.finditer(text):
                found = self._value(text, match.end(), match[1]) if self._keys.is_secret(match[1]) else None
                # Two plain words side by side are a list of names.
                if found and not is_name(text[found.start : found.end]):
                    yield found

    def named(self, text: str) -> Iterator[Finding]:
        """Yield the value of `"name": "DB_PASSWORD", "value": "x"`, as in the definition of a job."""
        for pattern in (_NAMED, _NAMED_IN_YAML):
            for match in pattern.finditer(text):
                if self._keys.is_secret(match[1]):
                    yield from _one(self._value(text, match.end(), match[1]))

    def elements(self, text: str) -> Iterator[Finding]:
        """Yield the text of XML elements with a secret name."""
        for match in _ELEMENT.finditer(text):
            if self._keys.is_secret(match[1]) and not self._is_harmless(match[2].strip(), match[1]):
                yield Finding(match.start(2), match.end(2), "key")

    def _is_secret(self, backwards: str) -> bool:
        answer = self._secret.get(backwards)
        if answer is None:
            rule = self._keys.is_secret_in_query if backwards[-1] in "?&" else self._keys.is_secret
            if len(self._secret) >= _REMEMBERED:
                self._secret.clear()
            answer = self._secret[backwards] = rule(_forward(backwards))
        return answer

    def _value(self, text: str, place: int, name: str) -> Finding | None:
        if text[place - 1] == ":" and (annotation := _ANNOTATION.match(text, place)):
            place = annotation.end()
        quoted = _QUOTE.match(text, place)
        if quoted:
            start, end = quoted.end(), _closing(text, quoted.end(), quoted["quote"])
            return None if self._is_harmless(text[start:end], name) else Finding(start, end, "key")
        blanks = _BLANKS.match(text, place)
        start = blanks.end() if blanks else place
        end = self._bare_end(text, start, name)
        if (
            end <= start
            or _CODE.match(text, start)
            or self._is_harmless(text[start:end], name)
            or _is_prose(text, place, start, end, name)
        ):
            return None
        return Finding(start, end, "key")

    def _bare_end(self, text: str, start: int, name: str) -> int:
        if whole := _FLAT.match(text, start) or _WHOLE_LINE.match(text, start):
            return whole.end()
        if text.startswith("[REDACTED", start) or _STRUCTURE.match(text, start):
            return start
        if "cookie" in name.lower() and (cookie := _COOKIE.match(text, start)):
            return _before_quote(text, start, cookie.end())
        scheme = _AUTH_SCHEME.match(text, start)
        match = _BARE.match(text, scheme.end() if scheme else start) or _BARE.match(text, start)
        return start + len(text[start : match.end()].rstrip(_TRAILING)) if match else start

    def _is_harmless(self, value: str, name: str) -> bool:
        """Whether ``value`` only stands for a secret: nothing, a placeholder, a word about it."""
        if not value or value.lower() in _HARMLESS or PLACEHOLDER.fullmatch(value):
            return True
        if name.lower() == "pwd" and value.startswith("/"):
            return True
        if _AUTH_SCHEME.match(value) and PLACEHOLDER.fullmatch(value.partition(" ")[2].strip()):
            return True
        if _IDENTIFIER.fullmatch(value):
            is_placeholder = value.lower() in words(name) or self._keys.is_secret(value)
            return is_placeholder or ("." in value and not _may_be_word(name) and is_name(value))
        return name.lower() in _VAGUE and len(value) < 4 and value.lower() == value.upper()


def _one(found: Finding | None) -> Iterator[Finding]:
    if found:
        yield found


def _may_be_word(name: str) -> bool:
    return not _STRONG.isdisjoint(words(name))


def _forward(backwards: str) -> str:
    r"""The name as written: `drowssapn\` came from `\npassword`."""
    if backwards.endswith("\\"):
        backwards = backwards[:-2] if backwards[-2] in "nrtfb" else backwards[:-1]
    return backwards.rstrip("?&")[::-1]


def _closing(text: str, start: int, quote: str) -> int:
    """Where the string ends that ``quote`` opened before ``start``; the end of a text cut short."""
    depth = quote.count("\\")
    end = text.find(quote, start)
    while end >= 0:
        before = text[max(start, end - 64) : end]
        slashes = depth + len(before) - len(before.rstrip("\\"))
        if slashes % (2 * (depth + 1)) == depth:
            return end
        end = text.find(quote, end + 1)
    return len(text)


def _before_quote(text: str, start: int, end: int) -> int:
    """The end of a header's line, or the quote that closes the argument it stands in."""
    for quote in "'\"":
        close = text.find(quote, start, end)
        opened = text.count(quote, max(0, start - 256), start)
        if close >= 0 and opened % 2:
            return close
    return end


def _is_prose(text: str, place: int, start: int, end: int, name: str) -> bool:
    """Whether the value is the next word of a sentence; only after `: ` or an option, with blanks between."""
    value = text[start:end].rpartition(" ")[2]
    if text[place - 1] == "=" or not value.isalpha() or (start == place and text[place - 1] == ":"):
        return False
    if value.lower() in _PROSE or (value.islower() and name.lower() in _NEVER_WORDS):
        return True
    return (
        not _may_be_word(name) and (value.islower() or value.istitle()) and bool(_NEXT_WORD.match(text, end))
    )
