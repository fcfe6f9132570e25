"""Command line: as a process, with its errors, its exit status and what it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from reading_lines import Session

ROOT = Path(__file__).parent.parent
RUN = "import ote_logging.__main__ as command; command.main()"


def ote(*arguments: object, program: str = RUN, **options) -> subprocess.CompletedProcess:
    """Run the command line in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, timeout=60, cwd=ROOT, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["tree", "missing"], 1, "ote: no such file or folder: missing"),
        (["report", "tests/missing*"], 1, "ote: nothing matches tests/missing*"),
        (["find", "tests"], 1, "ote: no session in tests: no file there is called session_*.jsonl or"),
        (["tree", "mis\nsing\x1b"], 1, "ote: no such file or folder: mis"),
        (["tree"], 2, "ote: Missing argument 'SESSION'. See ote tree --help"),
        (["tree", "x", "--limit", "-1"], 2, "ote: Invalid value for '--limit'"),
        (["find", "x", "word"], 2, "ote: Invalid value: not a condition: 'word'; write key=value"),
        (["tere", "x"], 2, "ote: No such command 'tere'"),
    ],
)
def test_an_error_is_said_without_a_traceback(arguments, status, said):
    """On standard error, with the status that tells an error from a wrong command line."""
    done = ote(*arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_help_names_every_command():
    """Also when nothing is asked."""
    done = ote()

    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in ("tree", "report", "find", "config"))


@pytest.mark.parametrize("command", ["tree", "report", "find"])
def test_a_closed_pipe_is_no_error(tmp_path, command):
    """``ote tree x | head -1`` ends quietly."""
    session = Session()
    for number in range(5000):
        session.end(f"{number:016x}", f"op{number}")
    path = session.write(tmp_path / "s.jsonl")
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-c", RUN, command, str(path), "--limit", "0"],
        stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, timeout=60,
    )  # fmt: skip

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_without_the_extra_one_line_says_how_to_get_it():
    """The command line is there, its libraries are not."""
    done = ote("tree", "x", program=f"import sys; sys.modules['typer'] = None; {RUN}")

    assert done.returncode == 1
    assert done.stderr == "ote: typer is not installed; it comes with: pip install 'ote-logging[cli]'\n"


def test_help_imports_nothing_that_reads():
    """What a command needs is imported when it runs."""
    program = f"import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules))); {RUN}"

    loaded = ote("--help", program=program).stdout.split()

    assert not {"ote_logging.reading", "ote_logging.config", "rich", "yaml"} & set(loaded)


def test_a_good_configuration_has_no_problems(tmp_path):
    """It is checked, not switched on."""
    (tmp_path / "good.yaml").write_text("version: 1\ndisable_existing_loggers: false\n")

    done = ote("config", tmp_path / "good.yaml")

    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'good.yaml'}: no problems\n")


def test_every_problem_of_a_configuration_is_a_line(tmp_path):
    """With the file and the line where it stands."""
    path = tmp_path / "bad.yaml"
    path.write_text("version: 1\nhandlerz: {}\ndisable_existing_loggers: false\nroot: {level: LOUD}\n")

    done = ote("config", path)

    assert (done.returncode, done.stdout) == (1, "")
    assert [line.rsplit("bad.yaml:")[1][:2] for line in done.stderr.splitlines()] == ["2:", "4:"]
