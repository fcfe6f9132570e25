"""Compare two runs of a program, operation by operation, with verdicts that one may act upon.

Both runs come as folds, so snapshots, sessions and sets of them compare alike. Durations are
compared in their log buckets (1 %). A verdict other than ``same`` needs three things: enough calls on
both sides, an effect that matters, and a p value that stands after correction for the number of questions.
What is found how often is in docs/evaluation.md.

LOCATION: ote_logging/evaluation/runs.py
DEPENDENCIES: metrics, operations, failures, shifts, statistics
TRACE POINTS: compare_runs() - two folds become verdicts
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

from ote_logging.evaluation.failures import Failure
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OperationMetrics
from ote_logging.evaluation.shifts import shift_of
from ote_logging.evaluation.statistics import (
    Interval,
    Sample,
    benjamini_hochberg,
    fisher,
    least_fisher,
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
    """Part by which calls are longer or shorter (``Change.shift``)."""
    min_effect_ms: float = 1.0
    """Milliseconds that it makes in a mean call."""
    min_success_effect: float = 0.01
    """Difference of the success ratios (0 to 1)."""
    alpha: float = 0.016
    """Rate of false discoveries among the verdicts, half of them worse; p above it is chance.

    So fewer than one in a hundred pairs of runs of one program have a verdict of worse, however many its
    operations.
    """
    draws: int = 400
    """Draws of the bootstrap interval."""


@dataclass(frozen=True)
class Change:
    """One figure of one operation in both runs; what is None was not asked, or there are too few calls."""

    base: float | None
    new: float | None
    verdict: Verdict
    p: float | None = None
    """Chance that equal runs differ as much, corrected for the number of questions."""
    shift: Interval | None = None
    """How many times longer a call is (Hodges-Lehmann); what the verdict rests on."""
    ratio: Interval | None = None
    """New median to base median, with the interval of a bootstrap: wide where there are two peaks."""
    longer: float | None = None
    """How often a call of the new run is longer than one of the base run (Mann-Whitney; 0.5 is neither)."""


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
    """Operations of both runs, worse ones first, among equals the least likely to be chance."""
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
        head = ["operation", "verdict", "calls", "median", "shift", "95 %", "p", "success", "tokens", "cost"]
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


class _Asked(NamedTuple):
    """A change with the verdict that it has if it is no chance."""

    change: Change
    is_open: bool
    """Whether p can be below alpha at all: three failures in both runs together never tell a difference."""


def _changes(
    pairs: dict[str, tuple[OperationMetrics, OperationMetrics]], limits: Thresholds
) -> list[OperationChange]:
    asked = [ask(*pair, limits) for ask in (_duration, _success) for pair in pairs.values()]
    answered = _answered(asked, limits.alpha)
    found = [
        OperationChange(name, (base.calls, new.calls), duration, success, *_per_call(base, new))
        for (name, (base, new)), duration, success in zip(
            pairs.items(), answered[: len(pairs)], answered[len(pairs) :], strict=True
        )
    ]
    return sorted(found, key=_place)


def _place(change: OperationChange) -> tuple[int, float]:
    ps = [figure.p for figure in (change.duration, change.success) if figure.p is not None]
    return _WORST_FIRST.index(change.verdict), min(ps, default=1.0)


def _duration(base: OperationMetrics, new: OperationMetrics, limits: Thresholds) -> _Asked:
    """Ask whether calls are longer or shorter."""
    medians = base.quantile_ms(0.5), new.quantile_ms(0.5)
    if min(base.timed, new.timed) < limits.min_calls:
        return _Asked(Change(*medians, "too few"), False)
    before, after = Sample(base.buckets.weighted()), Sample(new.buckets.weighted())
    shift, p = shift_of(before, after)
    verdict = _duration_verdict(shift.value, base.mean_ms or 0.0, limits)
    ratio = quantile_ratio(before, after, draws=limits.draws)
    return _Asked(Change(*medians, verdict, p, shift, ratio, mann_whitney(before, after).larger), True)


def _success(base: OperationMetrics, new: OperationMetrics, limits: Thresholds) -> _Asked:
    """Ask whether more calls fail, or fewer."""
    ratios = base.success_ratio, new.success_ratio
    if min(base.calls, new.calls) < limits.min_calls:
        return _Asked(Change(*ratios, "too few"), False)
    p = fisher(base.failures, base.calls, new.failures, new.calls)
    verdict = _success_verdict(ratios[0] or 0.0, ratios[1] or 0.0, limits)
    least = least_fisher(base.failures + new.failures, base.calls, new.calls)
    return _Asked(Change(*ratios, verdict, p), least < limits.alpha)


def _answered(asked: Sequence[_Asked], alpha: float) -> list[Change]:
    """Return the changes with p corrected for the number of open questions, and ``same`` where it is chance.

    What was never open does not count among the questions (Tarone), so that operations which hardly ever
    fail do not make those that are slower harder to find.
    """
    adjusted = iter(benjamini_hochberg([change.p or 0.0 for change, is_open in asked if is_open]))
    corrected = (replace(change, p=next(adjusted)) if is_open else change for change, is_open in asked)
    return [
        change if change.p is None or change.p < alpha else replace(change, verdict="same")
        for change in corrected
    ]


def _duration_verdict(shift: float, mean_ms: float, limits: Thresholds) -> Verdict:
    effect = max(shift, 1 / shift) - 1
    if effect < limits.min_effect or abs(shift - 1) * mean_ms < limits.min_effect_ms:
        return "same"
    return "worse" if shift > 1 else "better"


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
    shift, duration, success = change.duration.shift, change.duration, change.success
    return [
        change.operation,
        change.verdict,
        _both(change.calls, "d"),
        _both((duration.base, duration.new), ".3g", " ms"),
        "" if shift is None else f"×{shift.value:.2f}",
        "" if shift is None else f"{shift.low:.2f}–{shift.high:.2f}",
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
