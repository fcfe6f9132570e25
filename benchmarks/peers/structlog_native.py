"""structlog by itself, as its performance guide tells.

Cached loggers, a filtering bound logger, orjson into BytesLogger; the caller by CallsiteParameterAdder,
the ids by merge_contextvars; its logger has no name, so one is bound.

LOCATION: benchmarks/peers/structlog_native.py
DEPENDENCIES: structlog, orjson
TRACE POINTS: none
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import orjson
import structlog
from structlog.contextvars import bound_contextvars
from structlog.processors import CallsiteParameter, CallsiteParameterAdder

from benchmarks.contest import SPAN_FACTS, Facts
from benchmarks.peers import SESSION, SPAN, TRACE, Ask, Writer, calls, floor, has_fields, number_in

CALLER = CallsiteParameterAdder(
    {CallsiteParameter.FILENAME, CallsiteParameter.LINENO, CallsiteParameter.FUNC_NAME}
)
_NAMES = {
    "time": "timestamp", "level": "level", "logger": "logger", "message": "event", "file": "filename",
    "line": "lineno", "function": "func_name", "session": "session_id", "trace": "trace_id",
    "span": "span_id", "operation": "operation", "duration": "duration_ms",
}  # fmt: skip


def _logger(ask: Ask) -> Any:
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            CALLER,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=ask.file.open("ab")),
    )
    return structlog.get_logger().bind(logger="bench")


@contextmanager
def in_span() -> Iterator[None]:
    """Bind the three ids for the duration."""
    with bound_contextvars(session_id=SESSION, trace_id=TRACE, span_id=SPAN):
        yield


def read(line: bytes) -> Facts:
    """Return what a line tells."""
    data = orjson.loads(line)
    facts = {fact: data.get(name) for fact, name in _NAMES.items()}
    return facts | {"number": number_in(data["event"]), "fields": has_fields(data)}


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    log = _logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("user %s saved %d rows", "alice", number, user_id=7, kind="theme", ms=1.25)

    return Writer(burst, read, in_span)


def interactions(ask: Ask) -> Writer:
    """Take part in: a call of a model with what was said, as fields."""
    log = _logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(
                "llm_interaction", model="gpt-4o", tokens_in=625, tokens_out=number,
                component="todo_store", prompt=calls.PROMPT, response=calls.RESPONSE,
            )  # fmt: skip

    return Writer(burst, _read_interaction, in_span, wanted=(*floor.WANTED, "prompt", "response"))


def _read_interaction(line: bytes) -> Facts:
    return {**read(line), **calls.said_in(orjson.loads(line))}


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    log = _logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.debug("user %s saved %d rows", "alice", number)

    return Writer(burst, read, in_span)


def spans(ask: Ask) -> Writer:
    """Take part in: spans written by hand, as at the floor."""
    log = _logger(ask)

    def span_burst(operation: str, number: int) -> None:
        start = perf_counter()
        with bound_contextvars(span_id=SPAN, operation=operation):
            log.info("START", rows=number)
            if number % 3 < 2:
                span_burst("save", number + 1)
            log.info("END", rows=number, duration_ms=(perf_counter() - start) * 1e3)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            span_burst("save", number)

    return Writer(burst, _read_span, in_span, wanted=SPAN_FACTS)


def _read_span(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    return dict(read(line)) | {"number": data["rows"]} if data["event"] == "END" else None
