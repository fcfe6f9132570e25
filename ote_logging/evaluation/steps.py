"""Collect the steps of each run of an operation: its trace points and the operations below it.

LOCATION: ote_logging/evaluation/steps.py
DEPENDENCIES: alarms, statistics
TRACE POINTS: none
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ote_logging.evaluation.alarms import CAUTION, LearntRateAlarm, RateAlarm
from ote_logging.evaluation.statistics import wilson

_MOST_RUNS: Final = 1_000
_MOST_STEPS: Final = 64
_MOST_PATHS: Final = 200
_USUAL: Final = 0.95
_ALARMING: Final = 0.3

Path = tuple[str, ...]


class OpenRuns:
    """The steps of the runs that have not ended; of more than 1,000 the oldest are given up."""

    def __init__(self) -> None:
        """Start without runs."""
        self._steps: dict[object, list[str]] = {}

    def add_point(self, wire: Mapping[str, Any]) -> None:
        """Take the last step of a trace point into the run in which it stands."""
        path = wire.get("path")
        if isinstance(path, list) and path:
            self._add(_run_of(wire, wire.get("operation", path[0])), str(path[-1]))

    def end(self, wire: Mapping[str, Any]) -> Path:
        """Return the steps of the run that ends with ``wire``, itself a step of the run around it.

        A step that repeats at once is one: a loop of ten and one of twelve go the same path.
        """
        operation = wire.get("operation")
        if (parent := wire.get("parent_id")) is not None:
            self._add(str(parent), str(operation))
        return tuple(self._steps.pop(_run_of(wire, operation), ()))

    def _add(self, run: object, step: str) -> None:
        steps = self._steps.get(run)
        if steps is None:
            if len(self._steps) >= _MOST_RUNS:
                del self._steps[next(iter(self._steps))]
            steps = self._steps[run] = []
        if len(steps) < _MOST_STEPS and (not steps or steps[-1] != step):
            steps.append(step)


def _run_of(wire: Mapping[str, Any], operation: object) -> object:
    """Return what tells one run from another: its span, or in old programs process, thread and name."""
    span = wire.get("span_id")
    return str(span) if span is not None else (str(wire.get("pid")), str(wire.get("thread")), str(operation))


class Changed(NamedTuple):
    """An alarm about steps that went on or off; ``subject`` is the missing step or the unusual path."""

    kind: str
    subject: str
    is_on: bool
    rate: float
    usual: float


class PathAlarm:
    """On while runs that succeed leave out a step that is usual, or go paths that are not known."""

    __slots__ = ("_known", "_learn", "_missing", "_n", "_paths", "_present", "_unknown", "_unusual")

    def __init__(self, learn: int) -> None:
        """Learn from ``learn`` runs what is usual."""
        self._learn, self._n = learn, 0
        self._paths: Counter[Path] = Counter()
        self._present: Counter[str] = Counter()
        self._known: frozenset[Path] = frozenset()
        self._missing: dict[str, RateAlarm] = {}
        self._unusual: LearntRateAlarm | None = None
        self._unknown: Path = ()

    def add(self, path: Path) -> list[Changed]:
        """Take the path of a run that succeeded; return the alarms that went on or off."""
        if self._n < self._learn:
            self._learns(path)
            return []
        return [*self._missing_steps(path), *self._unusual_path(path)]

    def _learns(self, path: Path) -> None:
        self._n += 1
        self._paths[path] += 1
        self._present.update(set(path))
        if self._n == self._learn:
            self._learnt()

    def _learnt(self) -> None:
        for step, times in self._present.items():
            if times >= _USUAL * self._n:
                usual = max(wilson(self._n - times, self._n, CAUTION).high, 0.002)
                self._missing[step] = RateAlarm(usual, max(_ALARMING, 3 * usual))
        singles = sum(times == 1 for times in self._paths.values())
        # Good and Turing: paths met once tell how often a path is met that is new.
        if len(self._paths) <= _MOST_PATHS:
            self._unusual = LearntRateAlarm(self._learn, singles, self._n)
        self._known = frozenset(self._paths)

    def _missing_steps(self, path: Path) -> list[Changed]:
        changed = ((step, alarm) for step, alarm in self._missing.items() if alarm.add(step not in path))
        return [
            Changed("missing_step", step, alarm.is_on, alarm.rate, alarm.usual) for step, alarm in changed
        ]

    def _unusual_path(self, path: Path) -> list[Changed]:
        if not self._missing.keys() <= set(path):
            return []  # told as a missing step
        is_new = path not in self._known
        self._unknown = path if is_new else self._unknown
        alarm = self._unusual
        if alarm is None or not alarm.add(is_new):
            return []
        return [Changed("unusual_path", " -> ".join(self._unknown), alarm.is_on, alarm.rate, alarm.usual)]
