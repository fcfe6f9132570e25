"""Count what a handler wrote and what it lost, and say so without getting in the way.

A loss is told three times: in ``stats()`` at once, on stderr by one plain line at most every 5 s, and
by a ``records_lost`` event as soon as a line can be written again.

LOCATION: ote_logging/handlers/losses.py
DEPENDENCIES: context, events, records (the event as a record), handlers.forks
TRACE POINTS: Tally.lose() - records are lost
"""

import errno
import logging
import os
import select
import threading
from collections.abc import Mapping
from time import monotonic
from typing import Final, TypedDict

from ote_logging.context import Context
from ote_logging.events import Event
from ote_logging.handlers.forks import renew_in_children
from ote_logging.records import CONTEXT

_STDERR: Final = 2
_QUIET_S: Final = 5.0
# A pipe that poll() calls writable takes as much as this without blocking (POSIX: PIPE_BUF >= 512).
_STDERR_BYTES: Final = 512


class Stats(TypedDict):
    """What became of the records of a handler, in this process."""

    written: int
    lost: int
    reasons: dict[str, int]


class Tally:
    """Counts the records of one handler; threads, signal handlers and forks may come at any moment.

    ``written`` grows by ``+=`` without a lock: CPython does not switch threads inside of it.
    """

    __slots__ = ("__weakref__", "_lock", "_place", "_reasons", "written")

    def __init__(self, place: str) -> None:
        """Count from nothing; ``place`` is what stderr is told."""
        self._place = place
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Count from nothing again."""
        self.written = 0
        self._reasons: dict[str, int] = {}
        # Re-entrant: a signal handler that logs may interrupt the thread that counts.
        self._lock = threading.RLock()

    def lose(self, error: BaseException | str, records: int = 1) -> str:
        """Count ``records`` as lost by ``error``, tell stderr, and return the name of the reason."""
        reason = error if isinstance(error, str) else reason_of(error)
        with self._lock:
            self._reasons[reason] = self._reasons.get(reason, 0) + records
        self.complain(error)
        return reason

    def complain(self, error: BaseException | str) -> None:
        """Tell stderr of ``error`` and of all that was lost so far, if it was quiet for 5 s."""
        _say(f"{self._place}: {told(self.stats()['reasons'])}; the program goes on. Last: {error}")

    def stats(self) -> Stats:
        """Return the counts of this moment."""
        with self._lock:
            reasons = dict(self._reasons)
        return {"written": self.written, "lost": sum(reasons.values()), "reasons": reasons}


def reason_of(error: BaseException) -> str:
    """Return the name of what went wrong: ``ENOSPC`` where the system says so, else the error's class.

    >>> reason_of(OSError(28, "No space left on device")), reason_of(ValueError("boom"))
    ('ENOSPC', 'ValueError')
    """
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0) or type(error).__name__


def told(reasons: Mapping[str, int]) -> str:
    """Return the text for people; nothing is lost where there are no reasons.

    >>> told({"ENOSPC": 3, "EIO": 1})
    '4 records lost (ENOSPC 3, EIO 1)'
    """
    lost = sum(reasons.values())
    if not lost:
        return "no record lost so far"
    named = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
    return f"{lost} record{'s' if lost != 1 else ''} lost ({named})"


def loss_record(reasons: Mapping[str, int], context: Context) -> logging.LogRecord:
    """Return the record whose event tells how many records were lost in ``context``, and why."""
    event = Event("records_lost", told(reasons), lost=sum(reasons.values()), reasons=dict(reasons))
    record = logging.LogRecord(
        "ote_logging.handlers", logging.WARNING, __file__, 0, event, None, None, "loss_record"
    )
    record.__dict__.update(context.attributes)
    record.__dict__[CONTEXT] = context
    return record


class _Stderr:
    """One line at most every 5 s for the whole process, by the descriptor, never waiting for a reader."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, text: str) -> None:
        now = monotonic()
        if now < self._quiet_until:
            return
        self._quiet_until = now + _QUIET_S
        line = f"ote_logging: {' '.join(text.split())}".encode("utf-8", "backslashreplace")
        try:
            if _can_take(_STDERR):
                os.write(_STDERR, line[: _STDERR_BYTES - 1] + b"\n")
        except OSError:
            # Nobody reads stderr: the counts and the event still tell.
            self._quiet_until = now + _QUIET_S


def _can_take(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return any(events & select.POLLOUT for _, events in poll.poll(0))


_say: Final = _Stderr()
