"""The short way of a record gives the same line as filters and ``wire_of``, or leaves it to them."""

import copy
import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ote_logging import TRACE, Event, bind, session, span
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.formatters.json import JsonFormatter
from ote_logging.formatters.shortcut import Shortcut, shortcut_for
from ote_logging.formatters.wire import wire_of
from ote_logging.operations import SpanEnd, SpanStart
from ote_logging.schema import dump

CONTEXT, REDACT = ContextFilter(), RedactFilter()


def _trying(shortcut: Shortcut | None) -> Callable[[logging.LogRecord], dict[str, Any] | None]:
    """What a handler does: one that raises has not found the record ordinary."""
    assert shortcut is not None

    def short(record: logging.LogRecord) -> dict[str, Any] | None:
        try:
            return shortcut(record)
        except Exception:
            return None

    return short


SHORT = _trying(Shortcut(REDACT.redactor))
UNREDACTED = _trying(shortcut_for([CONTEXT], JsonFormatter()))
SILENT = logging.Logger("silent")
SILENT.addHandler(logging.NullHandler())
SECRET = "sk-ant-" + "api03-" + "aB3dE5gH7jK9" * 8

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=9)
    | st.datetimes()
    | st.decimals()
    | st.uuids()
    | st.sampled_from([Path("/a/b"), ValueError("boom"), object, SECRET, f"password={SECRET}", "\ud800"])
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["user_id", "region", "status", "event", "seq", "trace_id", "operation_", "path", "password", "_own"]
) | st.text(min_size=1, max_size=12)  # fmt: skip
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)
TEXTS = st.sampled_from(
    [
        "user saved rows", "TRACE: save -> validate (user=7, type=theme)", "TRACE: save -> FAILED at 178",
        "EVALUATION: save | duration=0.1s | success=True",
        "✅ END [2024-11-12T10:00:00] save (Duration: 0.1s)",
        "⏱️  START [2024-11-12T10:00:00] save", "password=tulip7", "100 %", "", "The end", "FAILED",
    ]
) | st.text(max_size=40)  # fmt: skip
TEMPLATES = st.sampled_from(
    [
        "user %s saved %s rows",
        "%s",
        "TRACE: %s -> %s",
        "%r=%r",
        "password=%s",
        "Bearer %s",
        "%d of %d",
        "%.2s",
        "%s %%",
        "TRACE: save -> check | rows=%s | kind=%s",
    ]
)
ARGUMENTS = st.lists(VALUES, max_size=2).map(tuple)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda text, fields: Event("order", text, **fields), TEXTS, FIELDS),
    st.builds(lambda path, fields: TRACE(path, **fields), st.sampled_from(["a -> b", "a", SECRET]), FIELDS),
    st.builds(lambda fields: SpanStart("save", {}, fields, 1.0), FIELDS),
    st.builds(lambda fields: SpanEnd("save", {"status": "ok", "duration_ms": 1.5}, fields, 1.0), FIELDS),
    st.builds(
        lambda text: SpanEnd("s", {"status": "error", "duration_ms": 1.5, "error_message": text}, {}, 1.0),
        TEXTS,
    ),
)
MESSAGES: st.SearchStrategy[tuple[Any, Any]] = st.one_of(
    st.tuples(TEXTS, st.none()),
    st.tuples(TEMPLATES, ARGUMENTS),
    st.tuples(st.just("by name %(user_id)s"), FIELDS.map(lambda fields: ({"user_id": 7, **fields},))),
    st.tuples(EVENTS, st.none()),
    st.tuples(VALUES, st.none()),
)
# What stands around a record, from the outside to the inside.
AROUND = st.lists(
    st.one_of(
        st.sampled_from(["save", "load", f"GET https://u:{SECRET}@h"]).map(
            lambda name: lambda: span(name, logger=SILENT)
        ),
        st.just(lambda: session("nightly")),
        FIELDS.map(lambda fields: lambda: bind(**{n: v for n, v in fields.items() if n != "self"})),
    ),
    max_size=3,
)


def _hidden(record: logging.LogRecord) -> None:
    record.__dict__["added"] = [1]


def _removed(record: logging.LogRecord) -> None:
    for name in list(record.__dict__)[-1:]:
        if name in ("user_id", "region"):
            del record.__dict__[name]


def _as_it_is(record: logging.LogRecord) -> None:
    return None


def _both_ways(record: logging.LogRecord) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    other = copy.copy(record)
    short = SHORT(record)
    CONTEXT.filter(other)
    REDACT.filter(other)
    return short, wire_of(other)


def _record(message: Any, args: Any, extra: dict[str, Any]) -> logging.LogRecord:
    record = logging.LogRecord("shop", 20, "/app/shop.py", 7, message, args, None, "save")
    for name, value in extra.items():
        record.__dict__.setdefault(name, value)
    return record


@given(MESSAGES, FIELDS, AROUND, st.sampled_from([_as_it_is, _hidden, _removed]))
@settings(max_examples=250, deadline=None)
def test_both_ways_give_the_same_line(
    said: tuple[Any, Any],
    extra: dict[str, Any],
    around: list[Callable[[], Any]],
    other_filter: Callable[[logging.LogRecord], None],
) -> None:
    """Whatever a record holds and wherever it is logged, the short way writes what the long one would."""
    with ExitStack() as inside:
        for scope in around:
            inside.enter_context(scope())
        record = _record(*said, extra)
        other_filter(record)
        short, long = _both_ways(record)

    assert short is None or dump(short) == dump(long)


@given(MESSAGES, FIELDS, AROUND)
@settings(max_examples=150, deadline=None)
def test_both_ways_are_the_same_without_redaction(
    said: tuple[Any, Any], extra: dict[str, Any], around: list[Callable[[], Any]]
) -> None:
    """Where nothing is to be hidden, nothing is."""
    with ExitStack() as inside:
        for scope in around:
            inside.enter_context(scope())
        record = _record(*said, extra)
        other = copy.copy(record)
        short = UNREDACTED(record)
        CONTEXT.filter(other)

        assert short is None or dump(short) == dump(wire_of(other))


@given(MESSAGES, FIELDS)
@settings(max_examples=120, deadline=None)
def test_who_declines_has_changed_nothing(said: tuple[Any, Any], extra: dict[str, Any]) -> None:
    """The filters meet a record that is left to them as the program made it."""
    record = _record(*said, extra)
    before = {name: value for name, value in record.__dict__.items()}
    short = SHORT(record)
    # What a text tells is remembered on the record, and is found anew by its text.
    after = {name: value for name, value in record.__dict__.items() if name != "_ote_event"}

    assert short is not None or (list(after) == list(before) and all(after[n] is before[n] for n in before))


ORDINARY: dict[str, Callable[[], logging.LogRecord]] = {
    "text": lambda: _record("saved", None, {}),
    "arguments": lambda: _record("user %s saved %d rows", ("alice", 3), {}),
    "extra": lambda: _record("saved", None, {"user_id": 7, "ratio": 0.5, "tags": ["a"]}),
    "marker": lambda: _record("TRACE: save -> check (n=1)", None, {}),
    "event": lambda: _record(TRACE("save -> check", n=1), None, {"rows": 2}),
    "span": lambda: _record(SpanEnd("save", {"status": "ok", "duration_ms": 1.0}, {"n": 1}, 1.0), None, {}),
}


def test_bound_fields_take_the_short_way() -> None:
    """Behind those of the caller, and again in the span inside."""
    with bind(request="r-17", ratio=0.5), span("save", logger=SILENT):
        for _ in range(2):
            short, long = _both_ways(_record("saved", None, {"user_id": 7}))

            assert short is not None
            assert dump(short) == dump(long)
            assert (short["request"], short["ratio"]) == ("r-17", 0.5)


def test_bound_secrets_are_left_to_the_long_way() -> None:
    """Also where a span that was cleared stands around the binding."""
    with span("save", logger=SILENT):
        assert SHORT(_record("saved", None, {})) is not None
        with bind(token=SECRET):
            assert SHORT(_record("saved", None, {})) is None
        assert SHORT(_record("saved", None, {})) is not None


class Governing(logging.Filter):
    """A filter that may touch every trace point, and the prompts of other events."""

    def governs(self, kind: type) -> frozenset[str] | None:
        return None if kind is TRACE else frozenset({"prompt"})


class Heir(Governing):
    """May do more than it inherits."""


def test_a_filter_that_governs_some_fields_of_events_keeps_the_short_way() -> None:
    """A class that inherits the answer may do more, and is not asked."""
    short = shortcut_for([CONTEXT, REDACT, Governing()], JsonFormatter())

    assert short is not None
    assert short(_record("saved", None, {"prompt": "x"})) is not None
    assert short(_record(Event("order", "placed", rows=1), None, {})) is not None
    assert short(_record(Event("order", "placed", prompt="x"), None, {})) is None
    assert short(_record(TRACE("a -> b"), None, {})) is None
    assert shortcut_for([CONTEXT, REDACT, Heir()], JsonFormatter()) is None


@pytest.mark.parametrize("make", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_records_take_the_short_way(make: Callable[[], logging.LogRecord]) -> None:
    """Inside a span as well; else the law above would say nothing."""
    with span("save", logger=SILENT):
        short, long = _both_ways(make())

    assert short is not None
    assert dump(short) == dump(long)


class Spoken(Event):
    """An event whose text is not made of its fields."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"password={SECRET}"


class Broken(Event):
    """An event that forgot to call the constructor."""

    __slots__ = ()

    def __init__(self) -> None:
        """Leave everything out."""


LEFT: dict[str, Callable[[], logging.LogRecord]] = {
    "secret": lambda: _record(f"used {SECRET}", None, {}),
    "secret argument": lambda: _record("password=%s", ("tulip7",), {}),
    "secret that is cut": lambda: _record("%.9s", (SECRET,), {}),
    "arguments by name": lambda: _record("%(password)s", ({"password": "x"},), {}),
    "printed argument": lambda: _record("%s", (object(),), {}),
    "bad arguments": lambda: _record("%d", ("x",), {}),
    "secret name": lambda: _record("saved", None, {"password": "x"}),
    "secret as a name": lambda: _record("saved", None, {SECRET: "x"}),
    "name that is no text": lambda: _record("saved", None, {7: "x"}),  # type: ignore[dict-item]
    "name of ours": lambda: _record("saved", None, {"trace_id": "x"}),
    "event of the program": lambda: _record(Spoken("spoken"), None, {}),
    "event that fails": lambda: _record(Broken(), None, {}),
    "dict": lambda: _record({"a": 1}, None, {}),
    "error": lambda: logging.makeLogRecord({"exc_info": (ValueError, ValueError("x"), None)}),
    "stack": lambda: logging.makeLogRecord({"stack_info": "x"}),
    "record of another class": lambda: type("Own", (logging.LogRecord,), {})(
        "n", 20, "p", 1, "m", None, None
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_not_ordinary_is_left_to_the_long_way(make: Callable[[], logging.LogRecord]) -> None:
    """Secrets, failures, and whatever runs code of the program."""
    assert SHORT(make()) is None


def test_a_secret_operation_is_left_to_the_long_way() -> None:
    """Its name stands on every record inside."""
    with span(f"GET https://u:{SECRET}@h", logger=SILENT):
        assert SHORT(_record("saved", None, {})) is None
        assert SHORT(_record(TRACE("a -> b"), None, {})) is None
