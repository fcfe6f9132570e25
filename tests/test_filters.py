"""Filters on handlers: whose a record is, and what it must not say."""

import contextlib
import copy
import io
import logging
import logging.handlers
import pickle
import queue
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter as PythonJsonFormatter
from written import Written

from ote_logging.context import bind, current, session
from ote_logging.events import TRACE, Event
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.formatters import JsonFormatter, TraceFormatter
from ote_logging.spans import observe, span

SECRET = "hunter2-" + "q9Xw7Lk2" * 3
NO_EXTRAS = {"password": "", "data": ""}
IDS = "%(session_id)s|%(trace_id)s|%(span_id)s|%(parent_id)s|%(operation)s|%(message)s"

FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {
    "plain": lambda: logging.Formatter("%(message)s %(args)s %(password)s %(data)s", defaults=NO_EXTRAS),
    "pythonjsonlogger": PythonJsonFormatter,
    "wire": JsonFormatter,
    "as pythonjsonlogger": lambda: JsonFormatter("%(message)s %(args)s"),
    "trace": lambda: TraceFormatter(colour=False),
}  # fmt: skip


class Sink:
    """A logger with one handler, and what that wrote."""

    def __init__(self, formatter: logging.Formatter, *filters: logging.Filter) -> None:
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter)
        for each in filters:
            handler.addFilter(each)
        self.logger = logging.getLogger("sink")
        self.logger.handlers, self.logger.propagate = [handler], False
        self.logger.setLevel("DEBUG")

    def text(self) -> str:
        """Return all that was written."""
        return self.stream.getvalue()


def said(sink: Sink) -> list[str]:
    """Return the columns of the only line."""
    (line,) = sink.text().splitlines()
    return line.split("|")


def test_the_plain_formatter_sees_the_ids() -> None:
    """Under format strings of any program; empty text where there is none."""
    sink = Sink(logging.Formatter(IDS), ContextFilter())
    sink.logger.info("outside")

    assert said(sink) == [current().session_id, "", "", "", "", "outside"]


def test_the_plain_formatter_sees_the_ids_of_a_span() -> None:
    """Those of the caller's context."""
    sink = Sink(logging.Formatter(IDS), ContextFilter())
    with session("nightly"), span("save", level=logging.CRITICAL), span("encrypt", level=logging.CRITICAL):
        here = current()
        sink.logger.info("inside")

    assert said(sink) == ["nightly", here.trace_id, here.span_id, here.parent_id, "encrypt", "inside"]


def test_a_record_is_marked_once() -> None:
    """The first filter that meets it tells whose it is; another handler elsewhere changes nothing."""
    record = logging.makeLogRecord({"msg": "x"})
    with session("first"):
        ContextFilter().filter(record)
    with session("second"):
        ContextFilter().filter(record)

    assert record.__dict__["session_id"] == "first"


def test_a_queue_of_the_standard_library_keeps_the_context(ote: Written) -> None:
    """Our filters on the queue's handler fix ids and fields in the emitting thread."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    front = logging.handlers.QueueHandler(records)
    front.addFilter(ContextFilter())
    front.addFilter(RedactFilter())
    listener = logging.handlers.QueueListener(records, *logging.root.handlers)
    logging.root.handlers = [front]
    listener.start()
    with session("nightly"), bind(user=7), span("save"):
        here = current()
        logging.getLogger("shop").info("TRACE: save -> check (n=%d)", 3, extra={"password": SECRET})
    listener.stop()

    entry = ote.one(event="trace_point")
    assert (entry.session_id, entry.span_id, entry.operation) == ("nightly", here.span_id, "save")
    assert entry.fields == {"user": 7, "n": 3, "password": "[REDACTED:key]"}


def test_a_marked_record_travels_to_another_process() -> None:
    """It can be pickled, and tells the same there."""
    record = logging.makeLogRecord({"msg": TRACE("save -> check", n=3)})
    with session("nightly"), bind(user=7), span("save", level=logging.CRITICAL):
        ContextFilter().filter(record)
    came = pickle.loads(pickle.dumps(record))

    assert JsonFormatter().format(came) == JsonFormatter().format(record)


COLLIDING = ["status", "status_", "event", "session_id", "trace_id", "operation", "seq", "file", "path"]


@pytest.mark.parametrize("name", COLLIDING)
def test_an_extra_may_be_called_like_a_key(ote: Written, name: str) -> None:
    """It reaches the line and is read back under its own name, and hides nothing."""
    with span("save"):
        logging.getLogger("shop").info("hello", extra={name: "mine"})
    entry = ote.one(event="log")

    assert entry.fields == {name: "mine"}
    assert (entry.operation, entry.session_id, entry.message) == ("save", current().session_id, "hello")


@pytest.mark.parametrize(
    "name", [*COLLIDING, "name", "args", "msg", "message", "levelname", "exc_info", "asctime"]
)
def test_a_bound_field_may_be_called_like_anything(ote: Written, name: str) -> None:
    """Also like an attribute of LogRecord, which ``extra`` would refuse."""
    with bind(**{name: "mine"}):
        logging.getLogger("shop").info("hello %s", "you")

    assert ote.one().fields == {name: "mine"}
    assert (ote.one().message, ote.one().logger) == ("hello you", "shop")


def test_what_the_caller_says_wins_over_what_is_bound(ote: Written) -> None:
    """``extra`` is nearer."""
    with bind(user=1, theme="dark"):
        logging.getLogger("shop").info("hello", extra={"user": 2})

    assert ote.one().fields == {"user": 2, "theme": "dark"}


class Account:
    """An object of the program that shows a secret."""

    def __repr__(self) -> str:
        return f"Account(password={SECRET!r})"


def in_message(log: logging.Logger) -> None:
    """Say it."""
    log.info(f"password={SECRET}")


def in_argument(log: logging.Logger) -> None:
    """Pass it."""
    log.info("password=%s for %s", SECRET, "ann")


def in_named_argument(log: logging.Logger) -> None:
    """Pass it by name."""
    log.info("login %(password)s", {"password": f"password={SECRET}"})


def in_object(log: logging.Logger) -> None:
    """Pass an object that shows it."""
    log.info("account %s", Account())


def in_extra(log: logging.Logger) -> None:
    """Add it."""
    log.info("login", extra={"password": SECRET})


def in_nested_extra(log: logging.Logger) -> None:
    """Add it, deep inside."""
    log.info("login", extra={"data": {"users": [{"api_key": SECRET}], "text": f"password={SECRET}"}})


def in_object_of_extra(log: logging.Logger) -> None:
    """Add an object that shows it."""
    log.info("login", extra={"data": Account()})


def in_object_of_event(log: logging.Logger) -> None:
    """Make an object that shows it a field."""
    log.info(TRACE("save -> login", data=Account()))
    log.info(Event("login", data=Account()))


def in_nested_object(log: logging.Logger) -> None:
    """Add an object that shows it, deep inside."""
    log.info("login", extra={"data": {"accounts": [Account()]}})


def in_event(log: logging.Logger) -> None:
    """Make it a field."""
    log.info(TRACE("save -> login", password=SECRET, data={"token": SECRET}))
    log.info(Event("login", f"password={SECRET}", data=[{"secret": SECRET}]))


def in_mapping(log: logging.Logger) -> None:
    """Log a mapping, as python-json-logger takes it."""
    log.info({"password": SECRET, "data": {"api_key": SECRET}})


def in_trace_text(log: logging.Logger) -> None:
    """Write it as a field of a trace point."""
    log.info(f"TRACE: save -> login (user=7, password={SECRET})")


def in_exception(log: logging.Logger) -> None:
    """Raise it."""
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        log.exception("failed")


def in_cause_and_note(log: logging.Logger) -> None:
    """Raise from it, and note it."""
    try:
        try:
            raise KeyError(f"password={SECRET}")
        except KeyError as error:
            failure = ValueError("outer")
            failure.add_note(f"api_key: {SECRET}")
            raise failure from error
    except ValueError:
        log.exception("failed")


def in_source_line(log: logging.Logger) -> None:
    """Raise in a line that holds it."""
    namespace = {"log": log}
    try:
        exec(
            compile(f"\npassword = '{SECRET}'; raise ValueError('x')", __file__ + "-none", "exec"), namespace
        )
    except ValueError:
        log.exception("failed")


def in_stack(log: logging.Logger) -> None:
    """Show the stack."""
    log.info(f"password={SECRET}", stack_info=True)


def in_bound_field(log: logging.Logger) -> None:
    """Bind it."""
    with bind(password=SECRET):
        log.info("login")


def in_span(log: logging.Logger) -> None:
    """Make it a field of a span that fails."""
    try:
        with span("login", logger=log, password=SECRET):
            raise ValueError(f"password={SECRET}")
    except ValueError:
        log.info("survived")


def in_arguments(log: logging.Logger) -> None:
    """Capture it as an argument and as a result."""
    observe("login", logger=log, args=True, result=True)(lambda password, data: data)(
        SECRET, {"token": SECRET}
    )


PLACES = [
    in_message,
    in_argument,
    in_named_argument,
    in_object,
    in_extra,
    in_nested_extra,
    in_nested_object,
    in_object_of_extra,
    in_object_of_event,
    in_event,
    in_mapping,
    in_trace_text,
    in_exception,
    in_cause_and_note,
    in_source_line,
    in_stack,
    in_bound_field,
    in_span,
    in_arguments,
]  # fmt: skip


@pytest.mark.parametrize("make", FORMATTERS.values(), ids=FORMATTERS)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_secret_reaches_no_formatter(
    place: Callable[[logging.Logger], None], make: Callable[[], logging.Formatter]
) -> None:
    """Wherever it hides in a record, whatever formatter the handler has."""
    sink = Sink(make(), ContextFilter(), RedactFilter())
    place(sink.logger)

    assert sink.text()
    assert SECRET not in sink.text()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_secret_reaches_no_session_file(ote: Written, place: Callable[[logging.Logger], None]) -> None:
    """The shipped kind of pipeline, its short ways included."""
    place(logging.getLogger("shop"))

    assert ote.lines()
    assert SECRET.encode() not in b"".join(ote.lines())


def test_the_callers_objects_stay_as_they_are(ote: Written) -> None:
    """Redaction copies what it changes."""
    data = {"users": [{"api_key": SECRET}], "password": SECRET}
    before = copy.deepcopy(data)
    event = TRACE("save", **data)
    logging.getLogger("shop").info("login %s", data, extra={"data": data})
    logging.getLogger("shop").info(event)

    assert (data, event.fields) == (before, before)


def test_an_exception_stays_as_it_is(ote: Written) -> None:
    """The program catches what was raised, not what was written."""
    error = ValueError(f"password={SECRET}")
    with contextlib.suppress(ValueError), span("save"):
        raise error

    assert error.args == (f"password={SECRET}",)


@pytest.mark.parametrize("name", ["tokens_in", "max_tokens", "session_name", "token_count", "authors"])
def test_what_is_no_secret_stays(ote: Written, name: str) -> None:
    """By whole words, after splitting a name."""
    logging.getLogger("shop").info("done", extra={name: "plain text"})

    assert ote.one().fields == {name: "plain text"}


@given(st.text(), st.lists(st.none() | st.integers() | st.text() | st.floats() | st.tuples(), max_size=3))
def test_no_message_makes_a_filter_raise(message: str, args: list[object]) -> None:
    """Nor arguments that do not fit; the record always passes."""
    record = logging.LogRecord("shop", 20, "x.py", 1, message, tuple(args), None)

    assert ContextFilter().filter(record)
    assert RedactFilter().filter(record)
    assert JsonFormatter().format(record)
