"""Works that many do at once: four threads, four processes into one file, a queue.

LOCATION: benchmarks/works/threads.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from benchmarks.contest import Contender, Contest, Seat, Work
from benchmarks.peers import Writer, contender, tally_of, writer

CREW = 4
MANY = (
    "ours", "pjl-orjson", "structlog", "structlog-stdlib", "loguru", "eliot", "picologging", "otel-batch",
    "logfire",
)  # fmt: skip
_ORDER = struct.Struct("qq")


def in_threads(made: Writer, folder: Path, threads: int) -> Contender:
    """Return ``made`` as a contender whose bursts are shared out to ``threads`` new threads."""

    failures: list[Exception] = []

    def part(first: int, count: int) -> None:
        try:
            with made.around():
                made.burst(first, count)
        except Exception as failure:  # whatever a peer raises; its thread would swallow it
            failures.append(failure)

    def burst(first: int, count: int) -> None:
        crew = [Thread(target=part, args=share) for share in shares(first, count, threads)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
        made.drain()
        if failures:
            raise failures[0]

    return Contender(burst, tally=tally_of(made, folder), factory=made.factory)


def shares(first: int, count: int, parts: int) -> list[tuple[int, int]]:
    """Return ``parts`` pieces (first, count) of a burst; the last one takes what is left over.

    >>> shares(10, 7, 3)
    [(10, 2), (12, 2), (14, 3)]
    """
    each = count // parts
    cut = [(first + part * each, each) for part in range(parts - 1)]
    return [*cut, (first + (parts - 1) * each, count - (parts - 1) * each)]


@dataclass(frozen=True)
class Mate:
    """A forked process that waits for orders on one pipe and says on another when it has done."""

    orders: int
    done: int


def _mate(make: Callable[[], Writer]) -> Mate:
    orders, done = os.pipe(), os.pipe()
    if os.fork():
        os.close(orders[0])
        os.close(done[1])
        return Mate(orders[1], done[0])
    os.close(orders[1])
    try:
        _obey(make(), orders[0], done[1])
    finally:
        os._exit(1)


def _obey(made: Writer, orders: int, done: int) -> None:
    while order := os.read(orders, _ORDER.size):
        first, count = _ORDER.unpack(order)
        with made.around():
            made.burst(first, count)
            made.drain()
        os.write(done, b".")


def in_processes(peer: str, folder: Path) -> Contender:
    """Return ``peer`` as a contender whose bursts four processes share, each having set it up for itself."""
    shared = folder / "shared"
    crew = [_mate(lambda: writer(peer, "records", shared)) for _ in range(CREW)]
    # Only now, for its reader alone: a crew forked after it would write here too.
    read_by = writer(peer, "records", folder / "unused")

    def burst(first: int, count: int) -> None:
        for mate, share in zip(crew, shares(first, count, CREW), strict=True):
            os.write(mate.orders, _ORDER.pack(*share))
        for mate in crew:
            if not os.read(mate.done, 1):
                raise ChildProcessError("a process of the crew ended")

    return Contender(burst, tally=tally_of(read_by, shared))


def _threads(seat: Seat) -> Contest:
    theirs, floors = seat.folder / "peer", seat.folder / "floor"
    peer = in_threads(writer(seat.peer, "records", theirs), theirs, CREW)
    return Contest(in_threads(writer("floor", "records", floors), floors, CREW), peer)


def _processes(seat: Seat) -> Contest:
    base = in_processes("floor", seat.folder / "floor")
    return Contest(base, in_processes(seat.peer, seat.folder / "peer"))


def _queue(seat: Seat, drained: bool) -> Contest:
    theirs, floors = seat.folder / "peer", seat.folder / "floor"
    peer = contender(writer(seat.peer, "queue", theirs), theirs, drained)
    return Contest(contender(writer("floor", "records", floors), floors), peer)


WORKS = (
    Work(
        "threads.four",
        "4 threads, per record",
        _threads,
        MANY,
        goal=0.80,
        slices=4,
        pinned=False,
    ),
    Work(
        "threads.four_on_one_core",
        "4 threads on one core, per record",
        _threads,
        MANY,
        goal=0.80,
        slices=4,
    ),
    Work(
        "threads.processes",
        "4 processes into one file, per record",
        _processes,
        tuple(peer for peer in MANY if peer not in ("otel-batch", "logfire")),
        goal=0.80,
        slices=4,
        pinned=False,
    ),
    Work(
        "queue.caller",
        "queue: time in the caller",
        lambda seat: _queue(seat, drained=False),
        ("ours", "floor", "loguru", "otel-batch"),
        goal=0.60,
        pinned=False,
    ),
    Work(
        "queue.all",
        "queue: all the time, drained",
        lambda seat: _queue(seat, drained=True),
        ("ours", "floor", "loguru", "otel-batch"),
        pinned=False,
    ),
)
