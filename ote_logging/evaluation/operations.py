"""The figures of one operation, all of them exact sums of integers.

LOCATION: ote_logging/evaluation/operations.py
DEPENDENCIES: quantiles
TRACE POINTS: none
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from ote_logging.evaluation.quantiles import LogBuckets

OTHER: Final = "__other__"
"""Where the figures go that exceed a bound."""

AMOUNTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "cpu_ms": 10**6,
        "memory_growth_bytes": 1,
        "api_calls": 1,
        "tokens_in": 1,
        "tokens_out": 1,
        "tokens_cached": 1,
        "cost_usd": 10**12,
        "unpriced": 1,
        "retries": 1,
        "cache_hits": 1,
        "cache_misses": 1,
        "bytes": 1,
    }
)
"""What a line may carry to be added up, and how many integer units one of it is."""

# What is beyond is garbage, and sums of it would be no floats: 30 million years in ms, 10**18 tokens.
_MOST: Final = 1e18

_MOST_ERROR_TYPES: Final = 16
_NONE: Final = (0, 0)
# A float above it has no fraction; in nanoseconds 52 days.
_ROUNDING: Final = 2.0**52


class Sums:
    """Integer sums by name of AMOUNTS, each with the number of lines that brought it."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        """Start empty."""
        self._found: dict[str, tuple[int, int]] = {}

    def add(self, units: Mapping[str, int]) -> None:
        """Add what one line carries, in units."""
        found = self._found
        for name, amount in units.items():
            lines, so_far = found.get(name, _NONE)
            found[name] = lines + 1, so_far + amount

    def merge(self, other: "Sums") -> None:
        """Add the sums of ``other``."""
        for name, (lines, amount) in other._found.items():
            self._add(name, lines, amount)

    def _add(self, name: str, lines: int, amount: int) -> None:
        known, so_far = self._found.get(name, _NONE)
        self._found[name] = known + lines, so_far + amount

    def lines(self, name: str) -> int:
        """Return how many lines brought ``name``."""
        return self._found.get(name, _NONE)[0]

    def get(self, name: str) -> float | None:
        """Return the sum in the unit of its name, None where no line brought one (never 0 for unknown)."""
        if name not in self._found:
            return None
        amount, scale = self._found[name][1], AMOUNTS[name]
        return amount if scale == 1 else amount / scale

    def as_numbers(self) -> dict[str, float | None]:
        """Return every amount by name, None where not recorded."""
        return {name: self.get(name) for name in AMOUNTS}

    def to_dict(self) -> dict[str, list[int]]:
        """Return ``{name: [lines, units]}``."""
        return {name: list(pair) for name, pair in sorted(self._found.items())}

    def load(self, found: Mapping[str, Any]) -> None:
        """Add what ``to_dict`` gave; amounts that this version does not know are passed over."""
        for name, (lines, amount) in found.items():
            if name in AMOUNTS:
                self._add(name, int(lines), int(amount))


class OperationMetrics:
    """The figures of one operation; times in milliseconds, None where nothing was timed or recorded."""

    __slots__ = (
        "buckets", "calls", "error_types", "failures", "max_ns", "min_ns", "sums", "suspended_ns", "total_ns",
    )  # fmt: skip

    def __init__(self) -> None:
        """Start with no calls."""
        self.calls = 0
        self.failures = 0
        self.total_ns = 0
        self.suspended_ns = 0
        self.min_ns: float = float("inf")
        self.max_ns = -1
        self.buckets = LogBuckets()
        self.sums = Sums()
        self.error_types: dict[str, int] = {}

    @property
    def successes(self) -> int:
        """Calls that did not fail."""
        return self.calls - self.failures

    @property
    def success_ratio(self) -> float | None:
        """Successes per call, 0 to 1."""
        return self.successes / self.calls if self.calls else None

    @property
    def timed(self) -> int:
        """Calls whose duration is known."""
        return len(self.buckets)

    @property
    def wall_ms(self) -> float:
        """Sum of the durations, from first to last step of each call."""
        return self.total_ns / 1e6

    @property
    def inside_ms(self) -> float:
        """Sum of the durations without the time in which a generator was suspended."""
        return (self.total_ns - self.suspended_ns) / 1e6

    @property
    def mean_ms(self) -> float | None:
        """Mean duration of the timed calls."""
        return self.total_ns / self.timed / 1e6 if self.timed else None

    @property
    def min_ms(self) -> float | None:
        """Shortest duration."""
        return self.min_ns / 1e6 if self.max_ns >= 0 else None

    @property
    def max_ms(self) -> float | None:
        """Longest duration."""
        return self.max_ns / 1e6 if self.max_ns >= 0 else None

    def quantile_ms(self, q: float) -> float | None:
        """Return the ``q`` quantile (0 to 1) of the durations, within 1 % (or 1 microsecond)."""
        found = self.buckets.quantile_ms(q)
        return None if found is None else min(max(found, self.min_ns / 1e6), self.max_ns / 1e6)

    @property
    def cost_per_success_usd(self) -> float | None:
        """Dollars spent per successful call, failures included in the spending."""
        cost = self.sums.get("cost_usd")
        return cost / self.successes if cost is not None and self.successes else None

    def add_duration(self, ms: object) -> None:
        """Count a duration that may be anything: what is no number of a time is left out, below 0 is 0."""
        # bool is an int to Python but not a time; NaN is not below anything.
        if isinstance(ms, bool) or not isinstance(ms, (int, float)) or not ms < _MOST:
            return
        kept = max(ms, 0)
        self.buckets.add(kept)
        self.add_ns(round(kept * 1e6))

    def add_durations(self, durations_ms: Sequence[float]) -> None:
        """Count one or more durations as ``add_duration`` does each, for a quarter of the price."""
        # What is added and taken off again rounds as round() does, and sums of whole numbers are exact.
        total_ns = sum([ms * 1e6 + _ROUNDING - _ROUNDING for ms in durations_ms])
        shortest, longest = min(durations_ms), max(durations_ms)
        # A sum with NaN in it is not below anything.
        if not (shortest > 0 and total_ns < _ROUNDING):
            for ms in durations_ms:
                self.add_duration(ms)
            return
        self.buckets.add_all(durations_ms, longest)
        self.total_ns += int(total_ns)
        self.min_ns = min(self.min_ns, round(shortest * 1e6))
        self.max_ns = max(self.max_ns, round(longest * 1e6))

    def add_ns(self, ns: int) -> None:
        """Take ``ns`` into total, shortest and longest."""
        self.total_ns += ns
        self.min_ns = min(self.min_ns, ns)
        self.max_ns = max(self.max_ns, ns)

    def add_error_type(self, name: str, times: int = 1) -> None:
        """Count an error type; beyond 16 of them as ``__other__``."""
        count_bounded(self.error_types, name, times, _MOST_ERROR_TYPES)

    def merge(self, other: "OperationMetrics") -> None:
        """Add the figures of ``other``."""
        self.calls += other.calls
        self.failures += other.failures
        self.total_ns += other.total_ns
        self.suspended_ns += other.suspended_ns
        self.min_ns = min(self.min_ns, other.min_ns)
        self.max_ns = max(self.max_ns, other.max_ns)
        self.buckets.merge(other.buckets)
        self.sums.merge(other.sums)
        for name, times in other.error_types.items():
            self.add_error_type(name, times)

    def as_numbers(self) -> dict[str, Any]:
        """Return all figures, typed, by the names that reports use."""
        return {
            "calls": self.calls,
            "successes": self.successes,
            "failures": self.failures,
            "success_ratio": self.success_ratio,
            "error_types": dict(sorted(self.error_types.items(), key=lambda found: (-found[1], found[0]))),
            "wall_ms": self.wall_ms,
            "inside_ms": self.inside_ms,
            "mean_ms": self.mean_ms,
            "min_ms": self.min_ms,
            "max_ms": self.max_ms,
            "p50_ms": self.quantile_ms(0.50),
            "p90_ms": self.quantile_ms(0.90),
            "p95_ms": self.quantile_ms(0.95),
            "p99_ms": self.quantile_ms(0.99),
            "cost_per_success_usd": self.cost_per_success_usd,
            **self.sums.as_numbers(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values, exact."""
        return {
            "calls": self.calls,
            "failures": self.failures,
            "total_ns": self.total_ns,
            "suspended_ns": self.suspended_ns,
            "min_ns": self.min_ns if self.max_ns >= 0 else None,
            "max_ns": self.max_ns if self.max_ns >= 0 else None,
            "buckets": self.buckets.to_dict(),
            "sums": self.sums.to_dict(),
            "error_types": dict(sorted(self.error_types.items())),
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "OperationMetrics":
        """Return the operation that ``to_dict`` gave."""
        row = cls()
        row.calls, row.failures = int(found["calls"]), int(found["failures"])
        row.total_ns, row.suspended_ns = int(found["total_ns"]), int(found["suspended_ns"])
        if found["max_ns"] is not None:
            row.min_ns, row.max_ns = int(found["min_ns"]), int(found["max_ns"])
        row.buckets = LogBuckets.from_dict(found["buckets"])
        row.sums.load(found["sums"])
        row.error_types.update((str(name), int(times)) for name, times in found["error_types"].items())
        return row


def count_bounded(counts: dict[str, int], name: str, times: int, bound: int) -> None:
    """Add ``times`` to the count of ``name``, to that of ``__other__`` once there are ``bound`` names."""
    if name not in counts and len(counts) >= bound:
        name = OTHER
    counts[name] = counts.get(name, 0) + times


def units_of(value: object, scale: int) -> int | None:
    """Return ``value`` in integer units, None where it is no number, or one that no amount has."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_MOST < value < _MOST:
        return None
    return value * scale if type(value) is int else round(value * scale)
