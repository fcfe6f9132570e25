"""A model interaction in the names of OpenTelemetry's GenAI conventions."""

from typing import Any

import pytest

from ote_logging.stages import LLMInteraction
from ote_logging.stages.semconv import VERSIONS, genai_attributes


@pytest.fixture
def interaction() -> dict[str, Any]:
    """Fields and keys of an interaction that has everything."""
    event = LLMInteraction(
        "todo_store", prompt="hi", system="be brief", response="there", model="gpt-4", provider="azure",
        parameters={"temperature": 0, "stop": "END", "n": 2, "user": "u"}, tokens_in=10, tokens_out=20,
        tokens_cached=4, finish_reason="stop", time_to_first_chunk_ms=250.0, error_type="TimeoutError",
        response_id="r-1",
    )  # fmt: skip
    return {**event.fields, **event.keys}


def test_an_interaction_has_the_names_of_the_newest_version(interaction: dict[str, Any]) -> None:
    """Each field stands under its attribute, in its unit; what the conventions do not know is left out."""
    assert genai_attributes(interaction) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "gpt-4",
        "gen_ai.request.temperature": 0,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.request.choice.count": 2,
        "gen_ai.response.id": "r-1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.system_instructions": [{"type": "text", "content": "be brief"}],
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
        "gen_ai.output.messages": [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": "there"}],
                "finish_reason": "stop",
            }
        ],
        "error.type": "TimeoutError",
    }


def test_an_older_version_has_its_own_names(interaction: dict[str, Any]) -> None:
    """1.36 calls the provider a system, and has neither contents nor cached tokens."""
    attributes = genai_attributes(interaction, "1.36")

    assert attributes["gen_ai.system"] == "azure.ai.openai"
    assert attributes["gen_ai.usage.input_tokens"] == 10
    assert not {"gen_ai.provider.name", "gen_ai.input.messages"} & attributes.keys()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("hi", [{"type": "text", "content": "hi"}]),
        ([{"type": "text", "text": "hi"}], [{"type": "text", "content": "hi"}]),
        (["hi"], [{"type": "text", "content": "hi"}]),
        ([{"type": "image_url", "image_url": "x"}], [{"type": "image_url", "image_url": "x"}]),
        (None, []),
    ],
    ids=["text", "parts of a client", "texts", "another part", "nothing"],
)
def test_messages_become_messages_with_parts(content: Any, parts: list[Any]) -> None:
    """However a client writes its messages, roles stay and texts are parts."""
    attributes = genai_attributes({"prompt": [{"role": "tool", "content": content}]})

    assert attributes["gen_ai.input.messages"] == [{"role": "tool", "parts": parts}]


def test_what_is_not_known_is_left_out() -> None:
    """An interaction of which nothing was recorded is a chat, and no more."""
    assert genai_attributes({"model": None}) == {"gen_ai.operation.name": "chat"}


def test_an_unknown_version_is_refused() -> None:
    """The error names the versions that there are."""
    with pytest.raises(ValueError, match=", ".join(VERSIONS)):
        genai_attributes({}, "2.0")
