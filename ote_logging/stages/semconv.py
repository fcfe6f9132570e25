"""A model interaction in the names of OpenTelemetry's GenAI conventions.

One vocabulary inside, a table of names at the way out: the conventions are in development and are renamed
from one version to the next. Source: semantic-conventions, registry ``gen_ai``, versions 1.36 and 1.41.

LOCATION: ote_logging/stages/semconv.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

VERSIONS: Final = ("1.36", "1.41")
"""The versions whose names are known."""

_OLD_NAMES: Final = MappingProxyType({"gen_ai.provider.name": "gen_ai.system"})
_NOT_YET: Final = frozenset(
    {
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.response.time_to_first_chunk",
        "gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages",
    }
)  # fmt: skip
_PROVIDERS: Final = MappingProxyType(
    {
        "azure": "azure.ai.openai", "bedrock": "aws.bedrock", "gemini": "gcp.gemini", "google": "gcp.gen_ai",
        "mistral": "mistral_ai", "vertex_ai": "gcp.vertex_ai", "watsonx": "ibm.watsonx.ai", "xai": "x_ai",
    }
)  # fmt: skip
_PARAMETERS: Final = MappingProxyType(
    {
        "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_tokens",
        "max_completion_tokens": "max_tokens", "stop": "stop_sequences", "stop_sequences": "stop_sequences",
        "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty", "seed": "seed",
        "n": "choice.count", "stream": "stream",
    }
)  # fmt: skip


def genai_attributes(fields: Mapping[str, Any], version: str = VERSIONS[-1]) -> dict[str, Any]:
    """Return the attributes for the fields and keys of an ``llm_interaction``; what it lacks is left out.

    Contents are given as messages with parts, as version 1.41 has them; 1.36 has none on a span.

    Raises:
        ValueError: the names of ``version`` are not known.
    """
    if version not in VERSIONS:
        raise ValueError(f"semconv {version!r} is not known; there are {', '.join(VERSIONS)}")
    found = {"gen_ai.operation.name": "chat", **dict(_told(fields)), **dict(_requested(fields))}
    if version != "1.36":
        return found
    return {_OLD_NAMES.get(name, name): value for name, value in found.items() if name not in _NOT_YET}


def _told(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, (attribute, change) in _ATTRIBUTES.items():
        value = fields.get(name)
        if value is not None:
            yield attribute, change(value)
    if fields.get("response") is not None:
        yield "gen_ai.output.messages", [_answer(fields)]


def _requested(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    parameters = fields.get("parameters")
    for name, value in parameters.items() if isinstance(parameters, Mapping) else ():
        if name in _PARAMETERS and value is not None:
            value = [value] if name == "stop" and isinstance(value, str) else value
            yield f"gen_ai.request.{_PARAMETERS[name]}", value


def _same(value: Any) -> Any:
    return value


def _seconds(ms: Any) -> Any:
    return ms / 1000 if isinstance(ms, int | float) else ms


def _provider(name: Any) -> Any:
    return _PROVIDERS.get(name, name) if isinstance(name, str) else name


def _parts(content: Any) -> list[Any]:
    """Return what a message holds as parts: text under ``content``, all else as it is."""
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    if not isinstance(content, list | tuple):
        return [] if content is None else [content]
    return [_part(part) for part in content]


def _part(part: Any) -> Any:
    if isinstance(part, str):
        return {"type": "text", "content": part}
    if isinstance(part, Mapping) and part.get("type") == "text" and "text" in part:
        return {"type": "text", "content": part["text"]}
    return part


def _messages(prompt: Any) -> list[Any]:
    if not isinstance(prompt, list | tuple):
        return [{"role": "user", "parts": _parts(prompt)}]
    return [_message(message) for message in prompt]


def _message(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return {"role": "user", "parts": _parts(message)}
    parts = message.get("parts")
    return {
        "role": message.get("role", "user"),
        "parts": _parts(message.get("content")) if parts is None else parts,
    }


def _answer(fields: Mapping[str, Any]) -> dict[str, Any]:
    answer = {"role": "assistant", "parts": _parts(fields["response"])}
    reason = fields.get("finish_reason")
    return answer if reason is None else {**answer, "finish_reason": reason}


_ATTRIBUTES: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = MappingProxyType(
    {
        "provider": ("gen_ai.provider.name", _provider),
        "model": ("gen_ai.request.model", _same),
        "response_model": ("gen_ai.response.model", _same),
        "response_id": ("gen_ai.response.id", _same),
        "finish_reason": ("gen_ai.response.finish_reasons", lambda reason: [reason]),
        "time_to_first_chunk_ms": ("gen_ai.response.time_to_first_chunk", _seconds),
        "tokens_in": ("gen_ai.usage.input_tokens", _same),
        "tokens_out": ("gen_ai.usage.output_tokens", _same),
        "tokens_cached": ("gen_ai.usage.cache_read.input_tokens", _same),
        "system": ("gen_ai.system_instructions", _parts),
        "prompt": ("gen_ai.input.messages", _messages),
        "error_type": ("error.type", _same),
    }
)
