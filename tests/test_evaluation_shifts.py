"""By how much one sample is longer: what is estimated, and how sure it is, whatever the shape."""

import random
from itertools import product
from math import exp, log, sqrt
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from simulated_runs import SHAPES, cached

from ote_logging.evaluation.quantiles import LogBuckets
from ote_logging.evaluation.shifts import _greatest_of_two_p, shift_of
from ote_logging.evaluation.statistics import Sample, mann_whitney, upper_tail

durations = st.lists(st.floats(0.002, 1e6), min_size=1, max_size=40)


def sample(values: list[float]) -> Sample:
    """The values as a fold keeps them."""
    buckets = LogBuckets()
    for value in values:
        buckets.add(value)
    return Sample(buckets.weighted())


def drawn(name: str, seed: int, times: float = 1.0, n: int = 200) -> Sample:
    """A sample of one of the shapes."""
    chance = random.Random(f"{name} {seed}")
    return sample([50 * times * SHAPES[name](chance) for _ in range(n)])


@given(base=durations, new=durations)
def test_the_shift_is_the_median_ratio_of_all_pairs(base: list[float], new: list[float]) -> None:
    """It lies between the ratios next to the middle, within the width of the buckets."""
    ratios = sorted(log(b / a) for a, b in product(base, new))
    middle = len(ratios) // 2

    found = log(shift_of(sample(base), sample(new)).ratio.value)

    assert ratios[max(middle - 1, 0)] - 0.05 <= found <= ratios[min(middle, len(ratios) - 1)] + 0.05


@given(base=durations, new=durations)
def test_exchanged_samples_give_the_reciprocal(base: list[float], new: list[float]) -> None:
    """Who is first changes neither p nor the size of the shift."""
    there, back = shift_of(sample(base), sample(new)), shift_of(sample(new), sample(base))

    assert there.p == pytest.approx(back.p, rel=1e-6)
    assert there.ratio.low == pytest.approx(1 / back.ratio.high, rel=0.03)


@given(base=durations, new=durations)
def test_looking_twice_costs_a_factor_of_two_at_most(base: list[float], new: list[float]) -> None:
    """Whatever the shape suggests, p is never more than twice that of Mann and Whitney."""
    first, second = sample(base), sample(new)
    assume(first.n + second.n > 2)

    assert shift_of(first, second).p <= 2 * mann_whitney(first, second).p + 1e-9


def test_equal_durations_everywhere_are_no_difference() -> None:
    """Without any spread p is 1 and the ratio is 1."""
    found = shift_of(Sample.of([5.0] * 30), Sample.of([5.0] * 40))

    assert found.p == 1.0
    assert found.ratio.value == pytest.approx(1.0)


@pytest.mark.parametrize("times", [1.2, 1.5, 2.0, 3.0, 10.0, 1000.0])
@pytest.mark.parametrize("spread", [0.0, 0.01, 0.1, 0.3])
def test_a_great_shift_is_not_taken_for_two_peaks(times: float, spread: float) -> None:
    """Samples that lie apart have a density of two peaks when taken together; p is small all the same."""
    chance = random.Random(3)
    base, new = (
        sample([50 * factor * chance.lognormvariate(0, spread) for _ in range(100)]) for factor in (1, times)
    )

    found = shift_of(base, new)

    assert found.p < 1e-3
    assert found.ratio.value == pytest.approx(times, rel=0.08)


def test_a_cache_hides_no_slow_down() -> None:
    """Where half the calls take ten times as long, Mann-Whitney misses most of what the shape shows."""
    name = "cache, 50 % miss, 10 times longer, sigma 0.3"
    pairs = [(drawn(name, 2 * seed), drawn(name, 2 * seed + 1, 1.2)) for seed in range(100)]

    by_shape = sum(shift_of(*pair).p < 0.01 for pair in pairs)
    by_rank = sum(mann_whitney(*pair).p < 0.01 for pair in pairs)

    assert by_shape >= 95
    assert by_rank <= 80


@pytest.mark.parametrize("n", [20, 200])
def test_the_p_value_is_one(n: int) -> None:
    """Over all shapes, like samples have p below 0.05 in at most 6 of 100 pairs."""
    found = [
        shift_of(drawn(name, 1000 + 2 * seed, n=n), drawn(name, 1001 + 2 * seed, n=n)).p
        for name in SHAPES
        for seed in range(60)
    ]

    assert 0.02 <= sum(p < 0.05 for p in found) / len(found) <= 0.06


def test_the_interval_covers_the_truth() -> None:
    """Over all shapes, the interval of 95 % holds a true ratio of 1.2 in 92 to 99 of 100 pairs."""
    found = [
        shift_of(drawn(name, 5000 + 2 * seed, n=80), drawn(name, 5001 + 2 * seed, 1.2, n=80)).ratio
        for name in SHAPES
        for seed in range(40)
    ]

    assert 0.92 <= sum(ratio.low <= 1.2 <= ratio.high for ratio in found) / len(found) <= 0.99


@pytest.mark.parametrize("z", [0.5, 2.0, 3.0, 6.0])
def test_the_greater_of_two_deviates(z: float) -> None:
    """Of equal ones p is that of one, of independent ones that of either."""
    alone = 2 * upper_tail(z)

    assert _greatest_of_two_p(z, 1.0) == pytest.approx(alone)
    assert _greatest_of_two_p(z, -1.0) == pytest.approx(alone)
    assert _greatest_of_two_p(z, 0.0) == pytest.approx(1 - (1 - alone) ** 2, rel=1e-4)


def test_the_greater_of_two_correlated_deviates() -> None:
    """A correlation of 0.6 gives what drawing them gives."""
    chance, beyond = random.Random(4), 0
    for _ in range(20_000):
        first, other = chance.gauss(0, 1), chance.gauss(0, 1)
        beyond += max(abs(first), abs(0.6 * first + sqrt(1 - 0.36) * other)) > 2

    assert beyond / 20_000 == pytest.approx(_greatest_of_two_p(2.0, 0.6), rel=0.1)


def test_ever_so_many_calls_take_no_longer_to_compare() -> None:
    """Counts beyond what 32 bits hold are as exact as small ones."""
    chance = random.Random(8)
    values = [chance.lognormvariate(0, 0.5) for _ in range(200)]
    small = Sample((value, 1) for value in values), Sample((1.2 * value, 1) for value in values)
    great = Sample((value, 10**7) for value in values), Sample((1.2 * value, 10**7) for value in values)

    assert shift_of(*great).ratio.value == pytest.approx(shift_of(*small).ratio.value)
    assert shift_of(*great).p < 1e-12


def test_a_cache_of_one_call_in_two_moves_the_medians_but_no_verdict() -> None:
    """With two peaks of equal size the median is in either by chance; the shift is not."""
    chance, shape = random.Random(6), cached(0.5, 10, 0.1)
    runs = [[50 * shape(chance) for _ in range(200)] for _ in range(40)]
    medians = [median(run) for run in runs]
    shifts = [shift_of(sample(runs[0]), sample(run)).ratio.value for run in runs]

    assert max(medians) / min(medians) > 3
    assert max(shifts) / min(shifts) < 1.5
    assert exp(sum(map(log, shifts)) / len(shifts)) == pytest.approx(1.0, rel=0.15)
