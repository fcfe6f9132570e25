"""What is wrapped is wrapped before or after its import, once, and comes back as it was."""

import importlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from fake_models import chat, fake_models

from ote_logging import capture
from ote_logging.capture import patches
from ote_logging.capture.patches import Patch
from ote_logging.config import configure
from ote_logging.context import current

CLIENT = "class Client:\n    def send(self):\n        return 'sent'\n"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Greet me."}]}


@pytest.fixture
def client(tmp_path, monkeypatch) -> Iterator[str]:
    """The name of a client's package that nobody has imported yet."""
    (tmp_path / "shop_client.py").write_text(CLIENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "shop_client"
    patches.remove_all()
    sys.modules.pop("shop_client", None)


def loud(original: Any, module: ModuleType) -> Any:
    """Wrap a function such that it shouts."""
    return lambda self: original(self).upper()


@pytest.mark.parametrize("is_before", [True, False], ids=["imported before", "imported after"])
def test_the_order_of_imports_does_not_matter(client, is_before):
    """A client that is there is wrapped at once, another one when it comes; its loader stays its own."""
    if is_before:
        importlib.import_module(client)
    patches.add(Patch(client, "Client", "send", loud))
    module = importlib.import_module(client)

    assert module.Client().send() == "SENT"
    assert "exec_module" not in vars(module.__spec__.loader)


def test_what_is_wrapped_twice_shouts_once(client):
    """A place is wrapped once, and uninstalling puts the original back."""
    module = importlib.import_module(client)
    original = module.Client.send

    patches.add(Patch(client, "Client", "send", loud))
    patches.add(Patch(client, "Client", "send", lambda original, module: None))
    assert module.Client().send() == "SENT"
    patches.remove_all()

    assert module.Client.send is original
    assert not [finder for finder in sys.meta_path if type(finder).__module__ == patches.__name__]


def test_what_somebody_else_has_wrapped_stays(client):
    """A wrapper that came after ours is not thrown away."""
    module = importlib.import_module(client)
    patches.add(Patch(client, "Client", "send", loud))
    theirs = module.Client.send = lambda self: "theirs"

    patches.remove_all()

    assert module.Client.send is theirs


def test_a_name_that_is_not_there_is_said(client, caplog):
    """A client of another version loses nothing; what could not be wrapped is named."""
    patches.add(Patch(client, "Client", "post", loud))

    assert importlib.import_module(client).Client().send() == "sent"
    assert "shop_client.Client.post is not recorded" in caplog.text


def test_a_client_that_is_not_there_is_no_error():
    """The finder finds nothing itself: a missing package is missed as ever."""
    patches.add(Patch("no_such_client", "Client", "send", loud))

    with pytest.raises(ModuleNotFoundError, match="no_such_client"):
        importlib.import_module("no_such_client")
    patches.remove_all()


@pytest.mark.parametrize("name", ["anthropic", "httpx", "litellm", "openai"])
def test_yaml_may_name_each(name, tmp_path):
    """The configuration trusts every one of them, and it lets all records pass."""
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"model": {"()": f"ote_logging.capture.{name}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["model"]}},
        "root": {"level": "INFO", "handlers": ["console"]},
    }

    configure(config)
    (filter_,) = logging.getLogger().handlers[-1].filters
    capture.uninstall()

    assert filter_.filter(logging.makeLogRecord({}))


PROGRAM = """
import logging.config, sys, yaml
logging.config.dictConfig(yaml.safe_load(open(sys.argv[1])))
import openai
with openai.OpenAI(base_url=sys.argv[2], api_key="none") as client:
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Greet me."}])
"""
CONFIG = """
version: 1
disable_existing_loggers: false
filters: {openai: {(): ote_logging.capture.openai}}
formatters: {json: {(): ote_logging.formatters.JsonFormatter}}
handlers: {out: {class: logging.StreamHandler, stream: ext://sys.stdout, formatter: json, filters: [openai]}}
root: {level: INFO, handlers: [out]}
"""


def test_a_program_is_recorded_by_yaml_alone(tmp_path):
    """A program that imports its client after plain dictConfig, and nothing of ours, is recorded."""
    (tmp_path / "logging.yaml").write_text(CONFIG)
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}

    with fake_models() as models:
        models.will(chat("Hi"))
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "logging.yaml"), f"{models.url}/v1"]
        written = subprocess.check_output(command, env=environment, text=True)

    assert written.count('"event":"llm_interaction"') == 1
    assert '"response":"Hi"' in written


def test_nothing_of_ours_reaches_the_program(ote):
    """A filter of the program that raises at our records fails no call, and leaves no operation open."""

    def refuse(record: logging.LogRecord) -> bool:
        raise RuntimeError("no records today")

    capture.httpx()
    logger = logging.getLogger("ote_logging.capture")
    logger.addFilter(refuse)
    with fake_models() as models:
        models.will(chat("Hi"))
        answer = httpx.post(f"{models.url}/chat/completions", json=ASKED)
    logger.removeFilter(refuse)
    capture.uninstall()

    assert (answer.status_code, current().operation) == (200, None)


def test_a_logger_that_is_silent_costs_nothing(ote):
    """Where nobody listens at INFO, nothing is recorded."""
    capture.httpx()
    logging.getLogger("ote_logging.capture").setLevel(logging.WARNING)
    with fake_models() as models:
        models.will(chat())
        httpx.post(f"{models.url}/chat/completions", json=ASKED)
    capture.uninstall()

    assert ote.entries(event="llm_interaction") == []
