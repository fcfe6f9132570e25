"""Calls by the package ``litellm``, 228 MB that the suite does not install, are recorded once each.

    pip install litellm
    LITELLM_LOCAL_MODEL_COST_MAP=True python -m tests.programs.litellm_calls

Each case asks a server on the loopback device and says what was recorded of it; the status is 1 where that
is not what it should be.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
sys.path.insert(0, "tests")

import litellm
from fake_models import FakeModels, chat, chat_stream, fake_models, message, refused

from ote_logging import capture

ASKED = [{"role": "user", "content": "Greet me."}]


class Kept(logging.Handler):
    """Keeps the events of interactions."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__()
        self.events: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what the record says."""
        self.events.append(record.msg)


def _openai(models: FakeModels) -> dict[str, Any]:
    return {"model": "openai/gpt-4o", "api_base": f"{models.url}/v1", "api_key": "none", "messages": ASKED}


def _anthropic(models: FakeModels) -> dict[str, Any]:
    return {"model": "anthropic/claude-4", "api_base": models.url, "api_key": "none", "messages": ASKED}


def sync_call(models: FakeModels) -> str:
    """A call in the form of OpenAI."""
    models.will(chat("Hello"))
    return str(litellm.completion(**_openai(models)).choices[0].message.content)


def async_call(models: FakeModels) -> str:
    """The same, async."""
    models.will(chat("Hello"))
    return str(asyncio.run(litellm.acompletion(**_openai(models))).choices[0].message.content)


def stream(models: FakeModels) -> str:
    """A stream."""
    models.will(chat_stream("Hel", "lo"))
    parts = litellm.completion(**_openai(models), stream=True)
    return "".join(part.choices[0].delta.content or "" for part in parts)


def async_stream(models: FakeModels) -> str:
    """A stream, async."""
    models.will(chat_stream("Hel", "lo"))

    async def read() -> str:
        parts = await litellm.acompletion(**_openai(models), stream=True)
        return "".join([part.choices[0].delta.content or "" async for part in parts])

    return asyncio.run(read())


def another_provider(models: FakeModels) -> str:
    """A provider whose HTTP litellm speaks itself."""
    models.will(message("Hello"))
    return str(litellm.completion(**_anthropic(models), max_tokens=9).choices[0].message.content)


def retried(models: FakeModels) -> str:
    """A call that is refused first."""
    models.will(refused(429, "slow down"), chat("Hello"))
    return str(litellm.completion(**_openai(models), num_retries=1).choices[0].message.content)


def answered_by_itself(models: FakeModels) -> str:
    """An answer for which nobody is asked."""
    told = litellm.completion(model="gpt-4o", messages=ASKED, mock_response="Hello")
    return str(told.choices[0].message.content)


CASES: tuple[Callable[[FakeModels], str], ...] = (
    sync_call, async_call, stream, async_stream, another_provider, retried, answered_by_itself
)  # fmt: skip


def main() -> int:
    """Run each case; return the status of the process."""
    kept = Kept()
    log = logging.getLogger("ote_logging.capture")
    log.setLevel(logging.INFO)
    log.addHandler(kept)
    capture.openai()
    capture.litellm()
    is_well = True
    for case in CASES:
        kept.events.clear()
        with fake_models() as models:
            answer = case(models)
        told = [event.fields for event in kept.events]
        is_right = answer == "Hello" == told[0].get("response") and len(told) == 1
        is_well = is_well and is_right
        facts = [{name: fields.get(name) for name in ("provider", "model", "retries")} for fields in told]
        sys.stdout.write(f"{'ok    ' if is_right else 'WRONG '} {case.__name__}: {answer!r} {facts}\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
