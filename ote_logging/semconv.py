"""A line in the names of OpenTelemetry: what a model was asked and answered, by its GenAI conventions.

The names are those of the semantic conventions 1.41.1, where their status is "development"; they are pinned
here. Keys and fields that the conventions do not know keep the names they have. What is written so is for
systems that read those names: ``ote`` reads lines under our own.

LOCATION: ote_logging/semconv.py
DEPENDENCIES: none
TRACE POINTS: semconv() - a line gets the names of OpenTelemetry
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

VERSION: Final = "1.41.1"

NAMES: Final[Mapping[str, str]] = {
    "kind": "gen_ai.operation.name",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "response_id": "gen_ai.response.id",
    "response_model": "gen_ai.response.model",
    "tokens_in": "gen_ai.usage.input_tokens",
    "tokens_out": "gen_ai.usage.output_tokens",
    "tokens_cached": "gen_ai.usage.cache_read.input_tokens",
    "tokens_reasoning": "gen_ai.usage.reasoning.output_tokens",
    "error_type": "error.type",
}
"""Fields of an interaction that have another name and the same value."""

PARAMETERS: Final[Mapping[str, str]] = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "stream": "gen_ai.request.stream",
    "stop": "gen_ai.request.stop_sequences",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "tools": "gen_ai.tool.definitions",
}
"""Parameters of an interaction; others stay together under ``parameters``."""

_LISTS: Final = ("gen_ai.request.stop_sequences",)
_SYSTEM_ROLES: Final = ("system", "developer")


def semconv(wire: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of a line in OpenTelemetry's names; a line of another event stays as it is.

    >>> semconv({"event": "llm_interaction", "model": "gpt-4o", "tokens_in": 3})["gen_ai.usage.input_tokens"]
    3
    """
    if wire.get("event") != "llm_interaction":
        return dict(wire)
    made: dict[str, Any] = {"gen_ai.operation.name": "chat"}
    for name, value in wire.items():
        change = _CHANGES.get(name)
        if change is not None:
            made.update(change(value, wire))
        else:
            made[NAMES.get(name, name)] = value
    return made


def _parameters(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"parameters": value}
    made = {PARAMETERS[name]: known for name, known in value.items() if name in PARAMETERS}
    for name in _LISTS:
        if name in made and not isinstance(made[name], list):
            made[name] = [made[name]]
    others = {name: other for name, other in value.items() if name not in PARAMETERS}
    return {**made, "parameters": others} if others else made


def _finish_reason(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    return {"gen_ai.response.finish_reasons": [value]}


def _first_chunk(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    is_number = isinstance(value, int | float)
    return {"gen_ai.response.time_to_first_chunk": value / 1000} if is_number else {}


def _system(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    prompt = wire.get("prompt")
    roles = [item.get("role") for item in prompt if isinstance(item, Mapping)] if type(prompt) is list else []
    # What was sent among the messages stands there, and is not told twice.
    is_inside = any(role in _SYSTEM_ROLES for role in roles)
    return {} if is_inside else {"gen_ai.system_instructions": _parts(value)}


def _prompt(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    messages = value if isinstance(value, list) else [value]
    return {"gen_ai.input.messages": [_message(message) for message in messages]}


def _message(message: Any) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        return {"role": "user", "parts": _parts(message)}
    if "tool_call_id" in message:
        parts = [_response_of_tool(message["tool_call_id"], message.get("content"))]
    else:
        parts = _parts(message.get("content", message.get("parts")))
    calls = message.get("tool_calls")
    parts += [_call(call) for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []
    return {"role": message.get("role", "user"), "parts": parts}


def _parts(content: Any) -> list[dict[str, Any]]:
    if content is None:
        return []
    return [_part(part) for part in content] if isinstance(content, list) else [_part(content)]


def _part(part: Any) -> dict[str, Any]:
    """Return a part of a message as OpenAI, Anthropic and Gemini write it; what else there is stays."""
    if not isinstance(part, Mapping):
        return {"type": "text", "content": part}
    if part.get("type") == "tool_use":
        return _call({**part, "arguments": part.get("input")})
    if part.get("type") == "tool_result":
        return _response_of_tool(part.get("tool_use_id"), part.get("content"))
    if part.get("type") == "thinking":
        return {"type": "reasoning", "content": part.get("thinking")}
    if isinstance(part.get("functionCall"), Mapping):
        return _call({**part["functionCall"], "arguments": part["functionCall"].get("args")})
    if isinstance(part.get("functionResponse"), Mapping):
        return _response_of_tool(part["functionResponse"].get("id"), part["functionResponse"].get("response"))
    if isinstance(part.get("text"), str):
        return {"type": "text", "content": part["text"]}
    return dict(part)


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    inner = call.get("function")
    told = {**call, **inner} if isinstance(inner, Mapping) else call
    known = {name: told[name] for name in ("id", "name", "arguments") if told.get(name) is not None}
    return {"type": "tool_call", **known}


def _response_of_tool(call_id: Any, response: Any) -> dict[str, Any]:
    named = {} if call_id is None else {"id": call_id}
    return {"type": "tool_call_response", **named, "response": response}


def _answer(value: Any, wire: Mapping[str, Any]) -> dict[str, Any]:
    """Return the output; of its parts several fields tell, and each gives the same."""
    calls = wire.get("tool_calls")
    parts = [{"type": "reasoning", "content": wire["reasoning"]}] if "reasoning" in wire else []
    parts += _parts(wire.get("response"))
    parts += [_call(call) for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []
    message = {"role": "assistant", "parts": parts}
    if "finish_reason" in wire:
        message["finish_reason"] = wire["finish_reason"]
    return {"gen_ai.output.messages": [message]}


_CHANGES: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]]] = {
    "parameters": _parameters,
    "finish_reason": _finish_reason,
    "time_to_first_chunk_ms": _first_chunk,
    "system": _system,
    "prompt": _prompt,
    "response": _answer,
    "reasoning": _answer,
    "tool_calls": _answer,
}
