"""Files that are made once and not changed: stored contents, artifacts.

LOCATION: ote_logging/handlers/contents.py
DEPENDENCIES: handlers: background, losses, opening, parts (Keep)
TRACE POINTS: ContentStore.put() - a content is to be stored
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ote_logging.handlers.background import Background
from ote_logging.handlers.losses import Stats, Tally
from ote_logging.handlers.opening import make_folder
from ote_logging.handlers.parts import Keep

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LOOK_S: Final = 60.0


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def write_new(path: Path, data: bytes) -> None:
    """Write ``data`` to a file that does not exist yet, with mode 0600, whole or not at all.

    Raises:
        FileExistsError: it exists, even as a link that leads nowhere.
        OSError: it cannot be written.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.part")
    descriptor = os.open(part, _FLAGS, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        # Not rename(): that would replace what is there.
        os.link(part, path, follow_symlinks=False)
    finally:
        part.unlink()


class ContentStore:
    """Large contents, each once, as ``<directory>/content/<SHA-256>``.

    The name is the hash that the lines give; where a content held secrets, the file is without them and
    its own hash another. What cannot be stored is counted, see ``stats``.
    """

    def __init__(self, directory: str | os.PathLike[str], keep: Keep | None = None) -> None:
        """Store beside the sessions in ``directory``; ``keep`` limits how many, how old and how large."""
        self.folder = Path(directory).absolute() / "content"
        self._keep = keep
        self._next_look = 0.0
        self._tally = Tally(str(self.folder))
        self._background = Background()

    def path_of(self, digest: str) -> Path:
        """Return the file of the content with this hash."""
        return self.folder / digest

    def put(self, digest: str, text: Callable[[], str], chars: int) -> None:
        """Store what ``text`` returns, soon and in another thread; costs the caller about 10 us."""
        self._background.do(lambda: self._store(digest, text), chars)

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything is stored; False where that took longer than ``timeout_s``."""
        return self._background.flush(timeout_s)

    def stats(self) -> Stats:
        """Return how many contents were stored and lost by this process, and for which reasons."""
        return self._tally.stats()

    def _store(self, digest: str, text: Callable[[], str]) -> None:
        path = self.path_of(digest)
        try:
            if _is_file(path):
                # Used again: it is as young as its last use.
                os.utime(path, follow_symlinks=False)
                return
            try:
                write_new(path, text().encode("utf-8", "backslashreplace"))
            except FileExistsError:
                # Another process was faster; a link or a folder of that name is none of this store.
                if not _is_file(path):
                    raise
            self._tally.written += 1
            self._remove_surplus(path)
        except Exception as error:  # the disk, and whatever cleans the text
            self._tally.lose(error)

    def _remove_surplus(self, spared: Path) -> None:
        if self._keep is None or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_S
        for path in self._surplus(self._keep):
            if path != spared:
                with suppress(OSError):
                    path.unlink()

    def _surplus(self, keep: Keep) -> Iterator[Path]:
        oldest = 0.0 if keep.age_s is None else time.time() - keep.age_s
        with os.scandir(self.folder) as entries:
            files = [(entry.stat(follow_symlinks=False), Path(entry.path)) for entry in entries]
        total = 0
        for index, (status, path) in enumerate(sorted(files, key=_youth, reverse=True)):
            total += status.st_size
            too_many = keep.count is not None and index >= keep.count
            if too_many or status.st_mtime < oldest or (keep.bytes is not None and total > keep.bytes):
                yield path


def _youth(file: tuple[os.stat_result, Path]) -> int:
    return file[0].st_mtime_ns
