"""The README is true: its Python runs, its YAML is accepted, its ``ote`` commands succeed.

Each fenced block stands for itself in a folder that holds the shipped ``logging.yaml`` and ``program.py``.
Of a console block the lines ``$ ote ...`` are run, in order and in one folder; the two lines that make a
virtual environment are run by ``.ci/run``.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
FENCE = re.compile(r"^```(?P<kind>python|yaml|console)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
OTE = re.compile(r"^\$ (?:\.venv/bin/)?ote (?P<arguments>.*)$", re.MULTILINE)
PROGRAM = """
import logging
log = logging.getLogger(__name__)
log.debug("TRACE: save -> validate (user=7)")
log.error("no such user")
"""


def blocks(kind: str) -> list[str]:
    """Return the blocks of the README that are marked ``kind``."""
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    return [block["text"] for block in FENCE.finditer(text) if block["kind"] == kind]


@pytest.fixture
def folder(tmp_path):
    """Give the folder a reader is in: the shipped file, and a program of their own that logs."""
    (tmp_path / "logging.yaml").write_bytes((PROJECT / "logging.yaml").read_bytes())
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def run(folder: Path, *command: str) -> None:
    """Run Python in ``folder``; its output is shown where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "NO_COLOR": "1"}
    words = [sys.executable, *command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_runs(folder, block):
    """A block of Python runs as it stands."""
    (folder / "block.py").write_text(block, encoding="utf-8")

    run(folder, "block.py")


@pytest.mark.parametrize("block", blocks("yaml"))
def test_a_yaml_block_is_yaml(block):
    """A block of YAML is read as a mapping."""
    assert isinstance(yaml.safe_load(block), dict)


@pytest.mark.parametrize("block", [block for block in blocks("console") if OTE.search(block)])
def test_the_commands_of_a_block_succeed(folder, block):
    """The ``ote`` commands of a block succeed one after the other."""
    for command in OTE.finditer(block):
        run(folder, "-m", "ote_logging", *shlex.split(command["arguments"], comments=True))
