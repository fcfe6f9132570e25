"""A record as the object of a line.

LOCATION: ote_logging/formatters/wire.py
DEPENDENCIES: records (names on a record), events (what it carries), schema (keys), tracebacks (exceptions)
TRACE POINTS: wire_of() - a record becomes an object
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from math import inf, isfinite
from typing import Any, Final

from ote_logging.events import Event
from ote_logging.jsonable import jsonable, key_of, text_of
from ote_logging.markers import event_of
from ote_logging.records import (
    EXCEPTION,
    added_to,
    context_of,
    error_of,
    field_name,
    message_of,
    task_of,
)
from ote_logging.remembered import Remembered
from ote_logging.schema import wire_key
from ote_logging.tracebacks import describe, render, summary_of

# What the encoder writes as it is; a float is not among them, for it would write NaN as null.
PLAIN: Final = frozenset({str, int, bool, type(None)})


def wire_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the object of the line for ``record``, ``seq`` still to be given."""
    message = message_of(record)
    event = event_of(record, message)
    wire = _head_of(record, message, event, context_of(record).keys)
    if event is not None:
        _add_fields(wire, event.fields)
    elif issubclass(type(record.msg), Mapping):
        _add_fields(wire, record.msg)  # type: ignore[arg-type]  # shown above
    for attribute, value in added_to(record):
        key = _keys[attribute]
        if key:
            _add(wire, key, value)
    if record.exc_info or record.exc_text or record.stack_info:
        _add_exception(wire, record)
    return wire


def last_resort(record: logging.LogRecord, error: Exception) -> dict[str, Any]:
    """Return the object of a line for a ``record`` on which ``wire_of`` failed with ``error``."""
    attributes = record.__dict__
    return {
        "timestamp": timestamp(time.time()),
        "level": text_of(attributes.get("levelname")),
        "logger": text_of(attributes.get("name")),
        "message": f"{text_of(attributes.get('msg'))} <not formatted: {text_of(error)}>",
        "event": "log",
        "seq": 0,
        "pid": os.getpid(),
        **context_of(record).keys,
    }


def _head_of(
    record: logging.LogRecord, message: str, event: Event | None, ids: Mapping[str, str]
) -> dict[str, Any]:
    """Return what every line says, and the keys that the event sets."""
    wire: dict[str, Any] = {
        "timestamp": timestamp(record.created),
        "level": record.levelname,
        "logger": record.name,
        "message": message,
        "event": "log" if event is None else event.event,
        "seq": 0,
        "pid": record.process or os.getpid(),
        "file": record.pathname,
        "line": record.lineno,
        "function": record.funcName,
        "thread": record.threadName,
    }
    wire.update(ids if event is None else event.within(ids))
    if "asyncio" in sys.modules:
        task = task_of(record)
        if task is not None:
            wire["task"] = task
    return wire


def _key_of(attribute: str) -> str:
    """Return the key of the line for an attribute of a record, "" where it is no field."""
    name = field_name(attribute)
    return name and wire_key(name)


_keys: Final = Remembered(_key_of)


_field_keys: Final = Remembered(lambda name: wire_key(key_of(name)))


def _add_fields(wire: dict[str, Any], fields: Mapping[Any, Any]) -> None:
    for name, value in fields.items():
        key = _field_keys[name] if type(name) is str else wire_key(key_of(name))
        wire[key] = value if type(value) in PLAIN else plain_of(value)


def _add(wire: dict[str, Any], key: str, value: object) -> None:
    """Put ``value`` under ``key``, or ``key_2``, ``key_3`` where that says something else already."""
    plain = value if type(value) in PLAIN else plain_of(value)
    free, number = key, 1
    while free in wire and wire[free] != plain:
        number += 1
        free = f"{key}_{number}"
    wire[free] = plain


def plain_of(value: object) -> Any:
    """Return what the encoder writes of ``value``; itself where it is a number."""
    return value if type(value) is float and isfinite(value) else jsonable(value)


def _add_exception(wire: dict[str, Any], record: logging.LogRecord) -> None:
    described = record.__dict__.get(EXCEPTION)
    error = error_of(record)
    if described is None and error is not None:
        described = describe(error)
    if described is not None:
        # What an event says of its error itself wins: a template's line, not that of the library that raised.
        for key, value in {**summary_of(described), "traceback": render(described)}.items():
            wire.setdefault(key, value)
        wire["exception"] = described
    elif record.exc_text:
        wire["traceback"] = record.exc_text
    if record.stack_info:
        wire["stack_info"] = record.stack_info


_THREE_DIGITS: Final = tuple([str(number)[1:] for number in range(1000, 2000)])
# The second that is running, and its text: to format a date costs ten times as much.
_second = (inf, "")


def timestamp(created: float) -> str:
    """Return seconds since the epoch as RFC 3339 in UTC with microseconds, rounded but to the next second."""
    second, text = _second
    since = created - second
    if not 0.0 <= since < _LAST:
        second, text = _begun(created)
        since = min(created - second, _LAST)
    micros = int(since * 1e6 + 0.5)
    return f"{text}{_THREE_DIGITS[micros // 1000]}{_THREE_DIGITS[micros % 1000]}Z"


# Rounded to microseconds a later one would be the next second.
_LAST: Final = 0.999999


def _begun(created: float) -> tuple[float, str]:
    """Return the second of ``created`` and its text, which are remembered."""
    global _second
    began = created // 1
    # One assignment: a thread sees the old pair or the new one.
    _second = second = (began, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(began)))
    return second
