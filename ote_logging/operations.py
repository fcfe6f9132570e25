"""What a span is made of: two events, and the engine that opens, logs and closes an operation.

LOCATION: ote_logging/operations.py
DEPENDENCIES: context (ids), events (what is logged), jsonable (names and texts that never fail)
TRACE POINTS: Operation.begin() - ids are given, START is logged; Operation.end() - END or FAILED is logged
"""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from ote_logging import context
from ote_logging.context import Context
from ote_logging.events import Event, Redactor, cleaned, cleaned_fields, shown_pairs
from ote_logging.jsonable import qualified_name, text_of
from ote_logging.sites import First, Site, copy_of, first_at, new_record

_NO_KEYS: Final[Mapping[str, Any]] = {}
_NOTE: Final = "TRACE: "
_TOLD_IN: Final = "__ote_told_in__"
"""The attribute of an exception that names the trace in which its traceback was written."""


class _SpanEvent(Event):
    """Start or end of an operation whose ids are those of the context it is logged in."""

    __slots__ = ("operation", "time_s")

    _PARTS = ("operation", "keys", "fields", "time_s")

    def __init__(
        self, operation: str, keys: Mapping[str, Any], fields: Mapping[str, Any], time_s: float
    ) -> None:
        self.operation = operation
        self.keys = keys
        self.fields = fields
        self.time_s = time_s

    def is_clean_beside_fields(self, redactor: Redactor) -> bool:
        """Whether there is no error, whose text would have to be looked at."""
        return "error_message" not in self.keys

    def redacted(self, redactor: Redactor) -> Event:
        """Return this event without secrets: itself where it holds none, else a copy."""
        # Without an error the keys hold a status and a duration, and no text of the program.
        keys = cleaned(self.keys, redactor) if "error_message" in self.keys else self.keys
        fields = cleaned_fields(self.fields, redactor)
        operation = redactor.text(self.operation)
        if operation is self.operation and keys is self.keys and fields is self.fields:
            return self
        return type(self)(operation, keys, fields, self.time_s)


class SpanStart(_SpanEvent):
    """An operation begins."""

    __slots__ = ()

    event = "span_start"

    def __str__(self) -> str:
        shown = f" ({', '.join(shown_pairs(self.fields))})" if self.fields else ""
        return f"⏱️  START [{_clock(int(self.time_s))}] {self.operation}{shown}"


class SpanEnd(_SpanEvent):
    """An operation ended; the key ``status`` says how."""

    __slots__ = ()

    event = "span_end"

    def __str__(self) -> str:
        clock, duration_s = _clock(int(self.time_s)), self.keys["duration_ms"] / 1000
        if self.keys["status"] == "error":
            said = self.keys["error_message"]
            return f"❌ FAILED [{clock}] {self.operation} (Duration: {duration_s:.3f}s) Error: {said}"
        ended = f"✅ END [{clock}] {self.operation} (Duration: {duration_s:.3f}s)"
        return " | ".join([ended, *shown_pairs(self.fields)]) if self.fields else ended


@lru_cache(maxsize=8)
def _clock(second: int) -> str:
    """Return the local time as people read it: ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second))


class Operation:
    """One timed run of something, its context current in between; begun again inside itself it nests."""

    __slots__ = (
        "_begun_ns", "_first", "_resumed", "_site",
        "context", "fields", "has_start", "level", "logger", "name",
    )  # fmt: skip

    fields: dict[str, Any]
    has_start: bool
    level: int
    logger: logging.Logger | None
    name: str

    context: Context | None
    _begun_ns: int
    _site: Site
    _first: First | None
    # The fields as they were before this run, and the run around it where the same object has one.
    _resumed: tuple[dict[str, Any], tuple[Any, ...] | None]

    def set(self, /, **fields: Any) -> None:
        """Add ``fields`` to the record of the end."""
        self.fields = {**self.fields, **fields}

    def begin(self, logger: logging.Logger, site: Site) -> None:
        """Give ids, make them current, and log START; ``logger`` is where all of it goes."""
        around = None
        if self.context is not None:
            around = (self.context, self._begun_ns, self._site, self._first, self._resumed)
        self._resumed = (self.fields, around)
        self.context = inner = context.current().child(self.name)
        self.logger = logger
        self._site = site
        self._first = first_at(logger, self.level, site)
        context.enter(inner)
        if self.has_start:
            try:
                logger.handle(self._record(SpanStart(self.name, _NO_KEYS, self.fields, time.time())))
            except BaseException:
                # A filter of the program raised; nobody will call end().
                self._close(inner)
                raise
        self._begun_ns = time.perf_counter_ns()

    def end(self, error: BaseException | None = None) -> None:
        """Log END, or FAILED with what ``error`` says, and make the outer context current again."""
        ended_ns = time.perf_counter_ns()
        inner, logger = self.context, self.logger
        if inner is None or logger is None:
            return
        keys: dict[str, Any] = {"status": "ok", "duration_ms": (ended_ns - self._begun_ns) / 1e6}
        # Another one where a span that began inside has not ended yet, or in another task than at the begin.
        outside = context.entered()
        if outside is not inner:
            context.exchange(inner)
        try:
            if error is None or _is_orderly(error):
                logger.handle(self._record(self._ended(keys, error)))
            else:
                logger.handle(self._failure(keys, error, inner))
        finally:
            if outside is not inner:
                context.exchange(outside)
            self._close(inner)

    def _close(self, inner: Context) -> None:
        context.leave(inner)
        self.context = None
        self.fields, around = self._resumed
        if around is not None:
            self.context, self._begun_ns, self._site, self._first, self._resumed = around

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return what the end is logged as; its ``keys`` hold at least the status."""
        return SpanEnd(self.name, keys, self.fields, time.time())

    def _record(self, event: Event) -> logging.LogRecord:
        """Return the record of ``event``, higher than the operation's level where that went wrong."""
        assert self.logger is not None
        level = max(self.level, logging.ERROR) if event.keys.get("status") == "error" else self.level
        if level == self.level and self._first is not None:
            return copy_of(self._first, event)
        return new_record(self.logger, level, self._site, event)

    def _failure(self, keys: dict[str, Any], error: BaseException, inner: Context) -> logging.LogRecord:
        """Return the record of an end that ``error`` brought about."""
        told = _told_here(error, inner)
        record = self._record(self._ended({**keys, **_failure_keys(error)}, error))
        if told is not None:
            record.exc_info = (type(told), told, told.__traceback__)
        return record


def _is_orderly(error: BaseException) -> bool:
    """Whether a program or a generator ends so when all is well."""
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and not error.code)


def _failure_keys(error: BaseException) -> dict[str, Any]:
    """Return what the end of an operation says of the exception that ended it."""
    keys = {"status": "error", "error_type": qualified_name(type(error)), "error_message": text_of(error)}
    line_number = _line_of(error)
    return keys if line_number is None else {**keys, "line_number": line_number}


def _line_of(error: BaseException) -> int | None:
    """Return the line that raised, that of the innermost frame, or the one that a SyntaxError is about."""
    if isinstance(error, SyntaxError) and type(error.lineno) is int:
        return error.lineno
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    return None if where is None else where.tb_lineno


def _told_here(error: BaseException, inner: Context) -> BaseException | None:
    """Note on ``error`` the way that led to it and return it, or None where an inner span has done so."""
    with suppress(Exception):  # an exception class of the program may refuse notes and attributes
        if error.__dict__.get(_TOLD_IN) == inner.trace_id:
            return None
        error.__dict__[_TOLD_IN] = inner.trace_id
        error.add_note(_NOTE + " -> ".join(inner.operations))
    return error
