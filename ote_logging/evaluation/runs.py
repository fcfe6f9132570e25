"""Compare two runs of a program, operation by operation, with verdicts that one may act upon.

Both runs come as folds, so snapshots, sessions and sets of them compare alike. Durations are
compared in their log buckets (1 %). A verdict other than ``same`` needs three things: enough calls on
both sides, an effect that matters, and a p value that stands after correction for the number of operations.

LOCATION: ote_logging/evaluation/runs.py
DEPENDENCIES: metrics, operations, failures, statistics
TRACE POINTS: compare_runs() - two folds become verdicts
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from ote_logging.evaluation.failures import Failure
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OperationMetrics
from ote_logging.evaluation.statistics import (
    Interval,
    Sample,
    benjamini_hochberg,
    fisher,
    mann_whitney,
    quantile_ratio,
)

Verdict = Literal["better", "worse", "same", "too few"]

_WORST_FIRST: Final[Sequence[Verdict]] = ("worse", "better", "same", "too few")


@dataclass(frozen=True)
class Thresholds:
    """What a difference must reach before it is called one."""

    min_calls: int = 20
    """Calls of the operation in each run."""
    min_effect: float = 0.05
    """Part by which the medians differ."""
    min_effect_ms: float = 1.0
    """Milliseconds by which the medians differ."""
    min_success_effect: float = 0.01
    """Difference of the success ratios (0 to 1)."""
    alpha: float = 0.01
    """Rate of false discoveries among the operations; p above it is chance.

    With 200 calls a run, a fifth slower is found in 99 of 100 pairs of runs where the times are lognormal
    with sigma 0.3, in 96 with 0.4, in 80 with 0.5; one pair of like runs in 200 has a verdict of worse.
    """
    draws: int = 1_000
    """Draws of the bootstrap interval."""


@dataclass(frozen=True)
class Change:
    """One figure of one operation in both runs; ``ratio`` and ``p`` are None where not asked for."""

    base: float | None
    new: float | None
    verdict: Verdict
    p: float | None = None
    ratio: Interval | None = None


@dataclass(frozen=True)
class OperationChange:
    """What became of one operation: median in milliseconds, success 0 to 1, tokens and dollars a call."""

    operation: str
    calls: tuple[int, int]
    duration: Change
    success: Change
    tokens_per_call: tuple[float | None, float | None]
    cost_usd_per_call: tuple[float | None, float | None]

    @property
    def verdict(self) -> Verdict:
        """Worse if anything is worse, then better, then same."""
        return min((self.duration.verdict, self.success.verdict), key=_WORST_FIRST.index)


@dataclass(frozen=True)
class RunComparison:
    """All that differs between two runs; prints as a table."""

    base: PerformanceMetrics = field(repr=False)
    new: PerformanceMetrics = field(repr=False)
    thresholds: Thresholds
    operations: list[OperationChange]
    """Operations of both runs, worse ones first, then by name."""
    new_operations: list[str]
    vanished_operations: list[str]
    new_errors: list[Failure]
    vanished_errors: list[Failure]
    new_paths: list[str]
    vanished_paths: list[str]

    @property
    def verdict(self) -> Verdict:
        """Worse if any operation is worse, then better, then same; too few if none could be judged."""
        return min((change.verdict for change in self.operations), key=_WORST_FIRST.index, default="too few")

    def worse(self) -> list[OperationChange]:
        """Return the operations that are worse."""
        return [change for change in self.operations if change.verdict == "worse"]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the folds, as JSON values."""
        found = {
            name: value for name, value in vars(self).items() if name not in ("base", "new", "thresholds")
        }
        found["operations"] = [{**asdict(change), "verdict": change.verdict} for change in self.operations]
        for name in ("new_errors", "vanished_errors"):
            found[name] = [failure._asdict() for failure in found[name]]
        return {"verdict": self.verdict, "thresholds": asdict(self.thresholds), **found}

    def rows(self) -> list[list[str]]:
        """Return the table as text, its head first."""
        head = ["operation", "verdict", "calls", "median", "ratio", "95 %", "p", "success", "tokens", "cost"]
        return [head, *map(_row, self.operations)]

    def to_markdown(self) -> str:
        """Return the table and what is new or gone, for a pull request."""
        head, *rows = self.rows()
        lines = [f"**{self.verdict}**", "", _piped(head), _piped(["---"] * len(head)), *map(_piped, rows), ""]
        return "\n".join([*lines, *(f"- {line}" for line in self._news())]).rstrip() + "\n"

    def _news(self) -> list[str]:
        """Return what is new or gone, a line each."""
        kinds: list[tuple[str, Iterable[str]]] = [
            ("new operation", self.new_operations),
            ("vanished operation", self.vanished_operations),
            ("new error", (failure.text for failure in self.new_errors)),
            ("vanished error", (failure.text for failure in self.vanished_errors)),
            ("new path", self.new_paths),
            ("vanished path", self.vanished_paths),
        ]
        return [f"{kind}: {name}" for kind, found in kinds for name in found]

    def __str__(self) -> str:
        return "\n".join([*aligned(self.rows()), *self._news()])


def compare_runs(
    base: PerformanceMetrics, new: PerformanceMetrics, thresholds: Thresholds | None = None
) -> RunComparison:
    """Compare the run ``new`` with the run ``base``."""
    limits = thresholds or Thresholds()
    # Rows without calls only hold what stages charged to an operation that never ended.
    before, after = ({name for name, row in fold.operations.items() if row.calls} for fold in (base, new))
    pairs = {name: (base.operations[name], new.operations[name]) for name in sorted(before & after)}
    return RunComparison(
        base,
        new,
        limits,
        _changes(pairs, limits),
        sorted(after - before),
        sorted(before - after),
        _missing_from(base.failures, new.failures),
        _missing_from(new.failures, base.failures),
        sorted(new.paths.keys() - base.paths.keys()),
        sorted(base.paths.keys() - new.paths.keys()),
    )


def _missing_from(known: Iterable[Failure], found: Iterable[Failure]) -> list[Failure]:
    keys = {failure.key for failure in known}
    return sorted(failure for failure in found if failure.key not in keys)


def _changes(
    pairs: dict[str, tuple[OperationMetrics, OperationMetrics]], limits: Thresholds
) -> list[OperationChange]:
    durations = _judged([_duration(*pair, limits) for pair in pairs.values()], limits, _duration_verdict)
    successes = _judged([_success(*pair, limits) for pair in pairs.values()], limits, _success_verdict)
    found = [
        OperationChange(name, (base.calls, new.calls), duration, success, *_per_call(base, new))
        for (name, (base, new)), duration, success in zip(pairs.items(), durations, successes, strict=True)
    ]
    return sorted(found, key=lambda change: _WORST_FIRST.index(change.verdict))


def _duration(base: OperationMetrics, new: OperationMetrics, limits: Thresholds) -> Change:
    """Return the change of the medians, not judged yet."""
    unjudged = Change(base.quantile_ms(0.5), new.quantile_ms(0.5), "too few")
    if min(base.timed, new.timed) < limits.min_calls:
        return unjudged
    before, after = Sample(base.buckets.weighted()), Sample(new.buckets.weighted())
    ratio = quantile_ratio(before, after, draws=limits.draws)
    return replace(unjudged, verdict="same", p=mann_whitney(before, after).p, ratio=ratio)


def _success(base: OperationMetrics, new: OperationMetrics, limits: Thresholds) -> Change:
    """Return the change of the success ratios, not judged yet."""
    unjudged = Change(base.success_ratio, new.success_ratio, "too few")
    if min(base.calls, new.calls) < limits.min_calls:
        return unjudged
    p = fisher(base.failures, base.calls, new.failures, new.calls)
    return replace(unjudged, verdict="same", p=p)


def _judged(
    changes: list[Change], limits: Thresholds, verdict: Callable[[float, float, Thresholds], Verdict]
) -> list[Change]:
    """Return ``changes`` with p corrected for their number, and with the verdict where p stands."""
    adjusted = iter(benjamini_hochberg([change.p for change in changes if change.p is not None]))
    return [
        change if change.p is None else _judge(replace(change, p=next(adjusted)), limits, verdict)
        for change in changes
    ]


def _judge(
    change: Change, limits: Thresholds, verdict: Callable[[float, float, Thresholds], Verdict]
) -> Change:
    if change.p is None or change.p >= limits.alpha or change.base is None or change.new is None:
        return change
    return replace(change, verdict=verdict(change.base, change.new, limits))


def _duration_verdict(base_ms: float, new_ms: float, limits: Thresholds) -> Verdict:
    least = max(limits.min_effect * base_ms, limits.min_effect_ms)
    if abs(new_ms - base_ms) < least:
        return "same"
    return "worse" if new_ms > base_ms else "better"


def _success_verdict(base: float, new: float, limits: Thresholds) -> Verdict:
    if abs(new - base) < limits.min_success_effect:
        return "same"
    return "worse" if new < base else "better"


def _per_call(
    base: OperationMetrics, new: OperationMetrics
) -> tuple[tuple[float | None, float | None], tuple[float | None, float | None]]:
    return (tokens_per_call(base), tokens_per_call(new)), (cost_per_call(base), cost_per_call(new))


def tokens_per_call(row: OperationMetrics) -> float | None:
    """Return the tokens in and out of a mean call, None where none were recorded."""
    found = [total for name in ("tokens_in", "tokens_out") if (total := row.sums.get(name)) is not None]
    return sum(found) / row.calls if found and row.calls else None


def cost_per_call(row: OperationMetrics) -> float | None:
    """Return the dollars of a mean call, None where none were recorded."""
    cost = row.sums.get("cost_usd")
    return cost / row.calls if cost is not None and row.calls else None


def _row(change: OperationChange) -> list[str]:
    ratio, duration, success = change.duration.ratio, change.duration, change.success
    return [
        change.operation,
        change.verdict,
        _both(change.calls, "d"),
        _both((duration.base, duration.new), ".3g", " ms"),
        "" if ratio is None else f"×{ratio.value:.2f}",
        "" if ratio is None else f"{ratio.low:.2f}–{ratio.high:.2f}",
        "" if duration.p is None else f"{duration.p:.2g}",
        _both((success.base, success.new), ".1%"),
        _both(change.tokens_per_call, ".0f"),
        _both(change.cost_usd_per_call, ".4g", " $"),
    ]


def _both(pair: tuple[float | None, float | None], form: str, unit: str = "") -> str:
    """Return both figures as ``1 → 2 ms``, one where they read the same, nothing where none is known."""
    if pair == (None, None):
        return ""
    base, new = ("?" if value is None else format(value, form) for value in pair)
    return f"{base}{unit}" if base == new else f"{base} → {new}{unit}"


def _piped(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table as lines whose columns begin at the same place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
