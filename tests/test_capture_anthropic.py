"""Calls by the package ``anthropic`` are recorded, and nothing that the program sees of it changes."""

import asyncio
from collections.abc import Iterator

import anthropic
import pytest
from fake_models import FakeModels, fake_models, message, message_stream, refused

from ote_logging import capture

QUESTION = [{"role": "user", "content": "Greet me."}]


@pytest.fixture
def models() -> Iterator[FakeModels]:
    """A server of models, with the client's calls recorded."""
    with fake_models() as server:
        capture.anthropic()
        yield server
        capture.uninstall()


@pytest.fixture
def client(models: FakeModels) -> Iterator[anthropic.Anthropic]:
    """The real client, of that server."""
    with anthropic.Anthropic(base_url=models.url, api_key="none", max_retries=1) as client:
        yield client


def test_a_call_is_recorded_whole(ote, models, client):
    """Tokens of the cache count as given ones; system and tools have their names."""
    models.will(message("Hi there"))

    answer = client.messages.create(model="claude-4", max_tokens=99, system="Be brief.", messages=QUESTION)

    wire = ote.one(event="llm_interaction").wire
    assert answer.content[0].text == wire["response"] == "Hi there"
    assert (wire["provider"], wire["system"], wire["prompt"]) == ("anthropic", "Be brief.", QUESTION)
    assert (wire["tokens_in"], wire["tokens_out"], wire["tokens_cached"]) == (20, 7, 10)
    assert wire["tool_calls"] == [{"id": "tool-1", "name": "look", "arguments": {"city": "Rome"}}]
    assert (wire["finish_reason"], wire["parameters"]) == ("tool_use", {"max_tokens": 99})


def test_streams_are_recorded(ote, models, client):
    """Both ways of the client to stream give one interaction each, with the whole text."""
    models.will(message_stream("Hel", "lo"))

    with client.messages.stream(model="claude-4", max_tokens=9, messages=QUESTION) as stream:
        text = "".join(stream.text_stream)
    events = list(client.messages.create(model="claude-4", max_tokens=9, messages=QUESTION, stream=True))

    wires = [entry.wire for entry in ote.entries(event="llm_interaction")]
    assert (text, events[-1].type) == ("Hello", "message_stop")
    assert [wire["response"] for wire in wires] == ["Hello", "Hello"]
    assert [(wire["tokens_in"], wire["tokens_out"], wire["finish_reason"]) for wire in wires] == [
        (20, 7, "end_turn")
    ] * 2
    assert all(wire["stream_complete"] and wire["time_to_first_chunk_ms"] > 0 for wire in wires)


def test_an_async_call_with_a_retry_is_recorded(ote, models):
    """The async client's attempts are those of one interaction."""
    models.will(refused(529, "overloaded"), message("Hi"))

    async def ask() -> None:
        async with anthropic.AsyncAnthropic(base_url=models.url, api_key="none") as client:
            await client.messages.create(model="claude-4", max_tokens=9, messages=QUESTION)

    asyncio.run(ask())

    wire = ote.one(event="llm_interaction").wire
    assert [(attempt["http_status"], attempt["status"]) for attempt in wire["attempts"]] == [
        (529, "error"), (200, "ok")
    ]  # fmt: skip
    assert (wire["attempts"][0]["error_message"], wire["response"]) == ("overloaded", "Hi")


def test_an_error_is_the_clients_own(ote, models, client):
    """What the client raises reaches the program as it is."""
    models.will(refused(400, "no such model"))

    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(model="claude-9", max_tokens=9, messages=QUESTION)

    entry = ote.one(event="llm_interaction")
    assert not hasattr(caught.value, "__notes__")
    assert (entry.status, entry.error_type) == ("error", "anthropic.BadRequestError")
