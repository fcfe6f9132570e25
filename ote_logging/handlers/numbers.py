"""The sequence numbers of sessions: 1, 2, 3 ... in this process, in bounded memory.

LOCATION: ote_logging/handlers/numbers.py
DEPENDENCIES: handlers.opening (AnyPath); orjson
TRACE POINTS: none
"""

import os
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Final

import orjson

from ote_logging.handlers.opening import AnyPath

if TYPE_CHECKING:
    from mmap import mmap

# Each takes 250 bytes. Beyond them the last number of a session is read from its file.
_REMEMBERED: Final = 10_000


class Numbers:
    """Counts the lines of each session of this process."""

    __slots__ = ("_counts", "_has_forgotten")

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin every session at 1 again."""
        self._counts: dict[str, count[int]] = {}
        self._has_forgotten = False

    def of(self, session_id: str, path: AnyPath) -> "count[int]":
        """Return the counter of a session whose lines are appended to ``path``."""
        known = self._counts.get(session_id)
        if known is not None:
            return known
        for oldest in list(self._counts)[: 1 - _REMEMBERED] if len(self._counts) >= _REMEMBERED else ():
            self._counts.pop(oldest, None)
            self._has_forgotten = True
        first = last_number(path) + 1 if self._has_forgotten else 1
        return self._counts.setdefault(session_id, count(first))


def last_number(path: AnyPath) -> int:
    """Return the number of the last line of this process in the file at ``path``, 0 where there is none."""
    # Only a process with thousands of sessions comes here; for the others it were 0.2 ms of the start.
    from mmap import ACCESS_READ, mmap

    try:
        with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
            return _last_number_in(text)
    except (OSError, ValueError):
        # There is no such file, or nothing in it.
        return 0


def _last_number_in(text: "mmap") -> int:
    pid = os.getpid()
    end = len(text)
    while (found := text.rfind(b'"pid":%d' % pid, 0, end)) >= 0:
        end = text.rfind(b"\n", 0, found) + 1
        with suppress(ValueError, KeyError, TypeError):
            line = orjson.loads(text[end : text.find(b"\n", found)])
            # A field of the program may hold a pid as well.
            if line["pid"] == pid:
                return int(line["seq"])
    return 0
