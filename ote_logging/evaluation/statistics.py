"""The few statistics that comparisons and anomalies need, on the standard library alone.

A ``Sample`` holds values with counts, so that the log buckets of a snapshot and a list of measured
values go through the same tests; equal values are ties, and counted as such.

LOCATION: ote_logging/evaluation/statistics.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, combinations
from math import comb, erfc, exp, lgamma, sqrt
from random import Random
from typing import Final, NamedTuple

Z_95: Final = 1.959963984540054
"""Standard normal deviate of a two-sided interval of 95 %."""

MAD_TO_SIGMA: Final = 1.482602218505602
"""What turns the median absolute deviation of normal values into their standard deviation."""

_DRAWS: Final = 1_000
_MANY: Final = 50


class Interval(NamedTuple):
    """An estimate and the bounds it has with 95 % confidence."""

    value: float
    low: float
    high: float


class RankTest(NamedTuple):
    """Mann-Whitney: U of the first sample, two-sided p, and how often the second is larger (0 to 1)."""

    u: float
    p: float
    larger: float


class Sample:
    """Values with counts, sorted."""

    __slots__ = ("_up_to", "counts", "n", "values")

    def __init__(self, weighted: Iterable[tuple[float, int]]) -> None:
        """Take (value, count) pairs in any order; equal values add up."""
        found: dict[float, int] = {}
        for value, count in weighted:
            found[value] = found.get(value, 0) + count
        self.values = sorted(found)
        self.counts = [found[value] for value in self.values]
        self._up_to = list(accumulate(self.counts))
        self.n = self._up_to[-1] if self._up_to else 0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sample":
        """Take plain values."""
        return cls(Counter(values).items())

    def at(self, part: float) -> float:
        """Return the value at ``part`` (0 to 1) of the sample, which is not empty."""
        rank = min(int(part * self.n), self.n - 1)
        return self.values[bisect_right(self._up_to, rank)]

    def quantile(self, q: float) -> float:
        """Return the ``q`` quantile (the lower one, no interpolation) of the sample, which is not empty."""
        return self.values[bisect_right(self._up_to, int(q * (self.n - 1)))]

    @property
    def median(self) -> float:
        """The middle value, or the mean of the two in the middle."""
        return (self.quantile(0.5) + self.at(0.5)) / 2


def mann_whitney(first: Sample, second: Sample) -> RankTest:
    """Test whether one of two samples tends to larger values (asymptotic, corrected for ties)."""
    both = dict.fromkeys(first.values, (0, 0))
    for value, count in zip(first.values, first.counts, strict=True):
        both[value] = count, 0
    for value, count in zip(second.values, second.counts, strict=True):
        both[value] = both.get(value, (0, 0))[0], count
    below, rank_sum, ties = 0, 0.0, 0
    for _, (a, b) in sorted(both.items()):
        tied = a + b
        rank_sum += a * (below + (tied + 1) / 2)
        ties += tied**3 - tied
        below += tied
    u = rank_sum - first.n * (first.n + 1) / 2
    return RankTest(u, _rank_p(u, first.n, second.n, ties), 1 - u / (first.n * second.n))


def _rank_p(u: float, n1: int, n2: int, ties: int) -> float:
    n = n1 + n2
    variance = n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    return min(2 * upper_tail((abs(u - n1 * n2 / 2) - 0.5) / sqrt(variance)), 1.0)


def upper_tail(z: float) -> float:
    """Return the probability that a standard normal value exceeds ``z``."""
    return erfc(z / sqrt(2)) / 2


def quantile_ratio(
    base: Sample, new: Sample, q: float = 0.5, *, draws: int = _DRAWS, seed: int = 0
) -> Interval:
    """Return the ratio of the ``q`` quantiles, new to base, with its bootstrap interval; values above 0.

    The quantile of a resample is an order statistic, and where in the sample that one falls is Beta
    distributed: one draw stands for a whole resample, so the cost does not grow with the sample.
    """
    random = Random(seed)
    drawn = sorted(_resampled(new, q, random) / _resampled(base, q, random) for _ in range(draws))
    low, high = drawn[int(0.025 * draws)], drawn[int(0.975 * draws)]
    return Interval(new.quantile(q) / base.quantile(q), low, high)


def _resampled(sample: Sample, q: float, random: Random) -> float:
    k = int(q * (sample.n - 1)) + 1
    return sample.at(random.betavariate(k, sample.n - k + 1))


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p that the first of a pair wins as often as the second; ties count for none."""
    n, fewer = wins + losses, min(wins, losses)
    as_rare: int = sum(comb(n, k) for k in range(fewer + 1))
    # Whole numbers until the last step: 2.0**n ends at 1,023.
    return min(2 * as_rare / (1 << n), 1.0)


def fisher(failures1: int, n1: int, failures2: int, n2: int) -> float:
    """Return the two-sided p of Fisher's exact test that two failure rates are equal."""
    failures, n = failures1 + failures2, n1 + n2

    def log_chance(k: int) -> float:
        return _log_choose(n1, k) + _log_choose(n2, failures - k) - _log_choose(n, failures)

    possible = range(max(0, failures - n2), min(failures, n1) + 1)
    # Tables as likely as the one met count too; rounding must not tell them apart.
    limit = log_chance(failures1) + 1e-7
    return min(sum(exp(chance) for chance in map(log_chance, possible) if chance <= limit), 1.0)


def least_fisher(failures: int, n1: int, n2: int) -> float:
    """Return the smallest p that ``fisher`` can give for so many failures in both samples together."""
    if min(failures, n1 + n2 - failures) >= _MANY:
        return 0.0
    extremes = min(failures, n1), max(0, failures - n2)
    return min(fisher(first, n1, failures - first, n2) for first in extremes)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return the p values adjusted for their number (false discovery rate), in their order."""
    adjusted, least = [0.0] * len(ps), 1.0
    for rank, place in sorted(enumerate(sorted(range(len(ps)), key=ps.__getitem__), 1), reverse=True):
        least = min(least, ps[place] * len(ps) / rank)
        adjusted[place] = least
    return adjusted


def wilson(hits: int, n: int, z: float = Z_95) -> Interval:
    """Return ``hits`` of ``n`` (above 0) as a rate with Wilson's score interval."""
    rate, square = hits / n, z * z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return Interval(rate, max(middle - half, 0.0), min(middle + half, 1.0))


def median(values: Iterable[float]) -> float:
    """Return the median of ``values``, of which there is at least one."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def mad(values: Sequence[float]) -> float:
    """Return the median absolute deviation from the median, unscaled."""
    middle = median(values)
    return median(abs(value - middle) for value in values)


def theil_sen(xs: Sequence[float], ys: Sequence[float]) -> Interval:
    """Return the median slope of all pairs of points, with Sen's interval; two different x at least.

    Costs the square of the number of points: give it some hundred at most.
    """
    pairs = combinations(zip(xs, ys, strict=True), 2)
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairs if x1 != x2)
    spread = Z_95 * sqrt(_kendall_variance(xs, ys))
    count = len(slopes)
    low = max(round((count - spread) / 2) - 1, 0)
    high = min(round((count + spread) / 2), count - 1)
    return Interval(median(slopes), slopes[low], slopes[high])


def _kendall_variance(xs: Sequence[float], ys: Sequence[float]) -> float:
    n = len(xs)
    tied = sum(_tie_term(times) for column in (xs, ys) for times in Counter(column).values())
    return max(_tie_term(n) - tied, 0) / 18


def _tie_term(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)
