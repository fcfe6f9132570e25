"""Print lines for people: cut to the width of the terminal, coloured where colour is welcome.

What came from data goes through ``visible`` first, so that no control character reaches a terminal.
Into a pipe or a file lines go whole and plain, unless ``COLUMNS`` or ``FORCE_COLOR`` say otherwise.

LOCATION: ote_logging/cli/screen.py
DEPENDENCIES: formatters.look (what a stream can show), visible
TRACE POINTS: none
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TextIO

from ote_logging.formatters.look import takes_marks, wants_colour, width_of
from ote_logging.schema import dump
from ote_logging.visible import cells, fitted

PLAIN: Final = ""
BOLD: Final = "1"
DIM: Final = "2"
RED: Final = "31"
GREEN: Final = "32"
YELLOW: Final = "33"
CYAN: Final = "36"
FAILED: Final = "1;31"

_CUT: Final = "…"
_LEAST: Final = 12
_ASCII_SIGNS: Final = str.maketrans(
    {
        **dict(zip("├└│─…·µ→×–", ("|", "`", "|", "-", "~", "-", "u", "->", "x", "-"), strict=True)),
        **dict(zip("▁▂▃▄▅▆▇█", "_.,-=+*#", strict=True)),
        **dict.fromkeys("▏▎▍▌▋▊▉", "#"),
        **{"⚠": "!", "🐌": "!", "✅": "ok", "\ufe0f": ""},
    }
)


class Part(NamedTuple):
    """A piece of a line: visible text, the SGR code of its colour."""

    text: str
    code: str = PLAIN
    gives: bool = False
    """On a line that is too long it is shortened first, so that the part behind it is seen."""


class Screen:
    """Standard output as it is: ``width`` is None where nothing has to be cut."""

    def __init__(self, stream: TextIO | None = None, most_lines: int | None = None) -> None:
        """Look at ``stream``, by default the standard output of this moment; print ``most_lines`` at most."""
        self._lines_left = most_lines
        self._stream = stream or sys.stdout
        self.is_coloured = wants_colour(self._stream)
        self.is_ascii = not takes_marks(self._stream)
        has_width = os.environ.get("COLUMNS", "").isdecimal() or self._stream.isatty()
        self.width = width_of(self._stream) if has_width else None

    def line(self, *parts: Part) -> None:
        """Print ``parts`` as one line, cut to the width; blanks at its end are left out."""
        if self._lines_left is not None:
            if self._lines_left <= 0:
                return
            self._lines_left -= 1
        fitting = parts if self.width is None else _cut(_eased(parts, self.width, _CUT), self.width, _CUT)
        self._stream.write(self._painted(fitting).rstrip(" ") + "\n")

    def _painted(self, parts: Iterable[Part]) -> str:
        if not self.is_coloured:
            return self._written("".join(part.text for part in parts))
        return "".join(
            f"\x1b[{code}m{self._written(text)}\x1b[0m" if code and text else self._written(text)
            for text, code, _ in parts
        )

    def _written(self, text: str) -> str:
        if not self.is_ascii:
            return text
        encoding = self._stream.encoding or "utf-8"
        return text.translate(_ASCII_SIGNS).encode(encoding, "backslashreplace").decode(encoding)


def _eased(parts: Sequence[Part], width: int, mark: str) -> Iterator[Part]:
    """Yield ``parts``, those that give shortened by what they and the next one take beyond ``width``."""
    taken = 0
    for part, following in zip_longest(parts, parts[1:], fillvalue=Part("")):
        own = cells(part.text)
        beyond = taken + own + cells(following.text) - width
        if part.gives and beyond > 0:
            own = max(own - beyond, min(own, _LEAST))
            part = part._replace(text=fitted(part.text, own, mark))
        taken += own
        yield part


def _cut(parts: Iterable[Part], width: int, mark: str) -> list[Part]:
    """Return ``parts`` as far as they fit, ``mark`` at the end where something is left out."""
    whole = list(parts)
    if sum(cells(part.text) for part in whole) <= width:
        return whole
    kept: list[Part] = []
    room = width - cells(mark)
    for part in whole:
        if cells(part.text) > room:
            # With blanks behind it, it never just fits, so the mark is always there.
            return [*kept, part._replace(text=fitted(part.text + "  ", room + cells(mark), mark))]
        kept.append(part)
        room -= cells(part.text)
    return kept


def print_json(value: dict[str, Any]) -> None:
    """Print ``value`` as one line of JSON, UTF-8 whatever the terminal speaks."""
    sys.stdout.flush()
    sys.stdout.buffer.write(dump(value))
