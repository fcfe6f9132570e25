"""The examples run by the command in their README, and what was recorded answers for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ote_logging.reading import read
from ote_logging.reading.answers import answers
from ote_logging.schema import Entry

PROJECT = Path(__file__).parents[1]
EXAMPLES = PROJECT / "examples"


def run(folder: Path, *command: str) -> list[Entry]:
    """Run ``ote run COMMAND`` beside the scripted model in ``folder``; return what was recorded."""
    server = [sys.executable, str(EXAMPLES / "scripted_model.py")]
    program = [sys.executable, "-m", "ote_logging", "run", *command, str(folder / "out")]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run([*server, *program], cwd=folder, env=environment, check=True, capture_output=True)
    return list(read(folder / "logs"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """What the pipeline wrote under the shipped configuration."""
    return run(tmp_path_factory.mktemp("pipeline"), str(EXAMPLES / "pipeline" / "generate.py"))


@pytest.fixture(scope="module")
def untouched_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a program ran that has never heard of us."""
    folder, source = tmp_path_factory.mktemp("untouched"), EXAMPLES / "untouched"
    run(folder, "--config", str(source / "logging.yaml"), str(source / "generate.py"))
    return folder


@pytest.fixture(scope="module")
def untouched(untouched_folder: Path) -> list[Entry]:
    """What YAML alone got of it."""
    return list(read(untouched_folder / "logs"))


def of(entries: list[Entry], event: str, **wanted: object) -> list[Entry]:
    """Return the entries of an event whose fields are as ``wanted``."""
    found = [entry for entry in entries if entry.event == event]
    return [e for e in found if all(e.get(name) == value for name, value in wanted.items())]


def test_every_layer_of_the_pipeline_is_recorded(pipeline):
    """Each layer has its events, of every component as many as it took."""
    asked = [entry.get("component") for entry in of(pipeline, "llm_interaction")]

    assert asked == ["todo_store", "rate_limiter", "rate_limiter", "mailer", "mailer", "mailer"]
    assert len(of(pipeline, "code_generation")) == len(of(pipeline, "validation")) == len(asked)
    assert len(of(pipeline, "template_render")) == 3 + len(asked)
    assert [entry.get("component") for entry in of(pipeline, "file_write")] == ["todo_store", "rate_limiter"]


def test_one_is_healed_and_one_is_not(pipeline):
    """Each healing tells its verdict and why it ended."""
    told = [(entry.get("component"), entry.get("verdict"), entry.status) for entry in of(pipeline, "healing")]

    assert told == [("rate_limiter", "fixed", "ok"), ("mailer", "same_error", "error")]


def test_a_file_leads_back_to_its_prompt(pipeline):
    """The hash of what was written is that of a render, whose variables hold the code of a response."""
    (written,) = of(pipeline, "file_write", component="rate_limiter")
    (render,) = of(pipeline, "template_render", output_hash=written.get("content_hash"))
    (code,) = [
        entry for entry in of(pipeline, "code_generation")
        if entry.get("code_hash") in render.get("variable_hashes").values()
    ]  # fmt: skip
    (asked,) = of(pipeline, "llm_interaction", response_hash=code.get("source_hash"))

    assert asked.get("prompt")[0]["content"].startswith("Write the component rate_limiter")


def test_the_untouched_program_has_its_model_recorded(untouched):
    """Prompt and whole response of each stream, and the retry, by a filter in YAML alone."""
    asked = of(untouched, "llm_interaction")

    assert len(asked) == 6
    assert all(entry.get("stream_complete") and "```python" in entry.get("response") for entry in asked)
    assert [entry.get("retries") for entry in asked] == [1, 0, 0, 0, 0, 0]
    assert asked[0].function == "call_llm"


def test_the_untouched_program_has_its_traces_read(untouched):
    """What its TRACE text says of failures is typed."""
    failed = of(untouched, "trace_point", status="error")

    assert [entry.get("component") for entry in failed] == ["rate_limiter", "mailer", "mailer", "mailer"]
    assert {entry.line_number for entry in failed} == {1, 7}


def test_the_untouched_program_is_answered_by_component(untouched_folder):
    """Whose each call was is told by the texts around it, and what was put right has not failed."""
    found = answers(untouched_folder / "logs")
    asked = {each.component: len(each.answers[0].findings) for each in found}
    places = {each.component: [finding.text for finding in each.answers[3].findings] for each in found}

    assert [(each.component, each.status) for each in found] == [
        ("mailer", "failed"), ("rate_limiter", "healed"), ("todo_store", "well"),
    ]  # fmt: skip
    assert asked == {"mailer": 3, "rate_limiter": 2, "todo_store": 1}
    assert places["rate_limiter"] == ["line 7 of the code in the response"]
    assert found[0].error.text == "No module named 'observability'"
    assert [answer.advice is None for answer in found[0].answers] == [True, True, False, *[True] * 4]
