"""Works on single records: enriched, without redaction, disabled.

LOCATION: benchmarks/works/records.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from dataclasses import replace

from benchmarks.contest import Contest, Seat, Work, nothing_written
from benchmarks.peers import contender, writer

ALL = (
    "ours", "pjl-json", "pjl-orjson", "pjl-msgspec", "structlog", "structlog-stdlib", "loguru", "eliot",
    "picologging", "otel-batch", "otel-simple", "logfire",
)  # fmt: skip


def against_floor(seat: Seat, ability: str, base: str = "", **options: object) -> Contest:
    """Return the contest of a peer's ability with the floor's; the peer is set up first.

    ``base`` is the floor's ability where its name is another one.
    """
    theirs, floors = seat.folder / "peer", seat.folder / "floor"
    peer = contender(writer(seat.peer, ability, theirs, **options), theirs)
    return Contest(contender(writer("floor", base or ability, floors), floors), peer)


def silent(contest: Contest) -> Contest:
    """Return ``contest`` as one that writes no lines, so that none are missed."""
    return Contest(*(replace(side, tally=nothing_written) for side in (contest.base, contest.peer)))


WORKS = (
    Work(
        "records.everything",
        "enriched JSON record with caller, everything on",
        lambda seat: against_floor(seat, "records"),
        ALL,
        goal=0.75,
    ),
    Work(
        "records.unredacted",
        "the same without RedactFilter",
        lambda seat: against_floor(seat, "records", redact=False),
        ("ours",),
        goal=0.65,
    ),
    Work(
        "records.disabled",
        "disabled call log.debug(...)",
        lambda seat: silent(against_floor(seat, "disabled")),
        ("ours", "structlog", "structlog-stdlib", "loguru", "picologging", "logfire"),
        goal=1.05,
        events=1_000_000,
        quick_events=200_000,
    ),
)
