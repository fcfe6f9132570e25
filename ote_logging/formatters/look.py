"""How a line for people looks on a stream: its columns, marks and colours.

Colour is decided as CPython does: ``PYTHON_COLORS`` (3.13 and later), ``NO_COLOR``, ``FORCE_COLOR``,
``TERM=dumb``, then whether the stream is a terminal. The width is that of ``COLUMNS`` or of the terminal,
else 100.

LOCATION: ote_logging/formatters/look.py
DEPENDENCIES: visible (columns of a terminal)
TRACE POINTS: none
"""

import logging
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ote_logging.visible import cells, fitted, visible

BOLD, DIM, RED, GREEN, YELLOW, MAGENTA, CYAN = "1", "2", "31", "32", "33", "35", "36"
"""Codes of Select Graphic Rendition, as ``Look.paint`` takes them."""

DEFAULT_WIDTH: Final = 100
# Below it a level is one letter and ids are left out, so that the message keeps half of the line.
_NARROW: Final = 80
_LEVELS: Final[Mapping[str, str]] = {"WARNING": "WARN", "CRITICAL": "CRIT"}


class Marks(NamedTuple):
    """The signs of a line; those of a span's edges and the guide are three columns wide.

    The stopwatch stands without the selector that would make it an emoji: terminals disagree on the width
    of that one, and agree on those of the others.
    """

    start: str = "⏱  "
    end: str = "✅ "
    failed: str = "❌ "
    guide: str = "│  "
    deeper: str = "┆  "
    arrow: str = "→"
    cut: str = "…"


EMOJI: Final = Marks()
ASCII: Final = Marks(start=">  ", end="<  ", failed="!  ", guide="|  ", deeper=":  ", arrow="->", cut="~")


class Look:
    """What was decided for a stream, once; ``is_ascii``, ``is_coloured`` and ``width`` are known by now."""

    def __init__(self, *, is_coloured: bool, is_ascii: bool, width: int, ids: bool | None = None) -> None:
        """Share out ``width`` columns; ``ids`` None shows them from 80 columns on."""
        self.is_coloured = is_coloured
        self.is_ascii = is_ascii
        self.marks = ASCII if is_ascii else EMOJI
        self.is_narrow = width < _NARROW
        self.has_ids = not self.is_narrow if ids is None else ids
        self.logger_width = min(max(width // 7, 8), 28)
        self.max_depth = max(width // 12, 3)
        self.level = lru_cache(maxsize=64)(self._level)
        self.logger = lru_cache(maxsize=1024)(self._logger)
        self.guides = lru_cache(maxsize=64)(self._guides)

    def paint(self, code: str, text: str) -> str:
        """Return ``text`` in the colour of a ``code``; as it is where the code is empty."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_coloured and code and text else text

    def _level(self, name: str, number: int) -> str:
        """Return the column of a level."""
        shown = fitted(visible(_LEVELS.get(name, name)[:5]), 5, "")
        return self.paint(_level_colour(number), shown[:1] if self.is_narrow else shown)

    def _logger(self, name: str) -> str:
        """Return the column of a logger: its name, or its packages as initials, or its last part alone."""
        whole = visible(name)
        packages, _, own = whole.rpartition(".")
        initials = ".".join([part[:1] for part in packages.split(".")] + [own])
        shown = next((text for text in (whole, initials) if cells(text) <= self.logger_width), own)
        return self.paint(CYAN, fitted(shown, self.logger_width, self.marks.cut))

    def _guides(self, depth: int) -> str:
        """Return the lines of the spans that are open around a record; beyond a bound they are one."""
        shown = self.marks.guide * min(depth, self.max_depth)
        return self.paint(DIM, shown + self.marks.deeper if depth > self.max_depth else shown)


def _level_colour(number: int) -> str:
    if number >= logging.CRITICAL:
        return f"{BOLD};{RED}"
    if number >= logging.ERROR:
        return RED
    if number >= logging.WARNING:
        return YELLOW
    return GREEN if number >= logging.INFO else DIM


def wants_colour(stream: Any, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether escape codes are welcome on ``stream``."""
    if sys.version_info >= (3, 13) and environ.get("PYTHON_COLORS") in ("0", "1"):
        return environ["PYTHON_COLORS"] == "1"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and _is_terminal(stream)


def width_of(stream: Any, environ: Mapping[str, str] = os.environ) -> int:
    """Return the columns of ``stream``: as ``COLUMNS`` says, or its terminal, or 100."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and 0 < int(columns) < 10_000:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except Exception:  # a stream of any class: it may have no descriptor, or be closed
        return DEFAULT_WIDTH


def takes_marks(stream: Any) -> bool:
    """Tell whether the encoding of ``stream`` has the signs of ``EMOJI``; one without encoding takes text."""
    try:
        "⏱✅❌│┆→…".encode(getattr(stream, "encoding", None) or "utf-8")
    except Exception:  # the encoding cannot, or is none; the stream is of any class
        return False
    return True


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except Exception:  # a stream of any class, or None where there is no console
        return False
