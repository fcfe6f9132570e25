"""Run existing programs unmodified under the runner and under plain dictConfig, and count.

    python -m tests.programs                 all of them, and CPython's own test.test_logging
    python -m tests.programs flask scrapy    these

Each program gets a virtual environment of its own in a temporary folder; pip must find a package index.
It runs three times: bare, under ``ote_logging.runner``, under ``dictConfig`` by a launcher that imports
nothing of ours. Traffic stays on the loopback device. The status is 1 where anything differs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.programs import cpython, drivers
from tests.programs.counting import Counts, configuration
from tests.programs.drivers import APPS, Run

PROJECT = Path(__file__).parents[2]
SHIPPED = PROJECT / "logging.yaml"
# Ports of clients, addresses of objects, ids, the time of day.
UNSTEADY = re.compile(r"(?<=127\.0\.0\.1:)\d+|0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d\d:\d\d:\d\d")
# Names the packages of its arguments with their versions.
VERSIONS = """
import sys
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in sys.argv[1:]))
"""
PYTHON = ".".join(map(str, sys.version_info[:3]))


@dataclass(frozen=True)
class Program:
    """A program from the package index, and how its user drives it."""

    name: str
    requires: tuple[str, ...]
    drive: Callable[[Run], None]


PROGRAMS = (
    Program("flask", ("flask",), drivers.flask),
    Program("uvicorn", ("uvicorn", "fastapi"), drivers.uvicorn),
    Program("huey", ("huey",), drivers.huey),
    Program("celery", ("celery",), drivers.celery),
    Program("scrapy", ("scrapy",), drivers.scrapy),
    Program("openai", ("openai",), drivers.openai),
    Program("apscheduler", ("apscheduler", "sqlalchemy"), drivers.apscheduler),
)


def main(names: list[str]) -> int:
    """Prove the programs named, all without a name; return how many failed."""
    known = {program.name: program for program in PROGRAMS}
    wanted = names or [*known, "cpython"]
    if unknown := set(wanted) - {*known, "cpython"}:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)} and cpython")
    with tempfile.TemporaryDirectory(prefix="programs-") as folder:
        copy = _copy_of_project(Path(folder) / "project")
        failed = [not prove(known[name], copy, Path(folder)) for name in wanted if name in known]
        if "cpython" in wanted:
            failed.append(not prove_cpython(Path(folder) / "cpython"))
    return sum(failed)


def prove(program: Program, project: Path, folder: Path) -> bool:
    """Run a program the three ways; say what was counted; return whether nothing differs."""
    home = folder / program.name
    python = _environment(home / "venv", program.requires, project)
    say(f"\n{program.name}: {_versions(python, program.requires)}")
    bare = _run(program, home / "bare", (python,))
    say(f"  bare        status {bare[0]}")
    ways = {
        "runner": (python, "-m", "ote_logging.runner", str(home / "runner" / "logging.yaml")),
        "dictConfig": (python, str(APPS / "plainly.py"), str(home / "dictConfig" / "logging.yaml")),
    }
    problems = [_compared(program, home / name, way, bare) for name, way in ways.items()]
    return not any(problems)


def prove_cpython(folder: Path) -> bool:
    """Run CPython's test.test_logging bare and switched on; return whether every outcome is the same."""
    say(f"\ncpython: test.test_logging of Python {PYTHON}")
    if not find_spec("test.test_logging"):
        say("  skipped: this interpreter comes without its test package")
        return True
    folder.mkdir()
    outcomes, problems = cpython.compare(folder)
    counts = sorted(Counter(outcomes.values()).items())
    say("  bare        " + ", ".join(f"{count} {name}" for name, count in counts))
    say(f"  switched on {'differs' if problems else 'the same'}")
    for problem in problems:
        say(f"    {problem}")
    return not problems


def _compared(program: Program, folder: Path, way: tuple[str, ...], bare: tuple[str, str]) -> list[str]:
    status, stdout = _run(program, folder, way)
    counts = Counts.of(folder)
    totals = f"{counts.lines.total()} lines, {counts.records.total()} records, {len(counts.seqs)} process(es)"
    say(f"  {folder.name:11} status {status}, {totals}")
    problems = counts.problems()
    if not counts.records:
        problems.append("nothing was logged")
    if (status, stdout) != bare:
        problems.append(f"behaviour: {(status, stdout)!r} instead of {bare!r}")
    stderr = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
    if "--- Logging error ---" in stderr:
        problems.append("a handler failed: " + stderr.partition("--- Logging error ---")[2][-2000:])
    for problem in problems:
        say(f"    {problem}")
    return problems


def _run(program: Program, folder: Path, way: tuple[str, ...]) -> tuple[str, str]:
    """Run once; return status and standard output, without the port."""
    folder.mkdir()
    (folder / "logging.yaml").write_text(configuration(SHIPPED, folder), encoding="utf-8")
    run = Run(way, folder, drivers.free_port(), _variables())
    program.drive(run)
    stdout = (folder / "stdout").read_text(encoding="utf-8")
    return (folder / "status").read_text(), _steady(stdout, folder, run.port)


def _steady(text: str, folder: Path, port: int) -> str:
    """Return the lines of ``text`` sorted and without what differs from run to run."""
    text = text.replace(str(folder), "FOLDER").replace(str(port), "PORT")
    return "\n".join(sorted(UNSTEADY.sub("*", text).splitlines()))


def _variables() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(APPS), "NO_PROXY": "127.0.0.1"}


def _environment(folder: Path, requires: tuple[str, ...], project: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*install, str(project), *requires], check=True, stdin=subprocess.DEVNULL)
    return python


def _versions(python: str, names: tuple[str, ...]) -> str:
    done = subprocess.run([python, "-c", VERSIONS, *names], check=True, capture_output=True, text=True)
    return f"{done.stdout.strip()} on Python {PYTHON}"


def _copy_of_project(target: Path) -> Path:
    """Return a copy of what an installation needs; building in place would leave folders behind."""
    target.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "LICENSE", "README.md"):
        if (PROJECT / name).exists():
            shutil.copy(PROJECT / name, target)
    shutil.copytree(PROJECT / "ote_logging", target / "ote_logging")
    return target


def say(text: str) -> None:
    """Write one line to the reader of this command."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
