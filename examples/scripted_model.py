"""A model on the loopback device that speaks as OpenAI does and answers from a script.

    python examples/scripted_model.py COMMAND...

runs the command with ``OPENAI_BASE_URL`` pointing here, and ends with it.
"""

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TODO_STORE = '''\
class TodoStore:
    """Keep todos by number."""

    def __init__(self):
        self.todos = {}

    def add(self, number, text):
        self.todos[number] = text
'''

RATE_LIMITER = """\
import time


class RateLimiter:
    async def cleanup(self):
        self.started = None

    async def setup(self):
        self.started = time.monotonic()
"""

MAILER = """\
from observability import ComposedComponent


class Mailer(ComposedComponent):
    def send(self, text):
        return text
"""

SCRIPT = {
    "todo_store": [TODO_STORE],
    "rate_limiter": [RATE_LIMITER.replace("        self.started = None\n", ""), RATE_LIMITER],
    "mailer": [MAILER, MAILER.replace("import Composed", "import  Composed"), MAILER],
}
"""What the model writes for each component, first and when it is told what is wrong."""

_refused: set[str] = set()


def answer_to(body: dict[str, Any]) -> str:
    """Return what the script has for a conversation: the more questions, the later the answer."""
    questions = [message["content"] for message in body["messages"] if message["role"] == "user"]
    found = re.search(r"component (\w+)", questions[0])
    code = SCRIPT[found[1] if found else "todo_store"]
    return f"Here it is.\n```python\n{code[min(len(questions), len(code)) - 1]}```\n"


class Handler(BaseHTTPRequestHandler):
    """Answers chat completions, whole or as a stream; the first one of all is refused."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not _refused:
            _refused.add(self.path)
            self._send(429, {"error": {"message": "slow down", "type": "rate_limit"}})
        elif body.get("stream"):
            self._stream(answer_to(body))
        else:
            text = answer_to(body)
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            usage = {"prompt_tokens": len(str(body)) // 4, "completion_tokens": len(text) // 4}
            self._send(200, self._head("chat.completion") | {"choices": [choice], "usage": usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "chat-1", "object": kind, "created": 1, "model": "scripted-1"}

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("retry-after-ms", "10")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for piece in text.splitlines(keepends=True):
            self._say({"index": 0, "delta": {"content": piece}, "finish_reason": None})
        self._say({"index": 0, "delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, choice: dict[str, Any]) -> None:
        chunk = self._head("chat.completion.chunk") | {"choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main(command: list[str]) -> int:
    """Run ``command`` beside the server; return its status."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    told = {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "none"}
    return subprocess.run(command, env={**os.environ, **told}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
