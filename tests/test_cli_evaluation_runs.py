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


@pytest.mark.parametrize(
    "names", [("session_x.jsonl", "metrics_x.json"), ("session_x.1.jsonl.gz", "metrics_x.2.json")]
)
def test_a_session_and_its_snapshot_do_not_add_up(tmp_path, names):
    """What a handler counted is what stands in the lines; two sessions do."""
    lines, snapshot = (tmp_path / name for name in names)
    written(lines)
    ote("merge", lines, "-o", snapshot)
    snapshot.rename(tmp_path / "metrics_y.json")
    assert status("merge", lines, tmp_path / "metrics_y.json")[0] == 0
    (tmp_path / "metrics_y.json").rename(snapshot)

    exit_code, output = status("merge", lines, snapshot)

    assert exit_code == 1
    assert "session x is named by its lines and by its snapshot" in output


def test_standard_input_is_read_once():
    """As both runs it would be one of them and nothing."""
    assert "standard input is named twice" in status("compare", "-", "-")[1]


def test_a_sum_that_cannot_be_written_is_one_line(runs, tmp_path):
    """No half of a file is left."""
    exit_code, output = status("merge", *runs, "-o", tmp_path / "none" / "c.json")

    assert (exit_code, output.count("\n")) == (1, 1)
    assert "cannot write" in output


def test_compare_tells_what_became_worse(runs):
    """Median, ratio with its interval, success, the new error, a verdict for all."""
    page = ote("compare", *runs)

    (save,) = [line for line in page.splitlines() if line.startswith("save")]
    assert save.split()[:4] == ["save", "worse", "time,", "success"]
    assert "×1.5" in save
    assert "100 % → 90.0 %" in save
    assert "new errors\nValueError: boom\n" in page
    assert "worse: 1 operation, 1 worse" in page


def test_the_table_tells_in_what_it_is_worse(tmp_path):
    """Time or success; an operation that is the same is worse in nothing."""
    base = written(tmp_path / "a.jsonl")
    failing = ote("compare", base, written(tmp_path / "b.jsonl", failing=30))
    slower = ote("compare", base, written(tmp_path / "c.jsonl", slower=1.5))

    assert failing.splitlines()[1].split()[:3] == ["save", "worse", "success"]
    assert slower.splitlines()[1].split()[:3] == ["save", "worse", "time"]
    assert "  in  " not in ote("compare", base, base)


def test_what_matters_can_be_told(runs):
    """Half as long again is nothing to one who asks for the double, or for a second."""
    for option, value in (("--min-effect", 1), ("--min-effect-ms", 1_000)):
        assert " time" not in ote("compare", *runs, option, value)


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

    assert text.startswith("**worse: 1 operation, 1 worse**\n\n| operation | verdict | in |")
    assert "| ValueError: boom |" in text
    assert "- fails: `new-errors: ValueError: boom`" in text


def test_a_wrong_condition_is_a_wrong_command_line(runs):
    """Said before anything is read."""
    exit_code, output = status("compare", *runs, "--fail-on", "p95>10%")

    assert (exit_code, output.count("\n")) == (2, 1)
    assert "per cent of what?" in output


@pytest.mark.parametrize(
    ("condition", "reason"),
    [("save:p95>+10%", "fewer than 500 calls of save"), ("sve:success<99%", "is called sve")],
    ids=["too few calls", "no such operation"],
)
def test_a_condition_that_cannot_be_judged_says_so(runs, condition, reason):
    """It fails nothing, and does not pass for one that holds: on the page, in Markdown, in JSON."""
    command = ("compare", *runs, "--min-calls", 500, "--fail-on", condition)

    exit_code, page = status(*command)

    assert exit_code == 0
    assert f"not judged  {condition}" in page
    assert reason in page
    assert f"- not judged: `{condition}" in status(*command, "--markdown")[1]
    assert reason in orjson.loads(status(*command, "--json")[1])["unjudged"][0]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("success<99", "success is in per cent: success<99%"),
        ("p95>10", "a time has a unit, us, ms, s or min: p95>200ms"),
        ("tokens>5ms", "tokens has no unit: tokens>100"),
        ("p95>+10ms", "a change is told in per cent: +10%"),
        ("p9>10%", "expected p95>+10%"),
    ],
)
def test_a_wrong_condition_says_what_is_wrong_with_it(runs, condition, said):
    """And only that."""
    assert f"--fail-on '{condition}': {said}" in status("compare", *runs, "--fail-on", condition)[1]


def test_wrong_conditions_are_told_apart(runs):
    """All at once, with something between them."""
    output = status("compare", *runs, "--fail-on", "faster", "--fail-on", "success<99")[1]

    assert "vanished-paths; --fail-on 'success<99'" in output


def test_runs_that_share_nothing_say_so(runs, tmp_path):
    """No empty table, on the page and in Markdown."""
    (tmp_path / "empty.jsonl").touch()

    page = ote("compare", tmp_path / "empty.jsonl", runs[0])

    assert page == "new operations\nsave\n\ntoo few: no operation is in both runs\n"
    assert "| operation |" not in ote("compare", tmp_path / "empty.jsonl", runs[0], "--markdown")


def test_a_snapshot_may_be_called_anything(runs, tmp_path):
    """It is known by how it begins."""
    ote("merge", *runs, "-o", tmp_path / "C")

    assert "400 records" in ote("report", tmp_path / "C")
    assert fold_of(tmp_path / "C") == PerformanceMetrics.of([*read(runs[0]), *read(runs[1])])


def test_a_session_is_not_overwritten_by_a_sum(runs):
    """A glob behind -o gives the first session as the file to write."""
    one, two = runs
    before = one.read_bytes()

    exit_code, output = status("merge", "-o", one, two)

    assert (exit_code, one.read_bytes()) == (1, before)
    assert "is no snapshot; it is left as it is" in output


@pytest.mark.parametrize(
    "command",
    [("report", "--json", "--csv"), ("compare", "--json", "--markdown"), ("sql", "--json", "--csv")],
    ids=lambda command: command[0],
)
def test_two_forms_at_once_are_refused(runs, command):
    """Neither is left out unsaid."""
    name, *forms = command
    subject = {"report": [runs[0]], "compare": runs, "sql": ["SELECT 1", runs[0]]}[name]

    exit_code, output = status(name, *subject, *forms)

    assert (exit_code, output.count("\n")) == (2, 1)
    assert "choose one" in output


def test_a_master_without_spark_is_refused(runs):
    """It would be passed over unsaid."""
    assert "--master is for --engine spark" in status("report", runs[0], "--master", "spark://x:7077")[1]


@pytest.mark.parametrize("command", ["anomalies", "top"])
def test_a_snapshot_has_no_course(runs, tmp_path, command):
    """What looks at lines says that there are none, instead of finding nothing wrong."""
    ote("merge", *runs, "-o", tmp_path / "sum.json")

    exit_code, output = status(command, tmp_path / "sum.json")

    assert (exit_code, output.count("\n")) == (1, 1)
    assert "a snapshot" in output


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
    assert lines[0].split()[0::2][:2] in (["operation", "in"], ["operation", "median"])
