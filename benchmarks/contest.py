"""The words of the game: a Work pits a peer against a base, and both are Contenders.

A contender does numbered events. Whatever it wrote is read back after each round, outside the time,
and told as a Tally: what arrived, what was torn, which of the facts asked for are not there.

LOCATION: benchmarks/contest.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from logging import LogRecord
from pathlib import Path

FACTS = (
    "time", "level", "logger", "message", "file", "line", "function", "session", "trace", "span", "fields",
)  # fmt: skip
"""What each line of a record must tell. Only the floor, being text, is not asked for ``fields``."""

SPAN_FACTS = ("time", "logger", "session", "trace", "span", "operation", "duration")
"""What the lines of a span must tell."""

FIELDS: Mapping[str, object] = {"user_id": 7, "kind": "theme", "ms": 1.25}
"""The ``extra`` of every record; a line tells ``fields`` when it holds all three with these values."""

Facts = Mapping[str, object]
Burst = Callable[[int, int], None]
Reader = Callable[[bytes], Facts | None]


class NotThereError(Exception):
    """A peer has no such ability; the text says what is missing."""


class Measure(Enum):
    """How a peer's time and its base's become the figure of a table: (unit, factor from seconds)."""

    RATIO = ("x", 1.0)
    EXTRA_NS = ("ns more", 1e9)
    EXTRA_US = ("us more", 1e6)
    EXTRA_MS = ("ms more", 1e3)

    @property
    def unit(self) -> str:
        """Return the unit of the figure."""
        return self.value[0]

    def figure(self, peer_s: float, base_s: float) -> float:
        """Return the figure for the seconds of one event: a ratio, or what the peer takes more."""
        return peer_s / base_s if self is Measure.RATIO else (peer_s - base_s) * self.value[1]


@dataclass(frozen=True)
class Tally:
    """What one side wrote, counted: lines that should be there, that are, and that are damaged."""

    expected: int = 0
    found: int = 0
    twice: int = 0
    torn: int = 0
    missing: frozenset[str] = frozenset()

    @property
    def lost(self) -> int:
        """Return how many lines never arrived."""
        return self.expected - self.found

    @property
    def complete(self) -> bool:
        """Return whether all arrived once and whole, with every fact asked for."""
        return not (self.lost or self.twice or self.torn or self.missing)

    def __add__(self, other: "Tally") -> "Tally":
        """Return both tallies as one."""
        return Tally(
            self.expected + other.expected,
            self.found + other.found,
            self.twice + other.twice,
            self.torn + other.torn,
            self.missing | other.missing,
        )


def nothing() -> None:
    """Do nothing: the drain of those who have no queue."""


def nothing_written(first: int, count: int) -> Tally:
    """Return the tally of a work that writes no lines."""
    return Tally()


@dataclass(frozen=True)
class Contender:
    """One side of a contest.

    ``burst(first, count)`` does the events first, first + 1, ... and is timed; ``around`` opens the
    context they happen in; ``settle`` waits for what may arrive late; ``tally`` reads back; ``factory``
    makes the records, None for the one that is set. Only ``burst`` is timed.
    """

    burst: Burst
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    settle: Callable[[], None] = nothing
    tally: Callable[[int, int], Tally] = nothing_written
    factory: Callable[..., LogRecord] | None = None


@dataclass(frozen=True)
class Seat:
    """Where a contender sits: its name in the table of peers, its side and a folder of its own."""

    peer: str
    folder: Path
    scratch: Path
    events: int


@dataclass(frozen=True)
class Contest:
    """Both sides, ready to go."""

    base: Contender
    peer: Contender


@dataclass(frozen=True)
class Work:
    """Something to be done, who does it, and what they are held against.

    ``events`` is the number of a round, done in ``slices`` that alternate between base and peer;
    ``pinned`` holds the process on one core. ``goal`` is for ours: not above it.
    """

    name: str
    title: str
    prepare: Callable[[Seat], Contest]
    peers: tuple[str, ...]
    against: str = "floor"
    measure: Measure = Measure.RATIO
    goal: float | None = None
    events: int = 20_000
    quick_events: int = 2_000
    rounds: int = 9
    slices: int = 10
    pinned: bool = True
    processes: int = 3
    step: tuple[str, int] | None = None


def count(lines: Iterable[bytes], read: Reader, expected: range, wanted: Iterable[str]) -> Tally:
    """Return the tally of ``lines``, of which ``read`` makes facts.

    ``read`` returns None for a line that belongs to no event (the start of a surrounding span) and
    raises ValueError, KeyError or TypeError for a torn one.
    """
    seen: dict[object, int] = {}
    torn = 0
    missing: set[str] = set()
    asked = frozenset(wanted)
    for line in lines:
        try:
            facts = read(line)
        except (ValueError, KeyError, TypeError):
            torn += 1
            continue
        if facts is not None:
            seen[facts["number"]] = seen.get(facts["number"], 0) + 1
            missing.update(fact for fact in asked if _untold(fact, facts.get(fact)))
    there = [seen[number] for number in expected if number in seen]
    return Tally(len(expected), len(there), sum(seen.values()) - len(there), torn, frozenset(missing))


def _untold(fact: str, value: object) -> bool:
    # Every event is called from a function whose name ends so; a caller that is another one is not told.
    wrong_caller = fact == "function" and not str(value).endswith("burst")
    return value in (None, "") or wrong_caller
