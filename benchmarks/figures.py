"""The few statistics that a table of noisy times needs.

LOCATION: benchmarks/figures.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The middle of some figures and the quartiles around it."""

    low: float
    middle: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """Return median and quartiles of ``figures``, interpolated as spreadsheets do; raises ValueError on none.

    >>> spread([1, 2, 3, 4, 5])
    Spread(low=2.0, middle=3, high=4.0)
    """
    if not figures:
        raise ValueError("no figures to take a median of")
    ordered = sorted(figures)
    return Spread(_quantile(ordered, 0.25), median(ordered), _quantile(ordered, 0.75))


def _quantile(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def differ(old: Spread, new: Spread, least: float = 0.03) -> bool:
    """Return whether two spreads differ: quartiles apart, and by more than ``least``, a part of the old."""
    apart = new.low > old.high or new.high < old.low
    return apart and abs(new.middle - old.middle) > least * abs(old.middle)
