"""``ote run`` and ``ote demo``: a program runs as it does without us, and its session tells of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ote_logging.reading import read
from ote_logging.schema import Entry

ROOT = Path(__file__).parent.parent

YAML = """\
version: 1
disable_existing_loggers: false
filters:
  context: {(): ote_logging.filters.ContextFilter}
  redact: {(): ote_logging.filters.RedactFilter}
formatters:
  json: {(): ote_logging.formatters.JsonFormatter}
handlers:
  session: {class: ote_logging.handlers.SessionFileHandler, formatter: json, filters: [context, redact]}
root: {level: DEBUG, handlers: [session]}
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "ote_logging", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "logging.yaml").write_text(YAML, encoding="utf-8")
    return subprocess.run(
        command("run", "--config", "logging.yaml", *words),
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def plain(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def entries(folder: Path) -> list[Entry]:
    return list(read(str(folder / "logs")))


PROGRAMS = {
    "arguments": "import sys; print(sys.argv, __name__, __file__)",
    "path": "import sys, os; print(os.path.samefile(sys.path[0], '.'))",
    "main module": "import sys; x = 1; print(sys.modules['__main__'].x, sys.modules['__main__'].__spec__)",
    "status": "import sys; sys.exit(4)",
    "words as status": "import sys; sys.exit('no luck')",
    "nothing special": "import logging; logging.getLogger('app').info('hello')",
    "unhandled": "def f():\n    raise ValueError('boom')\nf()",
    "unhandled in a thread": (
        "import threading\ndef f():\n    raise KeyError('in thread')\n"
        "t = threading.Thread(target=f, name='worker')\nt.start(); t.join()"
    ),
    "interrupted": "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(9)",
    "own excepthook": "import sys; sys.excepthook = lambda *raised: print('mine', raised[1]); 1 / 0",
    "exit functions": "import atexit; atexit.register(print, 'bye'); print('end')",
    "pickled main": (
        "import multiprocessing as m\ndef f(x):\n    return x * 2\nif __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(1) as pool: print(pool.map(f, [1, 2]))"
    ),
    "syntax error": "x = = 1",
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_behaves_as_under_python(tmp_path, source):
    """Output, error output and exit status are those of the same program under plain python."""
    (tmp_path / "program.py").write_text(source, encoding="utf-8")

    bare = plain(tmp_path, "program.py", "--help", "-m", "x")
    ours = run(tmp_path, "program.py", "--help", "-m", "x")

    assert (ours.returncode, ours.stdout, ours.stderr) == (bare.returncode, bare.stdout, bare.stderr)


def test_a_module_runs_as_under_python(tmp_path):
    """``-m package`` runs the package's __main__ with its arguments."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; print(sys.argv[1:], __name__, __package__)")

    bare = plain(tmp_path, "-m", "package", "--config", "y")
    ours = run(tmp_path, "-m", "package", "--config", "y")

    assert (ours.returncode, ours.stdout) == (bare.returncode, bare.stdout)


def test_start_and_end_frame_the_session(tmp_path):
    """The first record tells the command, the last one status and duration."""
    (tmp_path / "program.py").write_text("import logging; logging.getLogger('app').info('hello')")
    run(tmp_path, "program.py", "one")

    first, between, last = entries(tmp_path)

    assert first.event == "session_start"
    assert first.fields["argv"] == ["program.py", "one"]
    assert between.message == "hello"
    assert (last.event, last.status, last.fields["exit_status"]) == ("session_end", "ok", 0)
    assert last.duration_ms > 0


def test_an_unhandled_exception_is_in_the_session(tmp_path):
    """It stands there with its traceback, which begins with the program's own frame."""
    (tmp_path / "program.py").write_text(PROGRAMS["unhandled"])
    run(tmp_path, "program.py")

    _, failure, last = entries(tmp_path)

    assert (failure.level, failure.error_type, failure.line_number) == ("CRITICAL", "ValueError", 2)
    assert [frame["function"] for frame in failure.exception["frames"]] == ["<module>", "f"]
    assert (last.status, last.fields["exit_status"]) == ("error", 1)


def test_an_exception_in_a_thread_is_in_the_session(tmp_path):
    """What kills a thread is logged in that thread; the program itself ends well."""
    (tmp_path / "program.py").write_text(PROGRAMS["unhandled in a thread"])
    run(tmp_path, "program.py")

    _, failure, last = entries(tmp_path)

    assert (failure.error_type, failure.thread, last.status) == ("KeyError", "worker", "ok")


def test_a_signal_ends_the_program_itself(tmp_path):
    """The process that ``ote run`` started is the program: SIGTERM ends it as it ends any other."""
    (tmp_path / "program.py").write_text("import time; print('up', flush=True); time.sleep(30)")
    (tmp_path / "logging.yaml").write_text(YAML)
    words = command("run", "--config", "logging.yaml", "program.py")
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        process.terminate()

        assert process.wait(10) == -signal.SIGTERM

    assert [entry.event for entry in entries(tmp_path)] == ["session_start"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.py"], "missing.py"),
        (["--config", "missing.yaml", "program.py"], "missing.yaml"),
        ([], "PROGRAM"),
    ],
    ids=["no such program", "no such configuration", "no program"],
)
def test_what_cannot_be_run_is_one_line(tmp_path, words, told):
    """Status 2 and one line that names what was met."""
    (tmp_path / "program.py").touch()

    done = subprocess.run(
        command("run", *words), cwd=tmp_path, env=environment(), capture_output=True, text=True
    )

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


def test_the_demonstration_shows_tree_sums_and_files(tmp_path):
    """``ote demo`` shows trace lines as they come, then the tree, the sums and where the session lies."""
    done = subprocess.run(
        command("demo"), cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0
    assert "TRACE" in done.stderr
    assert "├─ generate " in done.stdout
    assert "call_model" in done.stdout
    told = [word.rstrip(".") for word in done.stdout.split() if word.endswith(".jsonl.")]
    assert [(tmp_path / file).is_file() for file in told] == [True]
    statuses = {
        entry.fields["component"]: entry.status
        for entry in entries(tmp_path)
        if (entry.event, entry.operation) == ("span_end", "generate")
    }
    assert statuses == {"todo_store": "ok", "rate_limiter": "ok", "mailer": "error"}
