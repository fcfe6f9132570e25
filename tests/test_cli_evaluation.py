"""``ote report``: every figure of the fold, as a page, as Markdown, as CSV, in any order."""

import csv
import io

import orjson
import pytest
from reading_lines import Session
from test_cli_text import ote

from ote_logging.cli.commands import Order
from ote_logging.cli.figures import ORDERS
from ote_logging.reading.course import PARTS
from ote_logging.visible import cells

FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}


@pytest.fixture
def path(tmp_path):
    """A session: fast calls of which some fail, slow ones that ask a model, and one marked in old text."""
    session = Session()
    for number in range(40):
        session.end(f"a{number:015}", "save", duration_ms=2.0, **(FAILED if number % 10 == 0 else {}))
    for number in range(10):
        around = {"span_id": f"b{number:015}", "operation": "ask"}
        carried = {"model": "m", "tokens_in": 100, "tokens_out": 20, "cost_usd": 0.001}
        carried["cache_hit"] = number < 4
        session.add("llm_interaction", **around, status="ok", duration_ms=90.0, fields=carried)
        session.end(around["span_id"], "ask", duration_ms=100.0 + number, fields={"retries": 1})
    session.add("evaluation", operation="legacy", status="ok", duration_ms=7.0)
    return session.write(tmp_path / "session_a.jsonl")


def names(page: str, heading: str) -> list[str]:
    """Return the first words of the rows below ``heading``."""
    lines = page.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(heading))
    return [line.split()[0] for line in lines[start + 1 : lines.index("", start)]]


def test_the_page_tells_times_success_and_use(path):
    """Quantiles, success, course and share of each operation; what it used, and the sum of that."""
    page = ote("report", path)

    (save,) = [line for line in page.splitlines() if line.startswith("save ")]
    assert save.split()[:6] == ["save", "40", "4", "90.0", "%", "2.00"]
    assert "▁" in save or "█" in save
    (use,) = [line for line in page.splitlines() if line.startswith("in all")]
    assert use.split() == ["in", "all", "1,000", "200", "$0.01", "10", "10", "40.0", "%"]


@pytest.mark.parametrize(
    ("order", "first"), [("total", "ask"), ("worst", "save"), ("calls", "save"), ("p95", "ask"),
                         ("success", "save"), ("cost", "ask"), ("name", "ask")],
)  # fmt: skip
def test_what_weighs_most_comes_first(path, order, first):
    """By any figure; worst is what failed most."""
    assert names(ote("report", path, "--sort", order), "operations")[0] == first


def test_every_order_can_be_typed():
    """The names on the command line are those of the table of orders."""
    assert [order.value for order in Order] == list(ORDERS)


def test_json_has_typed_figures(path):
    """Numbers by names with units; what nobody recorded is null, not 0."""
    rows = orjson.loads(ote("report", path, "--json"))["operations"]
    ask = next(row for row in rows if row["name"] == "ask")

    assert (ask["calls"], ask["success_ratio"], ask["p50_ms"]) == (10, 1.0, pytest.approx(104.5, rel=0.02))
    assert (ask["amounts"]["tokens_in"], ask["amounts"]["bytes"]) == (1000, None)
    assert len(ask["course_ms"]) == PARTS
    assert ask["course_ms"][0] is None


def test_csv_has_a_row_an_operation(path):
    """Under the names that JSON has, numbers as they are, nothing where nothing is known."""
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(ote("report", path, "--csv")))}

    assert set(rows) == {"ask", "save", "llm_interaction", "legacy"}
    assert (rows["ask"]["calls"], rows["ask"]["tokens_out"], rows["ask"]["bytes"]) == ("10", "200", "")
    assert orjson.loads(rows["save"]["error_types"]) == {"ValueError": 4}


def test_csv_gives_a_spreadsheet_no_formula(tmp_path):
    """A name that begins like one is a text."""
    session = Session()
    session.end("a" * 16, "=1+1")

    assert "\n'=1+1,1," in ote("report", session.write(tmp_path / "s.jsonl"), "--csv")


def test_markdown_has_the_tables(path):
    """For a pull request: pipes in data are escaped."""
    text = ote("report", path, "--markdown")

    assert "| ask | 10 |  | 100 % |" in text
    assert "| --- | ---: |" in text
    assert "| ValueError: boom | 4 |" in text


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_the_figures_that_matter_most_stay_in_a_narrow_page(path, columns):
    """Calls, failures, success and p95 are seen at any width, and no line is wider."""
    page = ote("report", path, columns=columns)

    assert max(map(cells, page.splitlines())) <= columns
    assert all(word in page for word in ("calls", "failed", "success", "p95"))


def test_the_course_does_not_depend_on_how_many_lines_there_are(tmp_path):
    """Ten parts of the time, each with the mean of the calls that ended in it, within a step's width."""
    session = Session()
    for number in range(3000):
        session.end(f"{number:016x}", "save", duration_ms=1.0 if number < 1500 else 5.0)
    path = session.write(tmp_path / "s.jsonl")

    (save,) = orjson.loads(ote("report", path, "--json"))["operations"]

    assert save["course_ms"] == pytest.approx([1.0] * 5 + [5.0] * 5, rel=0.5)
    assert save["course_ms"][:4] == [1.0] * 4
    assert save["course_ms"][6:] == [5.0] * 4


def test_an_end_replaces_the_text_that_evaluates_the_same_call(tmp_path):
    """A function that is observed and logs its EVALUATION counts once."""
    session = Session()
    for number in range(5):
        session.add("evaluation", operation="save", status="ok", duration_ms=9.0)
        session.end(f"{number:016x}", "save", duration_ms=2.0)

    (save,) = orjson.loads(ote("report", session.write(tmp_path / "s.jsonl"), "--json"))["operations"]

    assert (save["calls"], save["total_ms"]) == (5, 10.0)


@pytest.mark.parametrize("engine", [[], ["--engine", "duckdb"]], ids=["stream", "duckdb"])
def test_absurd_figures_make_a_page(tmp_path, engine):
    """Durations and amounts that no machine has are left out; no form of the report fails on them."""
    session, odd = Session(), [1e308, -5.0, 10**18, 1e300, 0, -0.0, 1e-12, True, 1e17]
    for number in range(2_000):
        amounts = {"tokens_in": odd[number % 9], "cost_usd": float(odd[(number + 1) % 9])}
        session.end(f"a{number:015}", "save", duration_ms=float(odd[(number + 2) % 9]), fields=amounts)
    path = session.write(tmp_path / "session_a.jsonl")

    for form in ([], ["--markdown"], ["--csv"], ["--json"]):
        assert "save" in ote("report", path, *form, *engine)


def test_what_is_beyond_the_bound_is_said(tmp_path):
    """The page tells what __other__ is; a page without it does not."""
    session = Session()
    for number in range(2_100):
        session.end(f"a{number:015}", f"user-{number}")
    many = session.write(tmp_path / "session_a.jsonl")
    few = Session()
    few.end("a" * 16, "save")

    assert "__other__: the operations beyond the first 2,000\n" in ote("report", many)
    assert "__other__" not in ote("report", few.write(tmp_path / "session_b.jsonl"))
