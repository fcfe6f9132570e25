"""The alarms of the anomaly watch: each takes values one by one and is on while something is wrong.

All are CUSUMs of likelihoods or ranks, not tests of windows: their chance of a false alarm is bounded
for the whole session (below 1e-10 a value), whatever its length, and a strong fault is seen after few values.
What is usual is learnt from the alarm's own past, as long as that is calm, or taken from a baseline.

LOCATION: ote_logging/evaluation/alarms.py
DEPENDENCIES: quantiles, statistics
TRACE POINTS: none
"""

from collections import deque
from itertools import accumulate, pairwise
from math import floor, log, sqrt
from typing import Final

from ote_logging.evaluation.quantiles import SCALE, SHIFT, LogBuckets, middle_ms
from ote_logging.evaluation.statistics import (
    MAD_TO_SIGMA,
    Interval,
    mad,
    median,
    sign_test,
    theil_sen,
    wilson,
)

_LIMIT: Final = log(1e10)
"""By Wald, a likelihood ratio exceeds its exponential in one value of 1e10 while nothing is wrong."""

CAUTION: Final = 3.0
"""Standard deviations by which a learnt rate may be too low."""

_WINDOW: Final = 50
"""Values between two looks at whether an alarm is over."""


class RateAlarm:
    """On while hits come more often than ``usual`` (0 to 1), nearer to ``alarming``."""

    __slots__ = ("_alarming", "_hit", "_miss", "hits", "is_on", "n", "sum", "usual")

    def __init__(self, usual: float, alarming: float) -> None:
        """Start calm."""
        self.usual, self._alarming = usual, alarming
        self._hit, self._miss = log(alarming / usual), log((1 - alarming) / (1 - usual))
        self.is_on, self.sum, self.hits, self.n = False, 0.0, 0, 0

    def add(self, hit: bool) -> bool:
        """Take a value; tell whether the alarm went on or off."""
        self.hits += hit
        self.n += 1
        return self._is_over() if self.is_on else self._has_begun(hit)

    def _has_begun(self, hit: bool) -> bool:
        self.sum += self._hit if hit else self._miss
        if self.sum <= 0:
            self.sum, self.hits, self.n = 0.0, 0, 0
        self.is_on = self.sum > _LIMIT
        return self.is_on

    def _is_over(self) -> bool:
        if self.n < _WINDOW:
            return False
        over = self.hits / self.n < (self.usual + self._alarming) / 2
        self.hits, self.n = 0, 0
        if over:
            self.is_on, self.sum = False, 0.0
        return over

    @property
    def rate(self) -> float:
        """The rate of hits since the rise began, or in the current window."""
        return self.hits / self.n if self.n else self.usual


class LearntRateAlarm:
    """On while hits come more often than they used to; calm until ``learn`` values have been seen."""

    __slots__ = ("_alarm", "_hits", "_learn", "_n", "_next")

    def __init__(self, learn: int, hits: int = 0, n: int = 0) -> None:
        """Start from ``hits`` of ``n`` values of a baseline, where there is one."""
        self._learn, self._hits, self._n, self._next = learn, hits, n, max(learn, n)
        self._alarm: RateAlarm | None = None
        if n >= learn:
            self._learnt()

    def add(self, hit: bool) -> bool:
        """Take a value; tell whether the alarm went on or off."""
        changed = self._alarm is not None and self._alarm.add(hit)
        if not self.is_on:
            self._hits += hit
            self._n += 1
            if self._n >= self._next and (self._alarm is None or self._alarm.sum == 0):
                self._learnt()
        return changed

    def _learnt(self) -> None:
        self._next = 2 * self._n
        usual = max(wilson(self._hits, self._n, CAUTION).high, 0.002)
        alarming = max(3 * usual, usual + 0.1)
        # What is a hit more often than not has no alarm: there is nothing usual about its absence.
        self._alarm = RateAlarm(usual, alarming) if alarming < 0.9 else None

    @property
    def is_on(self) -> bool:
        """Whether the rate is too high."""
        return self._alarm is not None and self._alarm.is_on

    @property
    def rate(self) -> float:
        """The rate of hits of late."""
        return self._alarm.rate if self._alarm is not None else self.usual

    @property
    def usual(self) -> float:
        """The rate of hits so far."""
        return self._hits / self._n if self._n else 0.0


class SlowerAlarm:
    """On while durations rank higher among past ones than they used to.

    Ranks have one distribution whatever that of the durations: two peaks or a long tail disturb nothing.
    Lognormal times (sigma 0.5) half as long again are noticed within some 170 calls, twice as long within 80,
    a fifth longer in half of cases. Calls that are slow together (a correlation of neighbours above 0.7) do
    raise alarms: they are slow spells.
    """

    __slots__ = ("_left", "_min_ratio", "_n", "_next", "_past", "_ranks", "_rise", "_score", "is_on")

    _SLACK: Final = 0.1
    _HIGHEST: Final = 20.0
    _LONGEST_RISE: Final = 200

    def __init__(self, learn: int, min_ratio: float, baseline: LogBuckets | None = None) -> None:
        """Start from the durations of a baseline, where it has ``learn`` of them."""
        self._min_ratio, self._left = min_ratio, _WINDOW
        self._past = LogBuckets()
        self._rise: deque[int] = deque(maxlen=self._LONGEST_RISE)
        self._ranks: list[float] = []
        self._score, self._n, self._next, self.is_on = 0.0, 0, learn, False
        if baseline is not None and len(baseline) >= learn:
            self._past.merge(baseline)
            self._n = len(baseline)
            self._learnt()

    def add(self, ms: float) -> bool:
        """Take a duration (milliseconds); tell whether the alarm went on or off."""
        index = max(floor(log(ms) * SCALE) + SHIFT, 0) if ms > 0 else 0
        self._rise.append(index)
        if not self._ranks:
            self._calm()
            return False
        rank = self._ranks[index] if index < len(self._ranks) else 1.0
        self._score += rank - 0.5 - self._SLACK
        return self._is_over() if self.is_on else self._has_begun()

    def _has_begun(self) -> bool:
        if self._score <= 0:
            self._score = 0.0
            self._calm()
        elif self._score > self._HIGHEST:
            self._score = self._HIGHEST
            self.is_on = self.median_ms >= self._min_ratio * self.usual_ms
            if self.is_on:
                self._score, self._left = 0.0, _WINDOW
        return self.is_on

    def _calm(self) -> None:
        """Take what did not rise into the past, and learn anew whenever that has doubled."""
        for index in self._rise:
            self._past.add_at(index, 1)
        self._n += len(self._rise)
        self._rise.clear()
        if self._n >= self._next:
            self._learnt()

    def _is_over(self) -> bool:
        """Look at each window: a healthy one has a mean rank of 0.5 with a deviation of 0.04."""
        self._left -= 1
        if self._left:
            return False
        self.is_on = self._score / _WINDOW > -self._SLACK / 2
        self._score, self._left = 0.0, _WINDOW
        return not self.is_on

    def _learnt(self) -> None:
        self._next = 2 * self._n
        sums = accumulate(self._past.counts, initial=0)
        self._ranks = [(below + up_to) / (2 * self._n) for below, up_to in pairwise(sums)]

    @property
    def median_ms(self) -> float:
        """The median duration since the rise began, or of the last window."""
        return middle_ms(sorted(self._rise)[len(self._rise) // 2]) if self._rise else 0.0

    @property
    def usual_ms(self) -> float:
        """The median duration before."""
        return self._past.quantile_ms(0.5) or 0.0


class MeanAlarm:
    """On while the mean of so many values exceeds a limit, twice in a row."""

    __slots__ = ("_n", "_over", "_sum", "_window", "is_on", "limit", "mean")

    def __init__(self, limit: float, window: int) -> None:
        """Look every ``window`` values."""
        self.limit, self._window = limit, window
        self._sum, self._n, self._over, self.mean, self.is_on = 0.0, 0, 0, 0.0, False

    def add(self, value: float) -> bool:
        """Take a value; tell whether the alarm went on or off."""
        self._sum += value
        self._n += 1
        if self._n < self._window:
            return False
        self.mean = self._sum / self._n
        self._over = self._over + 1 if self.mean > self.limit else 0
        self._sum, self._n = 0.0, 0
        was_on, self.is_on = self.is_on, self._over >= 2
        return self.is_on != was_on


class GrowthAlarm:
    """On while memory rises with the calls: nearly every batch of calls grows, and the slope is sure."""

    __slots__ = ("_batches", "_min_per_call", "_n", "_skip", "_sum", "is_on", "slope")

    _BATCH: Final = 10
    _MOST: Final = 40
    _FEWEST: Final = 30
    _CHANCE: Final = 1e-8
    _CHANCE_WHILE_ON: Final = 1e-2

    def __init__(self, learn: int, min_bytes_per_call: float) -> None:
        """Pass over the first ``learn`` calls: caches fill."""
        self._skip, self._min_per_call = learn, min_bytes_per_call
        self._batches: deque[float] = deque(maxlen=self._MOST)
        self._sum, self._n, self.is_on = 0.0, 0, False
        self.slope = Interval(0.0, 0.0, 0.0)

    def add(self, growth_bytes: float) -> bool:
        """Take the growth by a call; tell whether the alarm went on or off."""
        if self._skip:
            self._skip -= 1
            return False
        self._sum += growth_bytes
        self._n += 1
        return self._n == self._BATCH and self._close_batch()

    def _close_batch(self) -> bool:
        self._batches.append(self._sum)
        self._sum, self._n = 0.0, 0
        was_on, self.is_on = self.is_on, self._rises()
        return self.is_on != was_on

    def _rises(self) -> bool:
        grown = sum(batch > 0 for batch in self._batches)
        fallen = sum(batch < 0 for batch in self._batches)
        limit = self._CHANCE_WHILE_ON if self.is_on else self._CHANCE
        # The cheap and strict question first: sums of noise have slopes as well, but no such run of signs.
        if len(self._batches) < self._FEWEST or grown <= fallen or sign_test(grown, fallen) > limit:
            return False
        calls = [float(self._BATCH * place) for place in range(len(self._batches))]
        self.slope = theil_sen(calls, list(accumulate(self._batches)))
        return self.slope.low > self._min_per_call


class TrafficAlarm:
    """Counts calls by time; on in a burst, or in a silence that nothing in the past resembles."""

    __slots__ = (
        "_bucket_s", "_counts", "_end_s", "_first_s", "_high", "_last_s", "_longest_s", "_n", "burst",
        "count", "last_count", "silent_s",
    )  # fmt: skip

    _MOST: Final = 360
    _FEWEST: Final = 30
    _LEAST: Final = 20
    _MIN_CALLS: Final = 200
    _MIN_SPAN_S: Final = 60.0

    def __init__(self, bucket_s: float) -> None:
        """Count in buckets of ``bucket_s`` seconds; learn from 30 of them, from 200 calls over a minute."""
        self._bucket_s = bucket_s
        self._counts: deque[int] = deque(maxlen=self._MOST)
        self._first_s, self._last_s, self._longest_s, self._end_s = 0.0, 0.0, 0.0, 0.0
        self._n, self._high, self.count, self.last_count = 0, 0, 0, 0
        self.burst, self.silent_s = False, 0.0

    def add(self, at_s: float) -> bool:
        """Count a call; tell whether it ended a silence."""
        if not self._n:
            self._first_s, self._last_s, self._end_s = at_s, at_s, at_s + self._bucket_s
        self._longest_s = max(self._longest_s, at_s - self._last_s)
        self._last_s = max(self._last_s, at_s)
        self._n += 1
        self.count += 1
        was_silent, self.silent_s = self.silent_s > 0, 0.0
        return was_silent

    def step(self, by_s: float) -> None:
        """Move all times along: the clock was set."""
        self._first_s, self._last_s, self._end_s = (
            self._first_s + by_s,
            self._last_s + by_s,
            self._end_s + by_s,
        )

    def burst_changed(self, now_s: float) -> bool:
        """Close the buckets that ended before ``now_s``; tell whether a burst began or ended."""
        was_on = self.burst
        while self._n and now_s >= self._end_s:
            self._close_bucket()
            # After a long gap only the last buckets matter.
            self._end_s = max(self._end_s + self._bucket_s, now_s - self._MOST * self._bucket_s)
        return self.burst != was_on

    def _close_bucket(self) -> None:
        # The bound that costs nothing first: the others sort an hour of counts, for every operation.
        is_high = self.count > self._LEAST and len(self._counts) >= self._FEWEST and self.count > self._most()
        self._high = self._high + 1 if is_high else 0
        self.burst = self._high >= 2
        if not is_high:
            self._counts.append(self.count)
        self.last_count, self.count = self.count, 0

    def _most(self) -> float:
        usual = self.usual
        spread = max(MAD_TO_SIGMA * mad(self._counts), sqrt(usual))
        return max(3 * usual, usual + 12 * spread)

    @property
    def usual(self) -> float:
        """Calls in a bucket, as a rule."""
        return median(self._counts) if self._counts else 0.0

    def silence_began(self, now_s: float) -> bool:
        """Tell whether by ``now_s`` the gap has become a silence that was none before."""
        gap_s, span_s = now_s - self._last_s, self._last_s - self._first_s
        if self.silent_s or self._n < self._MIN_CALLS or span_s < self._MIN_SPAN_S:
            return False
        if gap_s <= max(3 * self._longest_s, 30 * span_s / self._n, self._bucket_s):
            return False
        self.silent_s = gap_s
        return True
