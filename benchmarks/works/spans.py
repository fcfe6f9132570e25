"""Works on spans: two records, one record, none.

LOCATION: benchmarks/works/spans.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from benchmarks.contest import Contender, Contest, Measure, Seat, Work
from benchmarks.peers import contender, writer
from benchmarks.works.records import against_floor, silent
from benchmarks.works.trace import bare_loop


def _disabled(seat: Seat) -> Contest:
    peer = contender(writer(seat.peer, "disabled_spans", seat.folder), seat.folder)
    return Contest(Contender(bare_loop), peer)


def _observed(seat: Seat) -> Contest:
    return Contest(
        contender(writer(seat.peer, "bare_calls", seat.folder), seat.folder),
        contender(writer(seat.peer, "disabled_observed", seat.folder), seat.folder),
    )


WORKS = (
    Work(
        "spans.two_records",
        "span, two records, 3 nested, per span",
        lambda seat: against_floor(seat, "spans"),
        ("ours", "structlog", "eliot", "otel-batch", "otel-simple", "logfire"),
        against="two floor calls by hand",
        goal=0.50,
        events=21_000,
        quick_events=2_100,
    ),
    Work(
        "spans.one_record",
        "span as one record (start=False), 3 nested, per span",
        lambda seat: against_floor(seat, "single_spans", "spans"),
        ("ours", "otel-batch", "otel-simple", "logfire"),
        against="two floor calls by hand",
        goal=0.28,
        events=21_000,
        quick_events=2_100,
    ),
    Work(
        "spans.disabled",
        "disabled with span(...)",
        lambda seat: silent(_disabled(seat)),
        ("ours", "otel-no-sdk"),
        against="bare loop",
        measure=Measure.EXTRA_NS,
        goal=300,
        events=200_000,
        quick_events=50_000,
    ),
    Work(
        "spans.observed",
        "disabled @observe",
        lambda seat: silent(_observed(seat)),
        ("ours",),
        against="the bare function",
        measure=Measure.EXTRA_NS,
        goal=200,
        events=200_000,
        quick_events=50_000,
    ),
)
