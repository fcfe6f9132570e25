"""Sum up a session in one pass: what ran, what failed and where, what was still running, what is missing.

The figures by operation are those of ``evaluation.metrics``, the one fold that the metrics handler
uses too. Numbers stay numbers; text for people is made at the edge.

LOCATION: ote_logging/reading/report.py
DEPENDENCIES: evaluation (metrics, failures), schema (Entry), entries (Reader), course, processes, where
TRACE POINTS: report() - entries become figures; Fold.add() - a batch is counted
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final

from ote_logging.evaluation.failures import failure_of
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OTHER, OperationMetrics
from ote_logging.reading.course import Course
from ote_logging.reading.entries import Reader
from ote_logging.reading.processes import Process, Processes, Wire
from ote_logging.reading.where import Place, where
from ote_logging.schema import Entry

_BATCH: Final = 256
_MOST_ERRORS: Final = 1_000
_FAILED_LEVELS: Final = frozenset({"ERROR", "CRITICAL"})
# Neither ends an operation nor carries amounts: not for the fold of figures.
_UNMEASURED: Final = frozenset({"log", "trace_point", "span_start", "session_start"})
_THREAD_KEYS: Final = ("session_id", "pid", "thread", "task", "parent_id", "operation")


@dataclass(frozen=True)
class Operation:
    """The calls of one operation; times in milliseconds, None where no call was timed.

    Quantiles are those of log buckets, within 1 %.
    """

    name: str
    calls: int
    failures: int
    success_ratio: float | None
    """Calls that did not fail, 0 to 1."""
    total_ms: float
    mean_ms: float | None
    min_ms: float | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    course_ms: list[float | None]
    """Mean duration in each of ten parts of the session's time, None where no call ended."""
    error_types: dict[str, int]
    amounts: dict[str, float | None]
    """What its lines carried, by the names of ``operations.AMOUNTS``; None where not recorded."""
    cost_per_success_usd: float | None


@dataclass
class Failures:
    """Failures of one type at one place; ``type`` is None where only a message told of them."""

    type: str | None
    where: Place | None
    message: str
    """The message of the first one."""
    first: str
    """When the first one was recorded."""
    count: int = 0


@dataclass(frozen=True)
class Unfinished:
    """An operation whose end was not recorded: it was running when its process died, or still is."""

    operation: str
    started: str
    running_ms: float | None
    """From its start to the last record of its process; None where a time is none."""
    session_id: str
    pid: int | None
    trace_id: str | None
    span_id: str | None
    where: Place | None
    """The line that began it."""


@dataclass(frozen=True)
class Report:
    """The sum of a session; lists begin with what weighs most."""

    records: int
    first: str | None
    """Time of the earliest record, as it stands on its line."""
    last: str | None
    operations: list[Operation]
    totals: dict[str, float | None]
    """What all lines carried, each counted once, by the names of ``operations.AMOUNTS``."""
    errors: list[Failures]
    loggers: dict[str, dict[str, int]]
    """Records by logger, then by level."""
    unfinished: list[Unfinished]
    processes: list[Process]
    reported_lost: int
    """Records that the writing side dropped and told of."""
    damaged: int
    foreign: int

    @property
    def sessions(self) -> list[str]:
        """The ids of the sessions, in the order of their first records."""
        return list(dict.fromkeys(process.session_id for process in self.processes))

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds from the earliest to the latest record; None where there is none."""
        return elapsed_ms(self.first, self.last)

    @property
    def levels(self) -> dict[str, int]:
        """Records by level."""
        return dict(sum(map(Counter, self.loggers.values()), Counter[str]()))

    @property
    def missing(self) -> int:
        """Records that were given a ``seq`` but are not in the session."""
        return sum(process.missing for process in self.processes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values; a place is ``{"file": ..., "line": ...}``."""
        derived = {"sessions": self.sessions, "duration_ms": self.duration_ms, "levels": self.levels}
        return {**asdict(self, dict_factory=_plain), **derived, "missing": self.missing}


def report(entries: Iterable[Entry]) -> Report:
    """Sum up ``entries`` in constant memory, lines as they were written; a ``Reader`` is fastest.

    Within a process the lines are expected in the order of writing: an end before its start would
    leave the operation unfinished. ``damaged`` and ``foreign`` are known of a ``Reader`` alone.
    """
    fold = Fold()
    for batch in _batches(entries):
        fold.add(batch)
        # So that the next one is decoded into its memory, which is cached: 2 to 4 % of the time.
        del batch
    return fold.report(*((entries.damaged, entries.foreign) if isinstance(entries, Reader) else (0, 0)))


def report_of(metrics: PerformanceMetrics) -> Report:
    """Return what a report can tell of figures alone: no times of day, places, or what was running."""
    failures = sorted(metrics.failures.items(), key=lambda found: (-found[1], found[0]))
    return Report(
        records=sum(sum(levels.values()) for levels in metrics.records.values()),
        first=None,
        last=None,
        operations=_operations(metrics, {}),
        totals=metrics.totals,
        errors=[Failures(met.type or None, None, met.message, "", count) for met, count in failures],
        loggers=metrics.records,
        unfinished=[],
        processes=[],
        reported_lost=metrics.lost,
        damaged=0,
        foreign=0,
    )


def _batches(entries: Iterable[Entry]) -> Iterator[list[Wire]]:
    if isinstance(entries, Reader):
        yield from entries.batches()
        return
    left = iter(entries)
    while batch := [entry.wire for entry in islice(left, _BATCH)]:
        yield batch


class Fold:
    """What a report is made of, while lines come in."""

    def __init__(self) -> None:
        """Start with no lines."""
        self._metrics = PerformanceMetrics()
        self._processes = Processes()
        self._failures = _Failures()
        self._running = _Running()
        self._loggers: dict[str, dict[str, int]] = {}
        self._course = Course()

    def add(self, batch: list[Wire]) -> None:
        """Count the lines of ``batch``, which is not empty."""
        self._processes.add(batch)
        for piece in self._course.pieces(batch):
            self._add_piece(piece)
            self._course.add(piece, self._metrics)

    def _add_piece(self, piece: list[Wire]) -> None:
        """Count lines: one loop over all of them, and every key looked up once, as there are millions."""
        loggers, running, metrics = self._loggers, self._running, self._metrics
        for wire in piece:
            event: str = wire["event"]
            try:
                level: Any = wire["level"]
                loggers[wire["logger"]][level] += 1
            except (KeyError, TypeError):
                level = self._add_level(wire)
            has_failed = "status" in wire and wire["status"] == "error"
            if event not in _UNMEASURED:
                if event == "span_end":
                    running.add(wire)
                    metrics.add_end(wire.get("operation"), wire.get("duration_ms"), has_failed, wire)
                else:
                    metrics.add_line(wire)
            elif event == "span_start":
                running.add(wire)
            if has_failed or level in _FAILED_LEVELS or "error_type" in wire:
                self._failures.add(wire)

    def _add_level(self, wire: Wire) -> str:
        """Count the level of ``wire``, the first of its logger or none at all, and return its text."""
        logger, level = str(wire.get("logger", "")), str(wire.get("level"))
        levels = self._loggers.setdefault(logger, {})
        levels[level] = levels.get(level, 0) + 1
        return level

    def report(self, damaged: int, foreign: int) -> Report:
        """Return the sum of what was counted."""
        processes = self._processes.found()
        first = min((process.first for process in processes), default=None)
        last = max((process.last for process in processes), default=None)
        return Report(
            records=sum(process.records for process in processes),
            first=first,
            last=last,
            operations=_operations(self._metrics, self._course.found(self._metrics, first, last)),
            totals=self._metrics.totals,
            errors=self._failures.found(),
            loggers=self._loggers,
            unfinished=[self._unfinished(start) for start in self._running.found()],
            processes=processes,
            reported_lost=self._metrics.lost,
            damaged=damaged,
            foreign=foreign,
        )

    def _unfinished(self, start: Wire) -> Unfinished:
        entry = Entry(start)
        return Unfinished(
            operation=str(entry.operation),
            started=entry.timestamp,
            running_ms=elapsed_ms(entry.timestamp, self._processes.last_of(start)),
            session_id=str(entry.session_id),
            pid=entry.pid,
            trace_id=entry.trace_id,
            span_id=entry.span_id,
            where=where(start),
        )


class _Running:
    """The operations that began and did not end yet."""

    def __init__(self) -> None:
        self._spans: dict[str, Wire] = {}
        self._texts: defaultdict[tuple[str, ...], list[Wire]] = defaultdict(list)

    def add(self, wire: Wire) -> None:
        """Take the start or the end of an operation."""
        span_id = wire.get("span_id")
        if not isinstance(span_id, str):
            self._add_text(wire)
        elif wire["event"] == "span_start":
            self._spans[span_id] = wire
        else:
            self._spans.pop(span_id, None)

    def _add_text(self, wire: Wire) -> None:
        thread = tuple(str(wire.get(key)) for key in _THREAD_KEYS)
        if wire["event"] == "span_start":
            self._texts[thread].append(wire)
        elif self._texts[thread]:
            self._texts[thread].pop()

    def found(self) -> list[Wire]:
        """Return the starts of what is running, the earliest first."""
        return sorted(chain(self._spans.values(), *self._texts.values()), key=itemgetter("timestamp"))


class _Failures:
    """Failures by type and place; one that several operations pass on is told by the innermost."""

    def __init__(self) -> None:
        self._met: dict[tuple[str | None, Place | None, str], Failures] = {}
        self._inside: dict[str, tuple[object, object]] = {}

    def add(self, wire: Wire) -> None:
        """Count the failure that ``wire`` tells of, unless an operation inside told of it."""
        if self._is_told(wire):
            return
        failure = failure_of(wire)
        kind, place = failure.type or None, where(wire)
        key = (kind, place, "" if kind else failure.message)
        if key not in self._met and len(self._met) >= _MOST_ERRORS:
            key = (OTHER, None, "")
        self._met.setdefault(key, Failures(key[0], key[1], _message(wire), wire["timestamp"])).count += 1

    def _is_told(self, wire: Wire) -> bool:
        """Whether an operation inside failed so, and ``wire`` passes it on or repeats it."""
        said = (wire.get("error_type"), wire.get("error_message"))
        if wire["event"] != "span_end":
            return said[0] is not None and self._inside.get(str(wire.get("span_id"))) == said
        inside = self._inside.pop(str(wire.get("span_id")), None)
        if isinstance(parent_id := wire.get("parent_id"), str):
            self._inside[parent_id] = said
        return said[0] is not None and inside == said and "exception" not in wire

    def found(self) -> list[Failures]:
        """Return the failures, the most frequent first."""
        return sorted(self._met.values(), key=lambda failures: (-failures.count, failures.first))


def _operations(metrics: PerformanceMetrics, courses_ms: Mapping[str, list[float | None]]) -> list[Operation]:
    """Return the operations that were called, those first that took the longest in all."""
    rows = metrics.operations.items()
    found = [_operation(name, row, courses_ms.get(name, [])) for name, row in rows if row.calls]
    return sorted(found, key=lambda operation: (-operation.total_ms, operation.name))


def _operation(name: str, row: OperationMetrics, course_ms: list[float | None]) -> Operation:
    return Operation(
        name=name,
        calls=row.calls,
        failures=row.failures,
        success_ratio=row.success_ratio,
        total_ms=row.wall_ms,
        mean_ms=row.mean_ms,
        min_ms=row.min_ms,
        p50_ms=row.quantile_ms(0.50),
        p90_ms=row.quantile_ms(0.90),
        p95_ms=row.quantile_ms(0.95),
        p99_ms=row.quantile_ms(0.99),
        max_ms=row.max_ms,
        course_ms=course_ms,
        error_types=dict(row.error_types),
        amounts=row.sums.as_numbers(),
        cost_per_success_usd=row.cost_per_success_usd,
    )


def _message(wire: Wire) -> str:
    return str(wire.get("error_message") or wire.get("message") or "")


def elapsed_ms(first: str | None, last: str | None) -> float | None:
    """Return the milliseconds between two times of lines, None where one is no time."""
    try:
        elapsed = datetime.fromisoformat(str(last)) - datetime.fromisoformat(str(first))
    except (ValueError, TypeError):  # TypeError: one names a time zone, the other does not
        return None
    return elapsed.total_seconds() * 1000


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value._asdict() if isinstance(value, Place) else value for name, value in pairs}
