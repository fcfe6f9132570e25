"""One file for each model interaction and each validation error."""

import json
import logging
import logging.config
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from written import Written, pipeline

from ote_logging.handlers.artifacts import ArtifactHandler
from ote_logging.stages import LLMInteraction, TemplateRender, Validation, llm_interaction, validation
from ote_logging.stages.contents import digest_of

log = logging.getLogger(__name__)

KEY = "sk-proj-" + "Ab3dE6gH9jK2" * 4
Switch = Callable[..., ArtifactHandler]


@pytest.fixture
def artifacts(ote: Written) -> Switch:
    """Switches the pipeline on with an ArtifactHandler behind the session; gives back that handler."""

    def switch(content: str | None = None, on: tuple[str, ...] = ("session",)) -> ArtifactHandler:
        config = pipeline(ote.directory)
        options = {"class": "ote_logging.handlers.artifacts.ArtifactHandler", "directory": str(ote.directory)}
        config["handlers"]["artifacts"] = {**options, "filters": ["context", "redact"]}
        config["root"]["handlers"].append("artifacts")
        if content is not None:
            made = {"()": "ote_logging.content.ContentFilter", "directory": str(ote.directory)}
            config["filters"]["content"] = {**made, "content": content}
            for name in on:
                config["handlers"][name]["filters"].append("content")
        logging.config.dictConfig(config)
        handler = logging.root.handlers[1]
        assert isinstance(handler, ArtifactHandler)
        return handler

    return switch


def files(directory: Path) -> list[Path]:
    """Return the artifacts of a folder."""
    return sorted(directory.glob("*.json"))


def test_an_interaction_has_a_file(ote: Written, artifacts: Switch) -> None:
    """``llm_<uuid>_<component>.json`` holds what the line holds, and is its owner's alone."""
    artifacts()
    with llm_interaction("todo_store", prompt="p", model="gpt-4") as call:
        call.set(response="r", tokens_in=1)

    (path,) = files(ote.directory)
    kind, name, component = path.stem.split("_", 2)
    found = json.loads(path.read_bytes())

    assert (kind, component) == ("llm", "todo_store")
    assert str(uuid.UUID(name)) == name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {**found, "seq": 1} == ote.one(event="llm_interaction").wire


def test_a_validation_error_has_a_file(ote: Written, artifacts: Switch) -> None:
    """``validation_error_<uuid>_<component>.json`` holds the keys of the error, and its old event name."""
    artifacts()
    with validation("todo_store", validation_type="syntax") as check:
        check.fail("expected an indented block", error_type="IndentationError", line_number=178)

    (path,) = files(ote.directory)
    found = json.loads(path.read_bytes())

    assert path.name.startswith("validation_error_")
    assert path.stem.endswith("_todo_store")
    assert (found["event"], found["error_type"], found["line_number"]) == (
        "validation_error", "IndentationError", 178,
    )  # fmt: skip
    assert ote.one().event == "validation"


def test_what_went_well_and_other_stages_have_none(ote: Written, artifacts: Switch) -> None:
    """A validation that holds, a render and an ordinary message leave no file."""
    artifacts()
    log.info(Validation("todo_store"))
    log.info(TemplateRender("todo_store"))
    log.error("no event")

    assert files(ote.directory) == []


@pytest.mark.parametrize("component", ["../../etc/passwd", "a/b", "", "ä" * 300, "x\0y", None, 7])
def test_any_component_gives_a_safe_name(component: Any, ote: Written, artifacts: Switch) -> None:
    """No component leaves the folder, and none keeps a file from being written."""
    artifacts()
    log.info(LLMInteraction(component, prompt="p"))

    (path,) = files(ote.directory)

    assert path.name.isascii()
    assert len(path.name) < 130
    assert "/" not in path.name


def test_one_component_may_have_many_files(ote: Written, artifacts: Switch) -> None:
    """Each has a name of its own; none is written over."""
    handler = artifacts()
    for _ in range(20):
        log.info(LLMInteraction("todo_store"))

    assert len(files(ote.directory)) == 20
    assert handler.stats()["written"] == 20


def test_secrets_are_hidden_as_in_every_sink(ote: Written, artifacts: Switch) -> None:
    """The filters of the handler clean what it writes, short or long."""
    handler = artifacts()
    log.info(LLMInteraction("todo_store", prompt=f"key = '{KEY}'", parameters={"api_key": KEY}))
    log.info(LLMInteraction("todo_store", prompt=f"key = '{KEY}'\n" * 10_000))
    handler.flush()

    assert len(files(ote.directory)) == 2
    assert all(KEY not in path.read_text() for path in files(ote.directory))


@pytest.mark.parametrize("kind", ["text", "messages"])
def test_a_large_content_is_whole(kind: str, ote: Written, artifacts: Switch) -> None:
    """What the line must cut, and the session's filter has taken out, is all here."""
    text = "a line\n" * 300_000
    prompt: Any = text if kind == "text" else [{"role": "user", "content": text}]
    handler = artifacts("full")
    log.info(LLMInteraction("todo_store", prompt=prompt))
    handler.flush()

    (path,) = files(ote.directory)

    assert json.loads(path.read_bytes())["prompt"] == prompt
    assert ote.one(event="llm_interaction").get("prompt_truncated") is True


def test_a_mode_on_this_handler_counts_for_its_files(ote: Written, artifacts: Switch) -> None:
    """With a ContentFilter of its own the file has no more than the line."""
    artifacts("hash", on=("session", "artifacts"))
    log.info(LLMInteraction("todo_store", prompt="p"))

    found = json.loads(files(ote.directory)[0].read_bytes())

    assert "prompt" not in found
    assert found["prompt_hash"] == digest_of("p")


def test_what_cannot_be_written_is_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder that is a file harms nobody; the reason is told."""
    place = tmp_path / "logs"
    place.write_text("in the way")
    handler = ArtifactHandler(place)
    handler.handle(logging.makeLogRecord({"msg": LLMInteraction("todo_store"), "levelno": 20}))

    assert handler.stats() == {"written": 0, "lost": 1, "reasons": {"ENOTDIR": 1}}


def test_closing_writes_what_waits(ote: Written, artifacts: Switch) -> None:
    """A large file that is still to be written is there when the handler is closed."""
    handler = artifacts()
    log.info(LLMInteraction("todo_store", prompt="a line\n" * 100_000))
    handler.close()

    assert len(files(ote.directory)) == 1
