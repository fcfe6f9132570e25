"""``ote top`` follows a session that is being written; ``ote anomalies`` tells what was wrong in one."""

import gzip
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from reading_lines import Session
from test_cli_text import ote
from typer.testing import CliRunner

from ote_logging.cli.app import app
from ote_logging.errors import ReadError
from ote_logging.reading import Following, Reader, report
from ote_logging.schema import encode

ROOT = Path(__file__).parent.parent
FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}


def lines(calls, **keys):
    """Return the bytes of a session of ``calls``."""
    session = Session()
    for number in range(calls):
        session.end(f"{number:016x}", "save", **keys)
    return b"".join(map(encode, session.entries))


def without_course(sums):
    """Return a report but for what depends on when one looked."""
    return replace(sums, operations=[replace(found, course_ms=[]) for found in sums.operations])


@pytest.mark.parametrize("size", [1, 100, 5_000], ids=["byte by byte", "by 100", "by 5,000"])
def test_looks_add_up_to_the_report(tmp_path, size):
    """However the lines arrive, cut anywhere, nothing is missed and nothing counts twice."""
    path, whole = tmp_path / "session_a.jsonl", lines(20)
    path.touch()
    following = Following(path)
    for start in range(0, len(whole), size):
        with path.open("ab") as file:
            file.write(whole[start : start + size])
        following.report()

    assert without_course(following.report()) == without_course(report(Reader(path)))


def test_a_session_that_goes_on_in_another_part_is_followed(tmp_path):
    """Also when the full part is packed meanwhile."""
    first, second = tmp_path / "session_a.jsonl", tmp_path / "session_a.1.jsonl"
    whole = lines(20).splitlines(keepends=True)
    first.write_bytes(b"".join(whole[:10]))
    following = Following(first)
    following.report()

    with first.open("ab") as file:
        file.write(b"".join(whole[10:12]))
    second.write_bytes(b"".join(whole[12:]))
    first.with_suffix(".jsonl.gz").write_bytes(gzip.compress(first.read_bytes()))

    assert [following.report().records for _ in range(2)] == [20, 20]


def test_standard_input_cannot_be_followed():
    """It has no place to go on from."""
    with pytest.raises(ReadError, match="standard input"):
        Following("-")


def test_a_single_look_is_a_page(tmp_path):
    """Into a pipe, or when asked for once."""
    (tmp_path / "session_a.jsonl").write_bytes(lines(3))

    page = ote("top", tmp_path, "--once")

    assert page.count("operations ") == 1
    assert ["save", "3", "100"] in [line.split()[:3] for line in page.splitlines()]


def test_a_terminal_is_drawn_anew_until_it_is_interrupted(tmp_path):
    """New lines are seen, Ctrl-C leaves with status 0 and gives the old screen back."""
    path = tmp_path / "session_a.jsonl"
    path.write_bytes(lines(3))
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ote_logging", "top", str(path)]
    with subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, preexec_fn=heed_interrupts
    ) as process:
        os.close(theirs)
        try:
            shown = until(ours, b"3 records")
            path.write_bytes(lines(7))
            shown += until(ours, b"7 records")
            process.send_signal(signal.SIGINT)
            shown += until(ours, b"\x1b[?1049l")

            assert process.wait(10) == 0
        finally:
            process.kill()
    os.close(ours)
    assert b"Traceback" not in shown


def heed_interrupts():
    """In a child: what a shell starts in the background ignores them, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(terminal, text):
    """Read from ``terminal`` until ``text`` was shown."""
    shown, end = b"", time.monotonic() + 20
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 4096)
    assert text in shown
    return shown


@pytest.fixture
def runs(tmp_path):
    """A good run, and one that fails from its middle on."""
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(lines(400))
    session = Session()
    for number in range(400):
        session.end(f"{number:016x}", "save", **(FAILED if number >= 200 else {}))
    return good, session.write(bad)


def test_anomalies_tell_what_began_and_when(runs):
    """A line each, in the order of time, and how many of what kind."""
    good, bad = runs
    told = ote("anomalies", bad, "--baseline", good).splitlines()

    assert told[0].startswith("2026-11-22 10:00:00  ⚠️  NEW ERROR in save: ValueError: boom")
    assert "1 new error" in told[-1]
    assert "1 high error rate" in told[-1]


def test_a_good_run_has_no_anomalies(runs):
    """Neither by itself nor beside itself."""
    good, _ = runs

    assert (
        ote("anomalies", good)
        == ote("anomalies", good, "--baseline", good)
        == ("0 anomalies in 400 records\n")
    )


def test_what_is_no_session_is_not_found_well(tmp_path):
    """It says how little was looked at, and what was passed over."""
    (tmp_path / "notes.txt").write_text("no line of a session\n" * 3)

    assert ote("anomalies", tmp_path / "notes.txt") == "0 anomalies in 0 records\n3 lines passed over\n"


def test_anomalies_as_json_have_kinds_and_numbers(runs):
    """An object a finding."""
    good, bad = runs
    found = [orjson.loads(line) for line in ote("anomalies", bad, "--baseline", good, "--json").splitlines()]

    assert {"new_error", "high_error_rate"} <= {finding["kind"] for finding in found}
    assert all(isinstance(finding["at_s"], float) for finding in found)


@pytest.mark.parametrize(("arguments", "status"), [(["--fail"], 1), ([], 0), (["--error-rate", "1"], 2)])
def test_anomalies_fail_when_asked_to(runs, arguments, status):
    """For a script that must stop; a rate above all is a wrong command line."""
    _, bad = runs

    assert CliRunner().invoke(app, ["anomalies", str(bad), *arguments]).exit_code == status
