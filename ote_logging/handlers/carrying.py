"""Carry lines over from a file that was deleted while it was written.

Several processes may hold the deleted file open, and each of them wants its last lines saved. How far they
are saved is marked in the file's own access time, which nobody else reads any more: the first process
carries over the lines of all, the next ones what came later. So nothing is lost and nothing stands twice.

LOCATION: ote_logging/handlers/carrying.py
DEPENDENCIES: handlers.forks
TRACE POINTS: carry_over() - lines of a deleted file are written again
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from ote_logging.handlers.forks import renew_in_children

# A mark is a number of bytes; as nanoseconds it lies within the first day of 1970, where no clock stands.
_LARGEST_MARK: Final = 86_400 * 10**9


class _Turn:
    """One thread of one process at a time; the lock of the system keeps apart processes only."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        self.lock = threading.RLock()


_turn: Final = _Turn()


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Keep other threads and processes from carrying lines of this file meanwhile."""
    with _turn.lock:
        # A file system without locks has one process at a time, as a rule.
        with suppress(OSError):
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.lockf(descriptor, fcntl.LOCK_UN)


def has_lines_left(descriptor: int, start: int) -> bool:
    """Tell whether a deleted file got lines, behind byte ``start``, that are saved nowhere."""
    status = os.fstat(descriptor)
    # Deleting and marking change only the time of the inode; a write after it makes both times equal.
    return (
        status.st_nlink == 0
        and status.st_mtime_ns >= status.st_ctime_ns
        and status.st_size > max(start, _marked(status))
    )


def carry_over(descriptor: int, start: int, append: Callable[[bytes], int]) -> int:
    """Append the whole lines behind byte ``start`` that are not saved yet; return how far they are now.

    ``append`` returns how many bytes of its lines it could write, in whole lines; the rest is left for later.
    """
    with locked(descriptor):
        status = os.fstat(descriptor)
        start = max(start, _marked(status))
        lines = _bytes_between(descriptor, start, status.st_size)
        lines = lines[: lines.rfind(b"\n") + 1]
        if lines:
            start += append(lines)
            mark(descriptor, start)
        return start


def mark(descriptor: int, size: int) -> None:
    """Note in the file that its first ``size`` bytes are saved elsewhere."""
    # Refused where the file belongs to another user: then each process saves what it saw.
    with suppress(OSError):
        os.utime(descriptor, ns=(size, os.fstat(descriptor).st_mtime_ns))


def _marked(status: os.stat_result) -> int:
    return status.st_atime_ns if 0 < status.st_atime_ns < _LARGEST_MARK else 0


def _bytes_between(descriptor: int, start: int, end: int) -> bytes:
    found = bytearray()
    while start + len(found) < end:
        piece = os.pread(descriptor, end - start - len(found), start + len(found))
        if not piece:
            break
        found += piece
    return bytes(found)
