"""The one fold of the evaluation: lines go in, figures by operation come out, parts add up to the whole.

Used live by the metrics handler and afterwards by the reader, so that both give the same figures::

    fold = PerformanceMetrics()
    for entry in entries:
        fold.add(entry)                    # or add_line(wire), or add_end(...) for one who has the parts
    fold.merge(PerformanceMetrics.from_dict(json.loads(snapshot)))
    fold.report()["save"]["p95_ms"]

What is counted where: a ``span_end`` (a text marker END or FAILED arrives as one) under its operation;
an ``evaluation`` (the marker EVALUATION) likewise, unless that operation has span ends too, for programs
write both for one call; a stage event under its own event name, and what it carries (tokens, cost ...)
also under the operation in which it stands, though not under those around that one. ``totals`` counts
each line once.

Everything added up is an integer (nanoseconds, tokens, 1e-12 dollars): float sums depend on the
order, these do not. Merging is therefore exact as long as no bound is met: 2,000 operations, 16 error types
an operation, 500 failures, 1,000 paths; what exceeds one goes to ``__other__``, first come, first served.

LOCATION: ote_logging/evaluation/metrics.py
DEPENDENCIES: schema (Entry), errors, operations, quantiles, failures, prices
TRACE POINTS: PerformanceMetrics.add_line() - a line is counted
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor, log
from types import MappingProxyType
from typing import Any, Final

from ote_logging.errors import ReadError
from ote_logging.evaluation.failures import Failure, failure_of
from ote_logging.evaluation.operations import AMOUNTS, OTHER, OperationMetrics, Sums, count_bounded, units_of
from ote_logging.evaluation.prices import PriceSource
from ote_logging.evaluation.quantiles import SCALE, SHIFT
from ote_logging.schema import STAGES, Entry

VERSION: Final = 1
_KIND: Final = "ote_metrics"

CARRIERS: Final = frozenset(AMOUNTS) - {"unpriced"} | {"active_ms", "cache_hit", "size_bytes"}
"""Keys of a line that carry amounts: AMOUNTS, time inside a generator, one cache look-up, bytes of a file."""

# A tuple, as a foreign line may hold a level that has no hash.
_FAILED_LEVELS: Final = ("ERROR", "CRITICAL")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

MOST_OPERATIONS: Final = 2_000
_MOST_LOGGERS: Final = 2_000
_MOST_FAILURES: Final = 500
_MOST_PATHS: Final = 1_000


class PerformanceMetrics:
    """Figures by operation, folded from lines; two of them add up exactly.

    Not locked: one thread at a time, as under the lock of a ``logging.Handler``. Whatever a line holds
    in a key of the table, counting it does not raise.
    """

    def __init__(self, *, prices: PriceSource | None = None, max_operations: int = MOST_OPERATIONS) -> None:
        """Start empty; ``prices`` gives the cost of lines with tokens and a model but no ``cost_usd``."""
        self._rows: dict[str, OperationMetrics] = {}
        self._evaluated: dict[str, OperationMetrics] = {}
        self._levels: dict[str, dict[str, int]] = {}
        self._failures: dict[str, tuple[int, str, str]] = {}
        self._paths: dict[str, int] = {}
        self._sums = Sums()
        self._prices = prices
        self._max_operations = max_operations
        self.lost = 0
        """Records that their writer reported as lost."""
        self.redacted = 0
        """Values that were redacted; the fold cannot see them, who redacts counts them here."""

    @classmethod
    def of(cls, entries: Iterable[Entry], *, prices: PriceSource | None = None) -> "PerformanceMetrics":
        """Return the fold of ``entries``."""
        fold = cls(prices=prices)
        for entry in entries:
            fold.add_line(entry.wire)
        return fold

    def record(self, operation: str, duration: float, success: bool) -> None:
        """Count one call of ``operation`` that took ``duration`` seconds."""
        self.add_end(operation, duration * 1000, not success)

    def add(self, entry: Entry) -> None:
        """Count ``entry``, whatever its event."""
        self.add_line(entry.wire)

    def add_line(self, wire: Mapping[str, Any]) -> None:
        """Count a line by its decoded object."""
        try:
            self._levels[wire["logger"]][wire["level"]] += 1
        except (KeyError, TypeError):
            self.add_records(wire.get("logger", ""), wire.get("level", ""), 1)
        event = wire.get("event")
        if event == "span_end":
            self.add_end(wire.get("operation"), wire.get("duration_ms"), wire.get("status") == "error", wire)
        elif event != "log" or wire.get("level") in _FAILED_LEVELS:
            self._add_other(event, wire)

    def add_end(
        self,
        operation: object,
        duration_ms: object,
        failed: bool = False,
        fields: Mapping[str, Any] = _NOTHING,
        stage: str | None = None,
    ) -> None:
        """Count one call that ended; ``fields`` is what its line carries besides (tokens, error_type ...).

        ``stage`` is the event where it is one of STAGES. The hot path of the fold, and the reason why a
        row's totals are kept here and not by a method.
        """
        try:
            row = self._rows[operation]  # type: ignore[index]  # any key that is no name is a KeyError
        except (KeyError, TypeError):
            row = self._row(operation)
        row.calls += 1
        try:
            index = floor(log(duration_ms) * SCALE) + SHIFT  # type: ignore[arg-type]  # refused below
            row.buckets.counts[index if index > 0 else 0] += 1
            ns = round(duration_ms * 1e6)  # type: ignore[operator]  # its logarithm was taken
            row.total_ns += ns
            if not row.min_ns <= ns <= row.max_ns:
                row.min_ns, row.max_ns = min(row.min_ns, ns), max(row.max_ns, ns)
        except (TypeError, ValueError, OverflowError, IndexError):
            row.add_duration(duration_ms)
        if failed and fields:
            self._add_failed(row, failure_of(fields), 1)
        elif failed:
            row.failures += 1
        if fields and (stage == "llm_interaction" or not CARRIERS.isdisjoint(fields)):
            self._add_carried(row, fields, stage)

    def add_ends(
        self, operation: object, durations_ms: Sequence[float], failure: Failure | None = None
    ) -> None:
        """Count one or more calls that carried nothing as ``add_end`` does each, for less.

        None of them failed, or all by the same ``failure``.
        """
        row = self._row(operation)
        row.calls += len(durations_ms)
        row.add_durations(durations_ms)
        if failure is not None:
            self._add_failed(row, failure, len(durations_ms))

    def add_records(self, logger: object, level: object, times: int) -> None:
        """Count ``times`` records by their logger and level alone."""
        logger, level = str(logger), str(level)
        if logger not in self._levels and len(self._levels) >= _MOST_LOGGERS:
            logger = OTHER
        levels = self._levels.setdefault(logger, {})
        levels[level] = levels.get(level, 0) + times

    def add_path(self, path: object, times: int = 1) -> None:
        """Count trace points by their path, a list of steps; what is none is left out."""
        if isinstance(path, list) and path:
            count_bounded(self._paths, " -> ".join(map(str, path)), times, _MOST_PATHS)

    def _row(self, operation: object) -> OperationMetrics:
        """Return the row of ``operation``, made if there is room, else that of ``__other__``."""
        return self._row_in(self._rows, operation)

    def _row_in(self, rows: dict[str, OperationMetrics], operation: object) -> OperationMetrics:
        name = operation if isinstance(operation, str) else str(operation)
        if name not in rows and len(self._rows) + len(self._evaluated) >= self._max_operations:
            name = OTHER
        return rows.setdefault(name, OperationMetrics())

    def _add_other(self, event: object, wire: Mapping[str, Any]) -> None:
        """Count what is neither an end nor an ordinary message."""
        if event == "trace_point":
            self._add_point(wire)
        elif isinstance(event, str) and event in STAGES:
            self.add_end(event, wire.get("duration_ms"), wire.get("status") == "error", wire, event)
        elif event == "evaluation":
            self._add_evaluation(wire)
        elif event == "records_lost":
            self.lost += units_of(wire.get("lost"), 1) or 0
        elif wire.get("status") == "error" or wire.get("level") in _FAILED_LEVELS:
            self._add_failure(failure_of(wire), 1)

    def _add_evaluation(self, wire: Mapping[str, Any]) -> None:
        """Count a call that may have an end of its own besides; what the line carries stands only here."""
        row = self._row_in(self._evaluated, wire.get("operation"))
        row.calls += 1
        row.add_duration(wire.get("duration_ms"))
        if wire.get("status") == "error":
            row.failures += 1
            row.add_error_type(str(wire.get("error_type") or "unknown"))
        if not CARRIERS.isdisjoint(wire):
            self._add_carried(self._row(wire.get("operation")), wire, None)

    def _add_failed(self, row: OperationMetrics, failure: Failure, times: int) -> None:
        row.failures += times
        row.add_error_type(failure.type or "unknown", times)
        self._add_failure(failure, times)

    def _add_carried(self, row: OperationMetrics, fields: Mapping[str, Any], stage: str | None) -> None:
        """Add what a line carries to its row, to the totals, and for a stage to the operation around it."""
        active = units_of(fields.get("active_ms"), 10**6)
        wall = units_of(fields.get("duration_ms"), 10**6)
        if active is not None and wall is not None:
            row.suspended_ns += max(wall - active, 0)
        units = self._carried(fields, stage)
        row.sums.add(units)
        self._sums.add(units)
        if stage is not None:
            around = fields.get("operation")
            # A stage that is a block is an operation of its own name.
            around = fields.get("parent_operation") if around == stage else around
            if around is not None:
                self._row(around).sums.add(units)

    def _carried(self, fields: Mapping[str, Any], stage: str | None) -> dict[str, int]:
        units: dict[str, int] = {}
        for name in CARRIERS.intersection(fields):
            if (scale := AMOUNTS.get(name)) and (amount := units_of(fields[name], scale)) is not None:
                units[name] = amount
        if stage == "llm_interaction":
            units.setdefault("api_calls", 1)
        if isinstance(hit := fields.get("cache_hit"), bool):
            units.setdefault("cache_hits" if hit else "cache_misses", 1)
        if (size := units_of(fields.get("size_bytes"), 1)) is not None:
            units.setdefault("bytes", size)
        if "cost_usd" not in units and ("tokens_in" in units or "tokens_out" in units):
            units.update(self._cost(fields, units))
        return units

    def _cost(self, fields: Mapping[str, Any], units: Mapping[str, int]) -> dict[str, int]:
        """Return the cost of the tokens in ``units``, or that they have no price."""
        cost = (
            None
            if self._prices is None
            else self._prices.cost_usd(
                str(fields.get("model", "")),
                tokens_in=units.get("tokens_in", 0),
                tokens_out=units.get("tokens_out", 0),
                tokens_cached=units.get("tokens_cached", 0),
                on=fields.get("timestamp"),
            )
        )
        priced = units_of(cost, AMOUNTS["cost_usd"])
        return {"unpriced": 1} if priced is None else {"cost_usd": priced}

    def _add_point(self, wire: Mapping[str, Any]) -> None:
        try:
            self._paths[" -> ".join(wire["path"])] += 1
        except (KeyError, TypeError):
            self.add_path(wire.get("path"))
        if wire.get("status") == "error":
            self._add_failure(failure_of(wire), 1)

    def _add_failure(self, failure: Failure, times: int) -> None:
        key = failure.key
        if key not in self._failures and len(self._failures) >= _MOST_FAILURES:
            failure, key = Failure(OTHER, "", ""), OTHER
        # One fingerprint may come with several texts; the least of them does not depend on the order.
        known, *text = self._failures.get(key, (0, failure.type, failure.message))
        kind, message = min((failure.type, failure.message), (text[0], text[1]))
        self._failures[key] = known + times, kind, message

    def merge(self, other: "PerformanceMetrics") -> None:
        """Add the figures of ``other``, which stays as it is."""
        for name, row in other._rows.items():
            self._row(name).merge(row)
        for name, row in other._evaluated.items():
            self._row_in(self._evaluated, name).merge(row)
        for logger, levels in other._levels.items():
            for level, times in levels.items():
                self.add_records(logger, level, times)
        for key, (times, kind, message) in other._failures.items():
            self._add_failure(Failure(key, kind, message), times)
        for path, times in other._paths.items():
            count_bounded(self._paths, path, times, _MOST_PATHS)
        self._sums.merge(other._sums)
        self.lost += other.lost
        self.redacted += other.redacted

    @property
    def operations(self) -> Mapping[str, OperationMetrics]:
        """The figures by operation, not to be changed."""
        if not self._evaluated:
            return MappingProxyType(self._rows)
        found = dict(self._rows)
        for name, row in self._evaluated.items():
            if name not in found or not found[name].calls:
                found[name] = _sum_of(row, self._rows.get(name))
        return found

    def spent(self) -> Iterator[tuple[str, int, int]]:
        """Yield name, calls and nanoseconds of every operation so far; quick enough to be asked often."""
        for name, row in self._rows.items():
            if row.calls:
                yield name, row.calls, row.total_ns
        for name, row in self._evaluated.items():
            if name not in self._rows or not self._rows[name].calls:
                yield name, row.calls, row.total_ns

    @property
    def metrics(self) -> defaultdict[str, dict[str, Any]]:
        """By operation count, total_time, avg_time (seconds), successes, failures; zeros for one unknown."""
        found = ((name, _plain(row)) for name, row in self.operations.items() if row.calls)
        return defaultdict(lambda: _plain(OperationMetrics()), found)

    @property
    def totals(self) -> dict[str, float | None]:
        """Everything carried, each line once, None where not recorded."""
        return self._sums.as_numbers()

    @property
    def records(self) -> dict[str, dict[str, int]]:
        """Number of records by logger and level."""
        return {logger: dict(levels) for logger, levels in self._levels.items()}

    @property
    def paths(self) -> dict[str, int]:
        """Number of trace points by path, its steps joined by `` -> ``."""
        return dict(self._paths)

    @property
    def failures(self) -> dict[Failure, int]:
        """How often each failure was told.

        An outer span tells type and message of a failure whose fingerprint the innermost one gave: told
        twice, it is listed once, by the fingerprint.
        """
        found = {Failure(key, kind, text): times for key, (times, kind, text) in self._failures.items()}
        printed = {failure.text for failure in found if failure.key != failure.text}
        return {failure: times for failure, times in found.items() if failure.key not in printed}

    def report(self) -> dict[str, dict[str, Any]]:
        """Return by operation calls, then avg_time, success_rate, total_time as text, then all as numbers.

        ``__other__`` stands for the operations beyond the bound and says so under ``note``.
        """
        return {name: self._reported(name, row) for name, row in self.operations.items()}

    def _reported(self, name: str, row: OperationMetrics) -> dict[str, Any]:
        found = {
            "calls": row.calls,
            "avg_time": f"{(row.mean_ms or 0) / 1000:.3f}s",
            "success_rate": f"{(row.success_ratio or 0) * 100:.1f}%",
            "total_time": f"{row.wall_ms / 1000:.3f}s",
            **row.as_numbers(),
        }
        if name == OTHER:
            found["note"] = f"all operations beyond the first {self._max_operations}"
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values, exact; ``from_dict`` takes it back."""
        return {
            "kind": _KIND,
            "version": VERSION,
            "operations": {name: row.to_dict() for name, row in self._rows.items()},
            "evaluated": {name: row.to_dict() for name, row in self._evaluated.items()},
            "records": self.records,
            "failures": {key: list(found) for key, found in sorted(self._failures.items())},
            "paths": dict(sorted(self._paths.items())),
            "totals": self._sums.to_dict(),
            "lost": self.lost,
            "redacted": self.redacted,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "PerformanceMetrics":
        """Return the fold that ``to_dict`` gave.

        Raises:
            ReadError: ``found`` is no snapshot, of a later version, or damaged.
        """
        if found.get("kind") != _KIND or found.get("version") != VERSION:
            met = f"{found.get('kind')!r}, version {found.get('version')!r}"
            raise ReadError(f"a metrics snapshot is {_KIND!r}, version {VERSION}; this is {met}")
        try:
            return cls._loaded(found)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReadError(f"a damaged metrics snapshot: {type(error).__name__}: {error}") from error

    @classmethod
    def _loaded(cls, found: Mapping[str, Any]) -> "PerformanceMetrics":
        fold = cls()
        for name, row in found["operations"].items():
            fold._rows[name] = OperationMetrics.from_dict(row)
        for name, row in found["evaluated"].items():
            fold._evaluated[name] = OperationMetrics.from_dict(row)
        fold._levels.update((logger, dict(levels)) for logger, levels in found["records"].items())
        for key, (times, kind, text) in found["failures"].items():
            fold._failures[key] = int(times), str(kind), str(text)
        fold._paths.update((path, int(times)) for path, times in found["paths"].items())
        fold._sums.load(found["totals"])
        fold.lost, fold.redacted = int(found["lost"]), int(found["redacted"])
        return fold

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, PerformanceMetrics) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it grows


def _sum_of(row: OperationMetrics, other: OperationMetrics | None) -> OperationMetrics:
    """Return a row of its own with the figures of both."""
    found = OperationMetrics()
    for part in (row, other):
        if part is not None:
            found.merge(part)
    return found


def _plain(row: OperationMetrics) -> dict[str, Any]:
    """Return the seeds' five numbers, times in seconds."""
    return {
        "count": row.calls,
        "total_time": row.wall_ms / 1000,
        "successes": row.successes,
        "failures": row.failures,
        "avg_time": (row.mean_ms or 0) / 1000,
    }
