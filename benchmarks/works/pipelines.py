"""Works on generation pipelines: a call of a model with what was said, a large prompt, the seven answers.

LOCATION: benchmarks/works/pipelines.py
DEPENDENCIES: orjson
TRACE POINTS: none
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from benchmarks.contest import Contender, Contest, Measure, Seat, Tally, Work
from benchmarks.peers import SESSION, calls, contender, writer
from benchmarks.works.reading import looping, source
from benchmarks.works.records import against_floor

LARGE_CHARS = 5_000_000
COMPONENTS = 50
_LARGE = (calls.RESPONSE * (LARGE_CHARS // len(calls.RESPONSE) + 1))[:LARGE_CHARS]
_FAILING = 3


def _large(seat: Seat) -> Contest:
    folder = seat.folder / "logs"
    # What is stored in the background is no time of the caller; it is waited for before the next one.
    peer = contender(writer(seat.peer, "large_prompts", folder, text=_LARGE), folder, drained=False)
    return Contest(Contender(_copying), peer)


def _copying(first: int, count: int) -> None:
    """Make the prompts and do nothing with them: the base of what it costs to record them."""
    for number in range(first, first + count):
        f"{number} {_LARGE}"


def lines(count: int) -> Iterator[bytes]:
    """Yield lines of a pipeline: in turn a point, a call of a model, code, a check, of which 1 in 3 fails."""
    for number in range(count):
        yield orjson.dumps(_line(number), option=orjson.OPT_APPEND_NEWLINE)


def _line(number: int) -> dict[str, Any]:
    turn, stage = divmod(number, len(_STAGES))
    minutes, milliseconds = divmod(number, 60_000)
    return {
        "timestamp": f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:{milliseconds / 1000:09.6f}Z",
        "level": "INFO",
        "logger": "app.pipeline",
        "message": "generated",
        "session_id": SESSION,
        "seq": number + 1,
        "pid": 4711,
        "thread": "MainThread",
        "component": f"component_{turn % COMPONENTS}",
        **_STAGES[stage](turn),
    }


def _said(**contents: str) -> dict[str, Any]:
    hashes = {f"{name}_hash": sha256(text.encode()).hexdigest() for name, text in contents.items()}
    return {**contents, **hashes, **{f"{name}_length": len(text) for name, text in contents.items()}}


def _checked(turn: int) -> dict[str, Any]:
    told = {"event": "validation", "validation_type": "syntax", **_said(code=calls.RESPONSE)}
    error = {"error_type": "SyntaxError", "error_message": "invalid syntax", "line_number": 7}
    return told | ({"status": "error", **error} if turn % _FAILING == 0 else {"status": "ok"})


_STAGES: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda turn: {"event": "trace_point", "operation": "generate", "path": ["generate", "call_llm"]},
    lambda turn: {
        "event": "llm_interaction", "status": "ok", "duration_ms": 0.5, "model": "gpt-4o",
        **_said(prompt=calls.PROMPT, response=calls.RESPONSE),
    },
    lambda turn: {
        "event": "code_generation", "status": "ok", **_said(source=calls.RESPONSE, code=calls.RESPONSE)
    },
    _checked,
)  # fmt: skip


def _answered(seat: Seat) -> Contest:
    file = source(seat, "pipeline", lines)
    answers: Callable[[Path], int] = import_module(f"benchmarks.peers.{seat.peer}").answers
    found: list[int] = []

    def tally(first: int, count: int) -> Tally:
        return Tally(expected=COMPONENTS, found=found[-1])

    peer = Contender(lambda first, count: found.append(answers(file)), tally=tally)
    return Contest(Contender(lambda first, count: _loop(file)), peer)


def _loop(file: Path) -> None:
    looping(orjson.loads, file)


WORKS = (
    Work(
        "pipelines.interaction",
        "call of a model, 2.5 kB prompt and response, everything on",
        lambda seat: against_floor(seat, "interactions"),
        ("ours", "pjl-orjson", "structlog"),
        events=4_000,
        quick_events=400,
    ),
    Work(
        "pipelines.large",
        "prompt of 5 MB, stored whole: the caller's time",
        _large,
        ("ours",),
        against="making the prompt",
        measure=Measure.EXTRA_MS,
        goal=20,
        events=10,
        quick_events=3,
        pinned=False,
    ),
    Work(
        "pipelines.answers",
        "all seven answers of 50 components from 100,000 events, per event",
        _answered,
        ("ours",),
        against="bare orjson loop",
        measure=Measure.EXTRA_US,
        goal=50,
        events=100_000,
        quick_events=20_000,
        slices=1,
        processes=1,
    ),
)
