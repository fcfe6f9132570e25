"""Works that grow: one thing larger step by step, to show that no step costs more than its size.

Each step is a work of its own against the floor; ``growth`` compares the steps.

LOCATION: benchmarks/works/scaling.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from logging import Logger, LogRecord
from typing import Any

from benchmarks.contest import Burst, Contest, Facts, Reader, Seat, Work
from benchmarks.peers import Ask, Writer, calls, contender, floor, writer
from benchmarks.works.threads import in_threads

_BYTES_A_ROUND = 40_000_000
_SIZED = re.compile(rb"(\d+) The quick brown")

Calls = Callable[[Logger, int], Burst]


def ask(seat: Seat, side: str) -> Ask:
    """Return the request for one side, its folder made."""
    folder = seat.folder / side
    folder.mkdir(parents=True, exist_ok=True)
    return Ask(folder)


def sides(seat: Seat, make: Callable[[Logger], Burst], read: Reader) -> Contest:
    """Return ours against the floor, both given the calls that ``make`` makes for a logger."""
    ours = import_module("benchmarks.peers.ours")
    theirs, floors = ask(seat, "peer"), ask(seat, "floor")
    peer = Writer(make(ours.logger(theirs)), read, ours.in_span, wanted=())
    base = Writer(make(floor.logger(floors)), read, floor.ids, wanted=(), factory=LogRecord)
    return Contest(contender(base, floors.folder), contender(peer, theirs.folder))


def numbered(line: bytes) -> Facts | None:
    """Return the number that the line of a record tells, text or JSON."""
    found = re.search(rb"user alice saved (\d+) rows", line)
    return {"number": int(found[1])} if found else None


def _sized(line: bytes) -> Facts | None:
    found = _SIZED.search(line)
    return {"number": int(found[1])} if found else None


def _grown(calls_of: Calls, step: int, seat: Seat) -> Contest:
    return sides(seat, lambda log: calls_of(log, step), numbered)


def _by_size(step: int, seat: Seat) -> Contest:
    return sides(seat, lambda log: calls.sized(log, step), _sized)


def _by_depth(step: int, seat: Seat) -> Contest:
    contest = sides(seat, calls.records, numbered)
    ours = import_module("benchmarks.peers.ours")
    span = ours.ote.span

    @contextmanager
    def deep() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(ours.in_span())
            for number in range(step - 1):
                stack.enter_context(span(f"level_{number}"))
            yield

    return replace(contest, peer=replace(contest.peer, around=deep))


def _by_threads(step: int, seat: Seat) -> Contest:
    theirs, floors = seat.folder / "peer", seat.folder / "floor"
    peer = in_threads(writer(seat.peer, "records", theirs), theirs, step)
    return Contest(in_threads(writer("floor", "records", floors), floors, step), peer)


def _by_spans(step: int, seat: Seat) -> Contest:
    return with_spans(seat, lambda log, span: calls.from_spans(log, step, span))


def with_spans(seat: Seat, make: Callable[[Logger, Callable[..., Any]], Burst]) -> Contest:
    """Return ours, with spans, against the floor's plain records."""
    ours = import_module("benchmarks.peers.ours")
    theirs, floors = ask(seat, "peer"), ask(seat, "floor")
    peer = Writer(make(ours.logger(theirs), ours.ote.span), numbered, ours.in_span, wanted=())
    return Contest(contender(floor.records(floors), floors.folder), contender(peer, theirs.folder))


MANY = (1, 10, 100, 1_000, 10_000, 100_000)
_AXES: dict[str, tuple[str, tuple[int, ...], Callable[[int, Seat], Contest]]] = {
    "size": ("record of {:,} bytes", (100, 1_000, 10_000, 100_000, 1_000_000), _by_size),
    "extras": ("{:,} extras", (0, 5, 20, 50), partial(_grown, calls.with_extras)),
    "depth": ("within {:,} spans", (1, 5, 10, 25, 50), _by_depth),
    "threads": ("{:,} threads", (1, 2, 4, 8, 16), _by_threads),
    "sites": ("{:,} call sites", MANY, partial(_grown, calls.from_sites)),
    "loggers": ("{:,} loggers", MANY, partial(_grown, calls.from_loggers)),
    "spans": ("{:,} names of spans, a span and a record", MANY, _by_spans),
}


def _work(axis: str, title: str, step: int, prepare: Callable[[int, Seat], Contest]) -> Work:
    many = max(step, 1) if axis in ("sites", "loggers", "spans") else 1
    events = min(20_000, max(_BYTES_A_ROUND // step, 20)) if axis == "size" else max(20_000, many)
    quick = max(events // 10, min(many, 20_000)) if axis != "size" else max(events // 10, 20)
    return Work(
        f"scaling.{axis}.{step}",
        title.format(step),
        partial(prepare, step),
        ("ours",),
        events=events,
        quick_events=quick,
        slices=1 if many > 2_000 else 5,
        processes=1,
        step=(axis, step),
    )


WORKS = tuple(
    _work(axis, title, step, prepare) for axis, (title, steps, prepare) in _AXES.items() for step in steps
)
