"""Work that a caller must not wait for: done by one thread, in order, within a bound.

LOCATION: ote_logging/handlers/background.py
DEPENDENCIES: handlers.forks
TRACE POINTS: Background.do() - work is handed over
"""

import atexit
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic, sleep
from typing import Final
from weakref import WeakSet

from ote_logging.handlers.forks import renew_in_children

_MOST_CHARS: Final = 268_435_456
_PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.005
_GRACE_S: Final = 0.01

Work = Callable[[], None]


class Background:
    """A thread that begins with the first work and ends with the process, which waits for it up to 30 s.

    What is handed over must not raise. When more than 268,435,456 characters wait, or no thread can be had,
    the caller does its own work.
    """

    def __init__(self) -> None:
        """Wait for work."""
        self.renew()
        renew_in_children(self)
        _alive.add(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what waits is the parent's."""
        self._works: SimpleQueue[tuple[Work, int]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._waiting = self._waiting_chars = 0

    def do(self, work: Work, chars: int) -> None:
        """Do ``work`` soon; ``chars`` is how much memory it holds."""
        with self._lock:
            is_taken = self._waiting_chars + chars <= _MOST_CHARS and self._has_thread()
            if is_taken:
                self._waiting += 1
                self._waiting_chars += chars
                self._works.put((work, chars))
        if not is_taken:
            work()

    def flush(self, timeout_s: float = _PATIENCE_S) -> bool:
        """Wait until everything handed over is done; False where that took longer than ``timeout_s``."""
        until = monotonic() + timeout_s
        pause = threading.Event()
        while self._waiting:
            if monotonic() > until:
                return False
            pause.wait(_LOOK_S)
        return True

    def _has_thread(self) -> bool:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="ote-contents", daemon=True)
            with suppress(RuntimeError):  # the interpreter is about to end
                thread.start()
                self._thread = thread
        return self._thread is not None

    def _run(self) -> None:
        works = self._works
        while True:
            work, chars = works.get()
            if works.empty():
                # Its caller is about to write the line, and would have to share the interpreter.
                sleep(_GRACE_S)
            work()
            with self._lock:
                self._waiting -= 1
                self._waiting_chars -= chars
            # Not kept until the next work comes.
            del work


_alive: Final[WeakSet[Background]] = WeakSet()


def _flush_all() -> None:
    for background in list(_alive):
        background.flush()


atexit.register(_flush_all)
