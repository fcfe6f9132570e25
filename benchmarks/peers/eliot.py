"""eliot: messages within an action, to a binary file, which lets it encode straight to bytes.

It has no level and no logger, so these are given as fields; it knows no caller.

LOCATION: benchmarks/peers/eliot.py
DEPENDENCIES: eliot
TRACE POINTS: none
"""

from contextlib import AbstractContextManager
from typing import Any

import eliot  # type: ignore[import-untyped]  # it is not typed
import orjson

from benchmarks.contest import SPAN_FACTS, Facts
from benchmarks.peers import SESSION, Ask, Writer, has_fields, number_in


def _configure(ask: Ask) -> None:
    eliot.to_file(ask.file.open("ab"))
    eliot.add_global_fields(session_id=SESSION, logger="bench")


def _in_span() -> AbstractContextManager[Any]:
    action: AbstractContextManager[Any] = eliot.start_action(action_type="save")
    return action


def _facts(data: dict[str, Any]) -> dict[str, Any]:
    place = data["task_level"]
    return {
        "time": data["timestamp"],
        "level": data.get("level"),
        "logger": data["logger"],
        "message": data.get("message_type"),
        "session": data["session_id"],
        "trace": data["task_uuid"],
        "span": str(place[:-1]),
        "fields": has_fields(data),
    }


def _read(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    if "message_type" not in data:
        return None
    return _facts(data) | {"number": number_in(data["message_type"])}


def records(ask: Ask) -> Writer:
    """Take part in: enriched records, as far as it has the facts."""
    _configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            eliot.log_message(
                f"user alice saved {number} rows", level="info", user_id=7, kind="theme", ms=1.25
            )

    return Writer(burst, _read, _in_span)


def spans(ask: Ask) -> Writer:
    """Take part in: spans of two records, three nested; the duration is left to the reader."""
    _configure(ask)
    action = eliot.start_action

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            with (
                action(action_type="save", rows=number),
                action(action_type="save", rows=number + 1),
                action(action_type="save", rows=number + 2),
            ):
                pass

    return Writer(burst, _SpanReader(), _in_span, wanted=SPAN_FACTS)


class _SpanReader:
    """Counts an action at its end, by the number that only its start tells."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str], object] = {}

    def __call__(self, line: bytes) -> Facts | None:
        data = orjson.loads(line)
        place = data["task_uuid"], str(data["task_level"][:-1])
        if data["action_status"] == "started":
            self.open[place] = data.get("rows")
            return None
        number = self.open.pop(place)
        return (
            _facts(data) | {"number": number, "operation": data["action_type"]}
            if number is not None
            else None
        )
