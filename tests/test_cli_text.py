"""Command line: what people see of a session, cut to their terminal and safe to show."""

import io

import orjson
import pytest
from reading_lines import Session
from typer.testing import CliRunner

from ote_logging.cli.app import app
from ote_logging.cli.screen import Part, Screen
from ote_logging.visible import cells

FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}
RAISED = {"type": "ValueError", "frames": [{"file": "/srv/demo.py", "line": 41}]}


def ote(*arguments: object, columns: int | None = None, stdin: bytes | None = None, **env: str) -> str:
    """Run a command that ends well and return its standard output."""
    environment = {"COLUMNS": str(columns or ""), "NO_COLOR": "", "FORCE_COLOR": "", **env}
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def path(tmp_path):
    """A session in which an inner operation fails, with a trace point, a warning and a torn line."""
    session = Session()
    a, b = (
        {"span_id": "a" * 16, "operation": "save_preference"},
        {"span_id": "b" * 16, "operation": "encrypt"},
    )
    session.add("span_start", **a, fields={"user_id": 7})
    session.add("trace_point", **a, path=["save", "validate"], fields={"rows": 3})
    session.add("log", **a, level="INFO", message="nothing to see")
    session.add("span_start", **b, parent_id="a" * 16)
    session.add(
        "log", **b, parent_id="a" * 16, level="WARNING", logger="shop.keys", message="weak\x1b[31m key"
    )
    session.add("span_end", **b, parent_id="a" * 16, duration_ms=2.1, exception=RAISED, **FAILED)
    session.add("span_end", **a, status="ok", duration_ms=12.3)
    session.add("span_start", span_id="c" * 16, operation="nightly")
    session.end("d" * 16, "lost", parent_id="e" * 16)
    session.add("trace_point", path=["load", "empty"], message="TRACE: load -> empty | no rows")
    path = session.write(tmp_path / "session_a.jsonl")
    path.write_bytes(path.read_bytes() + b'{"torn')
    return path


def test_the_tree_shows_operations_points_and_warnings(path):
    """Each with what matters of it; ordinary messages only when all are asked for."""
    assert ote("tree", path).splitlines() == [
        "save_preference  12.3 ms  ok  user_id=7",
        "├─ save → validate  rows=3",
        "└─ encrypt  2.10 ms  FAILED  ValueError: boom  (demo.py:41)",
        r"   └─ WARNING  shop.keys: weak\x1b[31m key",
        "lost  2.00 ms  ok  orphan: its parent eeeeeeeeeeeeeeee is not in the session",
        "nightly  unfinished",
        "load → empty  no rows",
        "",
        "4 operations · 1 failed · 1 unfinished · 1 orphan · 1 damaged line · 10 records",
    ]
    assert "├─ INFO  shop: nothing to see" in ote("tree", path, "--all")


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
@pytest.mark.parametrize("command", ["tree", "report", "find"])
def test_no_line_is_wider_than_the_terminal(path, command, columns):
    """Lines are cut, not wrapped, and the place of a failure is still seen."""
    lines = ote(command, path, columns=columns).splitlines()

    assert max(map(cells, lines)) <= columns
    if columns >= 60 and command != "find":
        assert any("demo.py:41" in line for line in lines)


def test_a_long_message_gives_way_to_the_place_behind_it(tmp_path):
    """Where it failed is worth more than the end of what it said."""
    session = Session()
    session.end("a" * 16, exception=RAISED, **{**FAILED, "error_message": "boom " * 50})

    line = ote("tree", session.write(tmp_path / "s.jsonl"), columns=60).splitlines()[0]

    assert line.startswith("save  2.00 ms  FAILED  ValueError: boom boom")
    assert line.endswith("…  (demo.py:41)")


def test_the_tree_says_how_much_was_left_out(path):
    """A bound on lines is no silent loss."""
    assert "… 5 more lines; --limit 0 shows all" in ote("tree", path, "--limit", 2)
    assert "more line" not in ote("tree", path, "--limit", 0)


def test_a_deep_tree_is_drawn_within_its_width(tmp_path):
    """Beyond what the width allows, the depth is told as a number."""
    session = Session()
    for number in range(3000):
        session.end(f"{number + 1:016x}", parent_id=f"{number:016x}" if number else None)

    lines = ote("tree", session.write(tmp_path / "s.jsonl"), "--limit", 0, columns=60).splitlines()

    assert "… 2999 deep  save  2.00 ms  ok" in lines[2999]
    assert max(map(cells, lines)) <= 60


def test_the_report_has_a_table_for_each_question(path):
    """Operations, errors with their place, what was running, records, what is missing."""
    text = ote("report", path)

    for row in (
        "encrypt              1       1    0.0 %  2.10 ms  2.10 ms  2.10 ms  2.10 ms",
        "ValueError: boom      1  demo.py:41",
        "nightly         2.00 ms  10:00:00.007       41",
        "shop          8               1",
        "1 damaged line passed over",
    ):
        assert row in text


def test_find_prints_one_line_a_record(path):
    """Time, level, logger, message and fields; the conditions are those of the reading side."""
    assert ote("find", path, "level=WARNING") == ("10:00:00.004 WARNING  shop.keys  weak\\x1b[31m key\n")
    assert len(ote("find", path, "--operation", "encrypt", "--errors").splitlines()) == 1
    assert len(ote("find", path, "--limit", 3).splitlines()) == 3


def test_what_is_found_as_json_is_a_session_again(path):
    """It can be piped into the other commands."""
    found = ote("find", path, "--operation", "encrypt", "--json")

    assert "encrypt  2.10 ms  FAILED" in ote("tree", "-", stdin=found.encode())


def test_json_of_the_tree_keeps_order_and_depth(path):
    """One object, its nodes as they are drawn, flat so that no depth is too deep."""
    found = orjson.loads(ote("tree", path, "--json"))

    assert [(node["depth"], node["operation"], node["status"]) for node in found["nodes"]] == [
        (0, "save_preference", "ok"), (1, "encrypt", "error"), (0, "lost", "ok"),
        (0, "nightly", "unfinished"),
    ]  # fmt: skip
    assert found["nodes"][1]["where"] == {"file": "/srv/demo.py", "line": 41}
    assert (found["orphans"], found["damaged"], len(found["loose"])) == (["d" * 16], 1, 1)


def test_json_of_the_report_has_numbers(path):
    """Durations are milliseconds, not text."""
    found = orjson.loads(ote("report", path, "--sort", "total", "--json"))

    assert found["operations"][0]["total_ms"] == 12.3
    assert (found["records"], found["damaged"]) == (10, 1)


@pytest.mark.parametrize("command", ["tree", "report", "find"])
def test_colour_comes_when_it_is_asked_for(path, command):
    """A pipe is plain; FORCE_COLOR colours it, NO_COLOR is stronger; data brings no escape of its own."""
    assert "\x1b" not in ote(command, path)
    assert "\x1b[" in ote(command, path, FORCE_COLOR="1")
    assert "\x1b" not in ote(command, path, FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b[31m key" not in ote(command, path, FORCE_COLOR="1")


@pytest.mark.parametrize("command", ["tree", "report", "find"])
def test_an_empty_session_is_no_error(tmp_path, command):
    """There is just nothing in it."""
    (tmp_path / "session_a.jsonl").touch()

    assert ote(command, tmp_path).strip() in ("0 operations · 0 records", "0 records", "")


def test_a_stream_that_has_no_lines_to_draw_gets_plain_signs():
    """What its encoding lacks is replaced or escaped, never an error."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    screen = Screen(stream)

    screen.line(Part("├─ größe"))

    stream.flush()
    assert screen.is_ascii
    assert stream.buffer.getvalue() == b"|- gr\\xf6\\xdfe\n"
