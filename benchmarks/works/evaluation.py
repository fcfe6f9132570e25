"""Works on evaluation: two sessions compared, one searched for anomalies, against a loop that only decodes.

LOCATION: benchmarks/works/evaluation.py
DEPENDENCIES: orjson
TRACE POINTS: none
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import orjson

from benchmarks.contest import Contest, Seat, Work
from benchmarks.works.reading import looping, reader, source


def _sessions(seat: Seat) -> tuple[Path, Path]:
    """Return two sessions that share the events of ``seat``; the operations are those of a program, 40."""
    file = source(replace(seat, events=seat.events // 2))
    return file, file


def _comparing(seat: Seat) -> Contest:
    base, new = _sessions(seat)
    compare = import_module("benchmarks.peers.ours").compare
    compare(*_sessions(replace(seat, events=20)))
    return Contest(
        reader(lambda: looping(orjson.loads, base) + looping(orjson.loads, new)),
        reader(lambda: compare(base, new)),
    )


def _watching(seat: Seat) -> Contest:
    file = source(seat)
    watch = import_module("benchmarks.peers.ours").watch
    watch(source(replace(seat, events=10)))
    return Contest(reader(lambda: looping(orjson.loads, file)), reader(lambda: watch(file)))


WORKS = (
    Work(
        "evaluation.compare",
        "two sessions of 100,000 lines compared, per line",
        _comparing,
        ("ours",),
        against="bare orjson loop",
        events=200_000,
        quick_events=40_000,
        slices=1,
        processes=1,
    ),
    Work(
        "evaluation.anomalies",
        "a session of 100,000 lines searched for anomalies, per line",
        _watching,
        ("ours",),
        against="bare orjson loop",
        events=100_000,
        quick_events=40_000,
        slices=1,
        processes=1,
    ),
)
