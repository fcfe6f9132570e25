"""What was asked and what was answered, read from the bodies of requests and responses.

The shapes that are understood: chat and text completions, responses and embeddings of OpenAI and all who
speak as it does, messages of Anthropic, Gemini, Ollama, Cohere. A shape is known by its keys.

LOCATION: ote_logging/capture/bodies.py
DEPENDENCIES: none
TRACE POINTS: asked() - a request is read; answered() - a response is read
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

Body = Mapping[str, Any]

_PROMPTS: Final = ("messages", "input", "contents", "prompt")
_SYSTEMS: Final = ("system", "instructions", "systemInstruction", "system_instruction")
_SYSTEM_ROLES: Final = ("system", "developer")
_OWN: Final = frozenset({"model", *_PROMPTS, *_SYSTEMS})


def asked(body: Body) -> dict[str, Any]:
    """Return model, prompt, system and parameters of a request; nothing where it asks no model."""
    prompt = next((body[name] for name in _PROMPTS if body.get(name) is not None), None)
    if prompt is None:
        return {}
    facts = {
        "model": body.get("model"),
        "prompt": prompt,
        "system": _system(body, prompt),
        "parameters": {name: value for name, value in body.items() if name not in _OWN} or None,
    }
    return _known(facts)


def _system(body: Body, prompt: Any) -> str | None:
    given = next((body[name] for name in _SYSTEMS if body.get(name) is not None), None)
    if given is not None:
        return text_in(given)
    messages = [message for message in _mappings(prompt) if message.get("role") in _SYSTEM_ROLES]
    return "\n".join(filter(None, (text_in(message.get("content")) for message in messages))) or None


def answered(body: Body) -> dict[str, Any]:
    """Return response, tool calls, finish reason, tokens and ids of an answer, as far as it has them."""
    read = next((read for name, read in _SHAPES if name in body), None)
    facts = {**(read(body) if read else {}), **_tokens(body)}
    facts["response_id"] = body.get("id") or body.get("responseId")
    facts["response_model"] = body.get("model") or body.get("modelVersion")
    return _known(facts)


def error_in(body: Any) -> str | None:
    """Return what a body says went wrong."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("type")
    return error if isinstance(error, str) else None


def text_in(content: Any) -> str | None:
    """Return the text of a content: text, a part, or parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return text_in(content.get("text", content.get("parts")))
    if isinstance(content, list):
        texts = [text for text in map(text_in, content) if text is not None]
        return "".join(texts) if texts else None
    return None


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _mappings(items: Any) -> Iterable[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _part(body: Body, name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _first(items: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(iter(items), {})


def _choices(body: Body) -> dict[str, Any]:
    """Chat and text completions."""
    choices = list(_mappings(body.get("choices")))
    texts = [_text_of_choice(choice) for choice in choices]
    message = _part(_first(choices), "message")
    return {
        "response": texts[0] if texts else None,
        "responses": texts if len(texts) > 1 else None,
        "reasoning": message.get("reasoning_content") or message.get("reasoning"),
        "refusal": message.get("refusal"),
        "tool_calls": [_function(call) for call in _mappings(message.get("tool_calls"))] or None,
        "finish_reason": _first(choices).get("finish_reason"),
    }


def _text_of_choice(choice: Mapping[str, Any]) -> str | None:
    text = choice.get("text")
    return text if isinstance(text, str) else text_in(_part(choice, "message").get("content"))


def _function(call: Mapping[str, Any]) -> dict[str, Any]:
    function = _part(call, "function") or _part(call, "custom")
    told = function.get("arguments", function.get("input"))
    return _known({"id": call.get("id"), "name": function.get("name"), "arguments": told})


def _output(body: Body) -> dict[str, Any]:
    """Responses of OpenAI."""
    items = list(_mappings(body.get("output")))
    texts = [text_in(item.get("content")) for item in items if item.get("type") == "message"]
    thoughts = [text_in(item.get("summary")) for item in items if item.get("type") == "reasoning"]
    calls = [item for item in items if str(item.get("type")).endswith("_call") and "name" in item]
    return {
        "response": "".join(filter(None, texts)) or None,
        "reasoning": "\n".join(filter(None, thoughts)) or None,
        "tool_calls": [_called(call, call.get("arguments", call.get("input"))) for call in calls] or None,
        "finish_reason": _part(body, "incomplete_details").get("reason") or body.get("status"),
    }


def _called(call: Mapping[str, Any], arguments: Any) -> dict[str, Any]:
    named = call.get("call_id", call.get("id"))
    return _known({"id": named, "name": call.get("name"), "arguments": arguments})


def _content(body: Body) -> dict[str, Any]:
    """Messages of Anthropic."""
    parts = list(_mappings(body.get("content")))
    thoughts = [part.get("thinking") for part in parts if part.get("type") == "thinking"]
    calls = [part for part in parts if str(part.get("type")).endswith("tool_use")]
    return {
        "response": text_in([part for part in parts if part.get("type") == "text"]),
        "reasoning": "\n".join(filter(None, thoughts)) or None,
        "tool_calls": [_called(call, call.get("input")) for call in calls] or None,
        "finish_reason": body.get("stop_reason"),
    }


def _candidates(body: Body) -> dict[str, Any]:
    """Gemini."""
    candidate = _first(_mappings(body.get("candidates")))
    parts = list(_mappings(_part(candidate, "content").get("parts")))
    calls = [_part(part, "functionCall") for part in parts if "functionCall" in part]
    return {
        "response": text_in([part for part in parts if not part.get("thought")]),
        "reasoning": text_in([part for part in parts if part.get("thought")]),
        "tool_calls": [_called(call, call.get("args")) for call in calls] or None,
        "finish_reason": candidate.get("finishReason"),
    }


def _message(body: Body) -> dict[str, Any]:
    """Chat of Ollama and of Cohere."""
    message = _part(body, "message")
    return {
        "response": text_in(message.get("content")),
        "reasoning": message.get("thinking"),
        "tool_calls": [_function(call) for call in _mappings(message.get("tool_calls"))] or None,
        "finish_reason": body.get("done_reason") or body.get("finish_reason"),
    }


def _response(body: Body) -> dict[str, Any]:
    """Generation of Ollama."""
    return {"response": text_in(body.get("response")), "finish_reason": body.get("done_reason")}


_SHAPES: Final[tuple[tuple[str, Callable[[Body], dict[str, Any]]], ...]] = (
    ("choices", _choices),
    ("candidates", _candidates),
    ("output", _output),
    ("content", _content),
    ("message", _message),
    ("response", _response),
)

_IN: Final = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count")
_OUT: Final = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
# Anthropic counts these beside its input tokens, all others within them.
_BESIDE: Final = ("cache_read_input_tokens", "cache_creation_input_tokens")


def _tokens(body: Body) -> dict[str, int | None]:
    usage = _part(body, "usage") or _part(body, "usageMetadata") or body
    given, made = _count(usage, _IN), _count(usage, _OUT)
    within = _part(usage, "prompt_tokens_details") or _part(usage, "input_tokens_details")
    thought = _part(usage, "completion_tokens_details") or _part(usage, "output_tokens_details")
    beside = [_count(usage, (name,)) or 0 for name in _BESIDE]
    cached = _count(usage, ("cache_read_input_tokens", "cachedContentTokenCount"))
    return {
        "tokens_in": None if given is None else given + sum(beside),
        "tokens_out": made,
        "tokens_cached": _count(within, ("cached_tokens",)) if cached is None else cached,
        "tokens_reasoning": _count({**thought, **usage}, ("reasoning_tokens", "thoughtsTokenCount")),
    }


def _count(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((usage[name] for name in names if isinstance(usage.get(name), int)), None)
