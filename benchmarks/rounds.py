"""Time two contenders so that noise strikes both alike.

A round is cut into slices that alternate, base and peer in changing order, a few tens of milliseconds
each: a neighbour's load, a change of the clock rate or a cold cache meets both, and the ratio of the
round stays. The collector is on, for its work belongs to who makes the garbage, but what was alive
before the round is frozen, or a library would pay for the size of its imports.

LOCATION: benchmarks/rounds.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

from benchmarks.contest import Contender, Contest, Tally

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Round:
    """Seconds that one event took on either side, by the clock and by the processor; then the memory held."""

    base_s: float
    peer_s: float
    base_cpu_s: float
    peer_cpu_s: float
    rss_mb: float


class Side:
    """One contender with its stop-watch; numbers its events from 0 on over all rounds."""

    def __init__(self, contender: Contender) -> None:
        """Start at event 0."""
        self.contender = contender
        self.next = 0
        self.seconds = self.cpu_s = 0.0

    def slice(self, count: int) -> None:
        """Do ``count`` events against the clock."""
        contender = self.contender
        gc.collect()
        with contender.around(), made_by(contender.factory):
            wall, cpu = perf_counter(), process_time()
            contender.burst(self.next, count)
            self.cpu_s += process_time() - cpu
            self.seconds += perf_counter() - wall
        contender.settle()
        self.next += count

    def reset(self) -> None:
        """Set the stop-watch to zero; the events go on counting."""
        self.seconds = self.cpu_s = 0.0


@contextmanager
def made_by(factory: Callable[..., logging.LogRecord] | None) -> Iterator[None]:
    """Let ``factory`` make the records of a block; None leaves it to the one that is set."""
    found = logging.getLogRecordFactory()
    logging.setLogRecordFactory(factory or found)
    yield
    logging.setLogRecordFactory(found)


def play(contest: Contest, rounds: int, events: int, slices: int) -> Iterator[tuple[Round, Tally, Tally]]:
    """Yield each round with the tallies of base and peer; one slice of each is played before, untimed."""
    base, peer = Side(contest.base), Side(contest.peer)
    size = max(1, events // slices)
    for side in (base, peer):
        side.slice(size)
        side.contender.tally(0, size)
    gc.collect()
    gc.freeze()
    try:
        for number in range(rounds):
            yield _round(base, peer, size, min(slices, events), number)
    finally:
        gc.unfreeze()


def _round(base: Side, peer: Side, size: int, slices: int, number: int) -> tuple[Round, Tally, Tally]:
    first = base.next
    for side in (base, peer):
        side.reset()
    for turn in range(slices):
        for side in (base, peer) if (turn + number) % 2 == 0 else (peer, base):
            side.slice(size)
    done = size * slices
    timed = Round(base.seconds / done, peer.seconds / done, base.cpu_s / done, peer.cpu_s / done, rss_mb())
    return timed, base.contender.tally(first, done), peer.contender.tally(first, done)


def rss_mb() -> float:
    """Return the memory that this process holds now, in units of 10**6 bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * PAGE_BYTES / 1e6
