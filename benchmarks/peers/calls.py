"""The events themselves, for every peer that is called as standard-library logging is.

Floor, ours, python-json-logger, picologging and OpenTelemetry's handler are given the same calls from
the same lines. A burst is one loop, so that nothing but the call is measured.

LOCATION: benchmarks/peers/calls.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable, Mapping
from logging import Logger
from types import FunctionType
from typing import Any, cast

from benchmarks.contest import Burst


def _lines_of(text: str, chars: int) -> str:
    return (f"{text}\n" * (chars // len(text) + 1))[:chars]


PROMPT = _lines_of(
    "Write the component todo_store: it keeps todos by number, in memory, and is typed.", 2_500
)
RESPONSE = _lines_of("    def add(self, number: int, text: str) -> None: self.todos[number] = text", 2_500)
"""What a model is told and answers, 2.5 kB each."""


def interactions(log: Logger) -> Burst:
    """Return the burst of a call of a model, told by extras."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            told = {"model": "gpt-4o", "tokens_in": 625, "tokens_out": number, "component": "todo_store"}
            log.info("llm_interaction", extra={**told, "prompt": PROMPT, "response": RESPONSE})

    return burst


def said_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line tells of such a call: its number, whether prompt and response are whole."""
    said = {"prompt": data["prompt"] == PROMPT, "response": data["response"] == RESPONSE}
    return {"number": data["tokens_out"]} | {name: is_whole or None for name, is_whole in said.items()}


def records(log: Logger) -> Burst:
    """Return the burst of the enriched record: a message with two arguments and three extras."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(
                "user %s saved %d rows", "alice", number, extra={"user_id": 7, "kind": "theme", "ms": 1.25}
            )

    return burst


def plain(log: Logger) -> Burst:
    """Return the burst of the same message without extras, as a queue or a text log is given it."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("user %s saved %d rows", "alice", number)

    return burst


def disabled(log: Logger) -> Burst:
    """Return the burst of a call below the level."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.debug("user %s saved %d rows", "alice", number)

    return burst


def sized(log: Logger, size: int) -> Burst:
    """Return the burst of records whose message holds ``size`` ASCII characters more."""
    text = ("The quick brown fox jumps over the lazy dog, " * (size // 45 + 1))[:size]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("%d %s", number, text)

    return burst


def with_extras(log: Logger, extras: int) -> Burst:
    """Return the burst of records with ``extras`` fields."""
    names = [f"field_{number}" for number in range(extras)]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("user %s saved %d rows", "alice", number, extra=dict.fromkeys(names, number))

    return burst


def from_sites(log: Logger, sites: int) -> Burst:
    """Return the burst that walks over ``sites`` call sites, each a line and a function of its own."""
    calls = [_call_site(number) for number in range(sites)]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            calls[number % sites](log, number)

    return burst


def _call_site(number: int) -> Callable[[Logger, int], None]:
    code = _saved.__code__.replace(co_firstlineno=number + 1, co_name=f"site_{number}")
    return cast("Callable[[Logger, int], None]", FunctionType(code, _saved.__globals__))


def _saved(log: Logger, number: int) -> None:
    log.info("user %s saved %d rows", "alice", number)


def from_loggers(log: Logger, loggers: int) -> Burst:
    """Return the burst that walks over ``loggers`` children of ``log``."""
    children = [log.getChild(f"part_{number}") for number in range(loggers)]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            children[number % loggers].info("user %s saved %d rows", "alice", number)

    return burst


def from_spans(log: Logger, spans: int, span: Callable[..., Any]) -> Burst:
    """Return the burst of a span around a record, walking over ``spans`` names."""
    names = [f"save_{number}" for number in range(spans)]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            with span(names[number % spans]):
                log.info("user %s saved %d rows", "alice", number)

    return burst


def new_messages(log: Logger) -> Burst:
    """Return the burst whose messages are all new, without arguments."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(f"user alice saved {number} rows")

    return burst


def new_fields(log: Logger) -> Burst:
    """Return the burst whose extras have names never seen before."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("user %s saved %d rows", "alice", number, extra={f"field_{number}": number})

    return burst


def new_sites(log: Logger) -> Burst:
    """Return the burst whose call sites are all new; making one costs both sides the same."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            _call_site(number)(log, number)

    return burst


def new_spans(log: Logger, span: Callable[..., Any]) -> Burst:
    """Return the burst of a span around a record, each of a new name."""

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            with span(f"save_{number}"):
                log.info("user %s saved %d rows", "alice", number)

    return burst
