"""Read ``--fail-on`` conditions and say which of them a comparison of two runs meets.

Forms, each optionally for one operation or pattern (``save*:p95>+10%``)::

    p95>+10%   mean>+20%   tokens>+5%   cost>+5%     grown by more than that part of the base run
    p95>200ms  p50>1.5s    cost>0.01    tokens>5000  above that in the new run, whatever the base
    success<99%   success<-2%                        below that; fallen by more than 2 points
    worse  new-errors  vanished-errors  new-operations  vanished-operations  new-paths  vanished-paths

A quantile has grown only if its bootstrap interval says so too; an operation with fewer calls than
``Thresholds.min_calls`` in a run that is looked at meets no condition on figures, and ``unjudged`` tells.

LOCATION: ote_logging/evaluation/conditions.py
DEPENDENCIES: durations, errors, operations, runs, statistics
TRACE POINTS: breaches() - a condition is met
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from ote_logging.durations import duration_text
from ote_logging.errors import ConfigError
from ote_logging.evaluation.operations import OperationMetrics
from ote_logging.evaluation.runs import RunComparison, Thresholds, cost_per_call, tokens_per_call
from ote_logging.evaluation.statistics import Sample, quantile_ratio

_FIGURES: Final[Mapping[str, Callable[[OperationMetrics], float | None]]] = {
    "p50": lambda row: row.quantile_ms(0.50),
    "p90": lambda row: row.quantile_ms(0.90),
    "p95": lambda row: row.quantile_ms(0.95),
    "p99": lambda row: row.quantile_ms(0.99),
    "mean": lambda row: row.mean_ms,
    "max": lambda row: row.max_ms,
    "success": lambda row: row.success_ratio,
    "tokens": tokens_per_call,
    "cost": cost_per_call,
}
_TIMES: Final = frozenset({"p50", "p90", "p95", "p99", "mean", "max"})
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0}

_WORDS: Final[Mapping[str, Callable[[RunComparison], Iterable[str]]]] = {
    "worse": lambda found: (change.operation for change in found.worse()),
    "new-errors": lambda found: (failure.text for failure in found.new_errors),
    "vanished-errors": lambda found: (failure.text for failure in found.vanished_errors),
    "new-operations": lambda found: found.new_operations,
    "vanished-operations": lambda found: found.vanished_operations,
    "new-paths": lambda found: found.new_paths,
    "vanished-paths": lambda found: found.vanished_paths,
}

_FORM: Final = re.compile(
    r"(?:(?P<operations>.+):)?(?P<figure>[a-z0-9]+)(?P<sign>[<>])(?P<change>[+-]?)(?P<number>\d+(?:\.\d+)?)"
    r"(?P<unit>%|us|ms|s|min)?"
)


@dataclass(frozen=True)
class Breach:
    """A condition that was met: where, and what was met; prints as one line."""

    condition: str
    subject: str
    met: str = ""

    def __str__(self) -> str:
        return f"{self.condition}: {self.subject}" + (f": {self.met}" if self.met else "")


@dataclass(frozen=True)
class Condition:
    """One condition on a figure; ``limit`` in milliseconds, dollars, tokens, or as a part (0.1 is 10 %)."""

    text: str
    operations: str
    figure: str
    above: bool
    relative: bool
    limit: float

    def __str__(self) -> str:
        return self.text

    def breach(
        self, name: str, base: OperationMetrics | None, new: OperationMetrics, least: int
    ) -> Breach | None:
        """Return the breach by the operation ``name``, None where there is none or too few calls to tell."""
        if not self.concerns(name) or not self.can_judge(base, new, least):
            return None
        after, before = self._of(new), None if base is None else self._of(base)
        if after is None or not self._is_met(before, after, base, new):
            return None
        met = self._shown(after)
        return Breach(self.text, name, f"{self._shown(before)} → {met}" if self.relative else met)

    def concerns(self, name: str) -> bool:
        """Tell whether the condition is on the operation ``name``."""
        return fnmatchcase(name, self.operations)

    def can_judge(self, base: OperationMetrics | None, new: OperationMetrics, least: int) -> bool:
        """Tell whether there are calls enough in each run that is looked at."""
        judged = [new] if base is None or not self.relative else [base, new]
        return min(row.calls for row in judged) >= least

    def _of(self, row: OperationMetrics) -> float | None:
        return _FIGURES[self.figure](row)

    def _shown(self, value: float | None) -> str:
        """Return a figure in its unit."""
        if value is None:
            return "?"
        if self.figure in _TIMES:
            return duration_text(value)
        if self.figure == "success":
            return f"{value * 100:.4g} %"
        return f"${value:.4g}" if self.figure == "cost" else f"{value:.4g}"

    def _is_met(
        self, before: float | None, after: float, base: OperationMetrics | None, new: OperationMetrics
    ) -> bool:
        if not self.relative:
            return after > self.limit if self.above else after < self.limit
        if before is None or base is None:
            return False
        # The success ratio is a part itself: its change is told in points.
        bound = before + self.limit if self.figure == "success" else before * (1 + self.limit)
        return (after > bound if self.above else after < bound) and self._is_sure(base, new)

    def _is_sure(self, base: OperationMetrics, new: OperationMetrics) -> bool:
        if not self.figure.startswith("p"):
            return True
        before, after = Sample(base.buckets.weighted()), Sample(new.buckets.weighted())
        found = quantile_ratio(before, after, int(self.figure[1:]) / 100)
        return found.low > 1 if self.above else found.high < 1


def parse(conditions: Iterable[str]) -> list[Condition | str]:
    """Return the conditions, those on figures as ``Condition``, the words as they are.

    Raises:
        ConfigError: with every condition that is none.
    """
    found, problems = [], []
    for text in conditions:
        try:
            found.append(text if text in _WORDS else _condition(text.replace(" ", "")))
        except ValueError as error:
            problems.append(f"--fail-on {text!r}: {error}")
    if problems:
        raise ConfigError(problems)
    return found


def _condition(text: str) -> Condition:
    form = _FORM.fullmatch(text)
    if form is None or form["figure"] not in _FIGURES:
        raise ValueError(f"expected p95>+10%, success<99% or the like, or one of: {', '.join(_WORDS)}")
    figure, unit, change = form["figure"], form["unit"], form["change"]
    if problem := _problem(figure, unit, change):
        raise ValueError(problem)
    scale = 0.01 if unit == "%" else _UNITS.get(unit, 1.0)
    limit = float(change + form["number"]) * scale
    return Condition(text, form["operations"] or "*", figure, form["sign"] == ">", bool(change), limit)


def _problem(figure: str, unit: str | None, change: str) -> str | None:
    """Return what is wrong with the unit of a condition, None where nothing is."""
    if change:
        return None if unit == "%" else "a change is told in per cent: +10%"
    if figure == "success":
        return None if unit == "%" else "success is in per cent: success<99%"
    if unit == "%":
        return "per cent of what? +10% is more than the base run, 200ms is a time"
    if figure in _TIMES:
        return None if unit else f"a time has a unit, us, ms, s or min: {figure}>200ms"
    return f"{figure} has no unit: {figure}>100" if unit else None


def breaches(
    comparison: RunComparison, conditions: Iterable[str], thresholds: Thresholds | None = None
) -> list[Breach]:
    """Return every breach of ``conditions``, in their order; empty means that all is well.

    Raises:
        ConfigError: with every condition that is none.
    """
    least = (thresholds or comparison.thresholds).min_calls
    return [breach for condition in parse(conditions) for breach in _breaches(comparison, condition, least)]


def unjudged(comparison: RunComparison, conditions: Iterable[str]) -> list[str]:
    """Return the conditions on figures that nothing could be asked about, each with the reason.

    What nobody meets since there is nobody, or too few calls, must not pass for what holds.

    Raises:
        ConfigError: with every condition that is none.
    """
    found = ((condition, _reason(comparison, condition)) for condition in parse(conditions))
    return [f"{condition}: {reason}" for condition, reason in found if reason]


def _reason(comparison: RunComparison, condition: Condition | str) -> str:
    """Return why a condition could not be asked about some operation, empty where it could about all."""
    if isinstance(condition, str):
        return ""
    base, new = comparison.base.operations, comparison.new.operations
    least = comparison.thresholds.min_calls
    asked = {name: row for name, row in new.items() if row.calls and condition.concerns(name)}
    if not asked:
        return f"no operation of the new run is called {condition.operations}"
    few = [name for name, row in asked.items() if not condition.can_judge(base.get(name), row, least)]
    return f"fewer than {least} calls of {', '.join(sorted(few))}" if few else ""


def _breaches(comparison: RunComparison, condition: Condition | str, least: int) -> Iterable[Breach]:
    if isinstance(condition, str):
        return (Breach(condition, subject) for subject in _WORDS[condition](comparison))
    base = comparison.base.operations
    found = (
        condition.breach(name, base.get(name), row, least) for name, row in comparison.new.operations.items()
    )
    return (breach for breach in found if breach is not None)
