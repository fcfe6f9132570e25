"""A file that only grows, line by line, under several threads and processes, and follows its path.

LOCATION: ote_logging/handlers/appending.py
DEPENDENCIES: handlers.opening, handlers.carrying (deleted files), handlers.losses (counts)
TRACE POINTS: AppendedFile.append() - a line reaches the kernel; AppendedFile.look() - the file has moved
"""

import os
import threading
from collections.abc import Callable, Mapping
from itertools import count
from math import inf
from time import monotonic
from typing import Final, Protocol

from ote_logging.handlers.carrying import Seen, carry_over, has_lines_left, seen
from ote_logging.handlers.losses import Tally
from ote_logging.handlers.opening import AnyPath, identity, is_torn, open_to_append, sync_folder

_CLOSED: Final = -1
_NOWHERE: Final = (-1, -1)
# One os.stat costs 3.5 us: a record cannot afford it, ten times a second nobody notices.
_LOOK_S: Final = 0.1

Report = Callable[[Mapping[str, int], int], bytes]
"""``report(reasons, seq)`` returns the line that tells of lost records."""


class Place(Protocol):
    """Where the lines of a file go: one path, or one part after another."""

    max_bytes: int | None

    def path(self) -> AnyPath:
        """Return the path that lines go to now."""

    def advance(self) -> None:
        """Go on to the next part."""

    def begun(self) -> None:
        """Learn that the file at ``path()`` was opened."""


class OnePath:
    """One file, however long."""

    __slots__ = ("_path",)

    max_bytes: int | None = None

    def __init__(self, path: AnyPath) -> None:
        self._path = path

    def path(self) -> AnyPath:
        """Return the path."""
        return self._path

    def advance(self) -> None:
        """Stay."""

    def begun(self) -> None:
        """Keep nothing in mind."""


class _Left:
    """A file that was left for another one, still open: a thread may be writing to it this moment."""

    __slots__ = ("descriptor", "is_new", "seen")

    def __init__(self, descriptor: int, seen: Seen) -> None:
        self.descriptor = descriptor
        self.seen = seen
        self.is_new = True


class AppendedFile:
    """Lines at the end of a file, each by one ``os.write``, so that lines of others do not tear it.

    It is opened by its first line. Nothing here raises ``OSError``: what cannot be written is counted in
    ``tally``, and told by a line of ``report`` behind the first one that can be written again. ``numbers``
    gives the sequence numbers of the lines. The descriptor is closed when the last thread lets go of it.

    Args:
        place: where the lines go.
        numbers: counts the lines.
        tally: counts what was written and lost.
        report: makes the line that tells of losses.
        fsync_s: force lines to the disk when this many seconds went by since the last time; 0 with every
            line, None never. A line that cannot be forced is counted as lost, since it may be.
    """

    __slots__ = (
        "_descriptor", "_due", "_fsync_s", "_identity", "_is_torn", "_left", "_lock", "_look_at", "_place",
        "_report", "_report_seq", "_room", "_seen", "_sync_at", "_tally", "_untold", "numbers",
    )  # fmt: skip

    def __init__(
        self, place: Place, numbers: "count[int]", tally: Tally, report: Report, fsync_s: float | None = None
    ) -> None:
        self.numbers = numbers
        self._place = place
        self._tally = tally
        self._report = report
        self._report_seq: int | None = None
        self._fsync_s = fsync_s
        self._untold: dict[str, int] = {}
        self._descriptor = _CLOSED
        self._identity = _NOWHERE
        self._is_torn = False
        self._left: list[_Left] = []
        self._seen = Seen(0, b"")
        self._room = inf
        self._look_at = self._sync_at = self._due = 0.0
        # Re-entrant: a signal handler that logs may interrupt the thread that holds it.
        self._lock = threading.RLock()

    def append(self, lines: bytes, records: int = 1) -> None:
        """Append ``lines``, which end in a newline; they are in the kernel when this returns, or counted."""
        written = 0
        if monotonic() < self._due:
            try:
                written = os.write(self._descriptor, lines)
            except OSError:
                # Perhaps the program closed it with all others. The careful way looks, and tries again.
                self._look_at = 0.0
            if written == len(lines):
                self._tally.written += records
                return
        self._append_carefully(lines, records, written)

    def lose(self, error: BaseException | str, records: int = 1) -> None:
        """Count records of this file as lost; the next line is followed by one that tells so."""
        reason = self._tally.lose(error, records)
        with self._lock:
            self._untold[reason] = self._untold.get(reason, 0) + records
            self._look_at = self._due = 0.0

    def settle(self) -> None:
        """Do what the next line would have brought about, there being none: save, tell, force to the disk."""
        with self._lock:
            try:
                if self._is_behind():
                    self._look()
                self._tell()
                if self._fsync_s is not None and self._descriptor != _CLOSED:
                    os.fsync(self._descriptor)
            except OSError as error:
                self._tally.complain(error)

    def take_over(self, other: "AppendedFile") -> None:
        """Tell also of the losses of ``other``, which gets no line any more."""
        with self._lock:
            for reason, records in other._untold.items():
                self._untold[reason] = self._untold.get(reason, 0) + records
                self._due = 0.0

    def renew(self, numbers: "count[int]") -> None:
        """Begin anew in a forked child; what the parent has left to do, the parent does."""
        self.numbers = numbers
        self._lock = threading.RLock()
        self._untold, self._report_seq = {}, None
        while self._left:
            os.close(self._left.pop().descriptor)
        self._look_at = self._due = 0.0

    def __del__(self) -> None:
        # Not earlier: a thread that is about to write would write to whatever bears the number by then.
        for left in self._left:
            os.close(left.descriptor)
        if self._is_open():
            os.close(self._descriptor)

    # Everything below runs under the lock: with the first line, ten times a second, and after a fault.

    def _append_carefully(self, lines: bytes, records: int, written: int) -> None:
        with self._lock:
            # The rest of a short write belongs right behind it.
            rest, error = self._push(lines, written) if written else (lines, None)
            if rest:
                rest, error = self._appended(rest)
            lost = min(records, rest.count(b"\n"))
            self._tally.written += records - lost
            if lost:
                self.lose(error or "EIO", lost)
            else:
                self._tell()
                is_careful = self._untold or self._fsync_s == 0 or self._place.max_bytes is not None
                self._due = 0.0 if is_careful else self._look_at

    def _appended(self, lines: bytes) -> tuple[bytes, OSError | None]:
        """Append ``lines`` and return those that could not be written whole, and why."""
        try:
            if self._descriptor == _CLOSED or monotonic() >= self._look_at or self._room < len(lines):
                self._look(len(lines))
            rest, error = self._push_behind_torn_line(lines)
            if not rest and self._fsync_s is not None:
                self._sync(self._fsync_s)
        except OSError as met:
            return lines, met
        return rest, error

    def _push_behind_torn_line(self, lines: bytes) -> tuple[bytes, OSError | None]:
        if not self._is_torn:
            return self._push(lines)
        self._is_torn = False
        rest, error = self._push(b"\n" + lines)
        return (rest.removeprefix(b"\n") if len(rest) > len(lines) else rest), error

    def _push(self, lines: bytes, written: int = 0) -> tuple[bytes, OSError | None]:
        """Write ``lines`` from byte ``written`` on; return those that are not whole in the file, and why."""
        try:
            while written < len(lines):
                written += os.write(self._descriptor, lines[written:])
        except OSError as error:
            # What was written of a line must be looked at before the next one.
            self._look_at = 0.0
            return lines[lines.rfind(b"\n", 0, written) + 1 :], error
        self._room -= len(lines)
        return b"", None

    def _tell(self) -> None:
        if self._untold:
            # One number for all attempts: a gap in the numbers means a record.
            self._report_seq = self._report_seq or next(self.numbers)
            told = dict(self._untold)
            rest, _ = self._appended(self._report(told, self._report_seq))
            if not rest:
                self._report_seq = None
                # A signal handler may have lost one more meanwhile.
                left = {reason: lost - told.get(reason, 0) for reason, lost in self._untold.items()}
                self._untold = {reason: lost for reason, lost in left.items() if lost}

    def _sync(self, interval_s: float) -> None:
        now = monotonic()
        if now >= self._sync_at:
            os.fdatasync(self._descriptor)
            self._sync_at = now + interval_s

    # Following the path

    def _look(self, size: int = 0) -> None:
        """Follow the path, make room for ``size`` bytes, save the lines of deleted files.

        Raises:
            OSError: the path cannot be opened; what is open stays open, and is looked at again.
        """
        self._look_at = monotonic() + _LOOK_S
        if not self._is_open():
            self._open()
        # Before the path is looked at: what comes later is perhaps in a deleted file.
        now = seen(self._descriptor)
        if self._has_moved():
            self._follow()
        else:
            self._seen = now
        self._make_room(size)
        self._is_torn = is_torn(self._descriptor)
        self._carry()

    def _make_room(self, size: int) -> None:
        limit = self._place.max_bytes
        if limit is not None:
            while self._seen.size and self._seen.size + size > limit:
                self._place.advance()
                self._follow()
            self._room = limit - self._seen.size

    def _is_open(self) -> bool:
        """Tell whether the descriptor is the file that was opened; a program may close all it knows."""
        try:
            return self._descriptor != _CLOSED and identity(os.fstat(self._descriptor)) == self._identity
        except OSError:
            return False

    def _has_moved(self) -> bool:
        try:
            return identity(os.stat(self._place.path(), follow_symlinks=False)) != self._identity
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            # It cannot be looked at, but what is open can be written as before.
            return False

    def _is_behind(self) -> bool:
        """Tell whether lines stand in files that were deleted since the last look."""
        return bool(self._left) or (self._is_open() and has_lines_left(self._descriptor, self._seen))

    def _open(self) -> None:
        opened = self._opened()
        self._know(opened)
        self._descriptor = opened
        self._place.begun()

    def _follow(self) -> None:
        left = _Left(os.dup(self._descriptor), self._seen)
        try:
            opened = self._opened()
        except OSError:
            os.close(left.descriptor)
            raise
        self._left.append(left)
        self._know(opened)
        # The number stays: a thread that is about to write writes to the old file or to the new one.
        os.dup2(opened, self._descriptor, inheritable=False)
        os.close(opened)
        self._place.begun()

    def _know(self, opened: int) -> None:
        self._identity, self._seen = identity(os.fstat(opened)), seen(opened)

    def _opened(self) -> int:
        path = self._place.path()
        opened = open_to_append(path)
        if self._fsync_s is not None:
            self._sync_name(os.path.dirname(path) or os.curdir, opened)
        return opened

    def _sync_name(self, folder: AnyPath, opened: int) -> None:
        try:
            sync_folder(folder)
        except OSError:
            os.close(opened)
            raise

    def _carry(self) -> None:
        """Save the lines of deleted files; those left just now are looked at once more, for late ones."""
        for left in self._left[:]:
            is_saved = carry_over(left.descriptor, left.seen, self._append_carried)
            if is_saved and not left.is_new:
                self._left.remove(left)
                self._close_left(left.descriptor)
            left.is_new = False

    def _append_carried(self, lines: bytes) -> int:
        rest, _ = self._push_behind_torn_line(lines)
        return len(lines) - len(rest)

    def _close_left(self, descriptor: int) -> None:
        try:
            if self._fsync_s is not None:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
