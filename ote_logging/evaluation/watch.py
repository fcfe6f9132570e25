"""Watch lines go by, live or afterwards, and tell what is wrong once when it begins and once when it ends.

    watch = AnomalyWatch(WatchOptions(), baseline=fold_of_a_good_run)
    for entry in entries:
        for finding in watch.add_line(entry.wire):
            print(finding.message)

Each operation is compared with its own past, or with the baseline where that has calls enough. A
live caller that wants silences told while they last calls ``advance(now_s)`` now and then. Lines may come
some seconds late; time that goes back by more than a minute is a clock that was set, or the next session.

LOCATION: ote_logging/evaluation/watch.py
DEPENDENCIES: alarms, steps, failures, metrics, operations
TRACE POINTS: AnomalyWatch.add_line() - a line gives findings
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from ote_logging.evaluation.alarms import (
    GrowthAlarm,
    LearntRateAlarm,
    MeanAlarm,
    RateAlarm,
    SlowerAlarm,
    TrafficAlarm,
)
from ote_logging.evaluation.failures import Failure, failure_of
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OTHER, OperationMetrics
from ote_logging.evaluation.steps import Changed, OpenRuns, PathAlarm
from ote_logging.schema import STAGES

Kind = Literal[
    "slow_operation", "high_error_rate", "degradation", "increased_error_rate", "memory_growth", "new_error",
    "missing_step", "unusual_path", "burst", "silence",
]  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = (
    "slow_operation", "high_error_rate", "degradation", "increased_error_rate", "memory_growth", "new_error",
    "missing_step", "unusual_path", "burst", "silence",
)  # fmt: skip
"""What a watch can find."""

SESSION: Final = "session"
"""The subject of a burst or silence of the whole program."""

_ENDS: Final = STAGES | {"span_end", "evaluation"}
_FAILED_LEVELS: Final = ("ERROR", "CRITICAL")
_MOST_ERRORS: Final = 1_000

STEP_S: Final = 60.0
"""Seconds by which a time is another clock's, not that of a line that came late."""


@dataclass(frozen=True)
class WatchOptions:
    """Thresholds of a watch."""

    kinds: frozenset[str] = frozenset(KINDS)
    """The kinds that are told."""
    slow_s: float = 5.0
    """Mean seconds above which an operation is slow, whatever its past."""
    error_rate: float = 0.10
    """Part of failing calls above which it is high, whatever the past."""
    min_calls: int = 20
    """Calls that a mean takes."""
    learn_calls: int = 300
    """Calls of an operation, or of a baseline, before its past says what is usual."""
    min_ratio: float = 1.2
    """Times by which the median must grow to be a degradation."""
    min_growth_bytes: float = 1024.0
    """Bytes a call by which memory must rise, with certainty."""
    learn_lines: int = 10_000
    """Lines before a failure that was never told is a new one; none with a baseline."""
    sightings: int = 3
    """Times that it must be told within 1,000 lines; once with a baseline."""
    bucket_s: float = 10.0
    """Seconds in which calls are counted for bursts."""
    for_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds, by kind, that an anomaly must last before it is told."""
    max_operations: int = 2_000
    """Operations that are watched each by itself; what comes beyond is watched as one."""


@dataclass(frozen=True)
class Finding:
    """An anomaly that began (``open``) or ended (``resolved``); times are seconds since the epoch."""

    kind: str
    operation: str
    state: Literal["open", "resolved"]
    since_s: float
    at_s: float
    value: float
    usual: float
    message: str
    subject: str = ""
    """The step, path or failure, for the kinds that have one."""

    @property
    def fields(self) -> dict[str, Any]:
        """Everything but the message, for an ``anomaly`` event."""
        return {name: value for name, value in asdict(self).items() if name != "message"}


@dataclass
class _Episode:
    """An anomaly that lasts: told once it has lasted long enough."""

    finding: Finding
    began_s: float
    """As ``Finding.since_s``, but moved along where the clock was set."""
    is_told: bool = False


class _Operation:
    """The alarms of one operation."""

    __slots__ = ("errors", "growth", "has_ends", "high", "paths", "slow", "slower", "traffic")

    def __init__(self, options: WatchOptions, baseline: OperationMetrics | None) -> None:
        known = baseline or OperationMetrics()
        self.has_ends = False
        self.slow = MeanAlarm(options.slow_s * 1000, options.min_calls)
        self.high = RateAlarm(options.error_rate, min(2.5 * options.error_rate, (1 + options.error_rate) / 2))
        self.slower = SlowerAlarm(options.learn_calls, options.min_ratio, known.buckets)
        self.errors = LearntRateAlarm(options.learn_calls, known.failures, known.calls)
        self.growth: GrowthAlarm | None = None
        self.paths = PathAlarm(options.learn_calls)
        self.traffic = TrafficAlarm(options.bucket_s)


class AnomalyWatch:
    """Takes lines in the order of their times and returns findings; not locked, bounded in memory."""

    def __init__(
        self, options: WatchOptions | None = None, *, baseline: PerformanceMetrics | None = None
    ) -> None:
        """Start with no past, or with that of ``baseline``: the fold of a run that was well."""
        self.options = options or WatchOptions()
        self._baseline = baseline
        self._operations: dict[str, _Operation] = {}
        self._session = TrafficAlarm(self.options.bucket_s)
        self._runs = OpenRuns()
        self._episodes: dict[tuple[str, str, str], _Episode] = {}
        self._errors = _NewErrors(self.options, baseline)
        self._now_s = 0.0
        self._tick_s = 0.0

    def add_line(self, wire: Mapping[str, Any], at_s: float | None = None) -> list[Finding]:
        """Take a line; ``at_s`` is its time in seconds, read from ``timestamp`` where not given."""
        found: list[Finding] = []
        now_s = _time_of(wire) if at_s is None else at_s
        if now_s is not None:
            if now_s < self._now_s - STEP_S:
                self.step(now_s - self._now_s)
            if now_s > self._now_s:
                self._now_s = now_s
                found += self.advance(now_s)
        event = wire.get("event")
        if isinstance(event, str) and event in _ENDS:
            found += self._end(event, wire)
        elif event == "trace_point":
            self._runs.add_point(wire)
        if wire.get("status") == "error" or wire.get("level") in _FAILED_LEVELS:
            found += self._failed(wire)
        self._errors.lines += 1
        return found

    def advance(self, now_s: float) -> list[Finding]:
        """Let time pass without a line; looks for bursts, silences and what has lasted, once a second."""
        if now_s < self._tick_s:
            return []
        self._tick_s = now_s + min(1.0, self.options.bucket_s)
        self._now_s = max(self._now_s, now_s)
        found = list(self._traffic(SESSION, self._session))
        for name, operation in self._operations.items():
            found += self._traffic(name, operation.traffic)
        return [*found, *self._lasted()]

    def step(self, by_s: float) -> None:
        """Take it that the clock was set by so many seconds: what lies behind is as long ago as before."""
        self._now_s += by_s
        self._tick_s += by_s
        for traffic in (self._session, *(operation.traffic for operation in self._operations.values())):
            traffic.step(by_s)
        for episode in self._episodes.values():
            episode.began_s += by_s

    @property
    def open(self) -> list[Finding]:
        """The anomalies that were told and last."""
        return [episode.finding for episode in self._episodes.values() if episode.is_told]

    def _end(self, event: str, wire: Mapping[str, Any]) -> Iterator[Finding]:
        """Give the end of a call to the alarms of its operation."""
        is_stage = event in STAGES
        name, operation = self._operation(event if is_stage else str(wire.get("operation")))
        if event == "evaluation" and operation.has_ends:
            return  # the same call again
        operation.has_ends |= event == "span_end"
        yield from self._called(name, operation)
        failed = wire.get("status") == "error"
        yield from self._outcome(name, operation, failed)
        duration, growth = _number(wire.get("duration_ms")), _number(wire.get("memory_growth_bytes"))
        if duration is not None:
            yield from self._duration(name, operation, duration)
        if growth is not None:
            yield from self._growth(name, operation, growth)
        if not is_stage:
            yield from self._path(name, operation, self._runs.end(wire), failed)

    def _operation(self, name: str) -> tuple[str, _Operation]:
        found = self._operations.get(name)
        if found is not None:
            return name, found
        if len(self._operations) >= self.options.max_operations:
            name = OTHER
            if (found := self._operations.get(name)) is not None:
                return name, found
        known = None if self._baseline is None else self._baseline.operations.get(name)
        self._operations[name] = found = _Operation(self.options, known)
        return name, found

    def _called(self, name: str, operation: _Operation) -> Iterator[Finding]:
        for subject, traffic in ((name, operation.traffic), (SESSION, self._session)):
            if traffic.add(self._now_s):
                yield from self._change("silence", subject, False, 0, 0, f"{subject} is called again")

    def _outcome(self, name: str, operation: _Operation, failed: bool) -> Iterator[Finding]:
        high, errors, limit = operation.high, operation.errors, self.options.error_rate
        if high.add(failed):
            text = f"⚠️  HIGH ERROR RATE in {name}: {high.rate:.1%} (threshold: {limit * 100:g}%)"
            yield from self._change("high_error_rate", name, high.is_on, high.rate, limit, text)
        if errors.add(failed):
            text = f"⚠️  INCREASED ERROR RATE in {name}: {errors.rate:.1%}, usually {errors.usual:.1%}"
            yield from self._change(
                "increased_error_rate", name, errors.is_on, errors.rate, errors.usual, text
            )

    def _duration(self, name: str, operation: _Operation, ms: float) -> Iterator[Finding]:
        slow, slower, limit = operation.slow, operation.slower, self.options.slow_s
        if slow.add(ms):
            text = f"🐌 SLOW OPERATION {name}: {slow.mean / 1000:.2f}s (threshold: {limit:g}s)"
            yield from self._change("slow_operation", name, slow.is_on, slow.mean, slow.limit, text)
        if slower.add(ms):
            now, usual = slower.median_ms, slower.usual_ms
            text = f"🐌 SUDDEN DEGRADATION in {name}: median {now:.3g} ms, usually {usual:.3g} ms"
            yield from self._change("degradation", name, slower.is_on, now, usual, text)

    def _growth(self, name: str, operation: _Operation, growth: float) -> Iterator[Finding]:
        if operation.growth is None:
            operation.growth = GrowthAlarm(self.options.learn_calls, self.options.min_growth_bytes)
        alarm = operation.growth
        if alarm.add(growth):
            slope = alarm.slope.value
            text = f"⚠️  MEMORY GROWS with calls of {name}: {slope / 1024:.1f} KiB a call"
            yield from self._change("memory_growth", name, alarm.is_on, slope, 0, text)

    def _path(
        self, name: str, operation: _Operation, path: tuple[str, ...], failed: bool
    ) -> Iterator[Finding]:
        # A run that failed ends early: the steps it lacks are the failure's, and told as such.
        for changed in () if failed else operation.paths.add(path):
            text = _TEXTS[changed.kind](name, changed)
            yield from self._change(
                changed.kind, name, changed.is_on, changed.rate, changed.usual, text, changed.subject
            )

    def _failed(self, wire: Mapping[str, Any]) -> Iterator[Finding]:
        failure = failure_of(wire)
        if self._errors.add(failure):
            name = str(wire.get("operation", ""))
            text = f"⚠️  NEW ERROR in {name}: {failure.text}" if name else f"⚠️  NEW ERROR: {failure.text}"
            yield self._finding("new_error", name, self._now_s, 1, 0, text, failure.key)

    def _traffic(self, name: str, traffic: TrafficAlarm) -> Iterator[Finding]:
        if traffic.burst_changed(self._now_s):
            count, usual, span = traffic.last_count, traffic.usual, self.options.bucket_s
            text = f"⚠️  BURST of {name}: {count} calls in {span:g} s, usually {usual:g}"
            yield from self._change("burst", name, traffic.burst, count, usual, text)
        if traffic.silence_began(self._now_s):
            text = f"⚠️  SILENCE of {name}: no call for {traffic.silent_s:.0f} s"
            yield from self._change("silence", name, True, traffic.silent_s, 0, text)

    def _change(
        self, kind: str, name: str, is_on: bool, value: float, usual: float, text: str, subject: str = ""
    ) -> Iterator[Finding]:
        """Begin or end an episode; yield what is to be told of it now."""
        if kind not in self.options.kinds:
            return
        key = kind, name, "" if kind == "unusual_path" else subject
        if is_on:
            finding = self._finding(kind, name, self._now_s, value, usual, text, subject)
            self._episodes[key] = _Episode(finding, self._now_s)
            yield from self._lasted(key)
        elif (episode := self._episodes.pop(key, None)) is not None and episode.is_told:
            yield self._resolved(episode, value)

    def _lasted(self, *keys: tuple[str, str, str]) -> Iterator[Finding]:
        """Yield the episodes that have lasted long enough by now and are not told yet."""
        for key in keys or tuple(self._episodes):
            episode = self._episodes[key]
            least_s = self.options.for_s.get(episode.finding.kind, 0.0)
            if not episode.is_told and self._now_s - episode.began_s >= least_s:
                episode.is_told = True
                yield episode.finding

    def _finding(
        self, kind: str, name: str, since_s: float, value: float, usual: float, text: str, subject: str
    ) -> Finding:
        return Finding(kind, name, "open", since_s, self._now_s, value, usual, text, subject)

    def _resolved(self, episode: _Episode, value: float) -> Finding:
        finding, lasted = episode.finding, self._now_s - episode.began_s
        text = f"✅ RESOLVED after {lasted:.0f} s: {finding.message}"
        return replace(finding, state="resolved", at_s=self._now_s, value=value, message=text)


class _NewErrors:
    """Knows which failures were told before."""

    _WITHIN: Final = 1_000

    def __init__(self, options: WatchOptions, baseline: PerformanceMetrics | None) -> None:
        self.lines = 0
        self._known: set[str] = set()
        self._learn_lines, self._sightings = options.learn_lines, options.sightings
        if baseline is not None:
            self._learn_lines, self._sightings = 0, 1
            self._known.update(name for failure in baseline.failures for name in (failure.key, failure.text))
        self._is_told = "new_error" in options.kinds
        self._seen: dict[str, list[int]] = {}

    def add(self, failure: Failure) -> bool:
        """Take a failure; tell whether it is to be told as new."""
        # An outer span repeats by type and message what the innermost one told by fingerprint.
        if failure.key in self._known or failure.text in self._known:
            return False
        if self.lines < self._learn_lines:
            self._know(failure)
            return False
        return self._is_told and self._is_frequent(failure)

    def _is_frequent(self, failure: Failure) -> bool:
        seen = self._seen.pop(failure.text, [])[-(self._sightings - 1) :] if self._sightings > 1 else []
        seen.append(self.lines)
        if len(seen) >= self._sightings and self.lines - seen[0] < self._WITHIN:
            self._know(failure)
            return True
        if len(self._seen) >= _MOST_ERRORS:
            del self._seen[next(iter(self._seen))]
        self._seen[failure.text] = seen
        return False

    def _know(self, failure: Failure) -> None:
        if len(self._known) < 2 * _MOST_ERRORS:
            self._known |= {failure.key, failure.text}


_TEXTS: Final[Mapping[str, Callable[[str, Changed], str]]] = {
    "missing_step": lambda name, found: (
        f"⚠️  MISSING STEP {found.subject} in {name}: absent from {found.rate:.0%} of the last runs"
    ),
    "unusual_path": lambda name, found: f"⚠️  UNUSUAL PATH of {name}: {found.subject}",
}


def _number(value: object) -> float | None:
    """Return ``value`` where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e300 < value < 1e300:
        return None
    return value


def _time_of(wire: Mapping[str, Any]) -> float | None:
    try:
        return datetime.fromisoformat(wire["timestamp"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
