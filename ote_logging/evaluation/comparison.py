"""Compare implementations of one thing over test cases: fairly, and with the certainty of each verdict.

Trials of all implementations alternate, so that a machine that becomes slow is slow for all, and are
judged in pairs of the same test case; p is corrected for the number of questions that are asked. Failing is
a result. Every trial runs inside ``observer``, which
the package's front sets to ``span``: a comparison is then a trace too.

LOCATION: ote_logging/evaluation/comparison.py
DEPENDENCIES: trials, attempts, statistics, runs (table), errors; pandas, only for to_dataframe()
TRACE POINTS: ComparisonFramework.compare() - one observed trial after the other
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from math import isfinite
from typing import Any, Final, Literal, NamedTuple, TypeGuard

from ote_logging.errors import MissingExtraError
from ote_logging.evaluation.attempts import Observer, unobserved
from ote_logging.evaluation.runs import aligned
from ote_logging.evaluation.statistics import (
    Interval,
    Sample,
    benjamini_hochberg,
    median,
    quantile_ratio,
    sign_test,
)
from ote_logging.evaluation.trials import Trial, Trials

Aspect = Literal["duration", "success", "score", "memory", "tokens", "cost"]

_ALPHA: Final = 0.05
# What takes no time and costs nothing has a ratio all the same.
_LEAST: Final = 1e-9


@dataclass(frozen=True)
class Summary:
    """One implementation over all its trials; None where nothing succeeded, was scored or was measured."""

    implementation: str
    trials: int
    successes: int
    median_s: float | None
    """Seconds, of those that succeeded."""
    mean_score: float | None
    peak_memory_bytes: int | None
    mean_tokens: float | None
    """Tokens in and out of a trial that succeeded."""
    mean_cost_usd: float | None


@dataclass(frozen=True)
class Verdict:
    """Who of two is better at what; ``better`` is None where that is not certain, ``note`` says why.

    ``ratio`` is that of the second to the first, of what should be little.
    """

    aspect: Aspect
    first: str
    second: str
    better: str | None
    pairs: int
    p: float
    ratio: Interval | None
    note: str

    def __str__(self) -> str:
        return self.note


class Comparison:
    """The trials of a comparison; prints as a table with verdicts."""

    def __init__(self, trials: Sequence[Trial], *, min_pairs: int) -> None:
        """Judge ``trials``; pairs fewer than ``min_pairs`` are too few."""
        self.trials = tuple(trials)
        self.summaries = [_summary(name, own) for name, own in _by_implementation(trials).items()]
        self.verdicts = _verdicts(trials, min_pairs)

    @property
    def records(self) -> list[dict[str, Any]]:
        """A dict a trial: implementation, test_case, duration (seconds), success, result or error ..."""
        return [trial.as_record() for trial in self.trials]

    def to_dataframe(self) -> Any:
        """Return the records as a pandas DataFrame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise MissingExtraError("pandas", "pandas") from error
        return pandas.DataFrame(self.records)

    def __str__(self) -> str:
        if not self.trials:
            return "nothing was compared"
        head = ["implementation", "trials", "success", "median", "score", "memory", "tokens", "cost"]
        columns = zip(head, *map(_row, self.summaries), strict=True)
        met = [column for column in columns if any(column[1:])]
        return "\n".join([*aligned(list(zip(*met, strict=True))), *map(str, self.verdicts)])


class ComparisonFramework:
    """Runs implementations over test cases.

    Implementations are called with one test case; coroutine functions are awaited on an event loop of
    their own. A sync call that exceeds its time limit cannot be ended: it goes on in its daemon thread.
    """

    def __init__(
        self,
        *,
        repeats: int = 1,
        warmup: int = 0,
        timeout_s: float | None = None,
        score: Callable[[Any, Any], float] | None = None,
        measure: Callable[[Any], Mapping[str, Any]] | None = None,
        memory: bool = False,
        min_pairs: int = 20,
        seed: int = 0,
        observer: Observer = unobserved,
    ) -> None:
        """Set how trials run.

        Args:
            repeats: trials of each implementation with each test case.
            warmup: calls of each implementation with each test case before any is timed; not observed.
            timeout_s: seconds a trial may take; longer is a failure.
            score: ``score(test_case, result)``, higher is better; run outside the time measured.
            measure: ``measure(result)`` gives what else to record, such as tokens_in and cost_usd.
            memory: call once more with each test case, under tracemalloc, for its peak.
            min_pairs: pairs of trials below which there is no verdict.
            seed: of the order in which implementations alternate.
            observer: ``observer(operation, **fields)``, a context manager around each trial.
        """
        self._trials = Trials(repeats, warmup, timeout_s, score, measure, memory, seed, observer)
        self._min_pairs = min_pairs

    def compare(
        self,
        implementations: Iterable[Callable[[Any], Any]] | Mapping[str, Callable[[Any], Any]],
        test_cases: Iterable[Any],
    ) -> Comparison:
        """Run every implementation (a list, or a mapping from names) with every test case."""
        trials = self._trials.run(_named(implementations), list(test_cases))
        return Comparison(trials, min_pairs=self._min_pairs)


def _named(
    implementations: Iterable[Callable[[Any], Any]] | Mapping[str, Callable[[Any], Any]],
) -> dict[str, Callable[[Any], Any]]:
    """Return the implementations by name; a second one of the same name is ``name#2``."""
    if isinstance(implementations, Mapping):
        return dict(implementations)
    found: dict[str, Callable[[Any], Any]] = {}
    for implementation in implementations:
        name = name_of(implementation)
        alike = sum(known == name or known.startswith(f"{name}#") for known in found)
        found[f"{name}#{alike + 1}" if alike else name] = implementation
    return found


def name_of(implementation: Callable[[Any], Any]) -> str:
    """Return the name of a function, of what a partial wraps, or of the class of a callable object."""
    inner = getattr(implementation, "func", implementation)
    return str(getattr(inner, "__name__", type(inner).__name__))


def _by_implementation(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.implementation, []).append(trial)
    return found


def _summary(name: str, trials: Sequence[Trial]) -> Summary:
    times = _known(trials, _duration)
    peaks = [trial.peak_memory_bytes for trial in trials if trial.peak_memory_bytes is not None]
    return Summary(
        name,
        len(trials),
        len(times),
        median(times) if times else None,
        _mean(_known(trials, _score)),
        max(peaks, default=None),
        _mean(_known(trials, _tokens)),
        _mean(_known(trials, _cost)),
    )


def _known(trials: Iterable[Trial], figure: "Figure") -> list[float]:
    return [value for value in map(figure, trials) if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


Figure = Callable[[Trial], float | None]


def _duration(trial: Trial) -> float | None:
    return trial.outcome.duration_s if trial.outcome.success else None


def _success(trial: Trial) -> float | None:
    return float(trial.outcome.success)


def _score(trial: Trial) -> float | None:
    return trial.outcome.score if _is_number(trial.outcome.score) else None


def _memory(trial: Trial) -> float | None:
    # Measured once a test case: the repeats have it from the first.
    return trial.peak_memory_bytes if trial.pair[1] == 0 else None


def _tokens(trial: Trial) -> float | None:
    return _sum_of(trial, "tokens_in", "tokens_out")


def _cost(trial: Trial) -> float | None:
    return _sum_of(trial, "cost_usd")


def _sum_of(trial: Trial, *names: str) -> float | None:
    found = [value for name in names if _is_number(value := trial.outcome.measured.get(name))]
    return sum(found) if found else None


def _is_number(value: object) -> TypeGuard[float]:
    # A truth is no number here, though Python adds it up.
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


_FIGURES: Final[Mapping[Aspect, tuple[Figure, bool]]] = {
    "duration": (_duration, True),
    "success": (_success, False),
    "score": (_score, False),
    "memory": (_memory, True),
    "tokens": (_tokens, True),
    "cost": (_cost, True),
}
"""Of each aspect its figure, and whether it is better to have little of it."""

# These are asked of any two implementations, the others where somebody has a figure.
_ALWAYS: Final = ("duration", "success")


class _Question(NamedTuple):
    """Two implementations and their figures in pairs of trials, for one aspect."""

    aspect: Aspect
    first: str
    second: str
    pairs: list[tuple[float, float]]

    @property
    def wants_little(self) -> bool:
        """Whether less of it is better."""
        return _FIGURES[self.aspect][1]

    @property
    def wins(self) -> tuple[int, int]:
        """In how many pairs the first and the second are better."""
        less, more = sum(a < b for a, b in self.pairs), sum(a > b for a, b in self.pairs)
        return (less, more) if self.wants_little else (more, less)

    @property
    def ratio(self) -> Interval | None:
        """The median ratio of pairs, second to first, of what should be little."""
        if not self.wants_little or not self.pairs:
            return None
        ratios = [max(b, _LEAST) / max(a, _LEAST) for a, b in self.pairs]
        return quantile_ratio(Sample.of([1.0]), Sample.of(ratios))


def _verdicts(trials: Sequence[Trial], least: int) -> list[Verdict]:
    """Return the verdicts on every two implementations, for each aspect that was met."""
    by_name = _by_implementation(trials)
    asked = [
        question
        for (first, own), (second, other) in combinations(by_name.items(), 2)
        for question in _questions(first, second, _paired(own, other))
    ]
    open_ps = benjamini_hochberg([sign_test(*asking.wins) for asking in asked if len(asking.pairs) >= least])
    adjusted = iter(open_ps)
    return [
        _judged(asking, next(adjusted) if len(asking.pairs) >= least else sign_test(*asking.wins), least)
        for asking in asked
    ]


def _questions(first: str, second: str, pairs: Sequence[tuple[Trial, Trial]]) -> Iterator[_Question]:
    """Yield what can be asked about two implementations that have trials in common."""
    for aspect, (figure, _) in _FIGURES.items():
        both = ((figure(a), figure(b)) for a, b in pairs)
        known = [(a, b) for a, b in both if a is not None and b is not None]
        if known or (pairs and aspect in _ALWAYS):
            yield _Question(aspect, first, second, known)


def _paired(first: Iterable[Trial], second: Iterable[Trial]) -> list[tuple[Trial, Trial]]:
    """Return the trials of the same test case and the same repeat."""
    others = {trial.pair: trial for trial in second}
    return [(trial, others[trial.pair]) for trial in first if trial.pair in others]


def _judged(asking: _Question, p: float, least: int) -> Verdict:
    wins, losses = asking.wins
    is_sure = len(asking.pairs) >= least and p < _ALPHA
    better = None if not is_sure else asking.first if wins > losses else asking.second
    ratio = asking.ratio
    note = _note(asking, better, p, ratio, least)
    return Verdict(asking.aspect, asking.first, asking.second, better, len(asking.pairs), p, ratio, note)


def _note(asking: _Question, better: str | None, p: float, ratio: Interval | None, least: int) -> str:
    aspect, first, second, pairs = asking
    if len(pairs) < least:
        return f"{aspect}: too few pairs to tell {first} from {second} ({len(pairs)}, {least} needed)"
    if better is None:
        return f"{aspect}: {first} and {second} do not differ with certainty (p={p:.2g})"
    other = second if better == first else first
    told = (
        f"{aspect}: {better} is better than {other} in {max(asking.wins)} of {len(pairs)} pairs (p={p:.2g})"
    )
    return told if ratio is None else f"{told}, {_times(ratio, is_second=better == second)}"


def _times(ratio: Interval, *, is_second: bool) -> str:
    """Return how many times more the other one takes."""
    value, low, high = (1 / ratio.value, 1 / ratio.high, 1 / ratio.low) if is_second else ratio
    return f"×{value:.3g} (95 %: {low:.3g} to {high:.3g})"


def _row(summary: Summary) -> list[str]:
    memory, tokens, cost = summary.peak_memory_bytes, summary.mean_tokens, summary.mean_cost_usd
    return [
        summary.implementation,
        str(summary.trials),
        f"{summary.successes / summary.trials:.1%}",
        "" if summary.median_s is None else f"{summary.median_s * 1000:.4g} ms",
        "" if summary.mean_score is None else f"{summary.mean_score:.4g}",
        "" if memory is None else f"{memory / 1024:.1f} KiB",
        "" if tokens is None else f"{tokens:,.0f}",
        "" if cost is None else f"${cost:.4g}",
    ]
