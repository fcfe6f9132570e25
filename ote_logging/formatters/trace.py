"""A record as one line for people, its exception below it.

    09:14:02.120 INFO  5f1c shop.orders    ⏱  START  save_order  user_id=7
    09:14:02.121 DEBUG 5f1c shop.orders    │  TRACE  save → validate  rows=3
    09:14:02.340 INFO  5f1c shop.orders    ✅ END    save_order  220 ms  user_id=7

A record is one physical line that begins with its time, a line of an exception begins with the margin
``    │``; what was logged cannot begin a line, since line breaks and all else unseen are escaped.

LOCATION: ote_logging/formatters/trace.py
DEPENDENCIES: look and wording (columns and what stands in them), records, tracebacks, visible
TRACE POINTS: TraceFormatter.format() - a record becomes text
"""

import logging
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, TextIO

from ote_logging.context import Context
from ote_logging.errors import ConfigError
from ote_logging.formatters.look import DIM, RED, Look, takes_marks, wants_colour, width_of
from ote_logging.formatters.wording import Wording
from ote_logging.jsonable import Limits, text_of
from ote_logging.records import EXCEPTION, context_of, extras_of
from ote_logging.tracebacks import describe, render
from ote_logging.visible import visible

_ID_DIGITS: Final = 4
_UUID_CHARS: Final = 36


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
        self._options = (stream, colour, ascii, width, ids)
        self._limits = Limits(chars=max_chars, size=4 * max_chars)
        self._has_fields = fields
        self._second = (-1, "")
        self._session: str | None = None

    @cached_property
    def _look(self) -> Look:
        """What the options say; what they leave open is decided when the first record comes."""
        stream, colour, ascii, width, ids = self._options
        stream = stream or sys.stderr
        return Look(
            is_coloured=wants_colour(stream) if colour is None else colour,
            is_ascii=not takes_marks(stream) if ascii is None else ascii,
            width=width or width_of(stream),
            ids=ids,
        )

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self._look, self._limits)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record`` and, behind a margin, those of its exception and stack."""
        try:
            text = self._line(record)
            if record.exc_info or record.exc_text or record.stack_info:
                text += "".join(self._below(record))
        except Exception as error:  # what was logged runs code of its own; a record may lack anything
            said = text_of(record.__dict__.get("msg"))
            text = f"- {visible(said)} <not formatted: {visible(text_of(error))}>"
        return text.encode("ascii", "backslashreplace").decode() if self._look.is_ascii else text

    def formatException(self, exc_info: Any) -> str:
        """Return the text of an exception as all of this package tells it."""
        error = exc_info[1] if type(exc_info) is tuple else exc_info
        return render(describe(error)) if isinstance(error, BaseException) else ""

    def _line(self, record: logging.LogRecord) -> str:
        look, context = self._look, context_of(record)
        said = self._wording.said(record)
        columns = [
            look.paint(DIM, self._time(record)),
            look.level(text_of(record.levelname), record.levelno),
            *self._span_column(context),
            look.logger(text_of(record.name)),
            look.guides(_depth(context, said.edge_of, look.max_depth + 1)) + said.text,
        ]
        fields = {**said.fields, **dict(extras_of(record))} if self._has_fields else {}
        return " ".join(columns) + self._wording.pairs(fields.items()) + self._session_mark(context)

    def _time(self, record: logging.LogRecord) -> str:
        second, text = self._second
        now = int(record.created)
        if now != second:
            text = visible(time.strftime(self.datefmt or "", self.converter(now))).lstrip()
            # One assignment: a thread sees the old pair or the new one.
            self._second = (now, text)
        return f"{text}.{int(record.msecs):03d}"

    def _span_column(self, context: Context) -> list[str]:
        """Return the first digits of the span's id, as a column where there is one."""
        if not self._look.has_ids:
            return []
        return [self._look.paint(DIM, (context.span_id or "")[:_ID_DIGITS].ljust(_ID_DIGITS))]

    def _session_mark(self, context: Context) -> str:
        """Return the session where it is another than that of the record before."""
        session = context.session_id
        if session == self._session or not self._look.has_ids:
            return ""
        self._session = session
        shown = session[:8] if len(session) == _UUID_CHARS else session
        return self._look.paint(DIM, f"  session={visible(shown)}")

    def _below(self, record: logging.LogRecord) -> Iterator[str]:
        """Yield the lines of exception and stack, each with the line break before it."""
        margin = "\n    " + self._look.paint(RED, self._look.marks.guide[:2])
        for text in (self._exception(record), record.stack_info):
            for line in text_of(text).rstrip("\n").split("\n") if text else ():
                yield margin + self._look.paint(DIM if line.startswith("  ") else "", visible(line))

    def _exception(self, record: logging.LogRecord) -> str:
        """Return the exception's text; a text that is there already may have lost secrets, so it is taken."""
        if record.exc_text:
            return record.exc_text
        described = record.__dict__.get(EXCEPTION)
        return self.formatException(record.exc_info) if described is None else render(described)


def _depth(context: Context, edge_of: str | None, bound: int) -> int:
    """Return how many spans are open around a record, counted up to ``bound``.

    The start and the end of a span are logged inside it, and stand outside.
    """
    depth = -1 if edge_of is not None and edge_of == context.operation else 0
    seen: str | None = None
    node: Context | None = context
    while node is not None and node.span_id is not None and depth < bound:
        depth += node.span_id != seen
        seen, node = node.span_id, node.outer
    return max(depth, 0)
