"""structlog through the standard library: rendered by structlog, written by FileHandler.

The cheaper of its two documented ways, in which the record carries the finished line, and the filtering
bound logger, which is quicker than asking the standard logger for its level.

LOCATION: benchmarks/peers/structlog_stdlib.py
DEPENDENCIES: structlog, orjson
TRACE POINTS: none
"""

import logging
from typing import Any

import orjson
import structlog

from benchmarks.peers import Ask, Writer
from benchmarks.peers.structlog_native import CALLER, in_span, read


def _logger(ask: Ask) -> Any:
    to_file = logging.FileHandler(ask.file, encoding="utf-8")
    log = logging.getLogger("bench")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [to_file]
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            CALLER,
            structlog.processors.JSONRenderer(serializer=lambda data, **_: orjson.dumps(data).decode()),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    return structlog.get_logger("bench").bind()


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    log = _logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("user %s saved %d rows", "alice", number, user_id=7, kind="theme", ms=1.25)

    return Writer(burst, read, in_span)


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    log = _logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.debug("user %s saved %d rows", "alice", number)

    return Writer(burst, read, in_span)
