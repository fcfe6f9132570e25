"""logfire, sending nothing: its own calls, a batch processor that writes spans to a file, a line each.

Its scrubbing stays on; the session travels as baggage under a name that the scrubbing lets pass. It has
no logger, so its name is given as a field.

LOCATION: benchmarks/peers/logfire.py
DEPENDENCIES: logfire, opentelemetry-sdk
TRACE POINTS: none
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import logfire
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.contest import SPAN_FACTS, Facts
from benchmarks.peers import SESSION, Ask, Writer, has_fields, number_in
from benchmarks.peers.opentelemetry import QUEUE, read_span, span_exporter

_LEVELS = {9: "info"}


def _configure(ask: Ask) -> None:
    logfire.configure(
        send_to_logfire=False,
        console=False,
        metrics=False,
        inspect_arguments=False,
        additional_span_processors=[BatchSpanProcessor(span_exporter(ask), max_queue_size=QUEUE)],
    )


@contextmanager
def _in_span() -> Iterator[None]:
    with logfire.set_baggage(run_id=SESSION), logfire.span("save"):
        yield


def _drain() -> None:
    logfire.force_flush()


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    _configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            logfire.info(
                "user {user} saved {rows} rows",
                user="alice", rows=number, user_id=7, kind="theme", ms=1.25, logger="bench",
            )  # fmt: skip

    return Writer(burst, _read, _in_span, _drain)


def _read(line: bytes) -> Facts | None:
    data = json.loads(line)
    attributes = data["attributes"]
    if attributes.get("logfire.span_type") != "log":
        return None
    return {
        "number": number_in(attributes["logfire.msg"]),
        "time": data["start_time"],
        "level": _LEVELS[attributes["logfire.level_num"]],
        "logger": attributes.get("logger"),
        "message": attributes["logfire.msg"],
        "file": attributes.get("code.filepath"),
        "line": attributes.get("code.lineno"),
        "function": attributes.get("code.function"),
        "session": attributes.get("run_id"),
        "trace": data["context"]["trace_id"],
        "span": data["context"]["span_id"],
        "fields": has_fields(attributes),
    }


def spans(ask: Ask) -> Writer:
    """Take part in: spans, three nested, each one line at its end."""
    _configure(ask)
    span = logfire.span

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            with span("save", rows=number), span("save", rows=number + 1), span("save", rows=number + 2):
                pass

    return Writer(burst, read_span, _in_span, _drain, SPAN_FACTS)


single_spans = spans


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    logfire.configure(send_to_logfire=False, console=False, metrics=False, min_level="info")

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            logfire.debug("user {user} saved {rows} rows", user="alice", rows=number)

    return Writer(burst, _read, _in_span)
