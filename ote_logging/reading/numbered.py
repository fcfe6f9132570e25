"""Entries with the place where they stand: for answers that name their evidence.

LOCATION: ote_logging/reading/numbered.py
DEPENDENCIES: entries (blocks, lines, decoding), schema (Entry)
TRACE POINTS: numbered() - a line gets its number
"""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from ote_logging.reading.entries import Reader, _blocks, _Decoder, _whole_lines
from ote_logging.schema import Entry


class Located(NamedTuple):
    """An entry, the file that it stands in and the number of its line, counted from 1."""

    entry: Entry
    path: str
    number: int

    @property
    def place(self) -> str:
        """The line as people write it: ``session_7.jsonl:12``."""
        return f"{os.path.basename(self.path)}:{self.number}"

    def to_dict(self) -> dict[str, Any]:
        """Return the evidence as JSON values: ``file``, ``line``, ``time``."""
        return {"file": self.path, "line": self.number, "time": self.entry.timestamp}


def numbered(reader: Reader) -> Iterator[Located]:
    """Yield the entries of a session, each with its place; damaged and foreign lines are passed over.

    Raises:
        ReadError: a file cannot be opened or read.
    """
    decoder = _Decoder()
    for path in reader.paths:
        first = 1
        for body in _whole_lines(_blocks(path)):
            for number, wire in _lines(decoder, body, first):
                yield Located(Entry(wire), path, number)
            first += body.count(b"\n") + 1


def _lines(decoder: _Decoder, body: bytes, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
    found = decoder.objects(body)
    if len(found) == body.count(b"\n") + 1:
        yield from enumerate(found, first)
    else:
        # Something between them is no entry: which line is whose must be found out one by one.
        for number, line in enumerate(body.split(b"\n"), first):
            yield from ((number, wire) for wire in decoder.objects(line))
