"""Works on reading: a million lines into a report, against a loop that only decodes and counts.

LOCATION: benchmarks/works/reading.py
DEPENDENCIES: orjson; msgspec for the other loop
TRACE POINTS: none
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from benchmarks.contest import Contender, Contest, Seat, Tally, Work
from benchmarks.peers import SESSION

_LINE_BYTES = 360
_BEGIN = datetime(2026, 1, 1, microsecond=1)


def source(seat: Seat, kind: str = "lines", made: Callable[[int], Iterable[bytes]] | None = None) -> Path:
    """Return the file of ``seat.events`` lines, written once and kept in the scratch folder."""
    file = seat.scratch / f"{kind}-{seat.events}.jsonl"
    if not file.exists():
        unfinished = file.with_suffix(".part")
        with unfinished.open("wb", buffering=1 << 20) as out:
            out.writelines((made or lines)(seat.events))
        unfinished.rename(file)
    return file


def lines(count: int) -> Iterator[bytes]:
    """Yield lines as ours writes them, callers aside: a start, seven records, two points, an end."""
    for number in range(count):
        yield orjson.dumps(_line(number), option=orjson.OPT_APPEND_NEWLINE)


def _line(number: int) -> dict[str, Any]:
    span, place = divmod(number, 10)
    line = {
        "timestamp": (_BEGIN + timedelta(milliseconds=number)).isoformat() + "Z",
        "level": "INFO",
        "logger": "app.tools",
        "message": f"saved {number} rows",
        "session_id": SESSION,
        "seq": number + 1,
        "pid": 4711,
        "trace_id": f"{span // 5:032x}",
        "span_id": f"{span:016x}",
        "operation": f"save_{span % 40}",
    } | _event(span, place)
    padding = _LINE_BYTES - len(orjson.dumps(line)) - len(',"note":""') - 1
    return line | {"note": "x" * max(padding, 0)}


def _event(span: int, place: int) -> dict[str, Any]:
    if place == 0:
        return {"event": "span_start"}
    if place == 9:
        failed = span % 20 == 19
        outcome = {"status": "error", "error_type": "ValueError"} if failed else {"status": "ok"}
        return {"event": "span_end", "duration_ms": 0.5 + span * 7919 % 1000 / 10} | outcome
    return {"event": "trace_point", "path": ["save", "encrypt"]} if place in (3, 6) else {"event": "log"}


def looping(loads: Callable[[bytes], Any], file: Path) -> int:
    """Decode each line, count events, add up durations: the bare loop. Return the number of lines."""
    events: Counter[str] = Counter()
    spent_ms = 0.0
    with file.open("rb") as read:
        for line in read:
            entry = loads(line)
            events[entry["event"]] += 1
            spent_ms += entry.get("duration_ms", 0.0)
    return events.total()


def _msgspec_loop(file: Path) -> int:
    import msgspec

    # Only what the loop uses is decoded, which is how msgspec wants to be used.
    line: Any = msgspec.defstruct("Line", [("event", str), ("duration_ms", float, 0.0)])
    decode = msgspec.json.Decoder(line).decode
    events: Counter[str] = Counter()
    spent_ms = 0.0
    with file.open("rb") as read:
        for text in read:
            entry = decode(text)
            events[entry.event] += 1
            spent_ms += entry.duration_ms
    return events.total()


def _our_report(file: Path) -> int:
    counted: int = import_module("benchmarks.peers.ours").report(file)
    return counted


_PEERS: dict[str, Callable[[Path], int]] = {
    "ours": _our_report,
    "json-loop": lambda file: looping(json.loads, file),
    "msgspec-loop": _msgspec_loop,
}


def _contest(seat: Seat) -> Contest:
    file = source(seat)
    read = _PEERS[seat.peer]
    # A few lines first: what is not there or not installed is known before the time begins.
    read(source(replace(seat, events=10)))
    return Contest(reader(lambda: looping(orjson.loads, file)), reader(lambda: read(file)))


def reader(read: Callable[[], int]) -> Contender:
    """Return a contender whose burst is one reading, which gives the number of lines that it met."""
    counted: list[int] = []

    def burst(first: int, count: int) -> None:
        counted.append(read())

    def tally(first: int, count: int) -> Tally:
        return Tally(expected=count, found=counted[-1])

    return Contender(burst, tally=tally)


WORKS = (
    Work(
        "reading.report",
        "reading 1,000,000 lines (360 MB) into a report",
        _contest,
        tuple(_PEERS),
        against="bare orjson loop",
        goal=1.5,
        events=1_000_000,
        quick_events=100_000,
        slices=1,
        processes=1,
    ),
)
