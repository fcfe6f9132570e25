"""Tell by how much the durations of one run are longer than those of another, and whether that is chance.

A run that is slower by a fifth has the same durations, each times 1.2: on a logarithmic scale its sample is
that of the other, moved. How well a move is seen depends on the shape of the sample, and the durations of
programs have all shapes: one peak, two where there is a cache, a sharp lower edge, a long tail. Two rank
statistics therefore look at it, and the clearer one counts: Wilcoxon's, and one whose scores are learnt from
the shape (the efficient score, -f'/f, of the density of both samples together; Hájek and Šidák). Since the
scores do not know which value is whose, both are exact in the mean and variance that they have by chance;
and the p value is that of the greater of two correlated normal deviates, so looking twice is paid for.

LOCATION: ote_logging/evaluation/shifts.py
DEPENDENCIES: quantiles (the grid), statistics
TRACE POINTS: none
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import exp, log, pi, sqrt
from typing import Final, NamedTuple

from ote_logging.evaluation.quantiles import SCALE
from ote_logging.evaluation.statistics import Z_95, Interval, Sample, upper_tail

_SMOOTHING: Final = 1.5
"""Times Silverman's width: a slope needs a smoother density than a height does."""

_BINS_A_WIDTH: Final = 4
_KERNEL: Final = [(step, exp(-((step / _BINS_A_WIDTH) ** 2) / 2)) for step in range(-16, 17)]
_IQR_TO_SIGMA: Final = 1 / 1.3489795003921634


class Shift(NamedTuple):
    """How many times longer a call of the second sample is, and the p value that it is as long."""

    ratio: Interval
    p: float


def shift_of(base: Sample, new: Sample) -> Shift:
    """Compare two samples of durations above 0, neither of them empty."""
    return Shift(_hodges_lehmann(base, new), _p(base, new))


def _p(base: Sample, new: Sample) -> float:
    """Return the two-sided p of the greater of both statistics."""
    counted: dict[float, tuple[int, int]] = {value: (count, 0) for value, count in _pairs(base)}
    for value, count in _pairs(new):
        counted[value] = counted.get(value, (0, 0))[0], count
    values = sorted(counted)
    ours = [counted[value][1] for value in values]
    both = [sum(counted[value]) for value in values]
    ranks = _standardized(_ranks(both), both)
    if ranks is None:
        return 1.0
    # Where every value is a peak of its own there is no shape to learn from.
    scores = _standardized(_efficient_scores(values, both), both) or ranks
    n, m = base.n + new.n, new.n
    # The variance of a sum of m of n standardized scores, drawn without putting back.
    scale = sqrt(m * (n - m) / (n - 1))
    deviates = [sum(map(float.__mul__, found, map(float, ours))) / scale for found in (ranks, scores)]
    alike = sum(r * s * count for r, s, count in zip(ranks, scores, both, strict=True)) / n
    return _greatest_of_two_p(max(map(abs, deviates)), alike)


def _pairs(sample: Sample) -> Iterator[tuple[float, int]]:
    return zip(sample.values, sample.counts, strict=True)


def _ranks(counts: Sequence[int]) -> list[float]:
    """Return the mean rank of each group of equal values."""
    return [up_to - count / 2 for up_to, count in zip(accumulate(counts), counts, strict=True)]


def _efficient_scores(values: Sequence[float], counts: Sequence[int]) -> list[float]:
    """Return ``-f'/f`` (in an arbitrary unit) at the logarithm of each value, f estimated by a kernel."""
    logs = [log(value) for value in values]
    width = _width(logs, counts) / _BINS_A_WIDTH
    places = [round(at / width) for at in logs]
    bins: dict[int, int] = {}
    for place, count in zip(places, counts, strict=True):
        bins[place] = bins.get(place, 0) + count
    scored = {place: _score(place, bins) for place in bins}
    return [scored[place] for place in places]


def _score(place: int, bins: dict[int, int]) -> float:
    height = slope = 0.0
    for step, weight in _KERNEL:
        if count := bins.get(place + step):
            height += weight * count
            slope -= weight * count * step
    return slope / height


def _width(logs: Sequence[float], counts: Sequence[int]) -> float:
    """Return the width of the kernel: Silverman's rule, a bucket at least."""
    n = sum(counts)
    mean = sum(map(float.__mul__, logs, map(float, counts))) / n
    spread = sqrt(sum(count * (at - mean) ** 2 for at, count in zip(logs, counts, strict=True)) / n)
    sample = Sample(zip(logs, counts, strict=True))
    quartiles = (sample.at(0.75) - sample.at(0.25)) * _IQR_TO_SIGMA
    return max(_SMOOTHING * 0.9 * min(spread, quartiles or spread) * exp(-0.2 * log(n)), 1 / SCALE)


def _standardized(scores: Sequence[float], counts: Sequence[int]) -> list[float] | None:
    """Return ``scores`` with mean 0 and variance 1 over all values, None where they are all the same."""
    n = sum(counts)
    mean = sum(score * count for score, count in zip(scores, counts, strict=True)) / n
    variance = sum(count * (score - mean) ** 2 for score, count in zip(scores, counts, strict=True)) / n
    return [(score - mean) / sqrt(variance) for score in scores] if variance > 1e-12 else None


def _greatest_of_two_p(z: float, correlation: float) -> float:
    """Return the chance that one of two normal deviates with this correlation is beyond ``z``."""
    alone = 2 * upper_tail(z)
    rest = sqrt(max(1 - correlation * correlation, 0.0))
    if rest < 1e-6:
        return alone
    # Both are beyond: Simpson's rule over the first one, of which nothing is left at 8 more.
    steps, width = 80, 0.1
    total = 0.0
    for step in range(steps + 1):
        x = z + step * width
        beyond = upper_tail((z - correlation * x) / rest) + upper_tail((z + correlation * x) / rest)
        total += (1 if step in (0, steps) else 4 if step % 2 else 2) * exp(-x * x / 2) * beyond
    both = 2 * total * width / 3 / sqrt(2 * pi)
    return min(max(2 * alone - both, alone), 1.0)


def _hodges_lehmann(base: Sample, new: Sample) -> Interval:
    """Return the median ratio of all pairs of values, and the interval that Wilcoxon's test does not refuse.

    On the grid of the log buckets a ratio is a difference of places, and how often each one occurs is the
    convolution of the counts: one product of two great numbers whose digits they are.
    """
    first, before = _on_grid(base)
    last, after = _on_grid(new)
    digits = len(before) + len(after) - 1
    product = _number(before[::-1]) * _number(after)
    found = struct.unpack(f"<{digits}Q", product.to_bytes(8 * digits, "little"))
    lowest = last - first - (len(before) - 1)
    pairs = base.n * new.n
    half = Z_95 * sqrt(pairs * (base.n + new.n + 1) / 12)
    sums = list(accumulate(found, initial=0))
    value, low, high = (
        exp((lowest + _place(sums, min(max(rank, 0.0), float(pairs))) - 0.5) / SCALE)
        for rank in (pairs / 2, pairs / 2 - half, pairs / 2 + half)
    )
    return Interval(value, low, high)


def _on_grid(sample: Sample) -> tuple[int, list[int]]:
    """Return the place of the first bucket, and the counts from there on."""
    places = [round(log(value) * SCALE) for value in sample.values]
    counts = [0] * (places[-1] - places[0] + 1)
    for place, count in zip(places, sample.counts, strict=True):
        counts[place - places[0]] += count
    return places[0], counts


def _number(digits: Sequence[int]) -> int:
    return int.from_bytes(struct.pack(f"<{len(digits)}Q", *digits), "little")


def _place(sums: Sequence[int], rank: float) -> float:
    """Return where ``sums`` reach ``rank``, in digits; those between two are spread evenly."""
    place = max(bisect_left(sums, rank), 1)
    inside = sums[place] - sums[place - 1]
    return place - 1 + (rank - sums[place - 1]) / inside if inside else float(place - 1)
