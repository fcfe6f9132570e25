"""Read entries from the bytes of a session, line by line, whatever stands in them.

A session may be larger than memory: what is held is one block, or one line of at most 64 MiB. Lines
are split at the newline byte alone. What is no entry is counted and passed over, never fatal::

    damaged    no JSON: torn by a crash, or garbage; a record glued behind a torn line is still found
    foreign    JSON, but no object with a ``timestamp`` and an ``event`` that are text

LOCATION: ote_logging/reading/entries.py
DEPENDENCIES: orjson, schema (Entry), sessions (which files), errors
TRACE POINTS: Reader.batches() - bytes become lines; _Decoder.objects() - lines become objects
"""

import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import IO, Any, Final

import orjson

from ote_logging.errors import ReadError
from ote_logging.reading.sessions import STDIN, locate
from ote_logging.schema import Entry

# The objects of a block take several times its size, and should be in the cache until they are counted: with
# 256 kB a line takes 7 % longer, and half as long again where other programs use the cache as well.
_BLOCK_BYTES: Final = 1 << 15
_MOST_LINE_BYTES: Final = 1 << 26
_MOST_RESTARTS: Final = 1_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZLIB_GZIP: Final = 31
# A control character is no JSON, not even inside a string: a line that holds it counts as damaged.
_CUT_HERE: Final = b"\0"


def read(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Yield the entries of a session, in the order of its lines; ``path`` as ``sessions.locate`` takes it.

    To know what was passed over, iterate a ``Reader`` instead.

    Raises:
        ReadError: there is no such session (at once), or a file cannot be opened or read (when reached).
    """
    return iter(Reader(path))


class Reader:
    """The entries of a session, read anew by each iteration, and how many lines were none.

    The counts are those of the last iteration, as far as it went.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Find the files of the session.

        Raises:
            ReadError: there is no such session.
        """
        self.paths = locate(path)
        self._found = _Decoder()

    @property
    def entries(self) -> int:
        """Lines and pieces of lines that were entries."""
        return self._found.entries

    @property
    def damaged(self) -> int:
        """Lines that are no JSON."""
        return self._found.damaged

    @property
    def foreign(self) -> int:
        """Lines that are JSON, but no entry."""
        return self._found.foreign

    @property
    def recovered(self) -> int:
        """Entries that were glued behind a torn line, which counts as damaged besides."""
        return self._found.recovered

    def __iter__(self) -> Iterator[Entry]:
        return map(Entry, chain.from_iterable(self.batches()))

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the decoded objects of the entries, one or more at a time: for folds over millions.

        Raises:
            ReadError: a file cannot be opened or read.
        """
        self._found = _Decoder()
        for path in self.paths:
            # No name here holds on to a batch: the next one is decoded into its memory, which is cached.
            yield from filter(None, map(self._found.objects, filter(None, _whole_lines(_blocks(path)))))


class _Decoder:
    """Lines in, objects out; counts what is no entry."""

    def __init__(self) -> None:
        self.entries = self.damaged = self.foreign = self.recovered = 0

    def objects(self, body: bytes) -> list[dict[str, Any]]:
        """Return the entries among the lines of ``body``, which ends without a newline."""
        try:
            # All lines as one JSON array: faster than a call for each, the counting included.
            found = orjson.loads(b"[%b]" % body.replace(b"\n", b","))
            if len(found) != body.count(b"\n") + 1 or not _are_entries(found):
                found = self._one_by_one(body)
        except ValueError:
            found = self._one_by_one(body)
        self.entries += len(found)
        return found  # type: ignore[no-any-return]  # decoded JSON, checked above

    def _one_by_one(self, body: bytes) -> list[dict[str, Any]]:
        lines = filter(None, map(bytes.strip, body.split(b"\n")))
        return [found for line in lines if (found := self._entry(line)) is not None]

    def _entry(self, line: bytes) -> dict[str, Any] | None:
        try:
            found = orjson.loads(line)
        except ValueError:
            self.damaged += 1
            return self._behind_torn(line)
        if _is_entry(found):
            return found  # type: ignore[no-any-return]  # an entry is a dict
        self.foreign += 1
        return None

    def _behind_torn(self, line: bytes) -> dict[str, Any] | None:
        """Return the entry that ends ``line``, glued behind what a crash left of another one."""
        start = 0
        for _ in range(_MOST_RESTARTS):
            start = line.find(b'{"', start + 1)
            if start < 0:
                return None
            try:
                found = orjson.loads(memoryview(line)[start:])
            except ValueError:
                continue
            if _is_entry(found):
                self.recovered += 1
                return found  # type: ignore[no-any-return]  # an entry is a dict
        return None


def _is_entry(found: Any) -> bool:
    return _are_entries([found])


def _are_entries(found: list[Any]) -> bool:
    try:
        return all([line["timestamp"].__class__ is str is line["event"].__class__ for line in found])
    except (LookupError, TypeError):
        return False


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``blocks`` cut at newlines: one or more whole lines at a time, without their last newline."""
    pieces: list[bytes] = []
    held = 0
    for block in blocks:
        end = block.rfind(b"\n")
        if end >= 0:
            yield b"".join((*pieces, memoryview(block)[:end]))
            pieces, held, block = [], 0, block[end + 1 :]
        pieces.append(block)
        held += len(block)
        if held > _MOST_LINE_BYTES:
            pieces, held = [pieces[0], _CUT_HERE], len(pieces[0])
    yield b"".join(pieces)


def _blocks(path: str) -> Iterator[bytes]:
    """Yield the bytes of ``path``, unpacked where they are gzip, as they become available."""
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else open(path, "rb") as file:
            yield from _unpacked(file)
    except OSError as error:
        raise ReadError(f"cannot read {path}: {error.strerror or error}") from error


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    blocks = iter(partial(file.read1, _BLOCK_BYTES), b"")  # type: ignore[attr-defined]  # a buffered reader
    first = next(blocks, b"")
    return _inflated(chain((first,), blocks)) if first.startswith(_GZIP_MAGIC) else chain((first,), blocks)


def _inflated(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip of any number of members; a cut one gives what it holds, a broken one a damaged line."""
    member = zlib.decompressobj(_ZLIB_GZIP)
    for block in blocks:
        while block:
            try:
                yield member.decompress(block, _BLOCK_BYTES)
            except zlib.error:
                yield _CUT_HERE
                return
            block = member.unconsumed_tail
            if member.eof:
                block = member.unused_data.lstrip(b"\0")
                member = zlib.decompressobj(_ZLIB_GZIP)
    yield member.flush()
