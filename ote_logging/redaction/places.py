"""Find secrets that only their place tells: in a command, a statement of SQL, a sentence.

`docker login -p x`, `CREATE USER a IDENTIFIED BY 'x'`, `the password is x`: no name stands before.
Who asks has looked for a substring or two before, so that most texts cost no more than that.

LOCATION: ote_logging/redaction/places.py
DEPENDENCIES: late, redaction: keys (is_name), patterns (Finding, PLACEHOLDER)
TRACE POINTS: none
"""

import re
from collections.abc import Iterator

from ote_logging.late import late_pattern
from ote_logging.redaction.keys import is_name
from ote_logging.redaction.patterns import PLACEHOLDER, Finding

# An argument of a shell, with its quotes outside; and what comes between the command and it.
_ARGUMENT = r"(?P<quote>[\"']?)(?P<value>(?(quote)[^\"'\r\n]{1,512}|[^\s\"'|;&]{1,512}))"
_BETWEEN = r"\b[^\r\n|;]{0,80}?\s"
# Most texts with ` -` in them are trace points and tables.
OPTION = late_pattern(r" -(?:-user|-proxy-user|pass|[uUpPaw]|\w{0,8}b)")
"""What a text has in it that is worth to be asked for `commands`."""
_COMMANDS = {
    "curl": late_pattern(
        rf"\bcurl{_BETWEEN}(?:-u|-U|--user|--proxy-user)[ =]?[\"']?[^\s:\"'$]{{0,128}}:"
        r"(?P<value>[^\s\"'|;&]{1,512})"
    ),
    "login": late_pattern(rf"\blogin{_BETWEEN}-p[ =]?{_ARGUMENT}"),
    "mysql": late_pattern(rf"\bmysql\w{{0,20}}{_BETWEEN}-p(?! ){_ARGUMENT}"),
    "mariadb": late_pattern(rf"\bmariadb[\w\-]{{0,20}}{_BETWEEN}-p(?! ){_ARGUMENT}"),
    "sshpass": late_pattern(rf"\bsshpass\s{{1,4}}-p\s?{_ARGUMENT}"),
    "redis-cli": late_pattern(rf"\bredis-cli{_BETWEEN}-a\s{{1,4}}{_ARGUMENT}"),
    "ldap": late_pattern(rf"\bldap[a-z]{{1,20}}{_BETWEEN}-w\s{{1,4}}{_ARGUMENT}"),
    "htpasswd": late_pattern(
        r"\bhtpasswd\s{1,4}-\w{0,8}b\w{0,8}\s{1,4}\S{1,256}\s{1,4}\S{1,128}\s{1,4}" + _ARGUMENT
    ),
    "zip": late_pattern(rf"\b(?:un)?zip{_BETWEEN}-P\s?{_ARGUMENT}"),
    "7z": late_pattern(rf"\b7za?{_BETWEEN}-p(?! ){_ARGUMENT}"),
    "openssl": late_pattern(rf"\bopenssl{_BETWEEN}-(?:pass|passin|passout)\s{{1,4}}pass:{_ARGUMENT}"),
}
_STATEMENT = late_pattern(
    r"(?i:\bidentified(?: with \w{1,60})? (?:by|as)|\b(?:with|user|role|database) (?:\S{1,128} )?"
    r"(?:with )?(?:encrypted )?password|-password)"
    r"\s{1,4}(?P<quote>'|\")(?P<value>[^'\"\r\n]{1,512})(?P=quote)"
)
_NETRC = late_pattern(r"\blogin\s{1,8}\S{1,128}\s{1,8}password\s{1,8}(?P<value>\S{1,512})")
_SENTENCE = late_pattern(
    r"(?i:\bpass(?:word|phrase|wort|wd)(?: (?:is|was|ist|war|lautet|to|are))?:?) [\"'`„]?"
    r"(?P<value>[^\s\"'`“„]{8,128})"
)
_SHORTEST_SAID = 8
_MIXED = 3
_CALL = late_pattern(r"\w{1,60}\(")
_CLASSES = tuple(late_pattern(form) for form in ("[a-z]", "[A-Z]", "[0-9]", r"[^\w\s./:\-]"))
_TRAILING = ".,:;)]}>!"


def commands(text: str) -> Iterator[Finding]:
    """Yield the passwords in the options of well-known commands."""
    for command, pattern in _COMMANDS.items():
        if command in text:
            yield from _values(pattern, text)


def sentences(text: str) -> Iterator[Finding]:
    """Yield what a statement of SQL, a line of ``.netrc`` or a sentence says to be a password."""
    yield from _values(_STATEMENT, text)
    yield from _values(_NETRC, text)
    for match in _SENTENCE.finditer(text):
        value = match["value"].rstrip(_TRAILING)
        if len(value) >= _SHORTEST_SAID and _is_no_word(value):
            yield Finding(match.start("value"), match.start("value") + len(value), "password")


def _is_no_word(value: str) -> bool:
    """Whether it is a password rather than the next word: `password must` against `password Xe4X5uDC`."""
    if _CALL.match(value) or value.startswith("[REDACTED"):
        return False
    kinds = sum(bool(kind.search(value)) for kind in _CLASSES)
    return kinds >= _MIXED or (value.isalpha() and value.isascii() and not is_name(value))


def _values(pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    for match in pattern.finditer(text):
        if not PLACEHOLDER.fullmatch(match["value"]) and not match["value"].startswith("[REDACTED"):
            yield Finding(match.start("value"), match.end("value"), "password")
