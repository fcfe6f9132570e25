"""An answer means the same whether it came in one piece or in many, and any body can be read."""

import json
from typing import Any

import pytest
from fake_models import Answer, chat, chat_stream, message, message_stream
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.capture.bodies import answered, asked, error_in
from ote_logging.capture.chunks import body_of
from ote_logging.capture.families import asks_a_model, kind_of, model_in, provider_of

PIECES = st.lists(st.text(max_size=20).filter(str.strip), min_size=1, max_size=8)
KEYS = st.sampled_from(
    ["id", "type", "choices", "delta", "message", "content", "text", "index", "usage", "output", "role",
     "candidates", "parts", "tool_calls", "function", "error", "response", "data", "finish_reason", "system",
     "messages", "input", "content_block", "prompt_tokens_details", "functionCall", "stop_reason"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def raw(answer: Answer) -> bytes:
    """Return the bytes that the server sends for ``answer``."""
    return "".join(answer.chunks).encode() if answer.chunks else json.dumps(answer.body).encode()


@given(PIECES)
def test_a_stream_of_openai_means_what_the_whole_means(pieces):
    """Text, reason, tokens and model are the same."""
    assert answered(body_of(raw(chat_stream(*pieces)))[0]) == answered(body_of(raw(chat("".join(pieces))))[0])


@given(PIECES)
def test_a_stream_of_anthropic_means_what_the_whole_means(pieces):
    """All but the call of a tool, which this stream has none of."""
    streamed = answered(body_of(raw(message_stream(*pieces)))[0])
    whole = answered(message("".join(pieces)).body)

    assert {**streamed, "finish_reason": "tool_use", "tool_calls": whole["tool_calls"]} == whole


@given(JSON)
def test_any_body_can_be_read(body: Any):
    """No shape that a server makes up fails, whole or as a chunk of a stream."""
    encoded = json.dumps(body).encode()
    for text in (encoded, b"data: " + encoded + b"\n\ndata: {}\n\n", encoded + b"\n" + encoded):
        whole, _ = body_of(text)
        assert isinstance(answered(whole), dict)
        assert isinstance(asked(whole), dict)
        assert error_in(whole) is None or isinstance(error_in(whole), str)


@given(st.integers(0, 400))
def test_a_stream_that_is_cut_off_keeps_what_came(size):
    """Wherever it was cut, what was read is the beginning of the whole."""
    text = raw(chat_stream("Hel", "lo", " you"))

    body, is_complete = body_of(text[: len(text) * size // 400])

    assert "Hello you".startswith(answered(body).get("response", ""))
    assert not is_complete or answered(body)["response"] == "Hello you"


TOOL = [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": ""}}]


def test_the_arguments_of_a_tool_are_put_together():
    """They come in pieces, each with the number of its call."""
    parts = [TOOL, [{"index": 0, "function": {"arguments": '{"city":'}}],
             [{"index": 0, "function": {"arguments": '"Rome"}'}}]]  # fmt: skip
    deltas = [{"choices": [{"index": 0, "delta": {"tool_calls": part}}]} for part in parts]

    body, _ = body_of("".join(f"data: {json.dumps(delta)}\r\n\r\n" for delta in deltas).encode())

    assert answered(body)["tool_calls"] == [{"id": "c1", "name": "look", "arguments": '{"city":"Rome"}'}]


def test_a_stream_of_responses_is_put_together():
    """The last event holds the whole; where it never came the text is there."""
    deltas = [{"type": "response.output_text.delta", "delta": piece} for piece in ("Hel", "lo")]
    last = {"type": "response.completed", "response": {
        "id": "r", "status": "completed", "usage": {"input_tokens": 3, "output_tokens": 2},
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}]}}  # fmt: skip

    for events, expected in ((deltas, (None, "Hello")), ([*deltas, last], (3, "Hello"))):
        body, is_complete = body_of("".join(f"data: {json.dumps(event)}\n\n" for event in events).encode())
        assert (answered(body).get("tokens_in"), answered(body)["response"]) == expected
        assert is_complete is (events[-1] is last)


ADDRESSES = {
    "https://api.openai.com/v1/chat/completions": ("openai", "chat", None),
    "https://x.openai.azure.com/openai/deployments/gpt/chat/completions": ("azure.ai.openai", "chat", "gpt"),
    "https://generativelanguage.googleapis.com/v1beta/models/g-2:streamGenerateContent": (
        "gcp.gemini", "generate_content", "g-2"
    ),
    "https://api.mistral.ai/v1/embeddings": ("mistral_ai", "embeddings", None),
    "http://box:11434/api/generate": (None, "text_completion", None),
}  # fmt: skip


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.items(), ids=ADDRESSES)
def test_an_address_tells_who_is_asked(address, expected):
    """Provider, kind and model, as far as they stand in it."""
    host, _, path = address.partition("://")[2].partition("/")

    assert (provider_of(host.partition(":")[0]), kind_of(f"/{path}"), model_in(f"/{path}")) == expected
    assert asks_a_model(f"/{path}")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/files", "/", "/v1/chat/completions/7/messages.json"])
def test_other_paths_ask_no_model(path):
    """What lists, uploads or is somebody else's is not taken for a question."""
    assert not asks_a_model(path)
