"""Works on metrics: an end of an operation counted live, and lines folded into figures afterwards.

LOCATION: benchmarks/works/metrics.py
DEPENDENCIES: orjson
TRACE POINTS: none
"""

import logging
from collections.abc import Callable
from typing import Any

import orjson

from benchmarks.contest import Contender, Contest, Seat, Work
from benchmarks.peers import contender, writer
from benchmarks.works.reading import lines

_OPERATIONS = 20

RECORDS = 100
"""How many records go round: so few that they stay in the cache, where a record is that was just made."""


def ends() -> Callable[[int], logging.LogRecord]:
    """Return a giver of ready records of span ends: 20 operations, 1 in 10 failing, skewed durations."""
    made = [_end(number) for number in range(RECORDS)]
    return lambda number: made[number % len(made)]


def _end(number: int) -> logging.LogRecord:
    failed = number % 10 == 9
    return logging.makeLogRecord(
        {
            "name": "bench",
            "levelno": logging.INFO,
            "levelname": "INFO",
            "msg": "END save",
            "event": "span_end",
            "operation": f"save_{number % _OPERATIONS}",
            "status": "error" if failed else "ok",
            "error_type": "ValueError" if failed else None,
            "duration_ms": 0.5 + (number * 7919 % 1000) ** 2 / 1e4,
        }
    )


def _against_floor(seat: Seat) -> Contest:
    peer = writer(seat.peer, "metrics", seat.folder / "peer", record=ends(), records=RECORDS)
    floors = seat.folder / "floor"
    return Contest(contender(writer("floor", "records", floors), floors), Contender(peer.burst))


def _folding(seat: Seat) -> Contest:
    peer, floors = writer(seat.peer, "folding", seat.folder / "peer", lines=_decoded()), seat.folder / "floor"
    return Contest(contender(writer("floor", "records", floors), floors), Contender(peer.burst))


def _decoded() -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines(4 * RECORDS)]


WORKS = (
    Work(
        "metrics.record",
        "duration and outcome of an operation, per record",
        _against_floor,
        ("ours", "prometheus_client", "ddsketch"),
    ),
    Work("metrics.line", "a decoded line folded into figures by operation", _folding, ("ours",)),
)
