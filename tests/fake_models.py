"""A server of models on the loopback device: it answers as it is told, and keeps what it was asked."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers next: a body, or chunks that it sends one by one."""

    body: Mapping[str, Any] | None = None
    chunks: tuple[str, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False
    """Whether the connection is closed before the last chunk was told to be the last."""


class FakeModels:
    """Answers in the order in which they were given; the last one again and again."""

    def __init__(self, url: str) -> None:
        """Begin without answers; the server is reached at ``url``."""
        self.url = url
        self.asked: list[tuple[str, Any]] = []
        self._answers: deque[Answer] = deque()

    def will(self, *answers: Answer) -> None:
        """Answer so."""
        self._answers.extend(answers)

    def next_answer(self, path: str, body: Any) -> Answer:
        """Return the answer to a request."""
        self.asked.append((path, body))
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


def chat(text: str | None = "Hello", **message: Any) -> Answer:
    """A chat completion."""
    said = {"role": "assistant", "content": text, **message}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    return Answer({"id": "chat-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
                   "choices": [choice], "usage": USAGE})  # fmt: skip


USAGE = {
    "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27,
    "prompt_tokens_details": {"cached_tokens": 16}, "completion_tokens_details": {"reasoning_tokens": 2},
}  # fmt: skip


def chat_stream(*pieces: str, error: str | None = None) -> Answer:
    """A chat completion in chunks; with ``error`` it breaks off with that."""
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    chunks = [_chat_chunk(delta) for delta in deltas]
    if error:
        return Answer(chunks=tuple(map(sse, [*chunks, {"error": {"message": error}}])))
    chunks += [_chat_chunk({}, finish_reason="stop"), {**_chat_chunk({}), "choices": [], "usage": USAGE}]
    return Answer(chunks=(*map(sse, chunks), "data: [DONE]\n\n"))


def _chat_chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024",
            "choices": [choice]}  # fmt: skip


def message(text: str = "Hello") -> Answer:
    """An answer of Anthropic, with a call of a tool."""
    content = [{"type": "text", "text": text},
               {"type": "tool_use", "id": "tool-1", "name": "look", "input": {"city": "Rome"}}]  # fmt: skip
    return Answer({"id": "msg-1", "type": "message", "role": "assistant", "model": "claude-4",
                   "content": content, "stop_reason": "tool_use", "stop_sequence": None,
                   "usage": MESSAGE_USAGE})  # fmt: skip


MESSAGE_USAGE = {
    "input_tokens": 4, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 6, "output_tokens": 7
}  # fmt: skip


def message_stream(*pieces: str) -> Answer:
    """An answer of Anthropic in events."""
    start = {"id": "msg-1", "type": "message", "role": "assistant", "model": "claude-4", "content": [],
             "stop_reason": None, "stop_sequence": None,
             "usage": {**MESSAGE_USAGE, "output_tokens": 1}}  # fmt: skip
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
          for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return Answer(chunks=tuple(f"event: {event['type']}\n{sse(event)}" for event in events))


def refused(status: int, text: str) -> Answer:
    """An error of the provider, to be tried again at once where the status allows it."""
    body = {"type": "error", "error": {"type": "refused", "message": text}}
    return Answer(body, status=status, headers={"retry-after-ms": "1"})


def sse(event: Mapping[str, Any]) -> str:
    """Return ``event`` as a server-sent one."""
    return f"data: {json.dumps(event)}\n\n"


@contextmanager
def fake_models() -> Iterator[FakeModels]:
    """Run the server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with suppress(ConnectionError):  # the client has heard enough
                super().handle()

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", 0))
            answer = models.next_answer(self.path, json.loads(self.rfile.read(size) or b"null"))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.chunks:
                self._send_chunks(answer)
            else:
                self._send(json.dumps(answer.body).encode())

        def _send(self, body: bytes) -> None:
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _send_chunks(self, answer: Answer) -> None:
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for chunk in answer.chunks:
                data = chunk.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            if answer.is_cut:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    models = FakeModels(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield models
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
