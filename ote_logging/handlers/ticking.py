"""Do something at an interval, beside the program.

LOCATION: ote_logging/handlers/ticking.py
DEPENDENCIES: handlers.forks
TRACE POINTS: none
"""

import _thread
import threading
from collections.abc import Callable
from contextlib import suppress

from ote_logging.handlers.forks import renew_in_children


class Ticker:
    """Calls ``act`` every ``interval_s`` in a daemon thread, from ``start()`` to ``stop()``.

    ``act`` must not raise. A forked child has no thread before it calls ``start()`` itself.
    """

    def __init__(self, interval_s: float, act: Callable[[], None], name: str) -> None:
        """Be ready; ``name`` is that of the thread."""
        self._interval_s, self._act, self._name = interval_s, act, name
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Forget the thread, which stayed in the parent."""
        self.is_running = False
        self._end = threading.Event()

    def start(self) -> None:
        """Begin, where it has not begun; a process that ends or has no thread left goes without."""
        if not self.is_running:
            self.is_running = True
            with suppress(RuntimeError):
                # Not threading.Thread: its start() takes a lock that a __del__ which logs may stand in.
                _thread.start_new_thread(self._run, (self._end,))

    def stop(self) -> None:
        """End the thread, at once or behind the call of ``act`` that it is in."""
        self._end.set()
        self.renew()

    def _run(self, end: threading.Event) -> None:
        threading.current_thread().name = self._name
        while not end.wait(self._interval_s):
            self._act()
