"""Say at once what is wrong: records are watched, and an anomaly is logged when it begins and when it ends.

LOCATION: ote_logging/handlers/anomalies.py
DEPENDENCIES: evaluation.watch (what is wrong), evaluation.metrics (the baseline), context, records, events,
    handlers.figures (what is watched), handlers.forks, handlers.losses, handlers.ticking
TRACE POINTS: AnomalyHandler.handle() - a record is watched; an ``anomaly`` event is logged
"""

import json
import logging
import os
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

from ote_logging.context import Context, current
from ote_logging.errors import ReadError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.watch import KINDS, STEP_S, AnomalyWatch, Finding, WatchOptions
from ote_logging.events import Event
from ote_logging.handlers.figures import figures_of, may_carry, may_drop
from ote_logging.handlers.forks import renew_in_children
from ote_logging.handlers.losses import Tally
from ote_logging.handlers.ticking import Ticker
from ote_logging.records import context_of, mark

LOGGER: Final = "ote_logging.anomaly"
"""The logger of the ``anomaly`` events."""

# So many wait at most while another thread watches; what comes beyond is skipped and counted.
_MOST_WAITING: Final = 10_000
_DEFAULT: Final = WatchOptions()
_LARGEST: Final = threading.TIMEOUT_MAX

Line = tuple[Mapping[str, Any], float]


class AnomalyHandler(logging.Handler):
    """Watches operations and logs what is wrong with them: WARNING, by the logger ``ote_logging.anomaly``.

    An ``anomaly`` event tells once that something began (``state`` is ``open``) and once that it ended
    (``resolved``), with its ``kind``, operation, value and what is usual; it stands in the session and span
    of the record that showed it. Each operation is compared with its own past, or with ``baseline``.

    Nothing here waits for another thread or raises into the program. What cannot be watched is counted
    (``skipped``). Memory is bounded by ``max_operations``. A forked child watches from the beginning.

    Args:
        level: as of any handler.
        kinds: what to look for, all of ``evaluation.watch.KINDS`` by default.
        slow_s: mean seconds above which an operation is slow, whatever its past.
        error_rate: part of failing calls (0 to 1) above which it is high, whatever the past.
        min_calls: calls that a mean takes.
        learn_calls: calls of an operation before its past says what is usual.
        min_ratio: times by which the median must grow to be a degradation.
        min_growth_bytes: bytes a call by which memory must rise.
        learn_lines: records before a failure that was never told is a new one; none with a baseline.
        sightings: times that it must be told within 1,000 records; once with a baseline.
        bucket_s: seconds in which calls are counted for bursts, and between two looks for silences.
        for_s: seconds, by kind, that an anomaly must last before it is told.
        max_operations: operations that are watched each by itself.
        baseline: a snapshot ``metrics_<session id>.json`` of a run that was well.

    Raises:
        OSError: ``baseline`` cannot be read.
        ReadError: ``baseline`` is no metrics snapshot.
        ValueError: an option has no such value.
    """

    def __init__(
        self,
        level: int | str = logging.NOTSET,
        *,
        kinds: Iterable[str] = KINDS,
        slow_s: float = _DEFAULT.slow_s,
        error_rate: float = _DEFAULT.error_rate,
        min_calls: int = _DEFAULT.min_calls,
        learn_calls: int = _DEFAULT.learn_calls,
        min_ratio: float = _DEFAULT.min_ratio,
        min_growth_bytes: float = _DEFAULT.min_growth_bytes,
        learn_lines: int = _DEFAULT.learn_lines,
        sightings: int = _DEFAULT.sightings,
        bucket_s: float = _DEFAULT.bucket_s,
        for_s: Mapping[str, float] | None = None,
        max_operations: int = _DEFAULT.max_operations,
        baseline: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(level)
        self._may_drop = False
        self.options = WatchOptions(
            kinds=_kinds_of("kinds", kinds),
            slow_s=_above_0("slow_s", slow_s),
            error_rate=_part("error_rate", error_rate),
            min_calls=_whole("min_calls", min_calls),
            learn_calls=_whole("learn_calls", learn_calls),
            min_ratio=_above_0("min_ratio", min_ratio),
            min_growth_bytes=_above_0("min_growth_bytes", min_growth_bytes),
            learn_lines=_whole("learn_lines", learn_lines),
            sightings=_whole("sightings", sightings),
            bucket_s=_above_0("bucket_s", bucket_s),
            for_s=_seconds_by_kind(for_s or {}),
            max_operations=_whole("max_operations", max_operations),
        )
        self._baseline = None if baseline is None else _snapshot_in(Path(baseline))
        self._tally = Tally("anomalies")
        self._ticker = Ticker(self.options.bucket_s, self.look, "ote-anomalies")
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin anew in a forked child."""
        self._watch = AnomalyWatch(self.options, baseline=self._baseline)
        self._seen_s, self._clock_s = time(), time() - monotonic()
        self._watching = threading.Lock()
        self._waiting: deque[Line] = deque()

    @property
    def skipped(self) -> int:
        """Records that could not be watched."""
        return self._tally.stats()["lost"]

    def addFilter(self, filter: Any) -> None:
        """Add a filter."""
        super().addFilter(filter)
        self._may_drop = may_drop(self.filters)

    def removeFilter(self, filter: Any) -> None:
        """Remove a filter."""
        super().removeFilter(filter)
        self._may_drop = may_drop(self.filters)

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and watch ``record``, without waiting for another thread."""
        if record.name == LOGGER:
            return False
        if self._may_drop:
            kept: bool | logging.LogRecord = self.filter(record)
            if kept:
                self.emit(kept if isinstance(kept, logging.LogRecord) else record)
            return bool(kept)
        carries = may_carry(record)
        if carries:
            self.filter(record)
        self._see(record, carries)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Watch ``record``, and log what it shows."""
        if record.name != LOGGER:
            self._see(record, may_carry(record))

    def _see(self, record: logging.LogRecord, carries: bool) -> None:
        try:
            line = figures_of(record) if carries else {"event": "log", "level": record.levelname}
            self._take((line, record.created), context_of(record))
        except Exception as error:  # values of the program are read here
            self._tally.lose(error)

    def look(self) -> None:
        """Let time pass without a record: a silence is seen by nobody else."""
        try:
            self._take(None, current())
        except Exception as error:  # handlers of the program
            self._tally.lose(error)

    def _take(self, line: Line | None, context: Context) -> None:
        """Watch ``line``, or the clock; a line that comes while another is watched is taken along later."""
        if not self._watching.acquire(False):
            self._keep(line)
            return
        try:
            found = [*self._kept(), *self._watched(line)]
        finally:
            self._watching.release()
        # Behind the lock: the events pass through all handlers, this one as well.
        for finding in found:
            _log(finding, context)

    def _keep(self, line: Line | None) -> None:
        if line is None:
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(line)
        else:
            self._tally.lose("watch_busy")

    def _kept(self) -> list[Finding]:
        found: list[Finding] = []
        for _ in range(len(self._waiting)):
            found += self._watched(self._waiting.popleft())
        return found

    def _watched(self, line: Line | None) -> list[Finding]:
        self._ticker.start()
        now_s = time() if line is None else line[1]
        if not -STEP_S < now_s - self._seen_s < STEP_S:
            self._look_at_clock()
        self._seen_s = now_s
        return self._watch.advance(now_s) if line is None else self._watch.add_line(*line)

    def _look_at_clock(self) -> None:
        """Tell a clock that was set, or a machine that slept, from a silence."""
        clock_s = time() - monotonic()
        if abs(clock_s - self._clock_s) > STEP_S:
            self._watch.step(clock_s - self._clock_s)
        self._clock_s = clock_s

    def close(self) -> None:
        """End the thread."""
        self._ticker.stop()
        super().close()


def _log(finding: Finding, context: Context) -> None:
    """Log ``finding`` where the record stood that showed it: behind a queue this thread stands elsewhere."""
    logger = logging.getLogger(LOGGER)
    if logger.isEnabledFor(logging.WARNING):
        event: Any = _event_of(finding)
        record = logger.makeRecord(LOGGER, logging.WARNING, __file__, 0, event, (), None, "anomaly")
        mark(record.__dict__, context)
        logger.handle(record)


def _event_of(finding: Finding) -> Event:
    fields = finding.fields
    event = Event("anomaly", finding.message, **{k: v for k, v in fields.items() if k != "operation"})
    event.keys = {"operation": finding.operation} if finding.operation else {}
    return event


def _snapshot_in(path: Path) -> PerformanceMetrics:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ReadError(f"{path}: no metrics snapshot: {error}") from error
    return PerformanceMetrics.from_dict(found if isinstance(found, dict) else {})


def _kinds_of(option: str, kinds: Iterable[str]) -> frozenset[str]:
    found = frozenset([kinds] if isinstance(kinds, str) else kinds)
    if unknown := found.difference(KINDS):
        met = ", ".join(sorted(map(str, unknown)))
        raise ValueError(f"{option}: there is no kind {met}; there are {', '.join(KINDS)}")
    return found


def _seconds_by_kind(for_s: Mapping[str, float]) -> dict[str, float]:
    _kinds_of("for_s", for_s)
    return {kind: _above_0(f"for_s of {kind}", seconds) for kind, seconds in for_s.items()}


def _above_0(option: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LARGEST:
        raise ValueError(f"{option} is {value!r}; give a number above 0")
    return value


def _part(option: str, value: float) -> float:
    if not _above_0(option, value) < 1:
        raise ValueError(f"{option} is {value!r}; give a part between 0 and 1, such as 0.1")
    return value


def _whole(option: str, value: int) -> int:
    if not isinstance(value, int) or _above_0(option, value) != value:
        raise ValueError(f"{option} is {value!r}; give a whole number above 0")
    return value
