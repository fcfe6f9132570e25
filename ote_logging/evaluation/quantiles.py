"""Count durations in log-spaced buckets, so that quantiles merge exactly and err by 1 % at most.

The idea is DDSketch's: bucket ``i`` holds what lies in ``[G**i, G**(i+1))`` milliseconds, and its
answer is the one value that is within 1 % of all of them. Counts are integers, so the buckets of
two parts add up to those of the whole, in any order.

LOCATION: ote_logging/evaluation/quantiles.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor, log
from typing import Any, Final

RELATIVE_ERROR: Final = 0.01
"""A quantile differs from the exact one by at most this part of it."""

_GROWTH: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
SCALE: Final = 1 / log(_GROWTH)
SHIFT: Final = 346
"""Index of the bucket that begins at 1 ms; bucket 0 begins at 0.99 microseconds and holds all below too."""

LAST: Final = 1499
"""Index of the last bucket; it begins at 119 days and holds all above it too."""

_GROW_BY: Final = 32


class LogBuckets:
    """Counts of durations; 4 bytes a bucket up to the longest one met (2.8 kB at 1 s)."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        """Start empty."""
        self.counts = array("I")

    def add(self, ms: float, times: int = 1) -> None:
        """Count ``ms`` (milliseconds, finite; what is not above 0 goes to the first bucket)."""
        self.add_at(_index_of(ms) if ms > 0 else 0, times)

    def add_all(self, durations_ms: Sequence[float], longest: float) -> None:
        """Count many, all above 0 and none above ``longest``, which is one of them."""
        last = _index_of(longest)
        if last > LAST:
            for ms in durations_ms:
                self.add(ms)
            return
        self.add_at(last, 0)  # makes room
        counts = self.counts
        for logarithm in map(log, durations_ms):
            index = floor(logarithm * SCALE) + SHIFT
            try:
                counts[index if index > 0 else 0] += 1
            except OverflowError:
                self.add_at(index, 1)
                counts = self.counts

    def add_at(self, index: int, times: int) -> None:
        """Count ``times`` in the bucket ``index``, brought into range."""
        index = min(max(index, 0), LAST)
        if index >= len(self.counts):
            self.counts.extend([0] * (index + _GROW_BY - len(self.counts)))
        try:
            self.counts[index] += times
        except OverflowError:  # four bytes are full; eight never are
            self.counts = array("Q", self.counts)
            self.counts[index] += times

    def merge(self, other: "LogBuckets") -> None:
        """Add the counts of ``other``."""
        for index, times in other.occupied():
            self.add_at(index, times)

    def occupied(self) -> Iterator[tuple[int, int]]:
        """Yield index and count of every bucket that is not empty, shortest first."""
        return ((index, times) for index, times in enumerate(self.counts) if times)

    def __len__(self) -> int:
        return sum(self.counts)

    def __eq__(self, other: object) -> bool:
        return (
            list(self.occupied()) == list(other.occupied())
            if isinstance(other, LogBuckets)
            else NotImplemented
        )

    __hash__ = None  # type: ignore[assignment]  # it grows

    def weighted(self) -> list[tuple[float, int]]:
        """Return (milliseconds, count) of every occupied bucket, shortest first."""
        return [(middle_ms(index), times) for index, times in self.occupied()]

    def quantile_ms(self, q: float) -> float | None:
        """Return the value below which the part ``q`` (0 to 1) of all lies, None while empty."""
        return quantile_of(self.weighted(), q)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as ``{"first": index, "counts": [...]}``, without the empty ends."""
        occupied = [index for index, _ in self.occupied()]
        if not occupied:
            return {"first": 0, "counts": []}
        return {"first": occupied[0], "counts": self.counts[occupied[0] : occupied[-1] + 1].tolist()}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "LogBuckets":
        """Return the buckets that ``to_dict`` gave."""
        buckets = cls()
        for index, times in enumerate(found["counts"], int(found["first"])):
            if times:
                buckets.add_at(index, int(times))
        return buckets


def _index_of(ms: float) -> int:
    """Return the bucket of ``ms``, above 0; it may be out of range."""
    return floor(log(ms) * SCALE) + SHIFT


def middle_ms(index: int) -> float:
    """Return the milliseconds that are within 1 % of everything in the bucket ``index``."""
    lower: float = _GROWTH ** (index - SHIFT)
    return lower * 2 * _GROWTH / (1 + _GROWTH)


def quantile_of(weighted: Iterable[tuple[float, float]], q: float) -> float | None:
    """Return the ``q`` quantile (the lower one, no interpolation) of sorted (value, weight) pairs."""
    pairs = list(weighted)
    rank = q * (sum(weight for _, weight in pairs) - 1)
    seen = 0.0
    for value, weight in pairs:
        seen += weight
        if seen > rank:
            return value
    return None
