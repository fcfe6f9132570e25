"""What of a record is counted: the part of its line that the metrics look at, at a fraction of the price.

For the fold, ``figures_of(record)`` is as good as ``formatters.wire.wire_of(record)``: it leaves out what no
figure depends on, above all the text for people of an event that has fields.

LOCATION: ote_logging/handlers/figures.py
DEPENDENCIES: events, filters, formatters.wire (time), jsonable, records, schema (keys), tracebacks
TRACE POINTS: figures_of() - a record is read for its figures
"""

import logging
from collections.abc import Iterable, Iterator
from math import isfinite
from string import ascii_lowercase
from typing import Any, Final

from ote_logging.events import Event
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.formatters.wire import timestamp
from ote_logging.jsonable import jsonable, key_of
from ote_logging.late import late_pattern
from ote_logging.markers import ORDINARY_STARTS, event_of
from ote_logging.records import EXCEPTION, are_plain, context_of, error_of, extras_of, message_of
from ote_logging.remembered import Remembered
from ote_logging.schema import wire_key
from ote_logging.tracebacks import describe, summary_of

FAILED_LEVELS: Final = ("ERROR", "CRITICAL")
"""Levels by which a record without event tells of a failure."""

_PLAIN: Final = frozenset({str, int, bool, type(None)})
_COLLECTIONS: Final = frozenset({list, dict, tuple, set, frozenset})
_MARKERS: Final = ("TRACE:", "EVALUATION:", "START ", "END ", "FAILED ")
PLAIN_STARTS: Final = ORDINARY_STARTS - {"%"}
"""A message that begins so is ordinary whatever its arguments."""

# As is one that begins with a word such as `Started`.
_PLAIN_PAIRS: Final = frozenset(first + second for first in "TESF" for second in ascii_lowercase)
_BEFORE_MARKER: Final = late_pattern(r"[^\x21-\x7e]*")
_LONGEST_TEMPLATE: Final = 200


def may_carry(record: logging.LogRecord) -> bool:
    """Tell whether more than level and logger may be counted of ``record``; quick where the answer is no."""
    message = record.msg
    if record.levelname in FAILED_LEVELS:
        return True
    if type(message) is not str:
        # Not isinstance(): it asks the object for __class__, which may raise.
        return not (issubclass(type(message), Event) and _is_start(message))
    if message[:1] in PLAIN_STARTS or message[:2] in _PLAIN_PAIRS:
        return False
    if record.args:
        if len(message) <= _LONGEST_TEMPLATE and not _may_become_marker[message]:
            return False
        if not are_plain(record.args):
            # Objects of the program are asked for their texts once.
            return True
        message = message_of(record)
    return message[:1] not in PLAIN_STARTS and (message[:1] not in "TESF" or message.startswith(_MARKERS))


def may_drop(filters: Iterable[object]) -> bool:
    """Tell whether one of ``filters`` may drop a record, or give another for it: ours let each pass."""
    return any(type(found) not in (ContextFilter, RedactFilter) for found in filters)


def _is_start(event: Any) -> bool:
    return event.event == "span_start"  # type: ignore[no-any-return]  # any class of events


def _may_become_marker_of(template: str) -> bool:
    """Tell whether ``template`` may become the text of an event by its arguments."""
    start = template.partition("%")[0]
    start = start[_BEFORE_MARKER.match(start).end() :]  # type: ignore[union-attr]  # it matches anything
    return any(marker.startswith(start) or start.startswith(marker) for marker in _MARKERS)


_may_become_marker: Final = Remembered(_may_become_marker_of)


def figures_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is counted of ``record``, by the keys of its line."""
    ids = context_of(record).keys
    text = "" if issubclass(type(record.msg), Event) else message_of(record)
    event = event_of(record, text)
    if event is None:
        line: dict[str, Any] = {**ids, "event": "log"}
    else:
        line = dict(event.within(ids))
        line["event"] = event.event
        _add_all_fields(line, record, event)
    line["level"], line["logger"] = record.levelname, record.name
    if line.get("status") == "error" or record.levelname in FAILED_LEVELS:
        _add_failure(line, record, text)
    return line


def _add_all_fields(line: dict[str, Any], record: logging.LogRecord, event: Event) -> None:
    if event.fields:
        line.update(_figures_in(event.fields.items()))
    for key, value in _figures_in(extras_of(record)):
        # What the event says itself wins, as on the line.
        line.setdefault(key, value)
    if "span_id" not in line:
        # An old program: its runs are told from each other by process and thread.
        line["pid"], line["thread"] = record.process, record.threadName
    if "tokens_in" in line or "tokens_out" in line:
        # Prices have dates.
        line["timestamp"] = timestamp(record.created)


def _figures_in(fields: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in fields:
        kind = type(value)
        # No figure is a collection, and a prompt of many messages would be copied for nothing.
        if kind not in _COLLECTIONS:
            yield wire_key(key_of(name)), value if kind in _PLAIN else _plain(value)


def _plain(value: object) -> Any:
    return value if type(value) is float and isfinite(value) else jsonable(value)


def _add_failure(line: dict[str, Any], record: logging.LogRecord, text: str) -> None:
    described = record.__dict__.get(EXCEPTION)
    error = error_of(record)
    if described is None and error is not None:
        described = describe(error)
    if described is not None:
        for key, value in summary_of(described).items():
            line.setdefault(key, value)
        line["exception"] = described
    if not (line.get("error_type") or line.get("error_message")):
        line["message"] = text or message_of(record)
