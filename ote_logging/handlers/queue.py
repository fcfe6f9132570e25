"""Write in a thread of its own: the caller formats, and goes on.

What a record says is fixed in the caller: context, arguments, redaction, the exception as data. A
SessionFileHandler gets its finished line, any other handler a copy of the record that needs nothing of the
caller's any more.

LOCATION: ote_logging/handlers/queue.py
DEPENDENCIES: handlers: copying (the copy), session (lines), losses (counts), forks, endings
TRACE POINTS: QueueHandler.emit() - a record is queued; QueueHandler.flush() - all of them are written
"""

import _thread
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

from ote_logging.context import Context
from ote_logging.formatters.shortcut import Shortcut
from ote_logging.handlers import endings
from ote_logging.handlers.copying import detached, size_of
from ote_logging.handlers.forks import renew_in_children
from ote_logging.handlers.losses import Stats, Tally, loss_record
from ote_logging.handlers.session import SessionFileHandler
from ote_logging.records import context_of

_FULL: Final = "queue_full"
# No count of changes: what is known is to be found out anew.
_ALWAYS: Final = -1
_PAUSE_S: Final = 0.001
# At exit, before a fork and at SIGTERM nobody may wait for ever for a disk that hangs.
_DRAIN_S: Final = 10.0
# To be woken for each record would cost the caller more than the record; so the thread waits for more.
_GATHER_S: Final = 0.005
# So much is taken at once: one write for many lines, and one change of threads for them.
_BATCH_RECORDS: Final = 1024
_BATCH_BYTES: Final = 1 << 20

Line: TypeAlias = tuple[SessionFileHandler, str, bytes, int]
Copy: TypeAlias = tuple[logging.Handler, None, logging.LogRecord, int]
Mark: TypeAlias = tuple[None, None, "_Mark", int]
Item: TypeAlias = Line | Copy | Mark


class _Mark(threading.Event):
    """Stands in the queue, and is set when all before it is written; ``ends`` the thread as well."""

    def __init__(self, ends: bool = False) -> None:
        super().__init__()
        self.ends = ends


class QueueStats(Stats):
    """``written`` counts what was passed on to each handler, ``lost`` what was not, ``queued`` what waits."""

    queued: int


class QueueHandler(logging.Handler):
    """Passes records to ``handlers`` in a thread, so that the caller does not wait for their disks.

    What waits is written at exit, at SIGTERM where the program does not handle it, and before a fork; it is
    lost when the process is killed. In children of multiprocessing nothing waits: the caller writes. Levels,
    filters and formatters of the handlers apply as always, in the caller; filters of the queue come first.

    Args:
        handlers: the handlers, or their names in the same configuration.
        level: as of any handler.
        max_records: so many may wait.
        max_bytes: so much may wait, all lines together.
        block_s: how long a record waits for room before it is counted as lost.
        drop_below: records below this level do not wait: without room they are lost at once.

    Raises:
        ValueError: there is no handler of such a name, or a limit is not above 0.
    """

    def __init__(
        self,
        handlers: Sequence[logging.Handler | str],
        level: int | str = logging.NOTSET,
        *,
        max_records: int = 10_000,
        max_bytes: int = 64 << 20,
        block_s: float = 5.0,
        drop_below: int | str = logging.NOTSET,
    ) -> None:
        super().__init__(level)
        if min(max_records, max_bytes) < 1 or block_s < 0:
            raise ValueError("max_records and max_bytes of a queue are above 0, block_s is 0 or above")
        self.max_records = max_records
        self.max_bytes = max_bytes
        self.block_s = block_s
        self.drop_below = logging.Handler(drop_below).level
        built = [handler for handler in handlers if isinstance(handler, logging.Handler)]
        are_built = len(built) == len(handlers) > 0
        self._shortcut: Shortcut | None = None
        self._changes = _ALWAYS
        self.handlers = built if are_built else []
        self._alone = _alone(self.handlers)
        self._names, self._named = ([], {}) if are_built else _names_of(handlers)
        self._tally = Tally("queue")
        self._is_ending = False
        self.renew()
        renew_in_children(self)
        endings.enter(self)
        endings.handle_sigterm()

    def renew(self) -> None:
        """Begin anew in a forked child: nothing waits, there is no thread."""
        self._queue: SimpleQueue[Item] = SimpleQueue()
        # Changed by += of a plain name alone, within which CPython does not switch threads.
        self._waiting = self._waiting_bytes = 0
        self._untold: dict[str, int] = {}
        self._untold_in: Context | None = None
        self._has_worker = False
        # Who holds it writes: the thread, or a caller where there is none.
        self._writing = threading.RLock()
        self._is_held = False
        self._writer: int | None = None
        # Held as long as nobody is in a hurry. In the lock of an Event a signal handler could hang.
        self._calm = threading.Lock()
        self._calm.acquire()
        self._changing = threading.RLock()

    # In the caller

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and queue ``record``, without a lock."""
        if self._is_passed_shortly(record):
            return True
        kept: bool | logging.LogRecord = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return bool(kept)

    def _is_passed_shortly(self, record: logging.LogRecord) -> bool:
        """Queue an ordinary ``record`` for a SessionFileHandler that stands alone behind the queue."""
        alone = self._alone
        if alone is None or record.levelno < alone.level or not self._has_room():
            return False
        if alone.changes != self._changes:
            self._shortcut, self._changes = alone.shortcut_behind(self.filters), alone.changes
        wire = None
        try:
            wire = self._shortcut(record) if self._shortcut is not None else None
            if wire is not None:
                session_id, line = alone.prepare_wire(wire)
                self._enqueue((alone, session_id, line, len(line)))
                if not self._has_worker:
                    self._start()
        except Exception:
            if wire is not None:  # as in emit; else it was not ordinary
                self.handleError(record)
        return wire is not None

    def addFilter(self, filter: Any) -> None:
        """Add a filter."""
        super().addFilter(filter)
        self._changes = _ALWAYS

    def removeFilter(self, filter: Any) -> None:
        """Take a filter off."""
        super().removeFilter(filter)
        self._changes = _ALWAYS

    def emit(self, record: logging.LogRecord) -> None:
        """Queue ``record`` for each handler that takes it; write it here where threads are refused."""
        try:
            if self._has_room() or self._has_room_after_waiting(record.levelno):
                for handler in self.handlers or self._resolved():
                    if record.levelno >= handler.level:
                        self._put(handler, record)
                if not self._has_worker:
                    self._start()
            else:
                self._lose(record, _FULL)
        except Exception:  # filters, formatters and values of the program
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count ``record`` as lost by the error that is being handled, whatever raiseExceptions says."""
        self._lose(record, sys.exc_info()[1] or "unknown")

    def _put(self, handler: logging.Handler, record: logging.LogRecord) -> None:
        if isinstance(handler, SessionFileHandler):
            kept: bool | logging.LogRecord = handler.filter(record)
            line = kept and handler.prepare(kept if isinstance(kept, logging.LogRecord) else record)
            if line:
                self._enqueue((handler, *line, len(line[1])))
            return
        copy = detached(record)
        kept = handler.filter(copy)
        if kept:
            copy = kept if isinstance(kept, logging.LogRecord) else copy
            self._enqueue((handler, None, copy, size_of(copy)))

    def _enqueue(self, item: Item) -> None:
        size = item[3]
        self._waiting += 1
        self._waiting_bytes += size
        self._queue.put(item)

    def _has_room(self) -> bool:
        return self._waiting < self.max_records and self._waiting_bytes < self.max_bytes

    def _has_room_after_waiting(self, level: int) -> bool:
        if self._writer == _thread.get_ident():
            # A handler behind the queue logs: if it waited, nobody would make room.
            return True
        until = monotonic() + (0.0 if level < self.drop_below else self.block_s)
        while not self._has_room():
            if monotonic() >= until:
                return False
            if not self._has_worker:
                self._start()
            self._hurry()
            sleep(_PAUSE_S)
        return True

    def _lose(self, record: logging.LogRecord, error: BaseException | str) -> None:
        reason = self._tally.lose(error)
        with self._changing:
            self._untold[reason] = self._untold.get(reason, 0) + 1
            self._untold_in = context_of(record)

    def _resolved(self) -> list[logging.Handler]:
        """Look the names up, now that all handlers of the configuration are built."""
        found = [self._named.get(name) for name in self._names]
        self.handlers = [handler for handler in found if isinstance(handler, logging.Handler)]
        if not self.handlers:
            raise LookupError(f"none of the handlers {', '.join(self._names)} is there any more")
        self._named = {}
        self._alone = _alone(self.handlers)
        return self.handlers

    # In the thread

    def _start(self) -> None:
        with self._changing:
            if self._has_worker:
                return
            endings.enter(self)
            self._has_worker = not self._is_ending and not endings.is_terminated_at_will()
            with suppress(RuntimeError):
                if self._has_worker:
                    endings.handle_sigterm()
                    # Not threading.Thread: its start() takes a lock that a __del__ which logs may stand in.
                    _thread.start_new_thread(self._work, ())
                    return
            self._has_worker = False
        self._drain_here()

    def _work(self) -> None:
        try:
            while True:
                first = self._queue.get()
                self._calm.acquire(timeout=_GATHER_S)
                if self._pass_on(first):
                    return
        finally:
            with self._changing:
                self._has_worker = False
        if not self._queue.empty():
            self._start()

    def _drain_here(self) -> None:
        """Write what waits in this thread, unless it is about to do so already."""
        if self._writer == _thread.get_ident() or not self._writing.acquire(timeout=_DRAIN_S):
            return
        try:
            with suppress(Empty):
                while True:
                    self._pass_on(self._queue.get_nowait())
        finally:
            self._writing.release()

    def _pass_on(self, first: Item) -> bool:
        """Pass ``first`` and what waits behind it to their handlers; tell whether the thread is to end."""
        with self._writing:
            self._writer = _thread.get_ident()
            batch = self._batch(first)
            try:
                self._write(batch)
                self._tell()
            finally:
                self._writer = None
                self._forget(batch)
        return self._set_mark(batch)

    def _batch(self, first: Item) -> list[Item]:
        batch = [first]
        size = first[3]
        with suppress(Empty):
            while len(batch) < _BATCH_RECORDS and size < _BATCH_BYTES and batch[-1][0] is not None:
                batch.append(self._queue.get_nowait())
                size += batch[-1][3]
        return batch

    def _forget(self, batch: list[Item]) -> None:
        records = sum(handler is not None for handler, _, _, _ in batch)
        size = sum(item[3] for item in batch)
        self._waiting -= records
        self._waiting_bytes -= size

    def _write(self, batch: list[Item]) -> None:
        lines: dict[tuple[SessionFileHandler, str], list[bytes]] = {}
        for item in batch:
            if isinstance(item[2], bytes):
                lines.setdefault(item[:2], []).append(item[2])
            elif isinstance(item[2], logging.LogRecord):
                self._pass_to(item[0], item[2])
        for (file_handler, session), texts in lines.items():
            records = len(texts)
            file_handler.append(session, b"".join(texts), records)
            self._tally.written += records

    def _pass_to(self, handler: logging.Handler | None, record: logging.LogRecord) -> None:
        error = _emitted(handler, record) if handler is not None else None
        if error is None:
            self._tally.written += 1
        else:
            self._lose(record, error)

    def _tell(self) -> None:
        if self._untold_in is None:
            return
        with self._changing:
            reasons, self._untold, context = self._untold, {}, self._untold_in
            self._untold_in = None
        record = loss_record(reasons, context)
        errors = [_emitted(handler, record) for handler in self.handlers if record.levelno >= handler.level]
        if errors and None not in errors:
            # Nobody took it: it is told again, with what is lost by then.
            with self._changing:
                for reason, lost in reasons.items():
                    self._untold[reason] = self._untold.get(reason, 0) + lost
                self._untold_in = self._untold_in or context

    def _set_mark(self, batch: list[Item]) -> bool:
        mark = batch[-1][2]
        if not isinstance(mark, _Mark):
            return False
        mark.set()
        return mark.ends

    def _hurry(self) -> None:
        with suppress(RuntimeError):  # somebody is in a hurry already
            self._calm.release()

    # Ends and pauses

    def flush(self, timeout_s: float = _DRAIN_S) -> None:
        """Write what waits, within ``timeout_s``, and flush the handlers behind."""
        self.drain(timeout_s)
        for handler in self.handlers:
            handler.flush()

    def close(self) -> None:
        """Write what waits and end the thread; a record that comes later starts it again."""
        self.drain(ends=True)
        endings.leave(self)
        super().close()

    def stats(self) -> QueueStats:
        """Return how many records were passed on and lost in this process, why, and how many wait."""
        return {**self._tally.stats(), "queued": self._waiting}

    def drain_and_hold(self) -> None:
        """Write what waits, and keep the thread from writing until ``release_hold``."""
        self.drain()
        self._is_held = self._writing.acquire(timeout=_DRAIN_S)

    def release_hold(self) -> None:
        """Let the thread write again."""
        if self._is_held:
            self._is_held = False
            self._writing.release()

    def end(self) -> None:
        """Write what waits; from now on a record is written by the thread that logs it."""
        self._is_ending = True
        self.drain(ends=True)

    def drain(self, timeout_s: float = _DRAIN_S, *, ends: bool = False) -> None:
        """Write what waits, within ``timeout_s``; ``ends`` ends the thread behind it."""
        if self._writer == _thread.get_ident():
            return
        if not self._has_worker:
            self._drain_here()
            return
        mark = _Mark(ends)
        self._queue.put((None, None, mark, 0))
        self._hurry()
        mark.wait(timeout_s)


def _alone(handlers: Sequence[logging.Handler]) -> SessionFileHandler | None:
    """Return the SessionFileHandler that is the only one behind a queue."""
    (handler,) = handlers if len(handlers) == 1 else (None,)
    return handler if isinstance(handler, SessionFileHandler) else None


def _emitted(handler: logging.Handler, record: logging.LogRecord) -> Exception | None:
    """Let ``handler`` write ``record``; return what it raised."""
    handler.acquire()
    try:
        handler.emit(record)
    except Exception as error:  # anyone's handler
        return error
    finally:
        handler.release()
    return None


def _names_of(handlers: Sequence[logging.Handler | str]) -> tuple[list[str], Mapping[str, Any]]:
    """Return the names of ``handlers`` and where each will be found once all of them are built.

    dictConfig gives a list that knows the configuration. Nobody else holds a handler that only stands
    behind a queue: the mapping that is returned must be kept until the names are looked up.
    """
    if isinstance(handlers, str):
        raise ValueError(f"handlers of a queue are a list; write: [{handlers}]")
    names = [str(item).removeprefix("cfg://handlers.") for item in handlers]
    configurator = getattr(handlers, "configurator", None)
    named = configurator.config["handlers"] if configurator else logging._handlers  # type: ignore[attr-defined]
    unknown = [name for name in names if name not in named]
    if unknown or not names:
        raise ValueError(f"a queue needs handlers; there is none called {', '.join(unknown) or 'so'}")
    return names, named
