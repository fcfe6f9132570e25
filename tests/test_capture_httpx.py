"""Calls of models over HTTP are recorded by host and path, whatever provider is asked."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import openai
import pytest
from fake_models import Answer, FakeModels, chat, chat_stream, fake_models, sse

from ote_logging import capture, span

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Greet me."}]}


@pytest.fixture
def models() -> Iterator[FakeModels]:
    """A server of models, with HTTP recorded."""
    with fake_models() as server:
        capture.httpx()
        yield server
        capture.uninstall()


@pytest.mark.parametrize("http", [httpx, httpx2], ids=lambda module: module.__name__)
def test_a_post_is_recorded(ote, models, http):
    """Either generation of the HTTP client; the query, where keys may stand, is not told."""
    models.will(chat("Hi"))

    answer = http.post(f"{models.url}/v1/chat/completions?key=hunter2hunter2", json=ASKED)

    wire = ote.one(event="llm_interaction").wire
    assert answer.json()["choices"][0]["message"]["content"] == wire["response"] == "Hi"
    assert (wire["provider"], wire["endpoint"]) == ("127.0.0.1", f"{models.url}/v1/chat/completions")
    assert "hunter2" not in json.dumps(wire)


def test_an_async_stream_is_recorded(ote, models):
    """The program reads the lines itself; they are understood all the same."""
    models.will(chat_stream("Hel", "lo"))

    async def read() -> list[str]:
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", f"{models.url}/chat/completions", json=ASKED) as response,
        ):
            return [line async for line in response.aiter_lines() if line]

    lines = asyncio.run(read())

    wire = ote.one(event="llm_interaction").wire
    assert lines[-1] == "data: [DONE]"
    assert (wire["response"], wire["stream_complete"], wire["tokens_in"]) == ("Hello", True, 20)


def test_a_stream_that_breaks_is_told(ote, models):
    """The program gets the client's exception, the line what had come."""
    models.will(Answer(chunks=chat_stream("Hel", "lo").chunks[:2], is_cut=True))

    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("POST", f"{models.url}/chat/completions", json=ASKED) as response,
    ):
        response.read()

    entry = ote.one(event="llm_interaction")
    assert (entry.status, entry.error_type) == ("error", "httpx.RemoteProtocolError")
    assert (entry.get("response"), entry.get("stream_complete")) == ("Hel", False)


GEMINI = [
    {"candidates": [{"content": {"parts": [{"text": "Hel"}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "lo"}]}, "finishReason": "STOP"}],
     "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}},
]  # fmt: skip
OLLAMA = [
    {"model": "m", "message": {"role": "assistant", "content": "Hel"}, "done": False},
    {"model": "m", "message": {"role": "assistant", "content": "lo"}, "done": True, "done_reason": "stop",
     "prompt_eval_count": 3, "eval_count": 2},
]  # fmt: skip
PROVIDERS = {
    "gemini": (
        "/v1beta/models/gemini-2.5:generateContent", {"contents": [{"parts": [{"text": "Hi"}]}]},
        Answer(GEMINI[1] | {"candidates": [
            {"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}
        ]}),
        "gemini-2.5",
    ),
    "gemini stream": (
        "/v1beta/models/gemini-2.5:streamGenerateContent", {"contents": [{"parts": [{"text": "Hi"}]}]},
        Answer(chunks=tuple(map(sse, GEMINI))), "gemini-2.5",
    ),
    "ollama": ("/api/chat", ASKED, Answer(OLLAMA[1] | {"message": {"content": "Hello"}}), "m"),
    "ollama stream": (
        "/api/chat", ASKED, Answer(chunks=tuple(json.dumps(line) + "\n" for line in OLLAMA)), "m"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "answer", "model"), PROVIDERS.values(), ids=PROVIDERS)
def test_each_provider_is_understood(ote, models, path, body, answer, model):
    """Model, response, tokens and reason are told by the same names."""
    models.will(answer)

    httpx.post(models.url + path, json=body)

    wire = ote.one(event="llm_interaction").wire
    assert (wire["model"], wire["response"]) == (model, "Hello")
    assert (wire["tokens_in"], wire["tokens_out"], wire["finish_reason"].lower()) == (3, 2, "stop")


def test_hosts_and_paths_choose(ote, models):
    """With patterns only what fits is recorded; a path of one's own is read by its shape."""
    capture.uninstall()
    capture.httpx(hosts=["127.*"], paths=["/own/*"])
    models.will(chat("Hi"))

    httpx.post(f"{models.url}/v1/chat/completions", json=ASKED)
    httpx.post(f"{models.url}/own/model", json=ASKED)

    assert ote.one(event="llm_interaction").get("endpoint") == f"{models.url}/own/model"


@pytest.mark.parametrize("body", [{"rows": 3}, [1], None, "text"])
def test_what_asks_no_model_is_not_recorded(ote, models, body):
    """A body without a prompt is somebody else's."""
    models.will(chat())

    assert httpx.post(f"{models.url}/v1/messages", json=body).status_code == 200
    assert ote.entries(event="llm_interaction") == []


def test_a_call_of_a_client_is_recorded_once(ote, models):
    """What openai sends is an attempt of its call, not another one."""
    capture.openai()
    models.will(chat())

    with openai.OpenAI(base_url=f"{models.url}/v1", api_key="none") as client:
        client.chat.completions.create(**ASKED)

    assert ote.one(event="llm_interaction").get("provider") == "openai"


def test_a_packed_stream_is_unpacked(ote):
    """What the client unpacks for the program is told unpacked."""
    packed = gzip.compress("".join(chat_stream("Hello").chunks).encode())

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))

    capture.httpx()
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        client.stream("POST", "http://model/chat/completions", json=ASKED) as response,
    ):
        assert "Hello" in "".join(response.iter_text())
    capture.uninstall()

    assert ote.one(event="llm_interaction").get("response") == "Hello"


def test_records_inside_the_call_belong_to_it(ote, models):
    """The client's own record of a request stands under the interaction, which stands under the operation."""
    models.will(chat())

    with span("greet"):
        httpx.post(f"{models.url}/chat/completions", json=ASKED)

    told = ote.one(event="llm_interaction")
    sent = ote.one(logger="httpx")
    assert sent.span_id == told.span_id != ote.one(event="span_end").span_id


BROKEN = [b"{", b"[[[", b"3", b'{"choices": 3}', b'{"choices": [3], "usage": []}', b"\xff"]


@pytest.mark.parametrize("broken", BROKEN)
def test_an_answer_of_any_kind_hurts_nothing(ote, broken):
    """A body that makes no sense reaches the program, and the call is told."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=broken)

    capture.httpx()
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        got: Any = client.post("http://model/chat/completions", json=ASKED)
    capture.uninstall()

    assert got.content == broken
    assert ote.one(event="llm_interaction").status == "ok"


def test_a_task_outlives_the_call_in_which_it_was_made(ote):
    """What a task asks when the call around its making is over is a call of its own."""
    tasks = []
    is_over = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if not tasks:
            tasks.append(asyncio.create_task(ask_later()))
        return httpx.Response(200, json=chat("Hi").body)

    async def ask_later() -> None:
        await is_over.wait()
        await client.post("http://model/chat/completions", json={**ASKED, "model": "later"})

    async def ask() -> None:
        async with client:
            await client.post("http://model/chat/completions", json=ASKED)
            is_over.set()
            await tasks[0]

    capture.httpx()
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    asyncio.run(ask())
    capture.uninstall()

    assert [e.get("model") for e in ote.entries(event="llm_interaction")] == ["m", "later"]
