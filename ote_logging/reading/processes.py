"""Tell the processes of a session: when each wrote, how much, and what is missing.

``seq`` counts 1, 2, 3 ... per process and session, so every number that is not there is a lost record.
The order of the lines does not matter: threads may write a little out of turn.

LOCATION: ote_logging/reading/processes.py
DEPENDENCIES: none
TRACE POINTS: Processes.add() - a batch of lines is told apart by process
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

Wire = dict[str, Any]


@dataclass(frozen=True)
class Process:
    """The records of one process within one session; a fork is a process of its own."""

    session_id: str
    pid: int | None
    records: int
    first: str
    """Time of its earliest record, as it stands on the line."""
    last: str
    gaps: list[tuple[int, int]]
    """First and last ``seq`` of every run of missing records; what is missing at the end leaves no gap."""

    @property
    def missing(self) -> int:
        """Number of records that were given a ``seq`` but are not there."""
        return sum(last - first + 1 for first, last in self.gaps)


class Processes:
    """The processes met so far, in the order of their first lines."""

    def __init__(self) -> None:
        """Start with none."""
        self._met: dict[tuple[str, int | None], _Process] = {}

    def add(self, batch: list[Wire]) -> None:
        """Count the lines of ``batch``, which is not empty."""
        process = self._process_of(batch[0])
        if _follow(batch, process.seqs.last + 1):
            process.add_following([line["timestamp"] for line in batch])
        else:
            self._add_grouped(batch)

    def _add_grouped(self, batch: list[Wire]) -> None:
        groups: defaultdict[_Process, list[Wire]] = defaultdict(list)
        for wire in batch:
            groups[self._process_of(wire)].append(wire)
        for process, lines in groups.items():
            process.add([line["timestamp"] for line in lines], [line.get("seq") for line in lines])

    def _process_of(self, wire: Wire) -> "_Process":
        session_id, pid = wire.get("session_id"), wire.get("pid")
        key = (session_id if isinstance(session_id, str) else "", pid if isinstance(pid, int) else None)
        return self._met.get(key) or self._met.setdefault(key, _Process())

    def last_of(self, wire: Wire) -> str:
        """Return the time of the latest record of the process that wrote ``wire``."""
        return self._process_of(wire).last

    def found(self) -> list[Process]:
        """Return every process with what it wrote."""
        return [
            Process(session_id, pid, process.records, process.first, process.last, list(process.seqs.gaps()))
            for (session_id, pid), process in self._met.items()
        ]


class _Process:
    """What one process wrote, while lines come in."""

    def __init__(self) -> None:
        self.records = 0
        self.first = self.last = ""
        self.seqs = _Runs()

    def add(self, stamps: Sequence[str], seqs: Sequence[Any]) -> None:
        self._add_times(stamps)
        self.seqs.add(seqs)

    def add_following(self, stamps: Sequence[str]) -> None:
        """Count records whose ``seq`` go on from the highest one so far."""
        self._add_times(stamps)
        self.seqs.extend(len(stamps))

    def _add_times(self, stamps: Sequence[str]) -> None:
        # Sorting what is sorted, as lines mostly are, is quicker than asking for least and greatest.
        ordered = sorted(stamps)
        self.first = min(self.first or ordered[0], ordered[0])
        self.last = max(self.last, ordered[-1])
        self.records += len(stamps)


def _follow(batch: list[Wire], seq: int) -> bool:
    """Return whether all lines are of one process and numbered from ``seq`` on: so most batches are."""
    session_id, pid = batch[0].get("session_id"), batch[0].get("pid")
    try:
        for line in batch:
            if line["seq"] != seq or line["pid"] != pid or line["session_id"] != session_id:
                return False
            seq += 1
    except LookupError:  # lines from elsewhere
        return False
    return True


class _Runs:
    """Which of the numbers 1, 2, 3 ... were met: first and last of each run of them, sorted."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []

    @property
    def last(self) -> int:
        """The highest number, 0 before any was met."""
        return self._runs[-1][1] if self._runs else 0

    def extend(self, count: int) -> None:
        """Take the ``count`` numbers after the highest one."""
        if not self._runs:
            self._runs.append([1, 0])
        self._runs[-1][1] += count

    def add(self, numbers: Sequence[Any]) -> None:
        """Take ``numbers``; what is no number is passed over."""
        for number in numbers:
            if isinstance(number, int) and number > 0:
                self._add(number)

    def _add(self, number: int) -> None:
        place = bisect(self._runs, number, key=_first_of)
        if place and number <= self._runs[place - 1][1]:
            return
        self._runs.insert(place, [number, number])
        self._join(place)
        self._join(place - 1)

    def _join(self, place: int) -> None:
        """Make the run at ``place`` and the next one a single run, where they touch."""
        if 0 <= place < len(self._runs) - 1 and self._runs[place][1] + 1 == self._runs[place + 1][0]:
            self._runs[place][1] = self._runs.pop(place + 1)[1]

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Yield first and last of each run of numbers that are missing below the highest one."""
        last = 0
        for run in self._runs:
            if run[0] > last + 1:
                yield last + 1, run[0] - 1
            last = run[1]


_first_of = itemgetter(0)
