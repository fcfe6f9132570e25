"""A model is asked: the block, its attempts, its tool calls, and the stream in which the answer comes.

    with llm_interaction("todo_store", prompt=prompt, model="gpt-4") as call:
        with call.attempt():
            answer = client.complete(prompt)
        call.set(response=answer.text, tokens_in=answer.usage.input, tokens_out=answer.usage.output)

LOCATION: ote_logging/stages/interactions.py
DEPENDENCIES: stages: blocks (Stage), events, errors, streams; context (a stream runs in steps)
TRACE POINTS: llm_interaction.event() - an interaction is told; llm_stream() - one begins that has no block
"""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ote_logging import context
from ote_logging.events import Event
from ote_logging.jsonable import jsonable
from ote_logging.sites import site_of
from ote_logging.spans import logger_of
from ote_logging.stages.blocks import Stage
from ote_logging.stages.errors import error_keys
from ote_logging.stages.events import LLMInteraction
from ote_logging.stages.streams import Owner, TextOf, Whole, recorded


class llm_interaction(Stage):
    """A model is asked; fields as in ``LLMInteraction``."""

    __slots__ = ("whole",)

    kind = LLMInteraction

    whole: Whole
    """What has come of its stream, where it has one."""

    @contextmanager
    def attempt(self, /, **facts: Any) -> Iterator[None]:
        """Record one try with its own outcome and time: ``with call.attempt(): client.complete(...)``.

        An exception passes; that there are several is for the program to decide. ``facts`` stand beside.
        """
        begun_ns = time.perf_counter_ns()
        outcome: dict[str, Any] = {"status": "ok"}
        try:
            yield
        except BaseException as error:
            outcome = {"status": "error", **error_keys(error)}
            raise
        finally:
            tries = self.fields.get("attempts", ())
            took = {"number": len(tries) + 1, "duration_ms": (time.perf_counter_ns() - begun_ns) / 1e6}
            self.set(attempts=[*tries, {**took, **outcome, **facts}])

    def tool_call(self, name: str, arguments: object = None, result: object = None, /, **facts: Any) -> None:
        """Record that the model called a tool."""
        call = {"name": name, "arguments": arguments, "result": result, **facts}
        known = {key: jsonable(value) for key, value in call.items() if value is not None}
        self.set(tool_calls=[*self.fields.get("tool_calls", ()), known])

    def stream(self, chunks: Any, text: TextOf | None = None) -> Any:
        """Return ``chunks``, an iterator or async iterator, so that passing through it is recorded.

        Every chunk comes out as it went in; the whole is the response of this interaction, with
        ``time_to_first_chunk_ms`` and the number of ``chunks``. ``text`` takes the text out of a chunk; by
        default that of the usual clients is found. What is read of it after the block is not recorded
        (``stream_complete`` is False): a stream that is handed on is one for ``llm_stream``.
        """
        if not self.is_on:
            return chunks
        return self.recorded(chunks, text, _Attached())

    def recorded(self, chunks: Any, text: TextOf | None, owner: Owner) -> Any:
        """Return ``chunks`` such that the whole of them is the response; ``owner`` hears of the end."""
        self.whole = Whole(self._begun_ns, text)
        return recorded(chunks, self.whole, owner)

    def event(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return the event, with what came of a stream."""
        if hasattr(self, "whole"):
            self.fields = {**self.whole.fields(), **self.fields}
        return super().event(keys, error)


class _Attached:
    """The owner of a stream that is read inside the block, which tells of it when it ends."""

    def step(self) -> AbstractContextManager[None]:
        return nullcontext()

    def done(self, error: BaseException | None) -> None:
        """The block will end."""


class _Detached:
    """The owner of a stream that ends its interaction; the context of that is current in its steps only."""

    def __init__(self, call: llm_interaction) -> None:
        self._call: llm_interaction | None = call
        self._inside = call.context
        if call.context is not None:
            context.leave(call.context)

    @contextmanager
    def step(self) -> Iterator[None]:
        outside = context.exchange(self._inside)
        try:
            yield
        finally:
            self._inside = context.exchange(outside)

    def done(self, error: BaseException | None) -> None:
        call, self._call = self._call, None
        if call is not None:
            outside = context.exchange(call.context)
            try:
                call.end(error)
            finally:
                context.exchange(outside)


def llm_stream(
    chunks: Any,
    component: str | None = None,
    /,
    *,
    text: TextOf | None = None,
    logger: logging.Logger | None = None,
    level: int = logging.INFO,
    **fields: Any,
) -> Any:
    """Return ``chunks`` as an interaction of its own, which ends when they do, are closed or given up.

    For a stream that is handed on: ``return llm_stream(client.stream(prompt), "todo_store", prompt=prompt)``.
    Fields as in ``LLMInteraction``; otherwise as ``llm_interaction.stream``.
    """
    frame = sys._getframe(1)
    logger = logger or logger_of(frame)
    if not logger.isEnabledFor(level):
        return chunks
    call = llm_interaction(component, level=level, **fields)
    call.begin(logger, site_of(frame))
    return call.recorded(chunks, text, _Detached(call))
