"""Messages that machines can read, and the reading of those that programs already write."""

import copy
import logging
import pickle
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from written import Written

from ote_logging.context import current
from ote_logging.events import TRACE, Event
from ote_logging.markers import parse
from ote_logging.schema import EVENTS
from ote_logging.spans import span

log = logging.getLogger(__name__)

AT = "[2024-11-12T10:00:00]"
POINT = {"event": "trace_point"}
FAILED_SAVE = {**POINT, "path": ["save"], "operation": "save", "status": "error", "error_message": "boom"}
BOOM = {"duration_ms": pytest.approx(123.0), "error_message": "boom"}

EXISTING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("TRACE: save_preference -> validation_failed | user_id is required",
     {**POINT, "path": ["save_preference", "validation_failed"], "operation": "save_preference"}, {}),
    ("TRACE: save -> validate (user=7, type=theme)",
     {**POINT, "path": ["save", "validate"], "operation": "save"}, {"user": 7, "type": "theme"}),
    ("TRACE: save → FAILED | user=7 | type=theme | error=boom", FAILED_SAVE, {"user": 7, "type": "theme"}),
    ("TRACE: save_preference -> FAILED at 178 | Error: boom",
     {**FAILED_SAVE, "path": ["save_preference"], "operation": "save_preference", "line_number": 178}, {}),
    ("TRACE: UserPreferenceTool.save -> saved to DB",
     {**POINT, "path": ["UserPreferenceTool.save", "saved to DB"], "operation": "UserPreferenceTool.save"},
     {}),
    ("EVALUATION: save_preference | duration=0.123s | success=True",
     {"event": "evaluation", "operation": "save_preference", "status": "ok", "duration_ms": 123.0},
     {"duration": "0.123s", "success": True}),
    (f"⏱️  START {AT} user_preference_save", {"event": "span_start", "operation": "user_preference_save"}, {}),
    (f"✅ END {AT} user_preference_save (Duration: 0.123s)",
     {"event": "span_end", "operation": "user_preference_save", "status": "ok", "duration_ms": 123.0}, {}),
    (f"❌ FAILED {AT} user_preference_save (Duration: 0.123s) Error: boom",
     {"event": "span_end", "operation": "user_preference_save", "status": "error", "duration_ms": 123.0,
      "error_message": "boom"}, {}),
]  # fmt: skip
"""The texts of existing programs, with the keys and fields that they give."""

KEYS = ("path", "operation", "status", "duration_ms", "error_message", "line_number")

TYPED: list[tuple[str, object]] = [
    ("7", 7), ("-7", -7), ("0", 0), ("0.5", 0.5), ("-1e-3", -0.001), ("1E3", 1000.0), ("True", True),
    ("False", False), ("None", None), ("theme", "theme"), ("true", "true"), ("007", "007"), ("7.", "7."),
    ("1_000", "1_000"), ("0x10", "0x10"), ("nan", "nan"), ("1.2.3", "1.2.3"), ("", ""), ("'7'", "7"),
    ('"a b"', "a b"), ("a=b", "a=b"), ("2024-11-12", "2024-11-12"), (str(2**63 - 1), 2**63 - 1),
    (str(-(2**63)), -(2**63)), ("9" * 400, "9" * 400), ("٣", "٣"),
]  # fmt: skip
"""How a value is written, and what it is."""

ORDINARY = [
    "", " ", "TRACE", "TRACE:", "TRACE: ", "TRACE: -> a", "TRACE: a ->", "TRACE: a -> -> b",
    "TRACE: FAILED", "TRACE: (a=1)", "TRACE: | a=1", "TRACE a -> b", "TRACES: a -> b", "trace: a -> b",
    "Trace: a -> b", "the TRACE: a -> b", "> TRACE: a -> b", "a -> b", "EVALUATION:", "EVALUATION: save",
    "EVALUATION: | a=1", "EVALUATION: save | done", "Evaluation: save | a=1", "START engine",
    "END of file reached", "FAILED badly", "START [now] save", "START [] save", f"START {AT}",
    f"START {AT} ", f"start {AT} save", f"STARTED {AT} save", f"END {AT} save",
    f"END {AT} save (Duration: soon)", f"END {AT} (Duration: 1s)", f"FAILED {AT} save Error: a",
    f"RESTART {AT} save", "\n", "⏱️", "⏱️ started",
]  # fmt: skip
"""What has no marker, or is malformed."""


def keys_of(event: Event) -> dict[str, Any]:
    """Return the event's name and what it says of the table."""
    return {"event": event.event, **event.keys}


def fields_of(event: Event) -> dict[str, Any]:
    """Return the event's fields but for the error, which is a key of the table."""
    return {name: value for name, value in event.fields.items() if name != "error"}


@pytest.mark.parametrize(("text", "keys", "fields"), EXISTING, ids=[text[:40] for text, *_ in EXISTING])
def test_existing_text_is_understood(text: str, keys: dict[str, Any], fields: dict[str, Any]) -> None:
    """Each example gives its event, its keys and its typed fields, and says itself unchanged."""
    event = parse(text)

    assert event is not None
    assert (keys_of(event), fields_of(event), str(event)) == (keys, fields, text)


@pytest.mark.parametrize(("text", "keys", "fields"), EXISTING, ids=[text[:40] for text, *_ in EXISTING])
def test_existing_text_reaches_the_line(
    ote: Written, text: str, keys: dict[str, Any], fields: dict[str, Any]
) -> None:
    """A program that never heard of us writes the same keys and fields as structured data."""
    log.debug("%s", text)
    entry = ote.one()

    assert {key: entry.wire[key] for key in ("event", *KEYS) if key in entry.wire} == keys
    assert fields.items() <= entry.fields.items()
    assert entry.message == text


@pytest.mark.parametrize("arrow", ["->", "→", "â†’", " -> ", "  →  "])
@pytest.mark.parametrize(
    "emoji", ["", "🔍 ", "⏱️  ", "âœ… ", "\t "], ids=["none", "one", "wide", "cp1252", "tab"]
)
def test_each_arrow_separates_the_steps(arrow: str, emoji: str) -> None:
    """Also as UTF-8 read as cp1252 shows it, with or without white space and emoji."""
    event = parse(f"{emoji}TRACE: save{arrow}check{arrow}encrypt")

    assert event is not None
    assert event.keys["path"] == ["save", "check", "encrypt"]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_path_has_any_number_of_steps(count: int) -> None:
    """One step is a path as well."""
    steps = [f"step {number}" for number in range(count)]
    event = parse("TRACE: " + " -> ".join(steps))

    assert event is not None
    assert event.keys["path"] == steps


@pytest.mark.parametrize(("written", "value"), TYPED, ids=[written[:20] for written, _ in TYPED])
@pytest.mark.parametrize("form", ["TRACE: save (value={})", "TRACE: save | value={}"], ids=["group", "bar"])
def test_a_value_gets_its_type(form: str, written: str, value: object) -> None:
    """Numbers, truth values and None as Python writes them; whatever else is text."""
    event = parse(form.format(written))

    assert event is not None
    found = event.fields["value"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "path", "fields"),
    [
        ("TRACE: save -> check (rule=a->b)", ["save", "check"], {"rule": "a->b"}),
        ("TRACE: save -> check (rule=a -> b, user=7)", ["save", "check"], {"rule": "a -> b", "user": 7}),
        ("TRACE: save -> check | rule=a -> b | user=7", ["save", "check"], {"rule": "a -> b", "user": 7}),
        ("TRACE: save -> check | wrote a → b", ["save", "check"], {}),
        ("TRACE: save -> call f(a -> b)", ["save", "call f(a -> b)"], {}),
        ("TRACE: save -> check (rule='a -> (b)')", ["save", "check"], {"rule": "a -> (b)"}),
        ("TRACE: save -> check (rule='a, b=c')", ["save", "check"], {"rule": "a, b=c"}),
    ],
)
def test_arrows_inside_values_do_no_harm(text: str, path: list[str], fields: dict[str, Any]) -> None:
    """What an f-string brings into a value stays in that value."""
    event = parse(text)

    assert event is not None
    assert (event.keys["path"], event.fields) == (path, fields)


def test_an_error_may_hold_the_separator() -> None:
    """What follows the bar in an error's text is still that text, unless it is a field."""
    event = parse("TRACE: save -> FAILED | Error: a | b | user=7")

    assert event is not None
    assert (event.keys["error_message"], event.fields["user"]) == ("a | b", 7)


@pytest.mark.parametrize("number", ["178", "line 178"])
def test_a_failure_may_say_its_line(number: str) -> None:
    """FAILED is a status, never a step."""
    event = parse(f"TRACE: save -> encrypt -> FAILED at {number}")

    assert event is not None
    assert event.keys["path"] == ["save", "encrypt"]
    assert (event.keys["status"], event.keys["line_number"]) == ("error", 178)


def test_a_failed_evaluation_is_an_error() -> None:
    """``success=False`` and ``error=`` tell the outcome."""
    event = parse("EVALUATION: save | duration=12ms | success=False | error=boom")

    assert event is not None
    assert (event.keys["status"], event.keys["duration_ms"]) == ("error", 12.0)
    assert event.keys["error_message"] == "boom"


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_malformed_stays_an_ordinary_message(ote: Written, text: str) -> None:
    """It is written whole, as the event ``log``, with nothing read out of it."""
    log.debug("%s", text)
    entry = ote.one()

    assert (entry.event, entry.message, entry.fields) == ("log", text, {})
    assert [key for key in KEYS if entry.get(key) is not None] == []


@given(st.text())
@example("TRACE: " + "(" * 10_000)
@example("TRACE: a | " + "x=" * 10_000)
@example(f"END {AT} " + "(Duration: " * 5_000)
@example(f"END {AT} save (Duration: {'9' * 400}s)")
@example(f"END {AT} save (Duration: ٣s)")
@example("TRACE: a -> FAILED at ٣")
@example("\ud800TRACE: \ud800")
def test_no_text_makes_the_parser_raise(text: str) -> None:
    """Whatever follows a marker."""
    for marker in ("", "TRACE: ", "EVALUATION: ", f"START {AT} ", f"END {AT} ", f"FAILED {AT} "):
        event = parse(marker + text)
        assert event is None or str(event) == marker + text


PIECES = [
    "TRACE: ",
    "->",
    "→",
    "â†’",
    "FAILED",
    " at 1",
    " | ",
    "a=1",
    "(",
    ")",
    ", ",
    "Error: ",
    "'",
    "x",
    "=",
    " ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_mixture_of_its_own_marks_makes_the_parser_raise(text: str) -> None:
    """A path is never empty and holds no empty step."""
    event = parse("TRACE: " + text)

    assert event is None or all(event.keys["path"])


@pytest.mark.parametrize(
    "text",
    ["TRACE: " + "a(" * 200_000, "TRACE: a (" + "b=1, " * 100_000 + ")", "TRACE: a" + " | b=c" * 100_000,
     "TRACE: a" + " -> b" * 100_000, "⏱️ " * 200_000, f"END {AT} " + "a (Duration: 1s" * 50_000,
     f"END {AT} " + "a (Duration: 1s) Error" * 50_000, "TRACE: a (" + "b='" * 100_000 + ")"],
    ids=["open", "group", "bars", "steps", "emoji", "duration", "ends", "quotes"],
)  # fmt: skip
def test_hostile_text_costs_linear_time(text: str) -> None:
    """Hundreds of kilobytes are read in well under a second."""
    began_s = time.perf_counter()
    parse(text)

    assert time.perf_counter() - began_s < 1.0


words = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_./:- äß", min_size=1).map(str.strip).filter(bool)
steps = words.filter(lambda step: not step.startswith("FAILED") and "->" not in step)
names = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True).filter(lambda name: name != "error")
simple = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | words
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip


@given(st.lists(steps, min_size=1, max_size=5), st.dictionaries(names, simple, max_size=5))
@example(["save"], {"user": "True"})
@example(["save"], {"user": "None"})
@example(["save"], {"user": "7"})
@example(["save"], {"user": 2**63 - 1})
@example(["save"], {"text": "a, b=c"})
def test_a_trace_point_reads_as_it_was_written(path: list[str], fields: dict[str, Any]) -> None:
    """The text of a TRACE gives back its path, and each simple field with its value and type."""
    point = TRACE(" -> ".join(path), **fields)
    read = parse(str(point))

    assert read is not None
    assert read.keys["path"] == path == point.keys["path"]
    assert {name: (type(value), value) for name, value in read.fields.items()} == {
        name: (type(value), value) for name, value in fields.items()
    }


def test_a_trace_point_keeps_typed_fields(ote: Written) -> None:
    """Fields reach the line as they are; text and event give the same keys."""
    log.debug(TRACE("save -> encrypt", kind="theme", sizes=[1, 2], share=0.5))
    entry = ote.one(event="trace_point")

    assert (entry.path, entry.operation) == (["save", "encrypt"], "save")
    assert entry.fields == {"kind": "theme", "sizes": [1, 2], "share": 0.5}


def test_a_trace_point_may_fail() -> None:
    """FAILED as the last step and a field ``error`` are read as in text."""
    assert TRACE("save -> FAILED at 178", error=ValueError("boom")).keys == {
        "path": ["save"], "operation": "save", "status": "error", "line_number": 178, "error_message": "boom"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["self", "path", "event", "text", "fields", "keys"])
def test_a_field_may_have_any_name(name: str) -> None:
    """No parameter of ours takes a name away from the fields."""
    assert TRACE("save", **{name: 7}).fields == {name: 7}
    assert Event("order_placed", "text", **{name: 7}).fields == {name: 7}


def test_inside_a_span_the_operation_is_that_of_the_span(ote: Written) -> None:
    """A trace point by text or by event belongs to the span around it."""
    with span("save"):
        ids = current().span_id
        log.debug("TRACE: check -> fine")
        log.debug(TRACE("check -> fine"))

    points = ote.entries(event="trace_point")
    assert [(p.operation, p.span_id, p.path) for p in points] == [("save", ids, ["check", "fine"])] * 2


def test_a_text_of_start_and_end_lies_below_the_span_around_it(ote: Written) -> None:
    """It has no span id of its own; the span around it is its parent."""
    with span("save"):
        outer = current().span_id
        log.info(f"START {AT} check")
        log.info(f"END {AT} check (Duration: 0.5s)")

    for entry in ote.entries(operation="check"):
        assert (entry.span_id, entry.parent_id) == (None, outer)


def test_an_event_of_the_program_is_a_message(ote: Written) -> None:
    """It has its own name and text; without a text people read name and fields."""
    log.info(Event("order_placed", "order 17 placed", amount=3))
    log.info(Event("order_paid", amount=3, by="bank card"))

    placed, paid = ote.one(event="order_placed"), ote.one(event="order_paid")
    assert (placed.message, placed.fields) == ("order 17 placed", {"amount": 3})
    assert paid.message == "order_paid (amount=3, by='bank card')"


def test_any_formatter_prints_an_event() -> None:
    """``str`` of an event is the line for people, and so ``%(message)s``."""
    record = logging.makeLogRecord({"msg": TRACE("save -> encrypt", kind="theme", size=3)})

    assert logging.Formatter("%(message)s").format(record) == "TRACE: save -> encrypt (kind=theme, size=3)"


EVENTS_TO_COPY = [Event("paid", "text", amount=3), TRACE("save -> check", n=3), parse(EXISTING[0][0])]
COPIES = [copy.copy, copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))]


@pytest.mark.parametrize("make", COPIES, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("event", EVENTS_TO_COPY, ids=["event", "trace", "text"])
def test_an_event_can_be_copied_and_sent(make: Callable[[Any], Any], event: Event) -> None:
    """A queue to another process takes it."""
    copied = make(event)

    assert (str(copied), copied.event) == (str(event), event.event)
    assert (dict(copied.keys), dict(copied.fields)) == (dict(event.keys), dict(event.fields))


def test_making_an_event_reads_nothing_of_it() -> None:
    """A trace point that nobody wants does not ask its values for anything."""

    class Untouchable:
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    logging.getLogger("silent").setLevel("INFO")
    logging.getLogger("silent").debug(TRACE("save", value=Untouchable()))


def test_a_value_that_cannot_be_shown_does_not_break_the_line() -> None:
    """Its text says so."""

    class Broken:
        def __str__(self) -> str:
            raise ValueError("no")

        __repr__ = __str__

    assert "Broken" in str(TRACE("save", value=Broken()))
    assert "Broken" in str(Event("save", value=Broken()))


def test_no_duration_is_infinite(ote: Written) -> None:
    """Four hundred digits are no time that JSON could write."""
    log.info(f"END {AT} save (Duration: {'9' * 400}s)")

    assert "duration_ms" not in ote.one().wire


def test_the_events_of_existing_text_are_in_the_table() -> None:
    """A reader finds every event name that the parser gives."""
    assert {keys["event"] for _, keys, _ in EXISTING} <= EVENTS
