"""The small statistics against scipy's answers (tests/oracles/scipy_answers.py) and their own laws."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.evaluation.statistics import (
    Sample,
    benjamini_hochberg,
    fisher,
    mad,
    mann_whitney,
    median,
    quantile_ratio,
    sign_test,
    theil_sen,
    wilson,
)

SCIPY: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "oracles" / "scipy_answers.json").read_bytes()
)

positive = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50)


@pytest.mark.parametrize("asked", SCIPY["mann_whitney"], ids=lambda asked: f"{len(asked['x'])}-{asked['u']}")
def test_mann_whitney_is_scipys(asked: dict[str, Any]) -> None:
    """U and p agree, with ties and without."""
    found = mann_whitney(Sample.of(asked["x"]), Sample.of(asked["y"]))

    assert (found.u, found.p) == pytest.approx((asked["u"], asked["p"]), rel=1e-10)


@pytest.mark.parametrize("asked", SCIPY["fisher"], ids=lambda asked: str(asked["table"]))
def test_fisher_is_scipys(asked: dict[str, Any]) -> None:
    """The two-sided p agrees, also where nothing or everything failed."""
    assert fisher(*asked["table"]) == pytest.approx(asked["p"], rel=1e-7)


@pytest.mark.parametrize("asked", SCIPY["theil_sen"], ids=lambda asked: f"{len(asked['xs'])} points")
def test_theil_sen_is_scipys(asked: dict[str, Any]) -> None:
    """Slope and interval agree."""
    assert theil_sen(asked["xs"], asked["ys"]) == pytest.approx(tuple(asked["answer"]))


@pytest.mark.parametrize("asked", SCIPY["wilson"], ids=lambda asked: f"{asked['hits']}/{asked['n']}")
def test_wilson_is_scipys(asked: dict[str, Any]) -> None:
    """Rate and interval agree, also at 0 and 1."""
    assert wilson(asked["hits"], asked["n"]) == pytest.approx(tuple(asked["answer"]), abs=1e-12)


@pytest.mark.parametrize("asked", SCIPY["adjusted"], ids=lambda asked: f"{len(asked['ps'])} values")
def test_benjamini_hochberg_is_scipys(asked: dict[str, Any]) -> None:
    """The adjusted values agree, in the order given."""
    assert benjamini_hochberg(asked["ps"]) == pytest.approx(asked["answer"])


@pytest.mark.parametrize("asked", SCIPY["mad"], ids=lambda asked: str(asked["values"]))
def test_mad_is_scipys(asked: dict[str, Any]) -> None:
    """The median absolute deviation agrees."""
    assert mad(asked["values"]) == pytest.approx(asked["answer"])


@given(values=positive)
def test_the_median_of_a_sample_is_that_of_its_values(values: list[float]) -> None:
    """Counting equal values changes no median."""
    assert Sample.of(values).median == pytest.approx(median(values))


@given(x=positive, y=positive)
def test_mann_whitney_does_not_care_who_is_first(x: list[float], y: list[float]) -> None:
    """Exchanged samples give the same p and the complementary U."""
    there, back = mann_whitney(Sample.of(x), Sample.of(y)), mann_whitney(Sample.of(y), Sample.of(x))

    assert there.p == pytest.approx(back.p)
    assert there.u + back.u == pytest.approx(len(x) * len(y))


def test_equal_values_everywhere_are_no_difference() -> None:
    """Without any spread p is 1, not a division by zero."""
    assert mann_whitney(Sample.of([5.0] * 30), Sample.of([5.0] * 40)).p == 1.0


def test_nothing_to_adjust_gives_nothing() -> None:
    """No operations, no p values."""
    assert benjamini_hochberg([]) == []


def test_the_bootstrap_is_seeded() -> None:
    """The same samples and seed give the same interval."""
    chance = random.Random(1)
    base, new = (Sample.of(chance.lognormvariate(0, 0.5) for _ in range(50)) for _ in range(2))

    assert quantile_ratio(base, new, seed=3) == quantile_ratio(base, new, seed=3)


def test_the_bootstrap_interval_covers_the_truth() -> None:
    """In 200 pairs of samples with a true ratio of 1.2 the interval of 95 % holds it in 90 to 99 %."""
    chance, covered = random.Random(5), 0
    for _ in range(200):
        base = Sample.of(chance.lognormvariate(0, 0.4) for _ in range(60))
        new = Sample.of(1.2 * chance.lognormvariate(0, 0.4) for _ in range(60))
        found = quantile_ratio(base, new, draws=300)
        covered += found.low <= 1.2 <= found.high

    assert 180 <= covered <= 198


def test_the_bootstrap_equals_one_that_resamples() -> None:
    """Drawing the place of the median gives the interval of drawing whole samples, within its noise."""
    chance = random.Random(11)
    values = [[chance.lognormvariate(0, 0.5) for _ in range(41)] for _ in range(2)]
    ratios = sorted(
        median(chance.choices(values[1], k=41)) / median(chance.choices(values[0], k=41))
        for _ in range(4_000)
    )

    found = quantile_ratio(Sample.of(values[0]), Sample.of(values[1]), draws=4_000)

    assert (found.low, found.high) == pytest.approx((ratios[100], ratios[3_900]), rel=0.03)


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(5, 5, 1.0), (10, 0, 2 / 1024), (0, 0, 1.0), (1, 7, 18 / 256)]
)
def test_the_sign_test_counts_coins(wins: int, losses: int, p: float) -> None:
    """Its p is that of so few heads or tails among fair coins."""
    assert sign_test(wins, losses) == pytest.approx(p)
