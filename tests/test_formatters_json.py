"""A record as one JSON line: the wire format, and what python-json-logger's options ask for."""

import json
import logging
import sys
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter as PythonJsonFormatter
from written import Written, line_of

from ote_logging.context import bind, current
from ote_logging.events import TRACE, Event
from ote_logging.formatters import JsonFormatter
from ote_logging.formatters import wire as ways
from ote_logging.schema import KEYS, decode
from ote_logging.spans import span

ALWAYS = ["timestamp", "level", "logger", "message", "event"]


def record_of(message: object, *args: object, **attributes: Any) -> logging.LogRecord:
    """Return the record of a call at 10:00 on 12 November 2024, UTC."""
    record = logging.LogRecord("shop", logging.INFO, "/srv/shop.py", 17, str(message), args, None, "save")
    record.msg, record.created, record.msecs = message, 1731405600.25, 250.0
    record.relativeCreated = 0.0
    record.__dict__.update(attributes)
    return record


def wire(record: logging.LogRecord) -> dict[str, Any]:
    """Return the object of the line."""
    found: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return found


def exc_info() -> Any:
    """Return the ``exc_info`` of an error that was raised."""
    try:
        raise ValueError("boom")
    except ValueError:
        return sys.exc_info()


def test_an_ordinary_record_has_the_keys_that_are_always_there() -> None:
    """In the order of the table, with the values of the record."""
    found = wire(record_of("saved %d", 3))

    assert list(found)[:5] == ALWAYS
    assert found | {
        "timestamp": "2024-11-12T10:00:00.250000Z", "level": "INFO", "logger": "shop", "message": "saved 3",
        "event": "log", "seq": 1, "session_id": current().session_id, "file": "/srv/shop.py", "line": 17,
        "function": "save", "thread": "MainThread",
    } == found  # fmt: skip
    assert found.keys() <= KEYS.keys()


def test_absent_ids_are_absent() -> None:
    """Not null."""
    assert {"trace_id", "span_id", "parent_id", "operation", "path", "status", "task"}.isdisjoint(
        wire(record_of("x"))
    )
    assert None not in wire(record_of("x")).values()


def test_lines_are_numbered() -> None:
    """1, 2, 3 …"""
    formatter = JsonFormatter()

    assert [json.loads(formatter.format(record_of("x")))["seq"] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("created", "text"),
    [(0.0, "1970-01-01T00:00:00.000000Z"), (1731405600.0, "2024-11-12T10:00:00.000000Z"),
     (1731405599.999999, "2024-11-12T09:59:59.999999Z"), (1731405600.000001, "2024-11-12T10:00:00.000001Z"),
     (4102444800.5, "2100-01-01T00:00:00.500000Z")],
)  # fmt: skip
def test_a_timestamp_is_utc_with_microseconds(created: float, text: str) -> None:
    """RFC 3339; within a microsecond of the record, as far as a float tells it."""
    found = wire(record_of("x", created=created))["timestamp"]

    assert found[:19] == text[:19]
    assert abs(int(found[20:26]) - int(text[20:26])) <= 1
    assert found.endswith("Z")


def test_fields_stand_flat_beside_the_keys() -> None:
    """With their types."""
    found = wire(record_of("x", user=7, share=0.5, tags=["a"], nested={"b": None}, ok=True))

    assert {k: found[k] for k in ("user", "share", "tags", "nested", "ok")} == {
        "user": 7, "share": 0.5, "tags": ["a"], "nested": {"b": None}, "ok": True
    }  # fmt: skip


@pytest.mark.parametrize("name", ["status", "event", "timestamp", "seq", "span_id", "path", "line", "file"])
def test_a_field_that_collides_gets_a_mark(ote: Written, name: str) -> None:
    """A trailing ``_``, from extra, event and binding alike; it loses it when read."""
    log = logging.getLogger("shop")
    log.info("extra", extra={name: "mine"})
    log.info(Event("event", **{name: "mine"}))
    with bind(**{name: "mine"}):
        log.info("bound")

    assert [entry.wire[name + "_"] for entry in ote.entries()] == ["mine"] * 3
    assert [entry.fields for entry in ote.entries()] == [{name: "mine"}] * 3


def test_a_mapping_as_message_gives_fields() -> None:
    """As python-json-logger takes it."""
    found = wire(record_of({"rows": 3, "status": "new"}))

    assert (found["rows"], found["status_"]) == (3, "new")


def test_an_exception_is_told_in_keys_and_as_data() -> None:
    """Type, message, line and source beside traceback and object."""
    found = wire(record_of("failed", exc_info=exc_info()))

    assert (found["error_type"], found["error_message"]) == ("ValueError", "boom")
    assert found["line_number"] == line_of(exc_info, 'raise ValueError("boom")')
    assert found["code_context"] == 'raise ValueError("boom")'
    assert found["traceback"].endswith("ValueError: boom")
    assert found["exception"]["frames"][-1]["function"] == "exc_info"
    assert len(found["exception"]["fingerprint"]) == 16


def test_arguments_that_do_not_fit_are_kept() -> None:
    """Message and arguments, with the error."""
    message = wire(record_of("saved %d rows", "three"))["message"]

    assert "saved %d rows" in message
    assert "three" in message


keys = st.text() | st.integers() | st.none()
hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes()
    | st.decimals() | st.uuids() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner),
    max_leaves=10,
)  # fmt: skip


@given(hostile, st.text().filter(lambda name: name not in ("", *vars(record_of("x")))))
def test_whatever_is_logged_is_one_strict_line(value: object, name: str) -> None:
    """Three readers accept it, and agree."""
    for record in (
        record_of("x", **{name: value}),
        record_of(TRACE("save", **{name: value})),
        record_of(value),
    ):
        line = JsonFormatter().line(record, 1)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert json.loads(line) == orjson.loads(line) == msgspec.json.decode(line)


@pytest.mark.parametrize("size", [10_000, 100_000, 3_000_000])
def test_a_line_has_a_bound(size: int) -> None:
    """A longer one keeps its keys; what was cut says its true size."""
    line = JsonFormatter(max_line_bytes=8192).line(record_of("x" * size, user=7), 1)
    entry = decode(line)

    assert len(line) <= 8192
    assert (entry.level, entry.seq, entry.fields["user"]) == ("INFO", 1, 7)
    assert str(size) in entry.message


def test_a_line_of_many_long_fields_keeps_its_bound() -> None:
    """However many there are."""
    fields = {f"field_{number}": "x" * 1000 for number in range(1000)}
    line = JsonFormatter(max_line_bytes=8192).line(record_of("x", **fields), 1)

    assert len(line) <= 8192
    assert decode(line).seq == 1


OPTIONS: dict[str, dict[str, Any]] = {
    "fmt": {"fmt": "%(levelname)s %(message)s"},
    "style": {"fmt": "{levelname} {message}", "style": "{"},
    "comma": {"fmt": "levelname,message", "style": ","},
    "sequence": {"fmt": ["levelname", "message"]},
    "rename": {"fmt": "%(levelname)s", "rename_fields": {"levelname": "LEVEL"}},
    "static": {"static_fields": {"service": "shop"}},
    "defaults": {"defaults": {"region": "eu"}},
    "reserved": {"reserved_attrs": ["msg", "args"]},
    "timestamp": {"timestamp": True},
    "named timestamp": {"timestamp": "at"},
    "prefix": {"prefix": "@cee:"},
    "indent": {"json_indent": 2},
    "ascii": {"json_ensure_ascii": False},
    "array": {"exc_info_as_array": True, "stack_info_as_array": True},
    "datefmt": {"fmt": "%(asctime)s", "datefmt": "%Y"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("message", ["ordinary ä", {"rows": 3}], ids=["text", "mapping"])
def test_an_option_does_what_python_json_logger_documents(options: dict[str, Any], message: object) -> None:
    """The same line as from that library, character by character."""
    lines = [
        make(**options).format(record_of(message, user=7, exc_info=exc_info(), stack_info="stack"))
        for make in (JsonFormatter, PythonJsonFormatter)
    ]

    assert lines[0] == lines[1]


def test_a_value_that_python_json_logger_refuses_is_written() -> None:
    """A record is never lost to a value."""

    class Broken:
        def __str__(self) -> str:
            raise ValueError("no")

        __repr__ = __str__

    found = json.loads(JsonFormatter("%(message)s").format(record_of("x", value=Broken(), other=3)))

    assert (found["message"], found["other"]) == ("x", 3)


def test_the_formatter_leaves_the_record_as_it_is() -> None:
    """Other handlers still need it."""
    record = record_of("saved %d", 3, user={"a": 1})
    before = {name: value for name, value in vars(record).items() if not name.startswith("_")}
    JsonFormatter().format(record)

    assert {name: value for name, value in vars(record).items() if not name.startswith("_")} == before


def test_the_short_way_and_the_long_way_write_the_same_line(ote: Written) -> None:
    """A handler with our filters passes ordinary records by a short way; what is written is the same."""
    lines: list[dict[str, Any]] = []

    class Long(logging.Handler):
        """Formats what the filters of the session have prepared."""

        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    session, long = logging._handlers["session"], Long()  # type: ignore[attr-defined]  # getHandlerByName: 3.12
    long.filters = list(session.filters)
    logging.root.handlers = [session, long]
    log = logging.getLogger("shop")
    with bind(user=7, status="new"), span("save", rows=3):
        log.info("saved %d of %s", 3, "ä")
        log.info("password=hunter2hunter2", extra={"event": 1, "share": float("nan")})
        log.debug("TRACE: save -> check (n=3)")
        log.debug(TRACE("save -> check", n=3))
        log.info({"a": 1})
        log.info("bad %d", "x")
        log.error("failed", exc_info=exc_info(), stack_info=True)

    written = [{**entry.wire, "seq": 0} for entry in ote.entries()]
    assert written == [{**line, "seq": 0} for line in lines]


def test_a_time_of_the_first_minute_is_written() -> None:
    """No time is taken for one that was written before, even where nothing was."""
    ways._minute = (float("inf"), "")

    assert ways.timestamp(1.5) == "1970-01-01T00:00:01.500000Z"


def test_a_line_in_the_names_of_opentelemetry() -> None:
    """With ``semconv`` a model call has the names of the GenAI conventions; other lines stay as they are."""
    formatter = JsonFormatter(semconv=True)
    call = Event("llm_interaction", "asked", model="gpt-4o-mini", tokens_in=7)

    asked = json.loads(formatter.format(logging.makeLogRecord({"msg": call})))
    other = json.loads(formatter.format(logging.makeLogRecord({"msg": "hello", "model": "T"})))

    assert asked["gen_ai.request.model"] == "gpt-4o-mini"
    assert asked["gen_ai.usage.input_tokens"] == 7
    assert other["model"] == "T"
