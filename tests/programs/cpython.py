"""CPython's own test.test_logging, bare and with the shipped configuration switched on.

Its tests refuse to begin in a process whose root has a handler or where a handler has a name, whoever
made it. So the pipeline of the shipped file hangs on a logger of its own and its handlers are nameless;
each test runs inside a span and between records that the pipeline must write, and every one is counted
in the end: what CPython's tests do to logging must not harm ours either.
"""

import json
import logging
import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

Outcomes = dict[str, str]


def outcomes(folder: Path, *, switched_on: bool) -> "subprocess.Popen[bytes]":
    """Start the tests in another process; they leave their outcomes in ``folder``/outcomes.json."""
    folder.mkdir()
    project = Path(__file__).parents[2]
    with open(folder / "output", "wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.programs.cpython", str(folder), "on" if switched_on else "bare"],
            cwd=project,
            env={**os.environ, "OTE_SESSION_ID": "cpython"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def compare(folder: Path) -> tuple[Outcomes, list[str]]:
    """Run the tests both ways at the same time; return the outcomes, and a sentence for each difference."""
    ways = {"bare": folder / "bare", "on": folder / "on"}
    running = [outcomes(place, switched_on=way == "on") for way, place in ways.items()]
    for process in running:
        process.wait()
    bare, on = (json.loads((place / "outcomes.json").read_bytes()) for place in ways.values())
    problems = [
        f"{test}: {bare['outcomes'].get(test)} bare, {on['outcomes'].get(test)} switched on"
        for test in sorted({*bare["outcomes"], *on["outcomes"]})
        if bare["outcomes"].get(test) != on["outcomes"].get(test)
    ]
    lines = (ways["on"] / "logs" / "session_cpython.jsonl").read_bytes().splitlines()
    if len(lines) != on["records"]:
        problems.append(f"{len(lines)} lines for {on['records']} records")
    return bare["outcomes"], problems


class _Kept(unittest.TextTestResult):
    """The outcome of each test by its name, and how many records were logged around them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: Outcomes = {}
        self.records = 0

    def stopTest(self, test: unittest.TestCase) -> None:
        """Name the outcome when all of the test is over."""
        super().stopTest(test)
        lists = {"failed": self.failures, "error": self.errors, "skipped": self.skipped}
        named = [name for name, found in lists.items() if any(test.id() in str(case) for case, _ in found)]
        self.outcomes[test.id()] = named[0] if named else "passed"


class _Witnessed(_Kept):
    """The same, each test inside a span and between records of the pipeline that is switched on."""

    span: Any = None

    def startTest(self, test: unittest.TestCase) -> None:
        """Open the span of this test."""
        from ote_logging import span

        super().startTest(test)
        logger = logging.getLogger("witness")
        logger.info("TRACE: test -> start | name=%s", test.id())
        self.span = span(test.id(), logger=logger)
        self.span.__enter__()
        self.records += 2

    def stopTest(self, test: unittest.TestCase) -> None:
        """Close it; Python 3.12.1 stops tests that it skips without starting them."""
        super().stopTest(test)
        if self.span is not None:
            self.span.__exit__(None, None, None)
            self.span = None
            self.records += 1


def switch_on(folder: Path) -> None:
    """Switch the shipped configuration on and move its handlers from the root to the logger ``witness``."""
    import ote_logging

    os.chdir(folder)
    ote_logging.configure(Path(__file__).parents[2] / "logging.yaml")
    root, witness = logging.getLogger(), logging.getLogger("witness")
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.name = None
        witness.addHandler(handler)
    root.setLevel(logging.WARNING)
    witness.setLevel(logging.DEBUG)
    witness.propagate = False


def main(folder: Path, way: str) -> None:
    """Run the tests in this process; the pipeline is switched on where ``way`` says so."""
    kind = _Witnessed if way == "on" else _Kept
    if way == "on":
        switch_on(folder)
    suite = unittest.defaultTestLoader.loadTestsFromName("test.test_logging")
    result = unittest.TextTestRunner(verbosity=2, resultclass=kind).run(suite)
    assert isinstance(result, _Kept)
    found = {"outcomes": result.outcomes, "records": result.records}
    (folder / "outcomes.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
