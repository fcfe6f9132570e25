"""Carry lines over from a file that was deleted while it was written.

Several processes may hold the deleted file open, and each of them wants its last lines saved. How far they
are saved is marked in the file's own access time, which nobody else reads any more: the first process
carries over the lines of all, the next ones what came later. So nothing is lost and nothing stands twice.

LOCATION: ote_logging/handlers/carrying.py
DEPENDENCIES: handlers.forks, handlers.opening
TRACE POINTS: carry_over() - lines of a deleted file are written again
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Final, NamedTuple

from ote_logging.handlers.forks import renew_in_children
from ote_logging.handlers.opening import is_torn

# A mark is a number of bytes; as nanoseconds it lies within the first day of 1970, where no clock stands.
_LARGEST_MARK: Final = 86_400 * 10**9
# Lines differ in their time and number, so in the last bytes of any look.
_TAIL_BYTES: Final = 128
# Each round meets a line that another process is writing this moment.
_ROUNDS: Final = 16
_PATIENCE_S: Final = 0.5
_PAUSE_S: Final = 0.002


class Seen(NamedTuple):
    """How far a file was looked at, and what stood there: one that was truncated since has other bytes."""

    size: int
    tail: bytes


def seen(descriptor: int) -> Seen:
    """Return how far an open file goes now, up to the end of a line unless its last writer is gone.

    Raises:
        OSError: it cannot be read.
    """
    for _ in range(_ROUNDS):
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))[:size]
        # A line across two pages is seen half written; who began there would carry over a half.
        if tail[-1:] in (b"", b"\n") or is_torn(descriptor):
            break
    return Seen(size, tail)


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
def locked(descriptor: int) -> Iterator[bool]:
    """Keep other threads and processes from saving lines of this file meanwhile; tell whether they are kept.

    It waits half a second at most: another process may have been stopped while it holds the lock.
    """
    until = monotonic() + _PATIENCE_S
    is_our_turn = _turn.lock.acquire(timeout=_PATIENCE_S)
    try:
        yield _lock(descriptor, until) and is_our_turn
    finally:
        with suppress(OSError):
            fcntl.lockf(descriptor, fcntl.LOCK_UN)
        if is_our_turn:
            _turn.lock.release()


def _lock(descriptor: int, until: float) -> bool:
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except (BlockingIOError, PermissionError):
            if monotonic() >= until:
                return False
            sleep(_PAUSE_S)
        except OSError:
            # A file system without locks is written by one machine, and by one process as a rule.
            return True


def has_lines_left(descriptor: int, before: Seen) -> bool:
    """Tell whether a deleted file got lines, behind what was seen ``before``, that are saved nowhere."""
    if not is_deleted(descriptor):
        return False
    with locked(descriptor):
        return _unsaved_from(descriptor, os.fstat(descriptor), before) is not None


def carry_over(descriptor: int, before: Seen, append: Callable[[bytes], int]) -> bool:
    """Append the whole lines of a deleted file, behind what was seen ``before``, that are not saved yet.

    ``append`` returns how many bytes of its lines it could write, in whole lines; where that is not all of
    them, this returns False, and is to be called again.
    """
    if not is_deleted(descriptor):
        return True
    with locked(descriptor):
        status = os.fstat(descriptor)
        unsaved = _unsaved_from(descriptor, status, before)
        if unsaved is None:
            return True
        lines = _bytes_between(descriptor, unsaved, status.st_size)
        # A newline alone ended the torn line of a writer that is gone.
        whole = lines[: lines.rfind(b"\n") + 1].lstrip(b"\n")
        saved = append(whole) if whole else 0
        # Reading may have set the access time: the mark is made anew also where nothing was saved.
        mark(descriptor, unsaved + lines.find(whole) + saved)
        return saved == len(whole)


def is_deleted(descriptor: int) -> bool:
    """Tell whether no name leads to an open file any more."""
    return os.fstat(descriptor).st_nlink == 0


def mark(descriptor: int, size: int) -> None:
    """Note in the file that its first ``size`` bytes are saved elsewhere."""
    # Refused where the file belongs to another user: then each process saves what it saw.
    # Never 0: setting it changes the time of the inode, and without a mark that looks like a deletion.
    with suppress(OSError):
        os.utime(descriptor, ns=(size + 1, os.fstat(descriptor).st_mtime_ns))


def _unsaved_from(descriptor: int, status: os.stat_result, before: Seen) -> int | None:
    """Return where the lines begin that are saved nowhere, or None where there are none."""
    marked = status.st_atime_ns - 1 if 0 < status.st_atime_ns < _LARGEST_MARK else None
    # Deleting a file changes the time of its inode alone, a write behind that sets both: what was written
    # before was thrown away on purpose.
    if marked is None and status.st_mtime_ns < status.st_ctime_ns:
        return None
    start = before.size if marked is None and _is_as_seen(descriptor, before) else 0
    # A mark is newer than any look: it is made when the file is deleted already.
    start = start if marked is None else marked
    return start if start < status.st_size else None


def _is_as_seen(descriptor: int, before: Seen) -> bool:
    tail = before.tail
    return os.pread(descriptor, len(tail), before.size - len(tail)) == tail


def _bytes_between(descriptor: int, start: int, end: int) -> bytes:
    found = bytearray()
    while start + len(found) < end:
        piece = os.pread(descriptor, end - start - len(found), start + len(found))
        if not piece:
            break
        found += piece
    return bytes(found)
