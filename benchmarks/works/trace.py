"""Works on trace points: as events, and as the text of programs that never heard of us.

LOCATION: benchmarks/works/trace.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from benchmarks.contest import Contender, Contest, Measure, Seat, Work
from benchmarks.peers import contender, writer
from benchmarks.works.records import against_floor, silent


def _against_loop(seat: Seat, ability: str, **options: object) -> Contest:
    peer = contender(writer(seat.peer, ability, seat.folder, **options), seat.folder)
    return Contest(Contender(bare_loop), peer)


def bare_loop(first: int, count: int) -> None:
    """Do nothing ``count`` times: the base of what costs nanoseconds."""
    for _ in range(first, first + count):
        pass


def _texts(seat: Seat) -> Contest:
    marked, unmarked = seat.folder / "marked", seat.folder / "unmarked"
    base = writer(seat.peer, "unmarked_texts", unmarked)
    peer = writer(seat.peer, "trace_texts", marked)
    # Both write through one configuration, the last one: each reads its own lines out of the same files.
    return Contest(contender(base, marked), contender(peer, marked))


WORKS = (
    Work(
        "trace.disabled",
        "log.debug(TRACE('a -> b', k=v)), disabled",
        lambda seat: silent(_against_loop(seat, "trace_points", level="INFO")),
        ("ours",),
        against="bare loop",
        measure=Measure.EXTRA_NS,
        goal=500,
        events=400_000,
        quick_events=100_000,
    ),
    Work(
        "trace.enabled",
        "log.debug(TRACE('a -> b', k=v)), enabled",
        lambda seat: against_floor(seat, "trace_points", "records", level="DEBUG"),
        ("ours",),
        goal=0.85,
    ),
    Work(
        "trace.text",
        "text 'TRACE: a -> b | k=v' parsed",
        _texts,
        ("ours",),
        against="the same text without its marker",
        measure=Measure.EXTRA_US,
        goal=1.5,
    ),
    Work(
        "trace.unmarked",
        "looking for a marker where none is",
        lambda seat: silent(_against_loop(seat, "parsing")),
        ("ours",),
        against="bare loop",
        measure=Measure.EXTRA_US,
        goal=0.1,
        events=400_000,
        quick_events=100_000,
    ),
)
