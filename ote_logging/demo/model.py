"""A language model that answers from a script, offline, as slowly as a very quick one.

LOCATION: ote_logging/demo/model.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import time
from typing import NamedTuple

NAME = "scripted-1"


class Answer(NamedTuple):
    """What the model said, and what it counted."""

    text: str
    tokens_in: int
    tokens_out: int


_TODO_STORE = '''\
class TodoStore:
    """Keep todos by number."""

    def __init__(self):
        self._todos = {}

    def add(self, number, text):
        self._todos[number] = text
'''

_RATE_LIMITER_BROKEN = """\
import time


class RateLimiter:
    async def cleanup(self):
    async def setup(self):
        self.started = time.monotonic()
"""

_RATE_LIMITER = """\
import time


class RateLimiter:
    async def cleanup(self):
        self.started = None

    async def setup(self):
        self.started = time.monotonic()
"""

_MAILER = """\
from observability import ComposedComponent


class Mailer(ComposedComponent):
    def send(self, text):
        print(text)
"""

_SCRIPT = {
    ("todo_store", 1): _TODO_STORE,
    ("rate_limiter", 1): _RATE_LIMITER_BROKEN,
    ("rate_limiter", 2): _RATE_LIMITER,
    ("mailer", 1): _MAILER,
    ("mailer", 2): _MAILER.replace("import Composed", "import  Composed"),
    ("mailer", 3): _MAILER.replace("print(text)", "return text"),
}


def complete(component: str, prompt: str, attempt: int) -> Answer:
    """Return the answer that the script holds for ``attempt``, after some milliseconds."""
    text = _SCRIPT[component, attempt]
    time.sleep(0.02 + len(text) / 10_000)
    return Answer(f"```python\n{text}```", tokens_in=len(prompt) // 4, tokens_out=len(text) // 4)
