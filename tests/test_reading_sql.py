"""SQL over sessions: one contract for every engine, and the figures of the report by stream."""

import importlib.util
import random
import shutil
import sys

import orjson
import pytest
from reading_lines import Session
from test_cli_text import ote
from typer.testing import CliRunner

from ote_logging.cli.app import app
from ote_logging.errors import MissingExtraError, ReadError
from ote_logging.reading import Reader, report
from ote_logging.reading.columns import columns_of
from ote_logging.reading.engines import DuckDB, Spark
from ote_logging.reading.sql import open_sessions, report_by

FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}
RAISED = {"type": "ValueError", "frames": [{"file": "/a.py", "line": 1}, {"file": "/b.py", "line": 41}]}


def has_spark() -> bool:
    """Return whether pyspark and a Java are there: Spark is no part of the test extra."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


ENGINES = [
    pytest.param(
        DuckDB, marks=pytest.mark.skipif(not importlib.util.find_spec("duckdb"), reason="no duckdb")
    ),
    pytest.param(Spark, marks=pytest.mark.skipif(not has_spark(), reason="no pyspark, or no Java for it")),
]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    """Each engine that is installed, started once."""
    engine = request.param()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A session with everything that a report tells of, and two lines that are none."""
    chance, session = random.Random(5), Session()
    for number in range(300):
        outer, inner = f"a{number:015}", f"b{number:015}"
        failed = FAILED if number % 20 == 0 else {"status": "ok"}
        session.start(outer, "request", fields={"user_id": number, "Mixed": number if number % 2 else "x"})
        if number % 3 == 0:
            carried = {"model": "m", "tokens_in": number, "tokens_out": 7, "cache_hit": number % 2 == 0}
            carried |= {"cost_usd": 0.125} if number % 6 else {}
            session.add("llm_interaction", span_id=outer, operation="request", status="ok", fields=carried)
        raised = {"exception": RAISED} if "error_type" in failed else {}
        times = {"duration_ms": chance.lognormvariate(1, 1)}
        session.end(inner, "save", parent_id=outer, fields={"retries": 1}, **times, **raised, **failed)
        session.end(outer, "request", duration_ms=chance.lognormvariate(3, 1), **failed)
        session.add("evaluation", operation="save", status="ok", duration_ms=1.0)
        session.add("evaluation", operation="old", status="ok", duration_ms=chance.random(), pid=42)
    session.add(level="ERROR", message="no row 17", logger="shop.db")
    session.add(level="ERROR", message="no row 9", logger="shop.db", seq=5000)
    session.add("records_lost", fields={"lost": 3})
    session.start("c" * 16, "nightly")
    path = session.write(tmp_path_factory.mktemp("sql") / "session_a.jsonl")
    path.write_bytes(path.read_bytes() + b'{"torn\n{"a": 1}\n')
    return path


EXACT = ("calls", "failures", "success_ratio", "total_ms", "mean_ms", "min_ms", "max_ms")
QUANTILES = ("p50_ms", "p90_ms", "p95_ms", "p99_ms")


def figures(operation, *names):
    """Return figures by name, -1 for what is not known."""
    return {name: -1 if getattr(operation, name) is None else getattr(operation, name) for name in names}


def test_an_engine_gives_the_figures_of_the_stream(engine, path):
    """Counts, sums, errors, gaps and what was running are the same, quantiles within 1 %."""
    streamed, answered = report(Reader(path)), report_by(engine, [str(path)])

    assert [o.name for o in answered.operations] == [o.name for o in streamed.operations]
    for one, other in zip(streamed.operations, answered.operations, strict=True):
        assert figures(one, *EXACT) == pytest.approx(figures(other, *EXACT), rel=1e-6, abs=1e-6)
        assert figures(one, *QUANTILES) == pytest.approx(figures(other, *QUANTILES), rel=0.0101, abs=0.001)
        assert (one.error_types, one.amounts) == (other.error_types, pytest.approx(other.amounts))
    for name in ("totals", "errors", "loggers", "unfinished", "processes", "reported_lost", "records"):
        assert getattr(answered, name) == getattr(streamed, name)
    assert answered.damaged == streamed.damaged + streamed.foreign


def test_views_have_the_keys_and_the_fields(engine, path):
    """Fields stand under their own names, typed as they were met."""
    open_sessions(engine, [str(path)])

    (row,) = engine.rows("SELECT operation, user_id + 1 AS next, session_id FROM events WHERE user_id = 7")
    (llm,) = engine.rows("SELECT COUNT(*) AS calls, SUM(tokens_in) AS tokens FROM llm")

    assert (row["operation"], row["next"]) == ("request", 8)
    assert (llm["calls"], int(llm["tokens"])) == (100, sum(range(0, 300, 3)))


def test_a_field_of_several_types_is_text(engine, path):
    """No row is lost for it."""
    open_sessions(engine, [str(path)])

    found = [row["Mixed"] for row in engine.rows("SELECT Mixed FROM events WHERE Mixed IS NOT NULL")]

    assert len(found) == 300
    assert set(map(type, found)) == {str}


def test_errors_know_their_place(engine, path):
    """The innermost frame of the exception, else the caller's line."""
    open_sessions(engine, [str(path)])

    found = engine.rows("SELECT DISTINCT where_file, where_line FROM errors ORDER BY where_line")

    assert [(row["where_file"], row["where_line"]) for row in found] == [
        ("/srv/shop/orders.py", 17),
        ("/b.py", 41),
    ]


def test_a_wrong_query_is_a_read_error(engine, path):
    """It says what is wrong, without the engine's own trace."""
    open_sessions(engine, [str(path)])

    with pytest.raises(ReadError, match="nosuch") as raised:
        list(engine.rows("SELECT nosuch FROM spans"))

    assert len(str(raised.value).splitlines()) <= 4


def test_an_empty_session_has_an_empty_report(engine, tmp_path):
    """No rows, no error."""
    (tmp_path / "session_a.jsonl").touch()

    found = report_by(engine, [str(tmp_path)])

    assert (found.records, found.operations, found.first) == (0, [], None)


def test_columns_are_those_of_the_table_and_the_fields_met(path):
    """Whole numbers, numbers, truths and texts; two types are text."""
    found = columns_of([str(path)])

    assert (found["duration_ms"], found["seq"], found["cache_hit"]) == ("number", "whole", "truth")
    assert (found["user_id"], found["Mixed"]) == ("whole", "text")
    assert "exception" not in found


@pytest.mark.parametrize(("engine", "package"), [(DuckDB, "duckdb"), (Spark, "pyspark.errors")])
def test_a_missing_package_names_its_extra(engine, package, monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtraError, match=r"ote-logging\[(query|spark)\]"):
        engine()


needs_duckdb = pytest.mark.skipif(not importlib.util.find_spec("duckdb"), reason="no duckdb")


@needs_duckdb
def test_sql_prints_a_table(path):
    """Numbers to the right, as many rows as asked for, and that there are more."""
    text = ote(
        "sql", "SELECT operation, COUNT(*) AS calls FROM spans GROUP BY 1 ORDER BY 1", path, "--limit", 1
    )

    assert text.splitlines() == [
        "operation  calls",
        "request      300",
        "… more than 1; --limit 0 shows all",
    ]


@needs_duckdb
def test_sql_prints_json_and_csv(path):
    """A JSON object a row; CSV with the names of the columns."""
    query = "SELECT operation, COUNT(*) AS calls FROM spans GROUP BY 1 ORDER BY 1"

    assert [orjson.loads(line) for line in ote("sql", query, path, "--json").splitlines()] == [
        {"operation": "request", "calls": 300},
        {"operation": "save", "calls": 300},
    ]
    assert ote("sql", query, path, "--csv") == "operation,calls\nrequest,300\nsave,300\n"


@needs_duckdb
def test_the_report_by_duckdb_is_a_report(path):
    """The same page, drawn from answers."""
    page = ote("report", path, "--engine", "duckdb", columns=70)

    request = next(line for line in page.splitlines() if line.startswith("request "))
    assert request.split()[:4] == ["request", "300", "15", "95.0"]
    assert "ValueError: boom" in page
    assert "nightly" in page


@needs_duckdb
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sql", "SELEC", "{path}"], "syntax error"),
        (["sql", "SELECT 1", "-"], "standard input"),
        (["sql", "SELECT 1", "missing"], "no such file"),
        (["sql", "SELECT 1", "{path}", "--master", "spark://x:1"], "--engine spark"),
        (["report", "{path}.json", "--engine", "duckdb"], "no such file"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(path, arguments, said):
    """Status 1, no traceback."""
    result = CliRunner().invoke(app, [word.format(path=path) for word in arguments])

    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
