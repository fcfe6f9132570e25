"""Records as lines for people."""

import io
import logging
import logging.config
import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from logging import LogRecord
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.context import current, session
from ote_logging.errors import ConfigError
from ote_logging.events import TRACE, Event
from ote_logging.filters import EXCEPTION
from ote_logging.formatters.trace import TraceFormatter
from ote_logging.operations import SpanEnd, SpanStart
from ote_logging.spans import span
from ote_logging.tracebacks import describe, render
from ote_logging.visible import cells, visible

MARGIN = "    │ "
COLOUR = re.compile(r"\x1b\[[\d;]+m")


def formatter(**options: object) -> TraceFormatter:
    """Return a plain formatter, 100 columns wide, that writes times of day in UTC."""
    made = TraceFormatter(**{"colour": False, "ascii": False, "width": 100, "ids": False, **options})
    made.converter = time.gmtime
    return made


def record_of(message: Any, *args: object, level: int = logging.INFO, **attributes: object) -> LogRecord:
    """Return the record that a logger would make, at a quarter past nine."""
    record = LogRecord("shop.orders", level, "orders.py", 7, message, args, None)
    record.created, record.msecs = 33_302.120, 120.0
    record.__dict__.update(attributes)
    return record


def said(message: object, *args: object, **attributes: object) -> str:
    """Return what stands behind the columns of a record."""
    line = formatter().format(record_of(message, *args, **attributes))
    return line.removeprefix("09:15:02.120 INFO  shop.orders    ")


def raised(error: BaseException) -> tuple[type[BaseException], BaseException, object]:
    """Return the ``exc_info`` of an error that was raised."""
    try:
        raise error
    except BaseException as caught:
        return type(caught), caught, caught.__traceback__


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """A handler of the logger ``shop`` with a formatter that dictConfig made."""
    stream = io.StringIO()
    handler = {"class": "logging.StreamHandler", "stream": stream, "formatter": "trace"}
    trace = {"()": "ote_logging.formatters.TraceFormatter", "stream": stream, "colour": False, "width": 100}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"trace": {**trace, "ids": False}},
            "handlers": {"console": handler},
            "loggers": {"shop": {"level": "DEBUG", "handlers": ["console"], "propagate": False}},
        }
    )
    yield stream
    logging.getLogger("shop").handlers.clear()


def test_a_record_has_time_level_logger_and_message():
    """The columns come first, the message last, its arguments in place."""
    line = formatter().format(record_of("saved %d rows", 3, level=logging.WARNING))

    assert line == "09:15:02.120 WARN  shop.orders    saved 3 rows"


def test_spans_draw_brackets_around_what_happens_inside(console):
    """Under plain dictConfig, without a filter of ours, depth is seen, and START stands above its END."""
    log = logging.getLogger("shop")
    with span("save", logger=log, user_id=7):
        with span("encrypt", logger=log):
            log.debug("TRACE: encrypt -> key")
        log.info("half way")

    shown = [re.sub(r"[\d.]+ .s$|[\d.]+ .s  ", "T ", line[34:]) for line in console.getvalue().splitlines()]

    assert shown == [
        "⏱  START  save  user_id=7",
        "│  ⏱  START  encrypt",
        "│  │  TRACE  encrypt → key",
        "│  ✅ END    encrypt  T ",
        "│  half way",
        "✅ END    save  T user_id=7",
    ]


def test_the_words_of_a_span_stand_in_one_column(console):
    """Counted in columns of a terminal, the operation begins at the same place at start and failure."""
    log = logging.getLogger("shop")
    with pytest.raises(ValueError, match="boom"), span("save", logger=log):
        raise ValueError("boom")

    start, failed, *_ = console.getvalue().splitlines()

    assert cells(start.partition("save")[0]) == cells(failed.partition("save")[0])


def test_a_failure_tells_where_and_what(console):
    """FAILED has duration, line and error; the traceback follows once, behind the margin, as everywhere."""
    log = logging.getLogger("shop")
    with pytest.raises(ValueError, match="boom") as caught, span("save", logger=log):
        raise ValueError("boom")

    _, failed, *below = console.getvalue().splitlines()

    line = caught.value.__traceback__.tb_lineno
    assert re.search(rf"❌ FAILED save  [\d.]+ .s  line {line}  ValueError: boom$", failed)
    assert below == [MARGIN + each for each in render(describe(caught.value)).splitlines()]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("TRACE: save -> validate (user=7)", "TRACE  save → validate (user=7)"),
        ("TRACE: save â†’ FAILED | a -> b", "TRACE  save → FAILED | a -> b"),
        (TRACE("save -> encrypt", kind="theme", note="a b"), "TRACE  save → encrypt  kind=theme  note='a b'"),
        (Event("order_placed", "order 17 placed", amount=3), "order 17 placed  amount=3"),
        (Event("order_placed", amount=3), "order_placed  amount=3"),
        ("EVALUATION: save | duration=0.123s", "EVALUATION: save | duration=0.123s"),
        ("⏱️  START [2024-11-12T10:00:00] save (user=7)", "⏱  START  save (user=7)"),
        ("✅ END [2024-11-12T10:00:00] save (Duration: 0.123s)", "✅ END    save  123 ms"),
        (
            "❌ FAILED [2024-11-12T10:00:00] save (Duration: 0.123s) Error: boom",
            "❌ FAILED save  123 ms  Error: boom",
        ),
        (SpanStart("save", {}, {"user": 7}, 0.0), "⏱  START  save  user=7"),
        (SpanEnd("save", {"status": "ok", "duration_ms": 0.34}, {}, 0.0), "✅ END    save  340 µs"),
        ("START engine", "START engine"),
    ],
    ids=str,
)
def test_events_have_the_marks_of_the_trace_language(message, shown):
    """Typed events and existing text look the same; arrows are drawn, durations are human."""
    assert said(message) == shown


def test_an_event_that_tells_itself_is_not_told_twice():
    """A class with its own ``__str__`` shows that alone, and a failed event its mark."""

    class Answer(Event):
        __slots__ = ()

        def __str__(self) -> str:
            return "model answered"

    failed = Event("file_written", "a.txt", size=1)
    failed.keys = {"status": "error", "duration_ms": 2.0, "error_message": "disk full"}

    assert said(Answer("answer", "", tokens=7)) == "model answered"
    assert said(failed) == "❌ a.txt  2.00 ms  disk full  size=1"


def test_fields_of_the_caller_stand_behind_the_message():
    """What ``extra`` brought is shown as pairs, text with blanks in quotes, long text cut with its size."""
    shown = said("saved", user_id=7, who="ann lee", empty="", body="x" * 500)

    assert shown.startswith("saved  user_id=7  who='ann lee'  empty=''  body='xxx")
    assert shown.endswith("x... <cut, 500 chars>'")
    assert formatter(fields=False).format(record_of("saved", user_id=7)).endswith("saved")


def test_arguments_that_do_not_fit_are_shown_with_the_message():
    """A record whose arguments are wrong is still a line that holds all of it."""
    shown = said("%d rows", "three")

    assert shown.startswith("%d rows ('three',) <not formatted: ")


def test_ids_are_short_and_the_session_is_told_when_it_changes():
    """Four digits of the span stand before the logger; the session follows the first record of each."""
    with_ids = formatter(ids=True)
    with session("nightly"), span("save", logger=logging.getLogger("shop.ids"), level=logging.CRITICAL):
        digits = current().attributes["span_id"][:4]
        first, second = (with_ids.format(record_of("saved")) for _ in range(2))

    assert first == f"09:15:02.120 INFO  {digits} shop.orders    │  saved  session=nightly"
    assert second == first.removesuffix("  session=nightly")


def test_a_narrow_terminal_keeps_room_for_the_message():
    """At 60 columns the level is a letter, the logger short, and ids are left out."""
    assert formatter(width=60, ids=None).format(record_of("saved")) == "09:15:02.120 I s.orders saved"


def test_depth_beyond_the_bound_is_one_mark():
    """A recursion of a hundred spans does not push its lines out of sight."""
    with ExitStack() as spans:
        for _ in range(100):
            spans.enter_context(span("level", logger=logging.getLogger("shop"), level=logging.CRITICAL))
        line = formatter().format(record_of("bottom"))

    assert line.endswith("    " + "│  " * 8 + "┆  bottom")


def test_plain_ascii_is_had_on_request():
    """With ``ascii`` signs, arrows and units are ASCII, and what was logged is escaped."""
    plain = formatter(ascii=True)
    end = SpanEnd("grün", {"status": "ok", "duration_ms": 0.34}, {}, 0.0)

    assert plain.format(record_of("TRACE: a → b")).endswith("TRACE  a -> b")
    assert plain.format(record_of(end)).endswith(r"<  END    gr\xfcn  340 us")


def test_redacted_text_of_an_exception_is_taken():
    """What a filter left as text or as data is shown, not the exception itself."""
    exc_info = raised(ValueError("secret"))
    as_text = formatter().format(record_of("a", exc_info=exc_info, exc_text="ValueError: [GONE]"))
    described = {EXCEPTION: {"type": "E", "message": "x"}}
    as_data = formatter().format(record_of("a", exc_info=exc_info, **described))

    assert as_text.split("\n")[1:] == [MARGIN + "ValueError: [GONE]"]
    assert as_data.split("\n")[1:] == [MARGIN + "E: x"]


def test_a_stack_stands_behind_the_margin_too():
    """The text of ``stack_info`` follows on lines of its own."""
    line = formatter().format(record_of("here", stack_info="Stack (most recent call last):\n  File x"))

    assert line.split("\n")[1:] == [MARGIN + "Stack (most recent call last):", MARGIN + "  File x"]


def test_the_record_stays_as_it_is():
    """Neither message nor exc_text are left on the record for the next handler to take."""
    record = record_of("saved %s", "x", exc_info=raised(ValueError("boom")), user_id=7)
    before = dict(record.__dict__)

    formatter(colour=True).format(record)

    assert record.__dict__ == before


class Hostile:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __format__ = __str__
    __class__ = property(__str__)


STRANGE = [
    ("msg", Hostile()),
    ("args", (Hostile(),)),
    ("created", "never"),
    ("levelno", None),
    ("levelname", None),
    ("name", 7),
    ("exc_info", True),
    ("exc_info", (None, None, None)),
    ("exc_text", 7),
    ("stack_info", ["x"]),
    ("own", Hostile()),
    ("_ote_context", "none"),
]


@pytest.mark.parametrize(("attribute", "value"), STRANGE, ids=[name for name, _ in STRANGE])
def test_nothing_that_a_record_holds_makes_it_raise(attribute, value):
    """A record that no logger would make still gives a line with what can be told."""
    record = record_of("message")
    record.__dict__[attribute] = value

    line = formatter().format(record)

    assert not line[0].isspace()


def test_a_format_is_refused_with_a_reason():
    """``class:`` in dictConfig passes format, datefmt and style; a format would have no effect."""
    assert TraceFormatter(None, "%M", "%").datefmt == "%M"
    with pytest.raises(ConfigError, match="layout of its own"):
        TraceFormatter("%(message)s")


def test_colour_follows_the_stream_unless_said(monkeypatch):
    """A stream that is no terminal gets none; the argument beats all."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("PYTHON_COLORS", raising=False)
    record = record_of("saved")

    assert not COLOUR.search(TraceFormatter(stream=io.StringIO()).format(record))
    assert COLOUR.search(TraceFormatter(stream=io.StringIO(), colour=True).format(record))


TEXTS = st.text(max_size=40) | st.sampled_from(
    ["a\n    │ b", "\r\n09:15:02.120 INFO ", "\x1b[2J", "\u2028x", "\u202e", "\ud800", "TRACE: a\n -> b"]
)


MESSAGES = (
    TEXTS
    | st.builds("TRACE: a -> {} | {}".format, TEXTS, TEXTS)
    | st.builds("❌ FAILED [2024-11-12T10:00:00] {} (Duration: 0.1s) Error: {}".format, TEXTS, TEXTS)
    | st.builds(lambda path, value: TRACE(path, key=value), TEXTS, TEXTS)
    | st.builds(lambda name, value: Event(name, value, **{"x" + name: [value]}), TEXTS, TEXTS)
    | st.builds(lambda name, value: SpanStart(name, {}, {"key": value}, 0.0), TEXTS, TEXTS)
    | st.builds(lambda name, error: SpanEnd(name, failed_with(error), {}, 0.0), TEXTS, TEXTS)
)


def failed_with(error: str) -> dict[str, object]:
    """Return the keys of the end of a failed operation."""
    return {"status": "error", "duration_ms": 1.0, "error_type": error, "error_message": error}


@given(
    message=MESSAGES, name=TEXTS, value=TEXTS, logger=TEXTS, thread=TEXTS, level=TEXTS, ascii=st.booleans()
)
def test_a_record_is_one_line_whatever_was_logged(message, name, value, logger, thread, level, ascii):
    """Message, fields, logger, thread and level are on one line, without a raw character that is not seen."""
    attributes = {"x" + name: value, "name": logger, "threadName": thread, "levelname": level}
    line = formatter(ascii=ascii).format(record_of(message, **attributes))

    assert line.startswith("09:15:02.120 ")
    assert line.splitlines() == [line]
    assert visible(line) == line
    assert line.isascii() or not ascii
    assert "<not formatted" not in line or "<not formatted" in str(message)


@given(message=MESSAGES, error=TEXTS, note=TEXTS)
def test_an_exception_stands_behind_a_margin_that_data_cannot_write(message, error, note):
    """Below the record there are the lines of its exception, each behind the margin, and no others."""
    failure = ValueError(error)
    failure.add_note(note)
    exc_info = raised(failure)

    first, *below = formatter().format(record_of(message, exc_info=exc_info)).splitlines()

    assert first.startswith("09:15:02.120 ")
    assert below == [MARGIN + visible(line) for line in render(describe(failure)).rstrip("\n").split("\n")]
    assert not any(unicodedata.category(each) == "Cc" for line in below for each in line)


@given(message=MESSAGES, value=TEXTS, error=TEXTS)
def test_colour_changes_nothing_but_colour(message, value, error):
    """Without its escape codes the coloured text is the plain one."""
    record = record_of(message, value=value, exc_info=raised(ValueError(error)))

    assert COLOUR.sub("", formatter(colour=True).format(record)) == formatter().format(record)
