"""The files of one folder of sessions: their paths, their parts, which of them are kept, which are packed.

A file that grew to ``max_bytes`` is followed by ``session_<id>.1.jsonl``, that by ``session_<id>.2.jsonl``:
nothing is renamed, so that every process that writes finds the same way. Parts that are full are packed to
``.jsonl.gz``, and the oldest files removed, whoever wrote them.

LOCATION: ote_logging/handlers/parts.py
DEPENDENCIES: handlers.carrying (late writers), handlers.naming
TRACE POINTS: Parts.advance() - a part is full; Folder.remove_surplus() - old files go
"""

import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ote_logging.handlers.carrying import is_deleted, locked, mark
from ote_logging.handlers.naming import safe_name

_FILE: Final = re.compile(r"(session_[A-Za-z0-9_~-]+)(?:\.(\d{1,9}))?\.jsonl(\.gz)?")
_PACKED: Final = ".gz"
# A session that nobody has written for an hour is packed; if it goes on, it does so in a next part.
_IDLE_S: Final = 3600.0
# A folder up to this size is listed with every new file; a larger one for a tenth of the time at most.
_SMALL_FOLDER: Final = 1000


@dataclass(frozen=True, slots=True)
class Keep:
    """Which files of sessions stay: the newest ``count``, none older than ``age_s``, ``bytes`` together.

    Raises:
        ValueError: a limit is no positive number.
    """

    count: int | None = None
    age_s: float | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        for name in ("count", "age_s", "bytes"):
            limit = getattr(self, name)
            is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
            if limit is not None and not (is_number and limit > 0):
                raise ValueError(f"keep: {name} is {limit!r}; give a number above 0")

    @classmethod
    def of(cls, options: Mapping[str, float]) -> "Keep":
        """Read the mapping of a configuration.

        Raises:
            ValueError: it has an unknown key, or a limit that is no positive number.
        """
        unknown = set(options) - {"count", "age_s", "bytes"}
        if unknown:
            raise ValueError(f"keep has no {', '.join(sorted(unknown))}; it has count, age_s and bytes")
        return cls(**{name: options[name] for name in options})  # type: ignore[arg-type]  # checked above


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    changed_ns: int
    inode: int


class Folder:
    """The folder of one handler."""

    def __init__(self, path: Path, max_bytes: int | None, keep: Keep | None, is_packing: bool) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.is_packing = is_packing
        self._keep = keep
        self._next_listing = 0.0
        self._parts: dict[str, int] | None = None

    def place(self, session_id: str) -> "Parts":
        """Return where the lines of a session go."""
        return Parts(self, f"session_{safe_name(session_id)}")

    def last_part(self, name: str) -> int:
        """Return the number of the last part of a session that is known to exist."""
        if self._parts is None:
            self._parts = dict(self._numbered())
        return self._parts.get(name, 0)

    def note_part(self, name: str, number: int) -> None:
        """Remember that a session goes on in part ``number``."""
        if self._parts is not None:
            self._parts[name] = number

    def _numbered(self) -> Iterator[tuple[str, int]]:
        found = (_FILE.fullmatch(file.path.name) for file in self._files())
        yield from sorted((match[1], int(match[2])) for match in found if match and match[2])

    def remove_surplus(self, spared: Path) -> list[Path]:
        """Remove the files that ``keep`` does not keep, but not ``spared``; return the removed ones."""
        started = time.monotonic()
        if self._keep is None or started < self._next_listing:
            return []
        files = sorted(self._files(), key=lambda file: (file.changed_ns, file.inode), reverse=True)
        removed = [file.path for file in self._surplus(files, self._keep) if file.path != spared]
        for path in removed:
            with suppress(OSError):
                path.unlink()
        if len(files) > _SMALL_FOLDER:
            self._next_listing = time.monotonic() + 9 * (time.monotonic() - started)
        return removed

    def _surplus(self, files: list[_File], keep: Keep) -> Iterator[_File]:
        oldest_ns = 0 if keep.age_s is None else time.time_ns() - int(keep.age_s * 1e9)
        total = 0
        for index, file in enumerate(files):
            total += file.size
            if (
                (keep.count is not None and index >= keep.count)
                or file.changed_ns < oldest_ns
                or (keep.bytes is not None and total > keep.bytes)
            ):
                yield file

    def _files(self) -> Iterator[_File]:
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if _FILE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        yield _File(Path(entry.path), status.st_size, status.st_mtime_ns, status.st_ino)

    def pack_later(self, path: Path) -> None:
        """Pack ``path`` and the files of idle sessions in the background; an exit leaves them as they are."""
        # Threads are refused while the interpreter ends.
        with suppress(RuntimeError):
            threading.Thread(target=self._pack_idle, args=(path,), name="ote-packing", daemon=True).start()

    def _pack_idle(self, full: Path) -> None:
        pack(full)
        idle_ns = time.time_ns() - int(_IDLE_S * 1e9)
        for file in list(self._files()):
            if file.path.suffix != _PACKED and file.changed_ns < idle_ns:
                pack(file.path)


class Parts:
    """The parts of one session, one after another."""

    __slots__ = ("_folder", "_name", "_number", "max_bytes")

    def __init__(self, folder: Folder, name: str) -> None:
        self.max_bytes = folder.max_bytes
        self._folder = folder
        self._name = name
        self._number = folder.last_part(name)

    def path(self) -> Path:
        """Return the path of the part that lines go to; one that was packed has ended."""
        while True:
            number = f".{self._number}" if self._number else ""
            path = self._folder.path / f"{self._name}{number}.jsonl"
            if not packed(path).exists():
                return path
            self._go_on()

    def advance(self) -> None:
        """Go on to the next part."""
        full = self.path()
        self._go_on()
        if self._folder.is_packing:
            self._folder.pack_later(full)

    def begun(self) -> None:
        """Make room in the folder for the part that was begun."""
        self._folder.remove_surplus(self.path())

    def _go_on(self) -> None:
        self._number += 1
        self._folder.note_part(self._name, self._number)


def packed(path: Path) -> Path:
    """Return the path that ``path`` has when it is packed."""
    return path.with_name(path.name + _PACKED)


def pack(path: Path) -> None:
    """Replace ``path`` by its gzip; a process that still writes to it finds its late lines unsaved."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(OSError), path.open("r+b") as plain, locked(plain.fileno()) as is_locked:
        if not is_locked or is_deleted(plain.fileno()) or packed(path).exists():
            return
        size = _copy_packed(plain, unfinished, path.stem)
        os.replace(unfinished, packed(path))
        mark(plain.fileno(), size)
        path.unlink()
    unfinished.unlink(missing_ok=True)


def _copy_packed(plain: BinaryIO, path: Path, name: str) -> int:
    """Write the whole lines of ``plain`` to the gzip ``path``; return how many bytes they are."""
    import gzip

    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(name, "wb", fileobj=raw) as file:
        for line in plain:
            if line.endswith(b"\n"):
                file.write(line)
                size += len(line)
    return size
