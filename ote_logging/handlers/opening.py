"""Open files and make folders that only their owner may read, and find out how they end.

LOCATION: ote_logging/handlers/opening.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import fcntl
import os
from contextlib import suppress
from typing import Final, TypeAlias

# Not pathlib: it takes 3 ms to import, half of it for the addresses of URLs.
AnyPath: TypeAlias = str | os.PathLike[str]

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
_QUIETLY: Final = getattr(os, "O_NOATIME", 0)
# Each round meets a file that another process made or removed since the step before.
_ROUNDS: Final = 16


def open_to_append(path: AnyPath) -> int:
    """Return a descriptor at the end of ``path``, made with mode 0600, whatever the umask, where missing.

    Raises:
        OSError: it cannot be opened or made, or is a symbolic link.
    """
    descriptor = _opened(path)
    # The access time marks what was saved of a deleted file: reading it must not touch that. Refused where
    # the file belongs to another user, who may not mark it either.
    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND | _QUIETLY)
    return descriptor


def _opened(path: AnyPath) -> int:
    for _ in range(_ROUNDS):
        try:
            return _made(path)
        except FileExistsError:
            with suppress(FileNotFoundError):
                return os.open(path, _FLAGS)
        except FileNotFoundError:
            make_folder(os.path.dirname(path))
    return os.open(path, _FLAGS | os.O_CREAT, 0o600)


def _made(path: AnyPath) -> int:
    descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def make_folder(folder: AnyPath) -> None:
    """Make ``folder`` and the missing ones above it with mode 0700, whatever the umask.

    Raises:
        OSError: one of them cannot be made, or is no folder.
    """
    if os.path.isdir(folder):
        return
    make_folder(os.path.dirname(folder) or os.curdir)
    with suppress(FileExistsError):
        os.mkdir(folder, 0o700)
        os.chmod(folder, 0o700)
    if not os.path.isdir(folder):
        raise NotADirectoryError(20, "Not a directory", str(folder))


def sync_folder(folder: AnyPath) -> None:
    """Force the names in ``folder`` to the disk: a synced file without its name is gone after a power loss.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from any other one: its device and its inode."""
    return status.st_dev, status.st_ino


def is_torn(descriptor: int) -> bool:
    """Tell whether the last line of a file was left unfinished, by a writer that is gone.

    A line that another process is writing this moment looks the same until it is whole; ``posix_fallocate``
    of a byte that is there changes nothing, but waits until that write is over.
    """
    while True:
        size = os.fstat(descriptor).st_size
        if not size or os.pread(descriptor, 1, size - 1) == b"\n":
            return False
        with suppress(OSError):
            os.posix_fallocate(descriptor, 0, 1)
        if os.fstat(descriptor).st_size == size:
            return True
