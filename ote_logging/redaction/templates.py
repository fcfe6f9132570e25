"""Tell which templates of messages hold no secret, whatever short words and numbers their arguments are.

A program has few templates and logs each many times. One that is cleared here costs a look-up in place of
all rules, as long as its arguments are words (``Redactor.are_words``): no argument is a secret by itself,
none touches its neighbours so that together they become one, and none introduces what stands behind it.

LOCATION: ote_logging/redaction/templates.py
DEPENDENCIES: late, remembered; the rules are handed in
TRACE POINTS: none
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from ote_logging.late import late_pattern
from ote_logging.remembered import Remembered

_MOST_NEW = 10_000
_LONGEST = 1_000
_MOST_PLACEHOLDERS = 8
_PLACEHOLDER = late_pattern(
    r"(%%)|%[-+ #0]{0,5}\d{0,4}(?:\.\d{1,4})?(?:s|[duifFgGeExXo](?:(?:[mun]?s|[kMG]?B)\b|%%)?)"
)
# What would make one token, escape or name of an argument and the text that it touches; a unit does not.
_JOINS_BEHIND = late_pattern(r"[\w\-.~%\\]\Z")
_JOINS_BEFORE = late_pattern(r"[\w\-~%\\]|\.(?!\s|\Z)|[ \t:\\\"'`\])]{0,16}[=:]")
# What may be given: a word and a number that any rule for values takes for secrets, and what introduces one.
_SECRET_LIKE = ("x9Kq27L", "12345678901234567890")
_INTRODUCING = ("api", "auth", "basic", "Bearer", "conn", "cookie", "key", "pass", "pwd", "secret", "token")


class Templates(Remembered[bool]):
    """``templates[text]``: whether a template is cleared; False as well when it is met for the first time.

    Some programs make a new template of every message: none is looked at before it comes again.
    """

    def __init__(self, has_secret: Callable[[str], bool]) -> None:
        """Hold templates against ``has_secret``, which says whether the rules find anything in a text."""
        super().__init__(self._is_cleared)
        self._has_secret = has_secret
        self._met: set[str] = set()

    def __missing__(self, template: str) -> bool:
        if template in self._met:
            self._met.discard(template)
            return super().__missing__(template)
        if len(template) <= _LONGEST:
            if len(self._met) >= _MOST_NEW:
                self._met.clear()
            self._met.add(template)
        return False

    def _is_cleared(self, template: str) -> bool:
        pieces = _around_placeholders(template)
        count = len(pieces) - 1
        if not 0 < count <= _MOST_PLACEHOLDERS or not _are_apart(pieces):
            return False
        return not any(self._has_secret(_filled(pieces, words)) for words in _worst(count))


def _around_placeholders(template: str) -> list[str]:
    """Return the text before, between and behind the placeholders; nothing where one is of another kind."""
    pieces, done = [""], 0
    for found in _PLACEHOLDER.finditer(template):
        if "%" in template[done : found.start()]:
            return []
        pieces[-1] += template[done : found.start()] + ("%" if found[1] else "")
        done = found.end()
        if not found[1]:
            pieces.append("")
    pieces[-1] += template[done:]
    return [] if "%" in template[done:] else pieces


def _are_apart(pieces: list[str]) -> bool:
    """Whether each placeholder stands by itself: no part of a longer word, and no name of what follows."""
    return all(
        after and not _JOINS_BEHIND.search(before) and not _JOINS_BEFORE.match(after)
        for before, after in pairwise([*pieces[:-1], pieces[-1] + "\n"])
    )


def _filled(pieces: list[str], words: list[str]) -> str:
    return pieces[0] + "".join(word + piece for word, piece in zip(words, pieces[1:], strict=True))


def _worst(count: int) -> Iterator[list[str]]:
    """Yield arguments: all like secrets, then each in turn a word that introduces what follows."""
    for like in _SECRET_LIKE:
        yield [like] * count
        for place in range(count):
            for word in _INTRODUCING:
                yield [like] * place + [word] + [like] * (count - place - 1)
