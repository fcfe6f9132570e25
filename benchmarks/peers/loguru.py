"""loguru: its own file sink with serialize, diagnosis of exceptions off.

The fields go in as keywords, the ids by contextualize; with a queue, ``enqueue``.

LOCATION: benchmarks/peers/loguru.py
DEPENDENCIES: loguru
TRACE POINTS: none
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from loguru import logger

from benchmarks.contest import Burst, Facts
from benchmarks.peers import SESSION, SPAN, TRACE, Ask, Writer, has_fields, number_in


def _configure(ask: Ask, enqueue: bool = False) -> None:
    logger.remove()
    logger.add(ask.file, serialize=True, level="INFO", backtrace=False, diagnose=False, enqueue=enqueue)


@contextmanager
def _in_span() -> Iterator[None]:
    with logger.contextualize(session_id=SESSION, trace_id=TRACE, span_id=SPAN):
        yield


def _read(line: bytes) -> Facts:
    record = json.loads(line)["record"]
    extra = record["extra"]
    return {
        "number": number_in(record["message"]),
        "time": record["time"]["timestamp"],
        "level": record["level"]["name"],
        "logger": record["name"],
        "message": record["message"],
        "file": record["file"]["name"],
        "line": record["line"],
        "function": record["function"],
        "session": extra.get("session_id"),
        "trace": extra.get("trace_id"),
        "span": extra.get("span_id"),
        "fields": has_fields(extra),
    }


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    _configure(ask)
    return Writer(_burst(), _read, _in_span)


def _drain() -> None:
    logger.complete()


def queue(ask: Ask) -> Writer:
    """Take part in: records through a queue."""
    _configure(ask, enqueue=True)
    return Writer(_burst(), _read, _in_span, _drain)


def _burst() -> Burst:
    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            logger.info("user {} saved {} rows", "alice", number, user_id=7, kind="theme", ms=1.25)

    return burst


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    _configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            logger.debug("user {} saved {} rows", "alice", number)

    return Writer(burst, _read, _in_span)
