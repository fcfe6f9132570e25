"""A line in OpenTelemetry's names holds what the line held."""

import pytest

from ote_logging.semconv import NAMES, PARAMETERS, semconv


def told(**fields):
    """Return an interaction in OpenTelemetry's names."""
    return semconv({"event": "llm_interaction", **fields})


@pytest.mark.parametrize("name", NAMES)
def test_a_field_has_its_name(name):
    """What has another name keeps its value, and its own name is gone."""
    line = told(**{name: 7})

    assert line[NAMES[name]] == 7
    assert name not in line


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_its_name(name):
    """A parameter that the conventions know stands by itself, the others stay together."""
    line = told(parameters={name: [1], "logit_bias": {}})

    assert (line[PARAMETERS[name]], line["parameters"]) == ([1], {"logit_bias": {}})


def test_units_are_those_of_the_conventions():
    """Seconds where we have milliseconds, lists where the conventions have lists."""
    line = told(time_to_first_chunk_ms=250.0, finish_reason="stop", parameters={"stop": "END"})

    assert line["gen_ai.response.time_to_first_chunk"] == 0.25
    assert line["gen_ai.response.finish_reasons"] == ["stop"]
    assert line["gen_ai.request.stop_sequences"] == ["END"]
    assert "parameters" not in line


def text(content):
    """Return a part of text."""
    return {"type": "text", "content": content}


PROMPTS = {
    "text": ("Hi", [{"role": "user", "parts": [text("Hi")]}]),
    "openai": (
        [{"role": "system", "content": "Be brief."},
         {"role": "assistant", "content": None,
          "tool_calls": [{"id": "c", "function": {"name": "look", "arguments": "{}"}}]},
         {"role": "tool", "tool_call_id": "c", "content": "rain"}],
        [{"role": "system", "parts": [text("Be brief.")]},
         {"role": "assistant",
          "parts": [{"type": "tool_call", "id": "c", "name": "look", "arguments": "{}"}]},
         {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "rain"}]}],
    ),
    "anthropic": (
        [{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"},
                                           {"type": "tool_use", "id": "c", "name": "look", "input": {}}]},
         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "rain"}]}],
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"},
                                         {"type": "tool_call", "id": "c", "name": "look", "arguments": {}}]},
         {"role": "user", "parts": [{"type": "tool_call_response", "id": "c", "response": "rain"}]}],
    ),
    "gemini": (
        [{"parts": [{"text": "Hi"}, {"functionCall": {"name": "look", "args": {}}}]}],
        [{"role": "user", "parts": [text("Hi"), {"type": "tool_call", "name": "look", "arguments": {}}]}],
    ),
    "unknown part": ([{"role": "user", "content": [{"type": "image_url", "url": "x"}]}],
                     [{"role": "user", "parts": [{"type": "image_url", "url": "x"}]}]),
}  # fmt: skip


@pytest.mark.parametrize(("prompt", "messages"), PROMPTS.values(), ids=PROMPTS)
def test_prompts_are_messages_of_parts(prompt, messages):
    """However a provider writes its messages, they have roles and parts."""
    assert told(prompt=prompt)["gen_ai.input.messages"] == messages


def test_the_answer_is_one_message():
    """Thoughts, text and calls of tools are parts of the output, which says why it ended."""
    call = {"id": "c", "name": "look", "arguments": {}}
    line = told(response="Hello", reasoning="hm", tool_calls=[call], finish_reason="stop")

    (message,) = line["gen_ai.output.messages"]
    assert message["finish_reason"] == "stop"
    assert message["parts"] == [
        {"type": "reasoning", "content": "hm"}, text("Hello"), {"type": "tool_call", **call}
    ]  # fmt: skip
    assert not {"response", "reasoning", "tool_calls"} & line.keys()


def test_system_instructions_are_told_once():
    """Beside the messages they have their name; among the messages they stay there."""
    beside = told(system="Be brief.", prompt="Hi")
    among = told(system="Be brief.", prompt=[{"role": "system", "content": "Be brief."}])

    assert beside["gen_ai.system_instructions"] == [text("Be brief.")]
    assert "gen_ai.system_instructions" not in among


def test_other_lines_stay():
    """What is no interaction has no name in these conventions, nor have the keys of a line."""
    line = {"event": "span_end", "model": "T", "timestamp": "now"}

    assert semconv(line) == line
    assert told(timestamp="now", cost_usd=0.1).items() >= {("timestamp", "now"), ("cost_usd", 0.1)}
