"""The README is true: its Python runs, its commands succeed, its line is a line, its links lead somewhere.

Each block and command stands for itself in a folder that holds what a reader has: the shipped
``logging.yaml``, a program, a package, and a session. What begins with ``python3 -m venv`` is run by
``.ci/run``.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ote_logging.schema import decode

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = sorted(
    {
        *re.findall(r"^(?:\$ )?ote (.+)$", README, re.MULTILINE),
        *(words for words in re.findall(r"`ote ([^`]+)`", README) if words != "run"),
    }
)
# What stands for a reader's own in the commands.
PLACES = {"SESSION": "logs", "PATH": "logs", "FILE": "logging.yaml", "PROGRAM": "program.py"}
PROGRAM = """
import logging
log = logging.getLogger(__name__)
log.debug("TRACE: save -> validate (user=7)")
log.error("no such user")
"""


def blocks(kind: str) -> list[str]:
    """Return the blocks of the README that are marked ``kind``."""
    return [block["text"] for block in FENCE.finditer(README) if block["kind"] == kind]


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in ``folder``."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "NO_COLOR": "1"}
    words = [sys.executable, *command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Give a folder in which the demonstration has run once."""
    folder = tmp_path_factory.mktemp("session")
    assert run(folder, "-m", "ote_logging", "demo").returncode == 0
    return folder


@pytest.fixture
def folder(tmp_path, session):
    """Give the folder that a reader is in."""
    shutil.copytree(session / "logs", tmp_path / "logs")
    shutil.copy(PROJECT / "logging.yaml", tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text(PROGRAM)
    return tmp_path


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_runs(folder, block):
    """A block of Python runs as it stands."""
    (folder / "block.py").write_text(block, encoding="utf-8")

    done = run(folder, "block.py")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(folder, command):
    """An ``ote`` command, with a reader's own in its capitals, is neither refused nor fails."""
    words = [PLACES.get(word, word) for word in shlex.split(command, comments=True)]

    done = run(folder, "-m", "ote_logging", *words)

    assert done.returncode == 0, done.stderr


def test_the_line_is_a_line():
    """The line that the README shows is read, key by key, as what it says."""
    (block,) = blocks("json")
    entry = decode(block.encode())

    assert (entry.event, entry.operation, entry.path) == ("trace_point", "generate", ["generate", "write"])


def test_links_lead_somewhere():
    """What the README shows or links within the project is there."""
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)

    assert [place for place in linked if not (PROJECT / place).exists()] == []
