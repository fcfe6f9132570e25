"""The floor: what the standard library does for a text line that tells the same, extras aside.

Formatter with time, level, logger, message, caller and three ids, which a Filter takes from context
variables; FileHandler. Nothing is tuned off: it is what most programs have.

LOCATION: benchmarks/peers/floor.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from logging.handlers import QueueHandler, QueueListener
from queue import Queue
from time import perf_counter

from benchmarks.contest import FACTS, SPAN_FACTS, Facts
from benchmarks.peers import SESSION, SPAN, TRACE, Ask, Writer, calls, number_in

TEXT = (
    "%(asctime)s %(levelname)s %(name)s %(message)s [%(filename)s:%(lineno)d %(funcName)s] "
    "session=%(session_id)s trace=%(trace_id)s span=%(span_id)s"
)
WANTED = tuple(fact for fact in FACTS if fact != "fields")

_LINE = re.compile(
    r"(?P<time>\S+ \S+) (?P<level>[A-Z]+) (?P<logger>\S+) (?P<message>.*) "
    r"\[(?P<file>[^:]+):(?P<line>\d+) (?P<function>\w+)\] "
    r"session=(?P<session>\S*) trace=(?P<trace>\S*) span=(?P<span>\S*)\n"
)

session_id: ContextVar[str] = ContextVar("session_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
span_id: ContextVar[str] = ContextVar("span_id", default="")


class Ids(logging.Filter):
    """Put the three ids on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with ids."""
        record.session_id = session_id.get()
        record.trace_id = trace_id.get()
        record.span_id = span_id.get()
        return True


@contextmanager
def ids() -> Iterator[None]:
    """Set the three ids for the duration, as a program's own middleware would."""
    values = ((session_id, SESSION), (trace_id, TRACE), (span_id, SPAN))
    tokens = [(variable, variable.set(value)) for variable, value in values]
    yield
    for variable, token in tokens:
        variable.reset(token)


# What the floor is measured with is the standard library's own, whatever factory a peer has set.
_writer = partial(Writer, factory=logging.LogRecord)


def logger(ask: Ask, name: str = "floor") -> logging.Logger:
    """Return the logger of the floor, set up alone beside whatever the peer configured."""
    log = logging.getLogger(name)
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [handler(ask)]
    return log


def handler(ask: Ask) -> logging.Handler:
    """Return the handler of the floor."""
    to_file = logging.FileHandler(ask.file, encoding="utf-8")
    to_file.setFormatter(logging.Formatter(TEXT))
    to_file.addFilter(Ids())
    return to_file


def read(line: bytes) -> Facts | None:
    """Return what a line tells; ValueError if it is not a whole one."""
    found = _LINE.fullmatch(line.decode())
    if found is None:
        raise ValueError(line)
    return found.groupdict() | {"number": number_in(found["message"])}


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    return _writer(calls.records(logger(ask)), read, ids, wanted=WANTED)


def plain(ask: Ask) -> Writer:
    """Take part in: records without extras."""
    return _writer(calls.plain(logger(ask)), read, ids, wanted=WANTED)


def interactions(ask: Ask) -> Writer:
    """Take part in: a call of a model with what was said, each text as one line."""
    log = logger(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(
                "%s for %s, %d tokens in, %d out: %r -> %r",
                "gpt-4o", "todo_store", 625, number, calls.PROMPT, calls.RESPONSE,
            )  # fmt: skip

    return Writer(burst, _read_interaction, ids, wanted=(*WANTED, "prompt", "response"))


def _read_interaction(line: bytes) -> Facts | None:
    facts = dict(read(line) or {})
    head, _, said = str(facts["message"]).partition(": ")
    said_are = {"prompt": repr(calls.PROMPT) in said, "response": repr(calls.RESPONSE) in said}
    return facts | {"number": int(head.split()[-2])} | {name: told or None for name, told in said_are.items()}


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    return _writer(calls.disabled(logger(ask)), read, ids)


def spans(ask: Ask) -> Writer:
    """Take part in: spans written by hand, three nested ones, each two calls and three new ids."""
    log = logger(ask)

    def span_burst(operation: str, number: int) -> None:
        start, token = perf_counter(), span_id.set(SPAN)
        log.info("START %s %d", operation, number)
        if number % 3 < 2:
            span_burst("save", number + 1)
        log.info("END %s %d duration=%.3f ms", operation, number, (perf_counter() - start) * 1e3)
        span_id.reset(token)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            span_burst("save", number)

    return _writer(burst, _read_span, ids, wanted=SPAN_FACTS)


def _read_span(line: bytes) -> Facts | None:
    facts = dict(read(line) or {})
    word, operation, number, *duration = str(facts["message"]).split()
    if word != "END":
        return None
    return facts | {"number": int(number), "operation": operation, "duration": duration}


def queue(ask: Ask) -> Writer:
    """Take part in: records through QueueHandler and QueueListener."""
    waiting: Queue[logging.LogRecord] = Queue()
    log = logger(ask, "bench")
    listener = QueueListener(waiting, log.handlers[0])
    log.handlers[0].filters.clear()
    in_front = QueueHandler(waiting)
    in_front.addFilter(Ids())
    log.handlers = [in_front]
    listener.start()
    return _writer(calls.records(log), read, ids, waiting.join, WANTED)
