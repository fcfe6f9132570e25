"""Follow a session that is being written: each look reads on from where the last one ended.

LOCATION: ote_logging/reading/following.py
DEPENDENCIES: entries (Decoder), report (Fold), sessions (locate), errors
TRACE POINTS: Following.report() - new lines become figures
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from typing import Final

from ote_logging.errors import ReadError
from ote_logging.reading.entries import _Decoder
from ote_logging.reading.report import Fold, Report
from ote_logging.reading.sessions import STDIN, locate

_GZIP: Final = ".gz"
_BLOCK_BYTES: Final = 1 << 18


class Following:
    """The figures of a session so far; memory is that of a report, whatever was read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Find the files of the session.

        Raises:
            ReadError: there is no such session, or it is standard input.
        """
        first = locate(path)[0]
        if first == STDIN:
            raise ReadError("standard input cannot be followed; name the file that is written")
        # A folder is its newest session of this moment, not of a later one.
        self._name = first if os.path.isdir(path) else path
        self._read_to: dict[str, int] = {}
        self._packed: set[str] = set()
        self._decoder, self._fold = _Decoder(), Fold()

    def report(self) -> Report:
        """Read what was written since, and return the report of all.

        Raises:
            ReadError: a file cannot be read.
        """
        for path in locate(self._name):
            for body in self._new_lines(path):
                if batch := self._decoder.objects(body):
                    self._fold.add(batch)
        return self._fold.report(self._decoder.damaged, self._decoder.foreign)

    def _new_lines(self, path: str) -> Iterator[bytes]:
        """Yield the whole lines behind those read so far; a part packed meanwhile is the same one."""
        part = path.removesuffix(_GZIP)
        if part in self._packed:
            return
        try:
            with _opened(path) as file:
                file.seek(self._read_to.get(part, 0))
                yield from self._lines_of(file, part)
        except OSError as error:
            raise ReadError(f"cannot read {path}: {error.strerror or error}") from error
        if path != part:
            self._packed.add(part)

    def _lines_of(self, file: gzip.GzipFile | BufferedReader, part: str) -> Iterator[bytes]:
        rest = b""
        # What a cut gzip file holds counts; there is nothing behind it.
        with suppress(EOFError, zlib.error):
            while block := file.read(_BLOCK_BYTES):
                whole, newline, rest = (rest + block).rpartition(b"\n")
                self._read_to[part] = self._read_to.get(part, 0) + len(whole) + len(newline)
                if whole:
                    yield whole


def _opened(path: str) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.endswith(_GZIP) else open(path, "rb")
