"""Draw what answers a question: sentences with their evidence, contents line by line, short or whole.

LOCATION: ote_logging/cli/evidence.py
DEPENDENCIES: reading (Located, Content), screen, words
TRACE POINTS: none
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ote_logging.cli.screen import BOLD, CYAN, DIM, FAILED, GREEN, PLAIN, RED, Part, Screen
from ote_logging.cli.words import clock, shortened
from ote_logging.reading.contents import Content
from ote_logging.reading.numbered import Located

_MOST_LINES: Final = 8
_MOST_CHARS: Final = 400
_ALL_CHARS: Final = 2**31
_MARGIN: Final = "      │ "
_DIFF_COLOURS: Final = {"+": GREEN, "-": RED, "@": CYAN}


def evidence_part(record: Located, *, with_file: bool) -> Part:
    """Return where ``record`` stands in the session, as ``ote show`` takes it, and when it was made."""
    place = record.place if with_file else f":{record.number}"
    return Part(f"  {shortened(place)}  {clock(str(record.entry.timestamp))}", DIM)


class Contents:
    """Prints contents on a screen below what they belong to."""

    def __init__(self, screen: Screen, *, is_full: bool) -> None:
        """Print on ``screen``; with ``is_full`` every line, else the first of them."""
        self._screen = screen
        self._is_full = is_full
        self._shown: set[tuple[str, str]] = set()
        self._last: dict[str, str] = {}

    def forget(self) -> None:
        """Show again what was shown before."""
        self._shown.clear()
        self._last.clear()

    def print(self, contents: Iterable[Content]) -> None:
        """Print ``contents``, each with its name where that says more than its lines do."""
        for content in contents:
            is_new = self._is_full or not self._was_shown(content)
            if content.name not in ("diff", "excerpt"):
                again = "" if is_new else ", as above"
                self._screen.line(Part(f"      {content.name}", BOLD), Part(_measures(content) + again, DIM))
            if is_new:
                self._print_lines(content)

    def _was_shown(self, content: Content) -> bool:
        if content.digest is None:
            return False
        key = content.name, content.digest
        is_known = key in self._shown
        self._shown.add(key)
        return is_known

    def _goes_on(self, content: Content) -> int:
        """Return how many characters of a content are those of the last of its name, which it goes on."""
        text, before = content.text or "", self._last.get(content.name, "")
        self._last[content.name] = text
        return len(before) if before and not self._is_full and text.startswith(before) else 0

    def _print_lines(self, content: Content) -> None:
        known = self._goes_on(content)
        if known:
            told = f"… as the {content.name} before, {known:,} characters, and then"
            self._screen.line(Part(_MARGIN, DIM), Part(told, DIM))
        text = content.text or ""
        lines = (text[known:].lstrip("\n") if known else text).splitlines()
        most = len(lines) if self._is_full else _MOST_LINES
        # Of a traceback, and of what a conversation goes on with, the end tells most.
        is_end = content.name == "traceback" or known > 0
        kept = lines[-most:] if is_end else lines[:most]
        left = len(lines) - len(kept)
        if left and is_end:
            self._say_left(content, left)
        self._print_kept(content, kept)
        if left and not is_end:
            self._say_left(content, left)

    def _print_kept(self, content: Content, lines: Iterable[str]) -> None:
        chars = _ALL_CHARS if self._is_full else _MOST_CHARS
        for line in lines:
            self._screen.line(
                Part(_MARGIN, DIM), Part(shortened(line.expandtabs(4), chars), _colour(content, line))
            )

    def _say_left(self, content: Content, left: int) -> None:
        more = f"… {left:,} more line{'s' if left != 1 else ''}: --full"
        shown = f", or: ote show SESSION {content.digest[:12]}" if content.digest else ""
        self._screen.line(Part(_MARGIN, DIM), Part(more + shown, DIM))


def _measures(content: Content) -> str:
    facts = [f"{content.length:,} characters"] if content.length is not None else []
    if content.digest is not None:
        facts.append(content.digest[:12])
    if content.text is None:
        facts.append("not kept: the content mode of the session leaves it out")
    elif not content.is_whole:
        facts.append("its beginning: the rest is not in the store of the session")
    return f"  {', '.join(facts)}" if facts else ""


def _colour(content: Content, line: str) -> str:
    if content.name == "diff":
        return _DIFF_COLOURS.get(line[:1], PLAIN)
    if content.name == "excerpt" and (line.startswith(">") or line.strip() == "^"):
        return FAILED
    return PLAIN


def wrapped(text: str, width: int | None, indent: str) -> Iterator[str]:
    """Yield ``text`` as lines of at most ``width`` columns, those after the first behind ``indent``."""
    if width is None:
        yield text
        return
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = indent + word
        else:
            line = f"{line} {word}" if line else word
    yield line
