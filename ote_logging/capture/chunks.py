"""What came in chunks, put together: the body that the same answer would have had in one piece.

LOCATION: ote_logging/capture/chunks.py
DEPENDENCIES: capture.bodies (shapes), orjson
TRACE POINTS: body_of() - bytes become a body
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from ote_logging.capture.bodies import Body

_END: Final = b"[DONE]"


def body_of(raw: bytes) -> tuple[dict[str, Any], bool]:
    """Return a body and whether it came to its end: JSON, lines of JSON, or server-sent events."""
    try:
        loaded = orjson.loads(raw)
    except orjson.JSONDecodeError:
        chunks = [*_events(raw)]
        whole = joined(chunks)
        return whole, _END in raw[-64:] or any(map(_is_last, chunks))
    return (dict(loaded), True) if isinstance(loaded, dict) else (joined(_mappings(loaded)), True)


def _events(raw: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield what is JSON among server-sent events, or among lines; what was cut off is left out."""
    is_lines = raw.lstrip()[:1] == b"{"
    for piece in raw.splitlines() if is_lines else map(_data_of, _between_empty_lines(raw)):
        if piece and piece != _END:
            try:
                chunk = orjson.loads(piece)
            except orjson.JSONDecodeError:
                continue
            if isinstance(chunk, dict):
                yield chunk


def _between_empty_lines(raw: bytes) -> list[bytes]:
    # Lines may end in three ways; in JSON none of them stands for itself.
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")


def _data_of(event: bytes) -> bytes:
    if event.startswith(b"data:") and b"\n" not in event:
        return event[5:].strip()
    lines = (line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    return b"\n".join(lines)


def _is_last(chunk: Mapping[str, Any]) -> bool:
    if chunk.get("type") in _LAST_TYPES or chunk.get("done") is True:
        return True
    parts = [*_mappings(chunk.get("choices")), *_mappings(chunk.get("candidates"))]
    return any(part.get("finish_reason") or part.get("finishReason") for part in parts)


_LAST_TYPES: Final = (
    "message_stop", "message-end", "response.completed", "response.incomplete", "response.failed"
)  # fmt: skip


def joined(chunks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body that ``chunks`` make up, in the shape of their provider."""
    body: dict[str, Any] = {}
    for chunk in chunks:
        add = _adder(chunk)
        if add is not None:
            add(body, chunk)
        if chunk.get("error"):
            body["error"] = chunk["error"]
    return body


def _adder(chunk: Mapping[str, Any]) -> Callable[[dict[str, Any], Body], None] | None:
    kind = chunk.get("type")
    if isinstance(kind, str):
        if kind.startswith("response."):
            return _add_response
        return _TYPED.get(kind)
    return next((add for name, add in _SHAPED if name in chunk), None)


def _mappings(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _append(target: dict[str, Any], name: str, text: Any) -> None:
    if isinstance(text, str):
        target[name] = (target.get(name) or "") + text


def _place(items: list[Any], index: Any) -> dict[str, Any]:
    """Return the mapping at ``index`` of a list that grows as it must."""
    number = index if isinstance(index, int) and 0 <= index < 10_000 else 0
    while len(items) <= number:
        items.append({})
    place: dict[str, Any] = items[number]
    return place


def _keep(body: dict[str, Any], chunk: Body, *names: str) -> None:
    body.update({name: chunk[name] for name in names if chunk.get(name) is not None})


def _add_choices(body: dict[str, Any], chunk: Body) -> None:
    """Chat and text completions."""
    _keep(body, chunk, "id", "model", "usage")
    for part in _mappings(chunk.get("choices")):
        choice = _place(body.setdefault("choices", []), part.get("index"))
        _append(choice, "text", part.get("text"))
        _keep(choice, part, "finish_reason")
        delta = part.get("delta")
        if isinstance(delta, Mapping):
            _add_delta(choice.setdefault("message", {}), delta)


def _add_delta(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for name in ("content", "reasoning_content", "reasoning", "refusal"):
        _append(message, name, delta.get(name))
    for part in _mappings(delta.get("tool_calls")):
        call = _place(message.setdefault("tool_calls", []), part.get("index"))
        _keep(call, part, "id")
        function, told = call.setdefault("function", {}), part.get("function")
        if isinstance(told, Mapping):
            _keep(function, told, "name")
            _append(function, "arguments", told.get("arguments"))


def _add_response(body: dict[str, Any], chunk: Body) -> None:
    """Responses of OpenAI: the last event holds the whole; until then there is the text."""
    if isinstance(chunk.get("response"), Mapping):
        whole = {name: value for name, value in chunk["response"].items() if value is not None}
        text = body.pop("output", None) if not whole.get("output") else None
        body.update({**whole, "output": text} if text else whole)
    elif chunk["type"] == "response.output_text.delta":
        if not body.get("output"):
            body["output"] = [{"type": "message", "content": [{"text": ""}]}]
        _append(body["output"][0]["content"][0], "text", chunk.get("delta"))


def _begin_message(body: dict[str, Any], chunk: Body) -> None:
    """Messages of Anthropic, from here to ``_add_to_message``."""
    if isinstance(chunk.get("message"), Mapping):
        body.update({**chunk["message"], "content": []})


def _begin_block(body: dict[str, Any], chunk: Body) -> None:
    if isinstance(chunk.get("content_block"), Mapping):
        _place(body.setdefault("content", []), chunk.get("index")).update(chunk["content_block"])


def _add_to_block(body: dict[str, Any], chunk: Body) -> None:
    block, delta = _place(body.setdefault("content", []), chunk.get("index")), chunk.get("delta")
    if isinstance(delta, Mapping):
        _append(block, "text", delta.get("text"))
        _append(block, "thinking", delta.get("thinking"))
        _append(block, "json", delta.get("partial_json"))


def _end_block(body: dict[str, Any], chunk: Body) -> None:
    block = _place(body.setdefault("content", []), chunk.get("index"))
    if block.get("json"):
        try:
            block["input"] = orjson.loads(block.pop("json"))
        except orjson.JSONDecodeError as error:
            block["input"] = error.doc


def _add_to_message(body: dict[str, Any], chunk: Body) -> None:
    if isinstance(chunk.get("delta"), Mapping):
        _keep(body, chunk["delta"], "stop_reason")
    if isinstance(chunk.get("usage"), Mapping):
        body["usage"] = {**body.get("usage", {}), **chunk["usage"]}


def _add_candidates(body: dict[str, Any], chunk: Body) -> None:
    """Gemini."""
    _keep(body, chunk, "responseId", "modelVersion", "usageMetadata")
    for part in _mappings(chunk.get("candidates")):
        candidate = _place(body.setdefault("candidates", []), part.get("index"))
        _keep(candidate, part, "finishReason")
        content = part.get("content")
        parts = _mappings(content.get("parts")) if isinstance(content, Mapping) else []
        candidate.setdefault("content", {}).setdefault("parts", []).extend(parts)


def _add_message(body: dict[str, Any], chunk: Body) -> None:
    """Chat of Ollama."""
    _keep(body, chunk, "model", "done_reason", "prompt_eval_count", "eval_count")
    message = chunk.get("message")
    if isinstance(message, Mapping):
        whole = body.setdefault("message", {})
        _append(whole, "content", message.get("content"))
        _append(whole, "thinking", message.get("thinking"))
        whole.setdefault("tool_calls", []).extend(_mappings(message.get("tool_calls")))


def _add_text(body: dict[str, Any], chunk: Body) -> None:
    """Generation of Ollama."""
    _keep(body, chunk, "model", "done_reason", "prompt_eval_count", "eval_count")
    _append(body, "response", chunk.get("response"))


_TYPED: Final[Mapping[str, Callable[[dict[str, Any], Body], None]]] = {
    "message_start": _begin_message,
    "content_block_start": _begin_block,
    "content_block_delta": _add_to_block,
    "content_block_stop": _end_block,
    "message_delta": _add_to_message,
}
_SHAPED: Final[tuple[tuple[str, Callable[[dict[str, Any], Body], None]], ...]] = (
    ("choices", _add_choices),
    ("candidates", _add_candidates),
    ("message", _add_message),
    ("response", _add_text),
)
