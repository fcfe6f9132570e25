"""Calls by the package ``openai`` are recorded, and nothing that the program sees of it changes."""

import asyncio
import gc
import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import openai
import pytest
from fake_models import Answer, FakeModels, chat, chat_stream, fake_models, refused
from written import Written

from ote_logging import capture, span
from ote_logging.stages import llm_interaction

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Greet me."}]


@pytest.fixture
def models() -> Iterator[FakeModels]:
    """A server of models, with the client's calls recorded."""
    with fake_models() as server:
        capture.openai()
        yield server
        capture.uninstall()


@pytest.fixture
def client(models: FakeModels) -> Iterator[openai.OpenAI]:
    """The real client, of that server."""
    with openai.OpenAI(base_url=f"{models.url}/v1", api_key="sk-none", max_retries=2) as client:
        yield client


def told(ote: Written) -> SimpleNamespace:
    """Return the line of the only interaction."""
    return SimpleNamespace(**ote.one(event="llm_interaction").wire)


def test_a_call_is_recorded_whole(ote, models, client):
    """Prompt, system, model, parameters, response, tokens and finish reason stand on one line."""
    models.will(chat("Hi there"))

    answer = client.chat.completions.create(model="gpt-4o", messages=ASKED, temperature=0.5)

    entry = told(ote)
    assert answer.choices[0].message.content == entry.response == "Hi there"
    assert (entry.model, entry.response_model, entry.provider) == ("gpt-4o", "gpt-4o-2024", "openai")
    assert (entry.prompt, entry.system) == (ASKED, "Be brief.")
    assert entry.parameters == {"temperature": 0.5}
    assert (entry.tokens_in, entry.tokens_out, entry.tokens_cached, entry.tokens_reasoning) == (20, 7, 16, 2)
    assert (entry.finish_reason, entry.status, entry.retries) == ("stop", "ok", 0)
    assert entry.endpoint == f"{models.url}/v1/chat/completions"


def test_a_call_stands_in_its_place(ote, models, client):
    """The line names the program's own file and function, and the operation around it."""
    models.will(chat())

    with span("greet") as operation:
        client.chat.completions.create(model="gpt-4o", messages=ASKED)

    entry = told(ote)
    assert (entry.function, entry.parent_operation) == ("test_a_call_stands_in_its_place", "greet")
    assert entry.file == __file__
    assert operation.context is None
    assert entry.trace_id == ote.one(event="span_end").trace_id


def test_an_async_call_is_recorded(ote, models):
    """The async client's calls are told as the others, several at once each in its own operation."""
    models.will(chat("Hi"))

    async def ask(number: int) -> None:
        with span(f"ask_{number}"):
            await client.chat.completions.create(model="gpt-4o", messages=ASKED, seed=number)

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, range(3)))
        await client.close()

    client = openai.AsyncOpenAI(base_url=f"{models.url}/v1", api_key="sk-none")
    asyncio.run(ask_all())

    entries = ote.entries(event="llm_interaction")
    assert sorted((e.get("parent_operation"), e.get("parameters")["seed"]) for e in entries) == [
        ("ask_0", 0), ("ask_1", 1), ("ask_2", 2)
    ]  # fmt: skip


def test_a_stream_is_the_clients_own(ote, models, client):
    """The program gets the client's stream object with every chunk; the line holds the whole."""
    models.will(chat_stream("Hel", "lo"))

    stream = client.chat.completions.create(
        model="gpt-4o", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    pieces = [part.choices[0].delta.content for part in stream if part.choices]

    entry = told(ote)
    assert type(stream) is openai.Stream
    assert pieces == ["", "Hel", "lo", None]
    assert (entry.response, entry.finish_reason, entry.tokens_out) == ("Hello", "stop", 7)
    assert entry.stream_complete is True
    assert 0 < entry.time_to_first_chunk_ms <= entry.duration_ms


def test_an_async_stream_is_recorded(ote, models):
    """So is that of the async client; records of its reader are not inside the call."""
    models.will(chat_stream("Hel", "lo"))

    async def read() -> type:
        async with openai.AsyncOpenAI(base_url=f"{models.url}/v1", api_key="sk-none") as client:
            stream = await client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
            with span("read"):
                async for _ in stream:
                    pass
            return type(stream)

    assert asyncio.run(read()) is openai.AsyncStream
    assert told(ote).response == "Hello"
    assert ote.one(event="span_end", operation="read").parent_id is None


@pytest.mark.parametrize("way", ["close", "drop", "with"])
def test_a_stream_that_is_given_up_is_told(ote, models, client, way):
    """What was read until the program lost interest is recorded, and that it is not all."""
    models.will(chat_stream(*(f"{number} " * 2000 for number in range(200))))
    stream = client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)

    next(stream), next(stream)
    if way == "with":
        with stream:
            pass
    elif way == "close":
        stream.close()
    del stream
    gc.collect()

    entry = told(ote)
    assert entry.response.startswith("0 0 ")
    assert (entry.stream_complete, entry.status) == (False, "ok")


def test_every_retry_has_its_outcome(ote, models, client):
    """A call that was refused twice and then answered is one interaction of three attempts."""
    models.will(refused(429, "slow down"), refused(500, "broken"), chat("at last"))

    client.chat.completions.create(model="gpt-4o", messages=ASKED)

    entry = told(ote)
    assert [attempt["http_status"] for attempt in entry.attempts] == [429, 500, 200]
    assert [attempt.get("error_message") for attempt in entry.attempts] == ["slow down", "broken", None]
    assert (entry.retries, entry.response, entry.status) == (2, "at last", "ok")


def test_an_error_is_the_clients_own(ote, models, client):
    """What the client raises reaches the program without a note; the line says what it was."""
    models.will(refused(400, "no such model"))

    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gpt-5", messages=ASKED)

    entry = told(ote)
    assert not hasattr(caught.value, "__notes__")
    assert (entry.status, entry.level, entry.error_type) == ("error", "ERROR", "openai.BadRequestError")
    assert "no such model" in entry.error_message
    assert (entry.model, entry.prompt) == ("gpt-5", ASKED)


def test_no_answer_at_all_is_told(ote, models):
    """Where nobody listens each attempt is recorded with the error of the connection."""
    with (
        openai.OpenAI(base_url="http://127.0.0.1:1/v1", api_key="sk-none", max_retries=1) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.chat.completions.create(model="gpt-4o", messages=ASKED)

    entry = told(ote)
    assert [attempt["status"] for attempt in entry.attempts] == ["error", "error"]
    assert entry.error_type == "openai.APIConnectionError"


def test_an_error_inside_a_stream_is_told(ote, models, client):
    """A stream in which the provider says that it failed is a failed interaction with what had come."""
    models.will(chat_stream("Hel", error="overloaded"))

    with pytest.raises(openai.APIError, match="overloaded"):
        list(client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True))

    entry = told(ote)
    assert (entry.status, entry.error_message, entry.response) == ("error", "overloaded", "Hel")


def test_tool_calls_are_recorded(ote, models, client):
    """A tool that the model calls is told with its arguments, as they came."""
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"city": "Rome"}'}}
    models.will(chat(None, tool_calls=[call]))

    client.chat.completions.create(model="gpt-4o", messages=ASKED)

    assert told(ote).tool_calls == [{"id": "c1", "name": "look", "arguments": '{"city": "Rome"}'}]


def test_responses_and_embeddings_are_recorded(ote, models, client):
    """The other ways to ask are told by the same names."""
    output = [{"type": "message", "id": "m", "role": "assistant", "status": "completed",
               "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}]  # fmt: skip
    usage = {"input_tokens": 3, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 2}}
    models.will(
        Answer({"id": "r", "object": "response", "status": "completed", "output": output, "usage": usage}),
        Answer({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
                "model": "e", "usage": {"prompt_tokens": 2, "total_tokens": 2}}),
    )  # fmt: skip

    client.responses.create(model="gpt-4o", instructions="Be brief.", input="Greet me.")
    client.embeddings.create(model="e", input=["one", "two"], encoding_format="float")

    first, second = [SimpleNamespace(**e.wire) for e in ote.entries(event="llm_interaction")]
    assert (first.system, first.prompt, first.response) == ("Be brief.", "Greet me.", "Hi")
    assert (first.tokens_in, first.tokens_out, first.tokens_cached) == (3, 1, 2)
    assert (second.kind, second.prompt, second.tokens_in) == ("embeddings", ["one", "two"], 2)


def test_what_asks_no_model_is_not_recorded(ote, models, client):
    """Other requests of the client pass."""
    models.will(Answer({"id": "batch", "object": "batch"}))

    client.batches.cancel("batch")

    assert ote.entries(event="llm_interaction") == []


def test_a_raw_response_is_recorded(ote, models, client):
    """So is a call of which the program wants the bare response."""
    models.will(chat("Hi"))

    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASKED)

    assert raw.parse().choices[0].message.content == told(ote).response == "Hi"


def read_lines(client):
    """Read the response as it comes."""
    asked = client.chat.completions.with_streaming_response
    with asked.create(model="gpt-4o", messages=ASKED, stream=True) as response:
        return list(response.iter_lines())


def read_raw(client):
    """Take the response first, then its stream."""
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASKED, stream=True)
    return list(raw.parse())


def read_helper(client):
    """Use the client's own gatherer of events."""
    with client.chat.completions.stream(model="gpt-4o", messages=ASKED) as stream:
        return list(stream)


@pytest.mark.parametrize("read", [read_lines, read_raw, read_helper])
def test_every_way_to_stream_is_recorded(ote, models, client, read):
    """However the program reads, it is one interaction with the whole response."""
    models.will(chat_stream("Hel", "lo"))

    assert read(client)

    assert (told(ote).response, told(ote).stream_complete) == ("Hello", True)


def test_threads_are_told_apart(ote, models, client):
    """Calls that run at the same time are one interaction each."""
    models.will(chat())

    def ask(number: int) -> None:
        client.chat.completions.create(model=f"m{number}", messages=ASKED)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(24)))

    entries = ote.entries(event="llm_interaction")
    assert {e.get("model") for e in entries} == {f"m{number}" for number in range(24)}
    assert len(entries) == len({e.span_id for e in entries}) == 24


def test_a_block_of_the_program_tells_of_the_call_itself(ote, models, client):
    """Inside ``llm_interaction`` nothing is recorded twice."""
    models.will(chat("Hi"))

    with llm_interaction("todo", prompt="Greet me."):
        client.chat.completions.create(model="gpt-4o", messages=ASKED)

    assert told(ote).prompt == "Greet me."


def test_names_and_signatures_stay(models):
    """What is wrapped looks as it did, and uninstall() puts it back."""
    wrapped = openai.OpenAI.request
    capture.uninstall()
    original = openai.OpenAI.request

    assert wrapped is not original
    assert inspect.signature(wrapped) == inspect.signature(original)
    assert (wrapped.__qualname__, wrapped.__module__) == (original.__qualname__, original.__module__)


def test_installed_twice_records_once(ote, models, client):
    """A second filter of the same kind adds nothing."""
    capture.openai()
    capture.httpx()
    models.will(chat())

    client.chat.completions.create(model="gpt-4o", messages=ASKED)

    assert told(ote)
