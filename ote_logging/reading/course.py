"""Follow how the durations of each operation went over time, at no cost a line and in bounded memory.

The fold of figures is looked at after every so many lines; what was added since is a step. There are at
most 64 steps: when they are full, each two become one, and the next ones take twice as many lines.

LOCATION: ote_logging/reading/course.py
DEPENDENCIES: evaluation (metrics)
TRACE POINTS: Course.add() - figures become a step
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from ote_logging.evaluation.metrics import PerformanceMetrics

PARTS: Final = 10
"""Into how many parts the time of a session is divided."""

_MOST_STEPS: Final = 64
_FIRST_LINES: Final = 4

Wire = dict[str, Any]
# Calls and nanoseconds by operation.
Spent = Mapping[str, tuple[int, int]]


class Course:
    """The steps so far."""

    def __init__(self) -> None:
        """Start with none."""
        self._steps: list[tuple[str, Spent]] = []
        self._known: dict[str, tuple[int, int]] = {}
        self._lines_a_step = _FIRST_LINES
        self._lines = 0
        self._last = ""

    def pieces(self, batch: list[Wire]) -> Iterator[list[Wire]]:
        """Yield ``batch`` in pieces of at most one step, each to be counted and then added."""
        size = self._lines_a_step
        if len(batch) <= size:
            yield batch
        else:
            yield from (batch[start : start + size] for start in range(0, len(batch), size))

    def add(self, piece: list[Wire], metrics: PerformanceMetrics) -> None:
        """Take note that ``metrics`` holds the lines of ``piece`` too."""
        self._lines += len(piece)
        self._last = piece[-1]["timestamp"]
        if self._lines >= self._lines_a_step:
            self._add_step(metrics)

    def _add_step(self, metrics: PerformanceMetrics) -> None:
        self._steps.append((self._last, dict(self._spent_since(metrics))))
        self._lines = 0
        if len(self._steps) == _MOST_STEPS:
            self._steps = [_joined(*pair) for pair in list(pairwise(self._steps))[::2]]
            self._lines_a_step *= 2

    def _spent_since(self, metrics: PerformanceMetrics) -> Iterator[tuple[str, tuple[int, int]]]:
        for name, calls, spent_ns in metrics.spent():
            known_calls, known_ns = self._known.get(name, (0, 0))
            if calls == known_calls:
                continue
            self._known[name] = calls, spent_ns
            # An operation that turns out to have ends of its own begins anew.
            if calls > known_calls and spent_ns >= known_ns:
                yield name, (calls - known_calls, spent_ns - known_ns)

    def found(
        self, metrics: PerformanceMetrics, first: str | None, last: str | None
    ) -> dict[str, list[float | None]]:
        """Return by operation its mean milliseconds in each of ten parts of the time ``first`` to ``last``.

        None where no call was timed; nothing at all where a time is no time.
        """
        if self._lines:
            self._add_step(metrics)
        try:
            places = _places([until for until, _ in self._steps], str(first), str(last))
        except (ValueError, TypeError):  # TypeError: one names a time zone, the other does not
            return {}
        sums: defaultdict[str, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)] * PARTS)
        for place, (_, spent) in zip(places, self._steps, strict=True):
            for name, (calls, ns) in spent.items():
                so_far = sums[name][place]
                sums[name][place] = so_far[0] + calls, so_far[1] + ns
        return {name: [_mean_ms(*part) for part in parts] for name, parts in sums.items()}


def _joined(one: tuple[str, Spent], two: tuple[str, Spent]) -> tuple[str, Spent]:
    (_, before), (until, after) = one, two
    both = dict(before)
    for name, (calls, ns) in after.items():
        known = both.get(name, (0, 0))
        both[name] = known[0] + calls, known[1] + ns
    return until, both


def _places(times: Iterable[str], first: str, last: str) -> list[int]:
    """Return for each of ``times`` the part of the time from ``first`` to ``last`` in which it lies."""
    begin = datetime.fromisoformat(first)
    whole = (datetime.fromisoformat(last) - begin).total_seconds() or 1.0
    parts = ((datetime.fromisoformat(time) - begin).total_seconds() / whole * PARTS for time in times)
    return [min(max(int(part), 0), PARTS - 1) for part in parts]


def _mean_ms(calls: int, ns: int) -> float | None:
    return ns / calls / 1e6 if ns else None
