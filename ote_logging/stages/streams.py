"""Answers that come in chunks: passed through untouched, and whole when they end.

LOCATION: ote_logging/stages/streams.py
DEPENDENCIES: none
TRACE POINTS: Whole.add() - a chunk passes; Whole.fields() - the whole is told
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Final, Protocol, Self

TextOf = Callable[[Any], str | None]

# Where the usual clients keep the text of a chunk: chat and text completions, responses, messages, others.
_WAYS: Final = (
    ("choices", 0, "delta", "content"), ("choices", 0, "text"), ("delta", "text"), ("delta",), ("text",),
    ("content",), ("message", "content"),
)  # fmt: skip


def text_of_chunk(chunk: Any) -> str | None:
    """Return the text that a chunk adds, None where it has none.

    >>> text_of_chunk({"choices": [{"delta": {"content": "hi"}}]}), text_of_chunk("there")
    ('hi', 'there')
    """
    if isinstance(chunk, str):
        return chunk
    if isinstance(chunk, bytes):
        return chunk.decode("utf-8", "backslashreplace")
    found = (_followed(chunk, way) for way in _WAYS)
    return next((text for text in found if isinstance(text, str)), None)


def _followed(thing: Any, way: tuple[str | int, ...]) -> Any:
    for step in way:
        if isinstance(step, int):
            thing = thing[step] if isinstance(thing, list | tuple) and len(thing) > step else None
        else:
            thing = thing.get(step) if isinstance(thing, Mapping) else getattr(thing, step, None)
    return thing


class Whole:
    """What has come of a stream so far."""

    __slots__ = ("_begun_ns", "_chunks", "_first_ns", "_pieces", "_text_of", "is_complete")

    def __init__(self, begun_ns: int, text_of: TextOf | None) -> None:
        """Reckon times from ``begun_ns`` of ``time.perf_counter_ns``."""
        self._begun_ns = begun_ns
        self._text_of = text_of or text_of_chunk
        self._pieces: list[str] = []
        self._chunks = 0
        self._first_ns: int | None = None
        self.is_complete = False

    def add(self, chunk: Any) -> None:
        """Take note of a chunk; one that cannot be read counts all the same."""
        if self._first_ns is None:
            self._first_ns = time.perf_counter_ns()
        self._chunks += 1
        with suppress(Exception):  # chunks are objects of the client's own
            text = self._text_of(chunk)
            if text:
                self._pieces.append(text)

    def fields(self) -> dict[str, Any]:
        """Return the response so far, and whether it is all of it."""
        told = {
            "response": "".join(self._pieces),
            "chunks": self._chunks,
            "stream_complete": self.is_complete,
        }
        if self._first_ns is None:
            return told
        return {**told, "time_to_first_chunk_ms": (self._first_ns - self._begun_ns) / 1e6}


class Owner(Protocol):
    """Who is told how a stream goes: its steps are made inside ``step()``, and it ends once."""

    def step(self) -> AbstractContextManager[None]:
        """Return what is entered for each step."""

    def done(self, error: BaseException | None) -> None:
        """The stream has ended, or is given up; may be called again."""


class _Stream:
    """A stream of a client, with all its attributes."""

    def __init__(self, chunks: Any, whole: Whole, owner: Owner) -> None:
        self._ote_chunks = self._ote_manager = chunks
        self._ote_whole = whole
        self._ote_owner = owner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ote_chunks, name)

    def __del__(self) -> None:
        owner = self.__dict__.get("_ote_owner")
        if owner is not None:
            owner.done(None)


class RecordedStream(_Stream, Iterator[Any]):
    """An iterator of chunks, also a context manager where the client's is one."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            with self._ote_owner.step():
                if "_ote_next" not in self.__dict__:
                    self._ote_next = iter(self._ote_chunks)
                chunk = next(self._ote_next)
        except StopIteration:
            self._ote_whole.is_complete = True
            self._ote_owner.done(None)
            raise
        except BaseException as error:
            self._ote_owner.done(error)
            raise
        self._ote_whole.add(chunk)
        return chunk

    def close(self) -> None:
        """Close the client's stream; what has come is the whole."""
        close = getattr(self._ote_chunks, "close", None)
        if close is not None:
            close()
        self._ote_owner.done(None)

    def __enter__(self) -> Self:
        enter = getattr(self._ote_manager, "__enter__", None)
        if enter is not None:
            # What a manager gives need not be itself.
            self._ote_chunks = enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> Any:
        leave = getattr(self._ote_manager, "__exit__", None)
        try:
            return leave(kind, error, where) if leave is not None else None
        finally:
            self._ote_owner.done(error)


class RecordedAsyncStream(_Stream, AsyncIterator[Any]):
    """An async iterator of chunks, also an async context manager where the client's is one."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            with self._ote_owner.step():
                if "_ote_next" not in self.__dict__:
                    self._ote_next = aiter(self._ote_chunks)
                chunk = await anext(self._ote_next)
        except StopAsyncIteration:
            self._ote_whole.is_complete = True
            self._ote_owner.done(None)
            raise
        except BaseException as error:
            self._ote_owner.done(error)
            raise
        self._ote_whole.add(chunk)
        return chunk

    async def aclose(self) -> None:
        """Close the client's stream; what has come is the whole."""
        close = getattr(self._ote_chunks, "aclose", None) or getattr(self._ote_chunks, "close", None)
        if close is not None:
            await close()
        self._ote_owner.done(None)

    async def __aenter__(self) -> Self:
        enter = getattr(self._ote_manager, "__aenter__", None)
        if enter is not None:
            self._ote_chunks = await enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> Any:
        leave = getattr(self._ote_manager, "__aexit__", None)
        try:
            return await leave(kind, error, where) if leave is not None else None
        finally:
            self._ote_owner.done(error)


def recorded(chunks: Any, whole: Whole, owner: Owner) -> Any:
    """Return ``chunks``, an iterable, an async one or a manager of one, so that ``whole`` notes all."""
    is_async = not hasattr(chunks, "__iter__") and (
        hasattr(chunks, "__aiter__") or hasattr(chunks, "__aenter__")
    )
    return RecordedAsyncStream(chunks, whole, owner) if is_async else RecordedStream(chunks, whole, owner)
