"""Compare implementations of one thing over test cases: fairly, and with the certainty of each verdict.

Trials of all implementations alternate, so that a machine that becomes slow is slow for all, and are
judged in pairs of the same test case. Failing is a result. Every trial runs inside ``observer``, which
the package's front sets to ``span``: a comparison is then a trace too.

LOCATION: ote_logging/evaluation/comparison.py
DEPENDENCIES: trials, attempts, statistics, runs (table), errors; pandas, only for to_dataframe()
TRACE POINTS: ComparisonFramework.compare() - one observed trial after the other
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from math import log
from typing import Any, Final, Literal

from ote_logging.errors import MissingExtraError
from ote_logging.evaluation.attempts import Observer, unobserved
from ote_logging.evaluation.runs import aligned
from ote_logging.evaluation.statistics import Interval, Sample, median, quantile_ratio, sign_test
from ote_logging.evaluation.trials import Trial, Trials

Aspect = Literal["duration", "success", "score"]

_ALPHA: Final = 0.05
_SHORTEST_S: Final = 1e-9


@dataclass(frozen=True)
class Summary:
    """One implementation over all its trials; seconds; None where nothing succeeded or was scored."""

    implementation: str
    trials: int
    successes: int
    median_s: float | None
    mean_score: float | None
    peak_memory_bytes: int | None


@dataclass(frozen=True)
class Verdict:
    """Who of two is better at what; ``better`` is None where that is not certain, ``note`` says why."""

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
        head = ["implementation", "trials", "success", "median", "score", "memory"]
        return "\n".join([*aligned([head, *map(_row, self.summaries)]), *map(str, self.verdicts)])


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
    times = [trial.outcome.duration_s for trial in trials if trial.outcome.success]
    scores = [trial.outcome.score for trial in trials if trial.outcome.score is not None]
    peaks = [trial.peak_memory_bytes for trial in trials if trial.peak_memory_bytes is not None]
    return Summary(
        name,
        len(trials),
        len(times),
        median(times) if times else None,
        sum(scores) / len(scores) if scores else None,
        max(peaks, default=None),
    )


def _verdicts(trials: Sequence[Trial], min_pairs: int) -> list[Verdict]:
    """Return the verdicts on every two implementations, for each aspect that was met."""
    found = []
    for first, second in combinations(_by_implementation(trials).values(), 2):
        pairs = _paired(first, second)
        if pairs:
            found += [_on_duration(pairs, min_pairs), _on_success(pairs, min_pairs)]
        if any(a.outcome.score is not None and b.outcome.score is not None for a, b in pairs):
            found.append(_on_score(pairs, min_pairs))
    return found


def _paired(first: Iterable[Trial], second: Iterable[Trial]) -> list[tuple[Trial, Trial]]:
    """Return the trials of the same test case and the same repeat."""
    others = {trial.pair: trial for trial in second}
    return [(trial, others[trial.pair]) for trial in first if trial.pair in others]


def _on_duration(pairs: Sequence[tuple[Trial, Trial]], least: int) -> Verdict:
    """Judge the times of pairs that both succeeded, by their ratios."""
    ratios = [
        max(b.outcome.duration_s, _SHORTEST_S) / max(a.outcome.duration_s, _SHORTEST_S)
        for a, b in pairs
        if a.outcome.success and b.outcome.success
    ]
    verdict = _judged("duration", pairs, [log(ratio) for ratio in ratios], least)
    if not ratios:
        return verdict
    ratio = quantile_ratio(Sample.of([1.0]), Sample.of(ratios))
    return _with_ratio(verdict, ratio)


def _with_ratio(verdict: Verdict, ratio: Interval) -> Verdict:
    if verdict.better == verdict.first:
        shown = ratio
    else:
        shown = Interval(1 / ratio.value, 1 / ratio.high, 1 / ratio.low)
    certainty = f"×{shown.value:.3g} (95 %: {shown.low:.3g} to {shown.high:.3g})"
    note = f"{verdict.note}, {certainty}" if verdict.better else verdict.note
    return Verdict(**{**vars(verdict), "ratio": ratio, "note": note})


def _on_success(pairs: Sequence[tuple[Trial, Trial]], least: int) -> Verdict:
    return _judged(
        "success", pairs, [int(a.outcome.success) - int(b.outcome.success) for a, b in pairs], least
    )


def _on_score(pairs: Sequence[tuple[Trial, Trial]], least: int) -> Verdict:
    scores = [(a.outcome.score, b.outcome.score) for a, b in pairs]
    gains = [a - b for a, b in scores if a is not None and b is not None]
    return _judged("score", pairs, gains, least)


def _judged(
    aspect: Aspect, pairs: Sequence[tuple[Trial, Trial]], gains: Sequence[float], least: int
) -> Verdict:
    """Judge by the signs of ``gains``, above 0 where the first of a pair is the better one."""
    first, second = pairs[0][0].implementation, pairs[0][1].implementation
    wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    p = sign_test(wins, losses)
    better = None if len(gains) < least or p >= _ALPHA else first if wins > losses else second
    note = _note(aspect, first, second, better, max(wins, losses), len(gains), p, least)
    return Verdict(aspect, first, second, better, len(gains), p, None, note)


def _note(
    aspect: Aspect, first: str, second: str, better: str | None, wins: int, n: int, p: float, least: int
) -> str:
    if n < least:
        return f"{aspect}: too few pairs to tell {first} from {second} ({n}, {least} needed)"
    if better is None:
        return f"{aspect}: {first} and {second} do not differ with certainty (p={p:.2g})"
    other = second if better == first else first
    return f"{aspect}: {better} is better than {other} in {wins} of {n} pairs (p={p:.2g})"


def _row(summary: Summary) -> list[str]:
    memory = summary.peak_memory_bytes
    return [
        summary.implementation,
        str(summary.trials),
        f"{summary.successes / summary.trials:.1%}",
        "" if summary.median_s is None else f"{summary.median_s * 1000:.4g} ms",
        "" if summary.mean_score is None else f"{summary.mean_score:.4g}",
        "" if memory is None else f"{memory / 1024:.1f} KiB",
    ]
