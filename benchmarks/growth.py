"""Compare the steps of works that grow: does any step cost more than its size?

A record may cost in proportion to its size, its extras or the spans around it. The number of threads,
call sites, loggers and names of spans may not matter to one record at all, so that many of them cost in
proportion to their number; what a colder cache costs is seen in the floor beside.

Steps are different processes at different times, which no floor in between can put right. So the least
processor time of all rounds is taken: other programs can only add to it.

LOCATION: benchmarks/growth.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf

from benchmarks.results import Result, Run
from benchmarks.works import WORKS

GROWING_RECORDS = frozenset({"size", "extras", "depth"})


@dataclass(frozen=True)
class Growth:
    """One axis: the least microseconds of a record at each step, ours and the floor's.

    ``worst`` is the cost of a step over what a linear one would have cost at most: 1 or less is linear.
    """

    axis: str
    steps: tuple[int, ...]
    ours_us: tuple[float, ...]
    floor_us: tuple[float, ...]
    memory_mb: float
    worst: float
    floor_worst: float


def growths(run: Run) -> Iterator[Growth]:
    """Yield what ``run`` tells about each axis of which two steps were measured."""
    scaled = [one for one in run.results if one.rounds and WORKS[one.work].step]
    for axis, results in groupby(scaled, key=lambda one: _step(one)[0]):
        group = list(results)
        if len(group) > 1:
            yield _growth(axis, group)


def _step(result: Result) -> tuple[str, int]:
    step = WORKS[result.work].step
    assert step is not None
    return step


def _growth(axis: str, group: Iterable[Result]) -> Growth:
    results = list(group)
    steps = tuple(_step(one)[1] for one in results)
    ours = tuple(min(part.peer_cpu_s for part in one.rounds) * 1e6 for one in results)
    floor = tuple(min(part.base_cpu_s for part in one.rounds) * 1e6 for one in results)
    memory = max(one.rounds[-1].rss_mb - one.rounds[0].rss_mb for one in results)
    worst, floor_worst = worst_step(axis, steps, ours), worst_step(axis, steps, floor)
    return Growth(axis, steps, ours, floor, memory, worst, floor_worst)


def worst_step(axis: str, steps: Iterable[int], costs: Iterable[float]) -> float:
    """Return the largest cost of a step over the linear one.

    >>> worst_step("size", (100, 1000), (5.0, 40.0)), worst_step("sites", (1, 10), (5.0, 6.0))
    (0.8, 1.2)
    """
    pairs = pairwise(zip(steps, costs, strict=True))
    factors = (after / (before * _allowed(axis, low, high)) for (low, before), (high, after) in pairs)
    return round(max(factors), 3)


def _allowed(axis: str, low: int, high: int) -> float:
    if axis not in GROWING_RECORDS:
        return 1.0
    # From nothing to something there is no proportion to hold a step to.
    return high / low if low else inf
