"""A record as one line for people, its exception below it.

    09:14:02.120 INFO  5f1c shop.orders    ⏱  START  save_order  user_id=7
    09:14:02.121 DEBUG 5f1c shop.orders    │  TRACE  save → validate  rows=3
    09:14:02.340 INFO  5f1c shop.orders    ✅ END    save_order  220 ms  user_id=7

A record is one physical line that begins with its time, a line of an exception begins with the margin
``    │``; what was logged cannot begin a line, since line breaks and all else unseen are escaped.

LOCATION: ote_logging/formatters/trace.py
DEPENDENCIES: records (what a record holds), events, operations, look, durations, tracebacks, visible
TRACE POINTS: TraceFormatter.format() - a record becomes text
"""

import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, TextIO

from ote_logging.context import Context
from ote_logging.durations import duration_text
from ote_logging.errors import ConfigError
from ote_logging.events import TRACE, Event, event_of
from ote_logging.filters import EXCEPTION
from ote_logging.formatters.look import Look, takes_marks, wants_colour, width_of
from ote_logging.jsonable import Limits, text_of
from ote_logging.operations import SpanEnd, SpanStart
from ote_logging.records import context_of, extras_of, message_of
from ote_logging.tracebacks import describe, render
from ote_logging.visible import visible

_NO_FIELDS: Final[Mapping[str, Any]] = {}
_BARE: Final = re.compile(r"[^\s'\"]+")
_ARROW: Final = re.compile("->|→|â†’")
_SAID_DURATION: Final = re.compile(r" \(Duration: [\d.]+s\)")
_ID_DIGITS: Final = 4
_UUID_CHARS: Final = 36

_DIM, _BOLD, _CYAN, _GREEN, _RED, _MAGENTA = "2", "1", "36", "32", "31", "35"


class _Said(NamedTuple):
    """What a record says: painted text, the fields to show behind it, the operation whose edge it is."""

    text: str
    fields: Mapping[str, Any] = _NO_FIELDS
    edge_of: str | None = None


class TraceFormatter(logging.Formatter):
    """Writes records as aligned lines, indented by the depth of their span, for people to read.

    It needs no filter of ours, raises nothing, and leaves the record as it is. A formatter does not know
    where its text goes: ``stream`` is what colour, width and signs are chosen for, at the first record. For
    a file say ``colour: false``.

    Args:
        fmt: taken so that ``class:`` works in YAML; must be None, the layout is its own.
        datefmt: time of day as ``time.strftime`` has it; milliseconds follow.
        style: taken as ``fmt`` is.
        colour: True or False beats the environment and the stream.
        ascii: plain ASCII in all of the text; by default where the stream's encoding has no other signs.
        width: columns to lay out for; by default ``COLUMNS``, the terminal's, or 100. Nothing is cut to it.
        ids: show four digits of the span and, where it changes, the session; by default from 80 columns on.
        fields: show fields of events, ``extra`` and bound ones behind the message.
        max_chars: bound of one field's value, in characters, at least 64.
        stream: as ``ext://sys.stdout``; by default ``sys.stderr``.

    Raises:
        ConfigError: a ``fmt`` was given.
        ValueError: ``max_chars`` is below 64.
    """

    def __init__(
        self,
        fmt: None = None,
        datefmt: str | None = None,
        style: str = "%",
        *,
        colour: bool | None = None,
        ascii: bool | None = None,
        width: int | None = None,
        ids: bool | None = None,
        fields: bool = True,
        max_chars: int = 120,
        stream: TextIO | None = None,
    ) -> None:
        super().__init__(None, datefmt or "%H:%M:%S")
        if fmt is not None:
            raise ConfigError([f"TraceFormatter has a layout of its own; remove format: {fmt!r}"])
        self._decide = partial(_look, stream, colour, ascii, width, ids)
        self._look: Look | None = None
        self._limits = Limits(chars=max_chars, size=4 * max_chars)
        self._has_fields = fields
        self._second = (-1, "")
        self._session: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record`` and, behind a margin, those of its exception and stack."""
        if self._look is None:
            self._look = self._decide()
        try:
            text = self._record(record, self._look)
        except Exception as error:  # what was logged runs code of its own; a record may lack anything
            said = text_of(record.__dict__.get("msg"))
            text = f"- {visible(said)} <not formatted: {visible(text_of(error))}>"
        return text.encode("ascii", "backslashreplace").decode() if self._look.is_ascii else text

    def formatException(self, exc_info: Any) -> str:
        """Return the text of an exception as all of this package tells it."""
        error = exc_info[1] if type(exc_info) is tuple else exc_info
        return render(describe(error)) if isinstance(error, BaseException) else ""

    def _record(self, record: logging.LogRecord, look: Look) -> str:
        context = context_of(record)
        said = self._said(record, look)
        depth = _depth(context, look.max_depth + 2)
        if depth and said.edge_of is not None and said.edge_of == context.operation:
            depth -= 1
        columns = [
            look.paint(_DIM, self._time(record)),
            look.level(text_of(record.levelname), record.levelno),
            look.logger(text_of(record.name)),
            look.guides(depth) + said.text,
        ]
        if look.has_ids:
            columns.insert(2, look.paint(_DIM, (context.span_id or "")[:_ID_DIGITS].ljust(_ID_DIGITS)))
        line = " ".join(columns) + self._shown_fields(record, said.fields, look)
        if look.has_ids and context.session_id != self._session:
            self._session = context.session_id
            line += look.paint(_DIM, f"  session={visible(_short(context.session_id))}")
        if record.exc_info or record.exc_text or record.stack_info:
            line += "".join(self._below(record, look))
        return line

    def _time(self, record: logging.LogRecord) -> str:
        second, text = self._second
        now = int(record.created)
        if now != second:
            text = visible(time.strftime(self.datefmt or "", self.converter(now))).lstrip()
            # One assignment: a thread sees the old pair or the new one.
            self._second = (now, text)
        return f"{text}.{int(record.msecs):03d}"

    def _said(self, record: logging.LogRecord, look: Look) -> _Said:
        if issubclass(type(record.msg), Event):
            return self._event(record.msg, look)  # type: ignore[arg-type]  # typeshed has str for msg
        message = message_of(record)
        event = event_of(record, message)
        if event is None:
            return _Said(visible(message))
        return _said_as_text(message, event, look)

    def _event(self, event: Event, look: Look) -> _Said:
        """Return what an event with typed fields says."""
        if isinstance(event, TRACE):
            return _Said(_trace(visible(event.path), look), event.fields)
        if isinstance(event, SpanStart | SpanEnd):
            text = _edge(visible(event.operation), self._outcome(event.keys, look), event, look)
            return _Said(text, event.fields, event.operation)
        if type(event).__str__ is not Event.__str__:
            return _Said(visible(text_of(event)))
        failed = look.marks.failed if event.keys.get("status") == "error" else ""
        text = failed + visible(event.text or event.event) + self._outcome(event.keys, look)
        return _Said(text, event.fields)

    def _outcome(self, keys: Mapping[str, Any], look: Look) -> str:
        """Return how long something took and how it failed."""
        shown = ""
        if "duration_ms" in keys:
            shown = "  " + look.paint(_CYAN, duration_text(keys["duration_ms"], ascii=look.is_ascii))
        if "line_number" in keys:
            shown += look.paint(_DIM, f"  line {text_of(keys['line_number'])}")
        if "error_message" in keys:
            # The traceback tells it whole.
            error = text_of(keys["error_message"], self._limits)
            kind = keys.get("error_type")
            shown += "  " + look.paint(_RED, visible(f"{text_of(kind)}: {error}" if kind else error))
        return shown

    def _shown_fields(self, record: logging.LogRecord, fields: Mapping[str, Any], look: Look) -> str:
        if not self._has_fields:
            return ""
        pairs = {**fields, **dict(extras_of(record))}
        return "".join(self._pair(name, value, look) for name, value in pairs.items())

    def _pair(self, name: str, value: object, look: Look) -> str:
        text = text_of(value, self._limits)
        if issubclass(type(value), str) and not _BARE.fullmatch(text):
            text = repr(text)
        return f"  {look.paint(_DIM, visible(name) + '=')}{visible(text)}"

    def _below(self, record: logging.LogRecord, look: Look) -> Iterator[str]:
        """Yield the lines of exception and stack, each with the line break before it."""
        margin = "\n    " + look.paint(_RED, look.marks.guide[:2])
        for text in (self._exception(record), record.stack_info):
            for line in text_of(text).rstrip("\n").split("\n") if text else ():
                shown = visible(line)
                yield margin + (look.paint(_DIM, shown) if line.startswith("  ") else shown)

    def _exception(self, record: logging.LogRecord) -> str:
        """Return the exception's text; a text that is there already may have lost secrets, so it is taken."""
        if record.exc_text:
            return record.exc_text
        described = record.__dict__.get(EXCEPTION)
        return self.formatException(record.exc_info) if described is None else render(described)


def _look(
    stream: TextIO | None, colour: bool | None, ascii: bool | None, width: int | None, ids: bool | None
) -> Look:
    """Return what the options say, and for those that are None what suits ``stream``."""
    stream = stream or sys.stderr
    return Look(
        is_coloured=wants_colour(stream) if colour is None else colour,
        is_ascii=not takes_marks(stream) if ascii is None else ascii,
        width=width or width_of(stream),
        ids=ids,
    )


def _short(session_id: str) -> str:
    """Return the first group of a UUID; a name that somebody gave as it is."""
    return session_id[:8] if len(session_id) == _UUID_CHARS else session_id


def _depth(context: Context, bound: int) -> int:
    """Return how many spans are open around a record, counted up to ``bound``."""
    depth, seen = 0, None
    node: Context | None = context
    while node is not None and node.span_id is not None and depth < bound:
        depth += node.span_id != seen
        seen, node = node.span_id, node.outer
    return depth


def _said_as_text(message: str, event: Event, look: Look) -> _Said:
    """Return what a text with a marker says; its fields stand in the text."""
    if event.event == "trace_point":
        return _Said(_trace(visible(message.partition("TRACE:")[2].lstrip()), look))
    if event.event not in ("span_start", "span_end"):
        return _Said(visible(message))
    operation = str(event.keys["operation"])
    rest = visible(message.partition("] ")[2].strip().removeprefix(operation))
    if "duration_ms" in event.keys:
        duration = look.paint(_CYAN, duration_text(event.keys["duration_ms"], ascii=look.is_ascii))
        rest = _SAID_DURATION.sub(f"  {duration} ", rest, count=1).rstrip()
    return _Said(_edge(visible(operation), rest, event, look), edge_of=operation)


def _trace(path: str, look: Look) -> str:
    """Return a trace point with its arrows; those behind the path are text."""
    steps, bar, tail = path.partition(" | ")
    colour = _RED if "FAILED" in steps else _MAGENTA
    shown = _ARROW.sub(look.paint(colour, look.marks.arrow), steps)
    return f"{look.paint(colour, 'TRACE')}  {shown}{bar}{tail}"


def _edge(operation: str, outcome: str, event: Event, look: Look) -> str:
    """Return the start or end of an operation; both texts are visible ones."""
    if event.event == "span_start":
        return f"{look.marks.start}{look.paint(_DIM, 'START ')} {look.paint(_BOLD, operation)}{outcome}"
    if event.keys.get("status") == "error":
        return f"{look.marks.failed}{look.paint(_RED, 'FAILED')} {look.paint(_BOLD, operation)}{outcome}"
    return f"{look.marks.end}{look.paint(_GREEN, 'END   ')} {look.paint(_BOLD, operation)}{outcome}"
