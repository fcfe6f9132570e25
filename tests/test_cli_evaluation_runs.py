"""``ote merge`` and ``ote compare``: runs added up, and judged against each other."""

import random

import orjson
import pytest
from reading_lines import Session
from test_cli_text import ote
from typer.testing import CliRunner

from ote_logging.cli.app import app
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.reading import fold_of, read
from ote_logging.visible import cells

FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}


def written(path, *, slower=1.0, failing=0, seed=1):
    """Write a session of 200 calls, ``slower`` times as long, the first ``failing`` of them in error."""
    chance, session = random.Random(seed), Session()
    for number in range(200):
        outcome = FAILED if number < failing else {}
        session.end(
            f"{number:016x}", "save", duration_ms=50 * slower * chance.lognormvariate(0, 0.3), **outcome
        )
    return session.write(path)


@pytest.fixture
def runs(tmp_path):
    """Two runs: the second one is slower and fails."""
    return written(tmp_path / "a.jsonl"), written(tmp_path / "b.jsonl", slower=1.5, failing=20, seed=2)


def status(*arguments):
    """Return exit status and both outputs of a command."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.output


def test_a_merged_snapshot_is_that_of_all_lines(runs, tmp_path):
    """Parts of parts add up to the fold of the whole, whether they come as sessions or as snapshots."""
    one, two = runs
    ote("merge", one, "-o", tmp_path / "one.json")
    ote("merge", tmp_path / "one.json", two, "--output", tmp_path / "both.json")

    both = fold_of(tmp_path / "both.json")

    assert both == PerformanceMetrics.of([*read(one), *read(two)])
    assert orjson.loads(ote("merge", one, two)) == both.to_dict()


def test_a_snapshot_has_a_report(runs, tmp_path):
    """Figures and errors; it knows no times of day."""
    ote("merge", *runs, "-o", tmp_path / "both.json")

    page = ote("report", tmp_path / "both.json")

    assert "save          400      20   95.0 %" in page
    assert "ValueError: boom     20" in page
    assert orjson.loads(ote("report", tmp_path / "both.json", "--json"))["records"] == 400


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "it is no JSON"),
        (b"[]", "it holds a list"),
        (b'{"kind": "x"}', "version"),
        (b'{"kind": "ote_metrics", "version": 1}', "damaged"),
    ],
    ids=["torn", "list", "other", "empty"],
)
def test_what_is_no_snapshot_is_told_with_its_name(tmp_path, content, said):
    """One line, the status of an error."""
    (tmp_path / "m.json").write_bytes(content)

    exit_code, output = status("merge", tmp_path / "m.json")

    assert (exit_code, output.count("\n")) == (1, 1)
    assert "m.json" in output
    assert said in output


def test_nothing_counts_twice(runs, tmp_path):
    """Neither a file named twice nor a run that matches as session and as snapshot."""
    one, _ = runs
    ote("merge", one, "-o", tmp_path / "one.json")

    assert "named twice" in status("merge", one, tmp_path / "*.jsonl")[1]
    assert "would count twice" in status("compare", tmp_path / "*", one)[1]


def test_a_sum_that_cannot_be_written_is_one_line(runs, tmp_path):
    """No half of a file is left."""
    exit_code, output = status("merge", *runs, "-o", tmp_path / "none" / "c.json")

    assert (exit_code, output.count("\n")) == (1, 1)
    assert "cannot write" in output


def test_compare_tells_what_became_worse(runs):
    """Median, ratio with its interval, success, the new error, a verdict for all."""
    page = ote("compare", *runs)

    (save,) = [line for line in page.splitlines() if line.startswith("save")]
    assert save.split()[:2] == ["save", "worse"]
    assert "×1.5" in save
    assert "100 % → 90.0 %" in save
    assert "new errors\nValueError: boom\n" in page
    assert "worse: 1 operation, 1 worse" in page


@pytest.mark.parametrize(
    ("condition", "fails"),
    [("p95>+10%", 1), ("p95>+90%", 0), ("new-errors", 1), ("success<99%", 1), ("success<80%", 0),
     ("load:p95>+10%", 0), ("worse", 1), ("vanished-errors", 0)],
)  # fmt: skip
def test_a_met_condition_sets_the_exit_status(runs, condition, fails):
    """1 where it is met, 0 where it is not, and the page says which."""
    exit_code, output = status("compare", *runs, "--fail-on", condition)

    assert exit_code == fails
    assert (f"fails  {condition}" in output) == bool(fails)


def test_runs_compare_as_snapshots_and_as_sets_too(runs, tmp_path):
    """The figures are the same as those of the sessions."""
    one, two = runs
    ote("merge", one, "-o", tmp_path / "one.json")

    found = orjson.loads(ote("compare", tmp_path / "one.json", two, "--json"))
    expected = orjson.loads(ote("compare", one, tmp_path / "b*.jsonl", "--json"))

    assert found == expected
    assert (found["verdict"], found["operations"][0]["calls"]) == ("worse", [200, 200])


def test_a_run_is_not_worse_than_itself(runs):
    """All is the same; no condition is met."""
    one, _ = runs

    assert status("compare", one, one, "--fail-on", "worse", "--fail-on", "p95>+1%")[0] == 0


def test_markdown_tells_verdicts_and_failures(runs):
    """Fit for a pull request."""
    text = status("compare", *runs, "--markdown", "--fail-on", "new-errors")[1]

    assert text.startswith("**worse: 1 operation, 1 worse**\n\n| operation | verdict |")
    assert "| ValueError: boom |" in text
    assert "- fails: `new-errors: ValueError: boom`" in text


def test_a_wrong_condition_is_a_wrong_command_line(runs):
    """Said before anything is read."""
    exit_code, output = status("compare", *runs, "--fail-on", "p95>10%")

    assert (exit_code, output.count("\n")) == (2, 1)
    assert "per cent of what?" in output


def test_json_says_which_conditions_are_met(runs):
    """For a program that does not read pages."""
    exit_code, output = status("compare", *runs, "--json", "--fail-on", "new-errors")

    assert (exit_code, orjson.loads(output)["breaches"]) == (
        1,
        [{"condition": "new-errors", "subject": "ValueError: boom", "met": ""}],
    )


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_comparison_fits_its_terminal(runs, columns):
    """Operation, verdict and median stay."""
    lines = ote("compare", *runs, columns=columns).splitlines()

    assert max(map(cells, lines)) <= columns
    assert lines[0].split()[:3] == ["operation", "verdict", "median"]
