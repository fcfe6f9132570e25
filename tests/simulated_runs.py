"""Runs of programs whose durations have the shapes that durations have, as folds."""

import random
from collections.abc import Callable, Mapping
from math import exp, log

from ote_logging.evaluation.metrics import PerformanceMetrics

Shape = Callable[[random.Random], float]


def lognormal(sigma: float) -> Shape:
    """One peak, skewed."""
    return lambda chance: chance.lognormvariate(0, sigma)


def cached(missed: float, slower: float, sigma: float) -> Shape:
    """Two peaks: a part of the calls misses the cache, and takes so many times longer."""
    return lambda chance: (slower if chance.random() < missed else 1) * chance.lognormvariate(0, sigma)


def tailed(part: float, longest: float, sigma: float) -> Shape:
    """One peak, and a part of the calls up to so many times longer."""
    return lambda chance: (
        exp(chance.uniform(0, log(longest)) if chance.random() < part else 0)
        * chance.lognormvariate(0, sigma)
    )


def floored(floor: float, sigma: float) -> Shape:
    """A part of each call is fixed, the rest is lognormal."""
    return lambda chance: floor + (1 - floor) * chance.lognormvariate(0, sigma)


SHAPES: Mapping[str, Shape] = {
    "lognormal, sigma 0.3": lognormal(0.3),
    "lognormal, sigma 0.4": lognormal(0.4),
    "lognormal, sigma 0.5": lognormal(0.5),
    "lognormal, sigma 0.6": lognormal(0.6),
    "cache, 10 % miss, 30 times longer, sigma 0.3": cached(0.1, 30, 0.3),
    "cache, 30 % miss, 10 times longer, sigma 0.3": cached(0.3, 10, 0.3),
    "cache, 50 % miss, 10 times longer, sigma 0.3": cached(0.5, 10, 0.3),
    "cache, 50 % miss, 10 times longer, sigma 0.4": cached(0.5, 10, 0.4),
    "tail, 5 % up to 100 times longer, sigma 0.3": tailed(0.05, 100, 0.3),
    "tail, 10 % up to 10 times longer, sigma 0.4": tailed(0.1, 10, 0.4),
    "floor of a half, lognormal above it, sigma 1": floored(0.5, 1.0),
    "floor of 30 %, lognormal above it, sigma 0.8": floored(0.3, 0.8),
    "gamma, shape 4": lambda chance: chance.gammavariate(4, 0.25),
    "exponential": lambda chance: chance.expovariate(1),
}


def run(shape: Shape, seed: int, *, times: float = 1.0, n: int = 200, ms: float = 50.0) -> PerformanceMetrics:
    """Return a run of one operation, each call ``times`` longer than it would be."""
    fold = PerformanceMetrics()
    add(fold, "save", shape, random.Random(seed), times=times, n=n, ms=ms)
    return fold


def add(
    fold: PerformanceMetrics,
    operation: str,
    shape: Shape,
    chance: random.Random,
    *,
    times: float = 1.0,
    n: int = 200,
    ms: float = 50.0,
    failing: float = 0.0,
) -> None:
    """Add ``n`` calls of ``operation``, of which a part is ``failing``."""
    for _ in range(n):
        fold.add_end(operation, times * ms * shape(chance), chance.random() < failing)


def program(seed: int, slower: str = "", times: float = 1.0) -> PerformanceMetrics:
    """Return a run of a program of five operations; the one called ``slower`` takes ``times`` as long."""
    fold = PerformanceMetrics()
    for number, shape in enumerate(list(SHAPES)[1::2][:5]):
        name = f"step{number}"
        factor = times if name == slower else 1.0
        chance = random.Random(seed * 10 + number)
        add(fold, name, SHAPES[shape], chance, times=factor, failing=0.02 * number)
    return fold
