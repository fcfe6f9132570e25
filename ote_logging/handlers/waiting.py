"""Records of which little is counted: in passing, under a key, to be folded many at a time.

Most records of a program are messages, starts of operations, ends that went well, and trace points. They
need no line, no filter and no fold of their own: a number waits here for each, or a duration. Of all others
``take()`` does nothing, and they go the general way of ``figures_of()``.

There is no lock: each ``+=`` and ``append`` below is one step for CPython, inside of which it neither
switches threads nor runs signal handlers. Folding takes away what it has seen, and leaves what came since.

LOCATION: ote_logging/handlers/waiting.py
DEPENDENCIES: context (operation), events, operations (what is logged), evaluation.metrics (the fold),
    handlers.figures (which messages are plain), records
TRACE POINTS: Waiting.take() - a record is counted in passing; Waiting.fold_into() - what waits is folded
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from ote_logging.context import current
from ote_logging.evaluation.failures import Failure, failure_of, without_details
from ote_logging.evaluation.metrics import CARRIERS, PerformanceMetrics
from ote_logging.events import TRACE
from ote_logging.handlers.figures import FAILED_LEVELS, PLAIN_STARTS, figures_of, may_carry
from ote_logging.operations import SpanEnd, SpanStart
from ote_logging.records import CONTEXT, EXCEPTION, STANDARD_COUNT, mark

# Of each kind; what comes beyond goes the general way.
_MOST_KEYS: Final = 4_000
_MOST_FAILURES: Final = 500
_LONGEST_PATH: Final = 200
_LONGEST_MESSAGE: Final = 120


def _marked_count() -> int:
    """Return how many attributes a record has that bears its context, and nothing of the program."""
    attributes = dict(logging.makeLogRecord({}).__dict__)
    mark(attributes, current())
    return len(attributes)


_MARKED_COUNT: Final = _marked_count()


class Waiting:
    """What was counted in passing and is not folded yet."""

    def __init__(self) -> None:
        """Start with nothing."""
        # By logger and level, and then by operation or path. The keys stay, so that a thread that has
        # found one never adds to what was taken away.
        self._plain: dict[tuple[str, str], int] = {}
        self._ends: dict[tuple[str, str, Any], list[float]] = {}
        self._points: dict[tuple[str, str, str], int] = {}
        # By what tells one failure from another besides; with the failure that the first of them is.
        self._failed: dict[tuple[Any, ...], tuple[Failure, list[float]]] = {}

    def take(self, record: logging.LogRecord) -> bool:
        """Count ``record``, or do nothing and return False where more than this may be counted of it."""
        # In one piece: it runs with every record, and each call would cost a tenth of it.
        message: Any = record.msg
        kind = type(message)
        if kind is SpanEnd:
            keys, fields, attributes = message.keys, message.fields, record.__dict__
            if keys["status"] != "ok" or (fields and not CARRIERS.isdisjoint(fields)):
                return False
            context = attributes.get(CONTEXT)
            if context is None:
                context, usual_count = current(), STANDARD_COUNT
                if context.fields and not CARRIERS.isdisjoint(context.fields):
                    return False
            else:
                usual_count = _MARKED_COUNT
            if len(attributes) != usual_count and not CARRIERS.isdisjoint(attributes):
                return False
            try:
                self._ends[record.name, record.levelname, context.operation].append(keys["duration_ms"])
            except KeyError:
                return self._take_first_end(record, context.operation, keys["duration_ms"])
            return True
        if kind is TRACE:
            if "error" in message.fields:
                return False
            try:
                self._points[record.name, record.levelname, message.path] += 1
            except KeyError:
                return self._take_first_point(record, message.path)
            return True
        if kind is str:
            if message[:1] not in PLAIN_STARTS and may_carry(record):
                return False
        elif kind is not SpanStart:
            return False
        try:
            self._plain[record.name, record.levelname] += 1
        except KeyError:
            return self._take_first_plain(record)
        return True

    def _take_first_plain(self, record: logging.LogRecord) -> bool:
        # A level of failure is never let in: its messages are failures.
        if record.levelname in FAILED_LEVELS or len(self._plain) >= _MOST_KEYS:
            return False
        key = record.name, record.levelname
        self._plain.setdefault(key, 0)
        self._plain[key] += 1
        return True

    def _take_first_end(self, record: logging.LogRecord, operation: object, duration_ms: float) -> bool:
        if type(operation) is not str or len(self._ends) >= _MOST_KEYS:
            return False
        self._ends.setdefault((record.name, record.levelname, operation), []).append(duration_ms)
        return True

    def _take_first_point(self, record: logging.LogRecord, path: str) -> bool:
        is_usual = type(path) is str and len(path) <= _LONGEST_PATH and "FAILED" not in path
        if not is_usual or len(self._points) >= _MOST_KEYS:
            return False
        key = record.name, record.levelname, path
        self._points.setdefault(key, 0)
        self._points[key] += 1
        return True

    def take_failed(self, record: logging.LogRecord) -> bool:
        """As ``take``, for an end that failed; ``record`` has passed the filters."""
        end: Any = record.msg
        if type(end) is not SpanEnd or end.keys["status"] != "error" or not CARRIERS.isdisjoint(end.fields):
            return False
        attributes = record.__dict__
        context, described = attributes.get(CONTEXT), attributes.get(EXCEPTION)
        if context is None or (described is None and record.exc_info):
            return False
        usual_count = _MARKED_COUNT + (described is not None)
        if len(attributes) != usual_count and not CARRIERS.isdisjoint(attributes):
            return False
        fingerprint = described.get("fingerprint") if described else None
        said = end.keys["error_type"], end.keys["error_message"], fingerprint
        key = record.name, record.levelname, context.operation, *said
        known = self._failed.get(key) or self._first_failed(record, key)
        if known is None:
            return False
        known[1].append(end.keys["duration_ms"])
        return True

    def _first_failed(
        self, record: logging.LogRecord, key: tuple[Any, ...]
    ) -> tuple[Failure, list[float]] | None:
        _, _, operation, _, message, _ = key
        # A text with details is another one each time.
        is_usual = len(message) <= _LONGEST_MESSAGE and without_details(message) == message
        if not is_usual or type(operation) is not str or len(self._failed) >= _MOST_FAILURES:
            return None
        return self._failed.setdefault(key, (failure_of(figures_of(record)), []))

    def fold_into(self, fold: PerformanceMetrics, clean: Callable[[str], str]) -> int:
        """Fold what waits, operations and paths as ``clean`` gives them; return how many records these are.

        One thread at a time; others may go on taking records.
        """
        ends = self._fold_ends(fold, clean) + self._fold_failed(fold)
        return ends + self._fold_plain(fold) + self._fold_points(fold, clean)

    def _fold_plain(self, fold: PerformanceMetrics) -> int:
        folded = 0
        for key in list(self._plain):
            if times := self._plain[key]:
                self._plain[key] -= times
                fold.add_records(*key, times)
                folded += times
        return folded

    def _fold_ends(self, fold: PerformanceMetrics, clean: Callable[[str], str]) -> int:
        folded = 0
        for logger, level, operation in list(self._ends):
            if durations_ms := _taken_from(self._ends[logger, level, operation]):
                fold.add_records(logger, level, len(durations_ms))
                fold.add_ends(clean(operation), durations_ms)
                folded += len(durations_ms)
        return folded

    def _fold_failed(self, fold: PerformanceMetrics) -> int:
        folded = 0
        for key in list(self._failed):
            failure, waiting = self._failed[key]
            if durations_ms := _taken_from(waiting):
                logger, level, operation, *_ = key
                fold.add_records(logger, level, len(durations_ms))
                fold.add_ends(operation, durations_ms, failure)
                folded += len(durations_ms)
        return folded

    def _fold_points(self, fold: PerformanceMetrics, clean: Callable[[str], str]) -> int:
        folded = 0
        for key in list(self._points):
            if times := self._points[key]:
                self._points[key] -= times
                logger, level, path = key
                fold.add_records(logger, level, times)
                fold.add_path(TRACE(clean(path)).keys["path"], times)
                folded += times
        return folded


def _taken_from(waiting: list[float]) -> list[float]:
    """Return what is in ``waiting`` and take it away; what is appended meanwhile stays."""
    taken = waiting[:]
    del waiting[: len(taken)]
    return taken
