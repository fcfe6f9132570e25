"""What a record says, in the words and signs of the trace language.

LOCATION: ote_logging/formatters/wording.py
DEPENDENCIES: records (what a record holds), events and operations (what it tells), look, durations,
    late, visible
TRACE POINTS: Wording.said() - a record is put into words
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ote_logging.durations import duration_text
from ote_logging.events import TRACE, Event
from ote_logging.formatters.look import BOLD, CYAN, DIM, GREEN, MAGENTA, RED, Look
from ote_logging.jsonable import Limits, text_of
from ote_logging.late import late_pattern
from ote_logging.markers import event_of
from ote_logging.operations import SpanEnd, SpanStart
from ote_logging.records import message_of
from ote_logging.visible import visible

_NO_FIELDS: Final[Mapping[str, Any]] = {}
_BARE: Final = late_pattern(r"[^\s'\"]+")
_ARROW: Final = late_pattern("->|→|â†’")
_SAID_DURATION: Final = late_pattern(r" \(Duration: [\d.]+s\)")


class Said(NamedTuple):
    """What a record says: painted text, the fields to show behind it, the operation whose edge it is."""

    text: str
    fields: Mapping[str, Any] = _NO_FIELDS
    edge_of: str | None = None


class Wording:
    """Puts records into words for one look; ``limits`` bound the text of each value."""

    def __init__(self, look: Look, limits: Limits) -> None:
        """Keep how the words look and how long they may be."""
        self._look = look
        self._limits = limits

    def said(self, record: logging.LogRecord) -> Said:
        """Return what ``record`` says; the fields of an event that is text stand in that text."""
        if issubclass(type(record.msg), Event):
            return self._event(record.msg)  # type: ignore[arg-type]  # typeshed has str for msg
        message = message_of(record)
        event = event_of(record, message)
        if event is None or event.event not in ("trace_point", "span_start", "span_end"):
            return Said(visible(message))
        if event.event == "trace_point":
            return Said(self._trace(message.partition("TRACE:")[2].lstrip()))
        return self._text_edge(message, event)

    def pairs(self, fields: Iterable[tuple[str, Any]]) -> str:
        """Return each field as ``name=value`` with blanks before it; text with blanks is quoted."""
        return "".join([self._pair(name, value) for name, value in fields])

    def _pair(self, name: str, value: object) -> str:
        text = text_of(value, self._limits)
        if issubclass(type(value), str) and not _BARE.fullmatch(text):
            text = repr(text)
        return f"  {self._look.paint(DIM, visible(name) + '=')}{visible(text)}"

    def _event(self, event: Event) -> Said:
        if isinstance(event, TRACE):
            return Said(self._trace(event.path), event.fields)
        if isinstance(event, SpanStart | SpanEnd):
            return Said(
                self._edge(event, event.operation, self._outcome(event)), event.fields, event.operation
            )
        if type(event).__str__ is not Event.__str__:
            # A stage that is a block is an operation of its own name.
            return Said(visible(text_of(event)), edge_of=event.event)
        mark = self._look.marks.failed if event.keys.get("status") == "error" else ""
        return Said(mark + visible(event.text or event.event) + self._outcome(event), event.fields)

    def _text_edge(self, message: str, event: Event) -> Said:
        operation = text_of(event.keys["operation"])
        rest = visible(message.partition("] ")[2].strip().removeprefix(operation))
        if "duration_ms" in event.keys:
            duration = self._duration(event.keys["duration_ms"])
            rest = _SAID_DURATION.sub(f"{duration} ", rest, count=1).rstrip()
        return Said(self._edge(event, operation, rest), edge_of=operation)

    def _trace(self, text: str) -> str:
        """Return a trace point with its arrows; those behind the path are text."""
        steps, bar, tail = visible(text).partition(" | ")
        colour = RED if "FAILED" in steps else MAGENTA
        arrow = self._look.paint(colour, self._look.marks.arrow)
        return f"{self._look.paint(colour, 'TRACE')}  {_ARROW.sub(arrow, steps)}{bar}{tail}"

    def _edge(self, event: Event, operation: str, outcome: str) -> str:
        """Return the start or end of an operation; ``outcome`` is visible text."""
        look = self._look
        if event.event == "span_start":
            mark, word = look.marks.start, look.paint(DIM, "START ")
        elif event.keys.get("status") == "error":
            mark, word = look.marks.failed, look.paint(RED, "FAILED")
        else:
            mark, word = look.marks.end, look.paint(GREEN, "END   ")
        return f"{mark}{word} {look.paint(BOLD, visible(operation))}{outcome}"

    def _outcome(self, event: Event) -> str:
        """Return how long something took, where it failed and how, each with blanks before it."""
        keys = event.keys
        shown = self._duration(keys["duration_ms"]) if "duration_ms" in keys else ""
        if "line_number" in keys:
            shown += self._look.paint(DIM, f"  line {text_of(keys['line_number'])}")
        return shown + self._error(keys) if "error_message" in keys else shown

    def _duration(self, duration_ms: float) -> str:
        return "  " + self._look.paint(CYAN, duration_text(duration_ms, ascii=self._look.is_ascii))

    def _error(self, keys: Mapping[str, Any]) -> str:
        # Bounded: the traceback tells it whole.
        message = text_of(keys["error_message"], self._limits)
        told = f"{text_of(keys['error_type'])}: {message}" if "error_type" in keys else message
        return "  " + self._look.paint(RED, visible(told))
