"""OpenTelemetry: logs by its handler for ``logging``, spans by its tracer; batch, simple, or no SDK at all.

The console exporters write to a file, a line each; no network. The queue of the batch processor is
made long enough for a burst, or it would drop. Session and logger are attributes set by a filter.

LOCATION: benchmarks/peers/opentelemetry.py
DEPENDENCIES: opentelemetry-sdk, opentelemetry-instrumentation-logging
TRACE POINTS: none
"""

import json
import logging
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry import trace
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export as logs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace import export as traces

from benchmarks.contest import SPAN_FACTS, Facts
from benchmarks.peers import SESSION, Ask, Writer, calls, floor, has_fields, number_in

QUEUE = 100_000

_ATTRIBUTES = {
    "logger": "logger", "file": "code.file.path", "line": "code.line.number",
    "function": "code.function.name", "session": "session_id",
}  # fmt: skip


class _Session(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.session_id = floor.session_id.get()
        record.logger = record.name
        return True


def _line(data: Any) -> str:
    return str(data.to_json(indent=None)) + "\n"


def _log_provider(ask: Ask) -> LoggerProvider:
    exporter = logs.ConsoleLogRecordExporter(out=ask.file.open("a", encoding="utf-8"), formatter=_line)
    provider = LoggerProvider()
    provider.add_log_record_processor(
        logs.BatchLogRecordProcessor(exporter, max_queue_size=QUEUE)
        if ask.variant == "batch"
        else logs.SimpleLogRecordProcessor(exporter)
    )
    return provider


def _in_span() -> AbstractContextManager[Any]:
    floor.session_id.set(SESSION)
    return _TRACER.start_as_current_span("save")


_TRACER = TracerProvider().get_tracer("bench")


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    provider = _log_provider(ask)
    handler = LoggingHandler(logger_provider=provider, log_code_attributes=True)
    handler.addFilter(_Session())
    log = logging.getLogger("bench")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [handler]
    return Writer(calls.records(log), _read, _in_span, lambda: _flush(provider))


def _flush(provider: Any) -> None:
    provider.force_flush()


def _read(line: bytes) -> Facts:
    data = json.loads(line)
    attributes = data["attributes"]
    return {fact: attributes.get(name) for fact, name in _ATTRIBUTES.items()} | {
        "number": number_in(data["body"]),
        "time": data["timestamp"],
        "level": data["severity_text"],
        "message": data["body"],
        "trace": data["trace_id"],
        "span": data["span_id"],
        "fields": has_fields(attributes),
    }


queue = records


def span_exporter(ask: Ask) -> traces.ConsoleSpanExporter:
    """Return the exporter of spans to the file, a line each."""
    return traces.ConsoleSpanExporter(out=ask.file.open("a", encoding="utf-8"), formatter=_line)


def spans(ask: Ask) -> Writer:
    """Take part in: spans, three nested, each one line at its end."""
    provider = TracerProvider()
    exporter = span_exporter(ask)
    provider.add_span_processor(
        traces.BatchSpanProcessor(exporter, max_queue_size=QUEUE)
        if ask.variant == "batch"
        else traces.SimpleSpanProcessor(exporter)
    )
    span = provider.get_tracer("bench").start_as_current_span

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            with (
                span("save", attributes={"rows": number, "session_id": SESSION}),
                span("save", attributes={"rows": number + 1, "session_id": SESSION}),
                span("save", attributes={"rows": number + 2, "session_id": SESSION}),
            ):
                pass

    return Writer(burst, read_span, drain=lambda: _flush(provider), wanted=SPAN_FACTS)


def read_span(line: bytes) -> Facts | None:
    """Return what the line of a span tells."""
    data = json.loads(line)
    if "rows" not in data["attributes"]:
        return None
    return {
        "number": data["attributes"]["rows"],
        "time": data["start_time"],
        "session": data["attributes"].get("session_id") or data["attributes"].get("run_id"),
        "trace": data["context"]["trace_id"],
        "span": data["context"]["span_id"],
        "operation": data["name"],
        "duration": data["end_time"],
    }


single_spans = spans


def disabled_spans(ask: Ask) -> Writer:
    """Take part in: spans that are off, no SDK being set up."""
    span = trace.get_tracer("bench").start_as_current_span

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            with span("save", attributes={"rows": number}):
                pass

    return Writer(burst, read_span)
