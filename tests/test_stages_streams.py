"""Answers in chunks: they pass untouched, and the whole is recorded."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from written import Written

import ote_logging as ote_api
from ote_logging.stages import llm_interaction, llm_stream
from ote_logging.stages.streams import text_of_chunk


def chat(text: str | None) -> Any:
    """A chunk as chat completions have it."""
    return SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content=text))])


class Client:
    """A stream of a client, with attributes and a close of its own."""

    status_code = 200

    def __init__(self, texts: list[str]) -> None:
        self.left = iter(texts)
        self.is_closed = False

    def __iter__(self) -> Iterator[str]:
        return self.left

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self.is_closed = True


async def answers(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        await asyncio.sleep(0)
        yield text


@pytest.mark.parametrize(
    "chunk",
    [
        "hi", b"hi", {"choices": [{"delta": {"content": "hi"}}]}, chat("hi"), {"delta": "hi"},
        SimpleNamespace(type="content_block_delta", delta=SimpleNamespace(text="hi")),
        SimpleNamespace(text="hi"), {"message": {"content": "hi"}}, {"choices": [{"text": "hi"}]},
    ],
)  # fmt: skip
def test_the_text_of_the_usual_chunks_is_found(chunk: Any) -> None:
    """Chat and text completions, responses, messages and plain text."""
    assert text_of_chunk(chunk) == "hi"


@pytest.mark.parametrize("chunk", [chat(None), {"choices": []}, None, 7, SimpleNamespace(type="ping")])
def test_a_chunk_without_text_has_none(chunk: Any) -> None:
    """What carries usage, a role or nothing adds nothing."""
    assert text_of_chunk(chunk) is None


def test_chunks_pass_and_the_whole_is_recorded(ote: Written) -> None:
    """The program gets the very objects; the line has the response and the time to the first chunk."""
    chunks = [chat("class "), chat("Todo"), chat(None)]
    with llm_interaction("todo_store", prompt="p") as call:
        passed = list(call.stream(iter(chunks)))

    line = ote.one(event="llm_interaction")

    assert all(new is old for new, old in zip(passed, chunks, strict=True))
    assert (line.get("response"), line.get("chunks"), line.get("stream_complete")) == ("class Todo", 3, True)
    assert 0 < line.get("time_to_first_chunk_ms") < line.duration_ms


def test_async_chunks_pass_and_the_whole_is_recorded(ote: Written) -> None:
    """The same for an async iterator."""

    async def run() -> list[str]:
        async with llm_interaction("todo_store") as call:
            return [chunk async for chunk in call.stream(answers("a", "b"))]

    assert asyncio.run(run()) == ["a", "b"]
    assert ote.one(event="llm_interaction").get("response") == "ab"


def test_a_stream_that_is_left_early_is_recorded_so_far(ote: Written) -> None:
    """What came before the program broke off is the response, and the line says that it is not all."""
    with llm_interaction("todo_store") as call:
        for chunk in call.stream(iter("abc")):
            if chunk == "b":
                break

    line = ote.one(event="llm_interaction")

    assert (line.get("response"), line.get("stream_complete")) == ("ab", False)


def test_a_stream_that_is_handed_on_ends_its_interaction_itself(ote: Written) -> None:
    """``llm_stream`` needs no block: the record is written when the last chunk was taken."""
    stream = llm_stream(iter(["a", "b"]), "todo_store", prompt="p", model="gpt-4")
    assert ote.entries() == []

    assert list(stream) == ["a", "b"]

    line = ote.one(event="llm_interaction")
    assert (line.get("response"), line.get("model"), line.status) == ("ab", "gpt-4", "ok")
    assert line.logger == __name__


def test_an_async_stream_ends_its_interaction_itself(ote: Written) -> None:
    """The same for an async iterator, across tasks."""

    async def run() -> list[str]:
        stream = llm_stream(answers("a", "b"), "todo_store")
        return await asyncio.create_task(collect(stream))

    async def collect(stream: AsyncIterator[str]) -> list[str]:
        return [chunk async for chunk in stream]

    assert asyncio.run(run()) == ["a", "b"]
    assert ote.one(event="llm_interaction").get("response") == "ab"


def test_between_its_chunks_a_stream_is_not_current(ote: Written) -> None:
    """What its consumer logs belongs to the consumer's span; what its producer logs to the interaction."""
    seen: list[str | None] = []

    def produce() -> Iterator[str]:
        seen.append(ote_api.current().operation)
        yield "a"

    with ote_api.span("consume", start=False):
        for _ in llm_stream(produce()):
            seen.append(ote_api.current().operation)

    assert seen == ["llm_interaction", "consume"]
    assert ote.one(event="llm_interaction").get("parent_operation") == "consume"


def test_a_stream_that_breaks_is_a_failed_interaction(ote: Written) -> None:
    """The exception reaches the consumer; the line has it with what came before."""

    def broken() -> Iterator[str]:
        yield "a"
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError, match="cut"):
        list(llm_stream(broken(), "todo_store"))

    line = ote.one(event="llm_interaction")

    assert (line.status, line.error_type, line.get("response")) == ("error", "ConnectionError", "a")


@pytest.mark.parametrize("leave", ["close", "with", "forget"])
def test_a_stream_that_is_given_up_ends_its_interaction(leave: str, ote: Written) -> None:
    """Closed, left as a context manager, or forgotten: one record, with what came."""
    client = Client(["a", "b"])
    stream = llm_stream(client, "todo_store")
    if leave == "with":
        with stream:
            next(stream)
    else:
        next(stream)
    if leave == "close":
        stream.close()
    del stream
    gc.collect()

    line = ote.one(event="llm_interaction")

    assert (line.get("response"), line.get("stream_complete")) == ("a", False)
    assert client.is_closed is (leave != "forget")


def test_a_manager_that_gives_another_stream_is_understood(ote: Written) -> None:
    """What is entered and left is the manager; what is iterated is what it gave."""
    client = Client(["a", "b"])

    class Manager:
        def __enter__(self) -> Client:
            return client

        def __exit__(self, *raised: object) -> None:
            client.close()

    with llm_stream(Manager(), "todo_store") as stream:
        assert stream.status_code == 200
        assert list(stream) == ["a", "b"]

    assert client.is_closed
    assert ote.one(event="llm_interaction").get("response") == "ab"


def test_an_async_manager_that_gives_another_stream_is_understood(ote: Written) -> None:
    """The same for an async one."""

    class Manager:
        async def __aenter__(self) -> AsyncIterator[str]:
            return answers("a", "b")

        async def __aexit__(self, *raised: object) -> None:
            await asyncio.sleep(0)

    async def run() -> list[str]:
        async with llm_stream(Manager(), "todo_store") as stream:
            return [chunk async for chunk in stream]

    assert asyncio.run(run()) == ["a", "b"]
    assert ote.one(event="llm_interaction").get("response") == "ab"


def test_a_recorded_stream_has_the_attributes_of_the_clients() -> None:
    """Whoever asks the stream for its status gets it."""
    assert llm_stream(Client([]), "todo_store").status_code == 200


def test_where_nothing_is_logged_the_stream_is_the_clients_own() -> None:
    """Below the level of the logger there is no wrapper at all."""
    client = Client([])

    assert llm_stream(client, level=1) is client
    with llm_interaction(level=1) as call:
        assert call.stream(client) is client
