"""Tell observers of the program what happens, as it happens: each in a thread of its own, never in its way.

    observers:
      class: ote_logging.handlers.ObserverHandler
      filters: [context, redact]
      observers: [ext://shop.watching.on_entry, ext://shop.watching.Dashboard]

LOCATION: ote_logging/handlers/observers.py
DEPENDENCIES: handlers: background (threads), copying (records for another thread), losses; formatters.wire
TRACE POINTS: ObserverHandler.emit() - a record is offered; _Lane.tell() - an observer gets its entry
"""

import asyncio
import inspect
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from itertools import count
from typing import Any, Final, TypedDict

from ote_logging.formatters.wire import wire_of
from ote_logging.handlers.background import Background
from ote_logging.handlers.copying import detached
from ote_logging.handlers.losses import Tally
from ote_logging.jsonable import text_of
from ote_logging.schema import Entry

Observer = Callable[[Entry], object]
"""A function, or the method ``handle`` of an object; a coroutine function is awaited."""

_SHED: Final = "observer_busy"
_NO_THREAD: Final = "no_thread"
# What an observer logs would come back to it, and be logged again.
_observing: Final = threading.local()


class ObserverStats(TypedDict):
    """What became of the entries of one observer in this process."""

    told: int
    failed: int
    shed: int
    waiting: int
    reasons: dict[str, int]


class ObserverHandler(logging.Handler):
    """Gives each record as an ``Entry`` to observers, sync and async, in the order of logging.

    An observer runs in a thread of its own; an async one in an event loop of that thread, one entry after
    the other. The program never waits for it: where ``max_waiting`` entries wait already, the next is shed.
    What an observer raises is counted and goes no further. Records that an observer's own thread logs are
    not observed. A forked child begins anew. See ``stats``.

    Args:
        observers: callables that take an Entry, objects with a method ``handle`` that does, or classes of
            such objects, which are called without arguments; in YAML as ``ext://package.module.name``.
        level: as of any handler.
        max_waiting: entries that may wait for one observer.
        drain_s: seconds that ``flush``, ``close`` and the exit of the process wait for each observer.

    Raises:
        ValueError: there is no observer, one cannot be called, or a limit is no number above 0.
    """

    def __init__(
        self,
        observers: Sequence[Any],
        level: int | str = logging.NOTSET,
        *,
        max_waiting: int = 1_000,
        drain_s: float = 2.0,
    ) -> None:
        super().__init__(level)
        # By index: a list of dictConfig resolves ext:// only so.
        found = [] if isinstance(observers, str) else [observers[place] for place in range(len(observers))]
        if not found:
            raise ValueError("observers is a list of callables; write: [ext://package.module.name]")
        if max_waiting < 1 or not drain_s > 0:
            raise ValueError("max_waiting and drain_s of observers are above 0")
        names = _named_apart([_name_of(each) for each in found])
        self._lanes = [
            _Lane(name, _callable_in(each), max_waiting, drain_s)
            for name, each in zip(names, found, strict=True)
        ]
        self._numbers = count(1)

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and offer ``record``, without a lock."""
        kept: bool | logging.LogRecord = not is_observing() and self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Offer ``record`` to every observer that has room."""
        try:
            open_lanes = [lane for lane in self._lanes if lane.has_room()]
            if open_lanes:
                seen = _Seen(detached(record), next(self._numbers))
                for lane in open_lanes:
                    lane.offer(seen)
        except Exception:  # values of the program
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count ``record`` as failed for every observer, whatever raiseExceptions says."""
        error = sys.exc_info()[1] or "unknown"
        for lane in self._lanes:
            lane.fail(error)

    def flush(self) -> None:
        """Wait until every observer has been told, each at most ``drain_s``."""
        for lane in self._lanes:
            lane.flush()

    def close(self) -> None:
        """Tell what waits, each observer at most ``drain_s``; what is left then is shed."""
        for lane in self._lanes:
            lane.close()
        super().close()

    def stats(self) -> dict[str, ObserverStats]:
        """Return the counts of this process by the name of the observer."""
        return {lane.name: lane.stats() for lane in self._lanes}


class _Seen:
    """A record on its way; it becomes an entry in the first thread that needs one."""

    def __init__(self, record: logging.LogRecord, number: int) -> None:
        self._record = record
        self._number = number

    @cached_property
    def entry(self) -> Entry:
        return Entry({**wire_of(self._record), "seq": self._number})


class _Lane(Background):
    """The thread of one observer, and what waits for it."""

    def __init__(self, name: str, observer: Observer, max_waiting: int, drain_s: float) -> None:
        self.name = name
        self._observer = observer
        self._max_waiting = max_waiting
        self._drain_s = drain_s
        self._tally = Tally(f"observer {name}")
        super().__init__()

    def renew(self) -> None:
        """Begin anew in a forked child."""
        super().renew()
        self._left = 0
        self._shed = 0
        self._is_given_up = False
        self._runner: asyncio.Runner | None = None

    def has_room(self) -> bool:
        """Tell whether another entry may wait; where none may, it is counted as shed."""
        has_room = self._left < self._max_waiting and not self._is_given_up
        self._shed += not has_room
        return has_room

    def offer(self, seen: _Seen) -> None:
        """Let the observer see ``seen`` soon."""
        self._left += 1
        caller = threading.get_ident()
        self.do(lambda: self.tell(seen, caller), 0)

    def tell(self, seen: _Seen, caller: int) -> None:
        """Call the observer, unless its time is over."""
        try:
            if self._is_given_up:
                self._shed += 1
            elif threading.get_ident() == caller:
                # No thread can be had at exit, and the program must not wait for an observer.
                self.fail(_NO_THREAD)
            else:
                self._call(seen)
        finally:
            self._left -= 1

    def _call(self, seen: _Seen) -> None:
        _observing.is_on = True
        try:
            result = self._observer(seen.entry)
            if inspect.isawaitable(result):
                self._loop().run(_awaited(result))
            self._tally.written += 1
        except BaseException as error:  # an observer may raise anything, SystemExit and CancelledError too
            self.fail(error)

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner

    def fail(self, error: BaseException | str) -> None:
        """Count an entry that the observer did not take."""
        self._tally.lose(error)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing waits; False where that took longer than ``timeout_s``, else ``drain_s``."""
        if self._is_given_up:
            return False
        return super().flush(self._drain_s if timeout_s is None else timeout_s)

    def close(self) -> None:
        """Wait for what waits; shed the rest."""
        if self._runner is not None:
            self.do(self._end_loop, 0)
        self._is_given_up = not self.flush()

    def _end_loop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()

    def stats(self) -> ObserverStats:
        """Return the counts of this moment."""
        counts = self._tally.stats()
        reasons = {**counts["reasons"], **({_SHED: self._shed} if self._shed else {})}
        return {"told": counts["written"], "failed": counts["lost"], "shed": self._shed,
                "waiting": self._left, "reasons": reasons}  # fmt: skip


async def _awaited(result: Awaitable[object]) -> object:
    return await result


def is_observing() -> bool:
    """Tell whether this thread is that of an observer."""
    return getattr(_observing, "is_on", False)


def _callable_in(observer: Any) -> Observer:
    """Return what is to be called with each entry."""
    found = observer() if isinstance(observer, type) else observer
    handle = getattr(found, "handle", found)
    if isinstance(observer, str) or not callable(handle):
        raise ValueError(f"{text_of(observer)} is no observer; name a callable: ext://package.module.name")
    return handle  # type: ignore[no-any-return]  # whatever it returns is not looked at


def _name_of(observer: Any) -> str:
    named = observer if hasattr(observer, "__qualname__") else type(observer)
    return f"{named.__module__}.{named.__qualname__}"


def _named_apart(names: Sequence[str]) -> list[str]:
    """Return ``names``, those that were met before with their number."""
    times = [names[: place + 1].count(name) for place, name in enumerate(names)]
    return [name if number == 1 else f"{name} {number}" for name, number in zip(names, times, strict=True)]
