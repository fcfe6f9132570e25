"""A record as one JSON line: the wire format, or what python-json-logger's options ask for.

LOCATION: ote_logging/formatters/json.py
DEPENDENCIES: python-json-logger (its options), records (names on a record), schema (the line), tracebacks
TRACE POINTS: JsonFormatter.line() - a record becomes bytes
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from itertools import count
from math import isfinite
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter as PythonJsonFormatter

from ote_logging.events import event_of
from ote_logging.filters import EXCEPTION
from ote_logging.jsonable import Limits, jsonable, key_of
from ote_logging.records import Remembered, added_to, context_of, field_name, message_of, task_of
from ote_logging.schema import dump, wire_key
from ote_logging.tracebacks import describe, render, summary_of

# What the encoder writes as it is; a float is not among them, for it would write NaN as null.
_PLAIN: Final = frozenset({str, int, bool, type(None)})


class JsonFormatter(PythonJsonFormatter):
    """Writes the line that DESIGN calls the wire format; with options of python-json-logger what they say.

    Without options (``max_line_bytes`` aside) a record becomes one object of ``schema.KEYS`` and its
    fields. With any of python-json-logger's own (fmt, rename_fields, static_fields, defaults, timestamp,
    json_indent, ...) it does what that library documents, but never loses a record to a value that it
    cannot encode.

    Args:
        max_line_bytes: a longer line keeps its keys; its longest values are cut, each with its true size.
        *args, **kwargs: as in python-json-logger.
    """

    def __init__(self, *args: Any, max_line_bytes: int = 1_048_576, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # dictConfig's ``class:`` passes (format, datefmt, style, validate) also where none is given.
        self.is_wire = not kwargs and args[:4] in [(None, None, "%", True)[:given] for given in range(5)]
        self._max_line_bytes = max_line_bytes
        self._numbers: dict[str, count[int]] = {}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record`` without its newline; it is numbered by this formatter."""
        if not self.is_wire:
            return super().format(record)
        session_id = context_of(record).session_id
        number = self._numbers.get(session_id) or self._numbers.setdefault(session_id, count(1))
        return self.line(record, next(number))[:-1].decode()

    def line(self, record: logging.LogRecord, seq: int) -> bytes:
        """Return ``record`` as a line of the wire format, newline included, with ``seq`` as its number."""
        line = dump(_wire(record, seq))
        return line if len(line) <= self._max_line_bytes else self._shortened(record, seq)

    def _shortened(self, record: logging.LogRecord, seq: int) -> bytes:
        wire = _wire(record, seq)
        size = self._max_line_bytes
        while True:
            size //= 2
            short = dump(jsonable(wire, Limits(chars=max(64, size // 4), size=max(4096, size))))  # type: ignore[arg-type]  # a dict gives a dict
            if len(short) <= self._max_line_bytes or size <= 4096:
                return short

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Encode as python-json-logger does; what makes it raise is shown as ``jsonable`` shows it."""
        try:
            return super().jsonify_log_record(log_data)
        except Exception:  # the encoder, and whatever the values' own methods raise
            return super().jsonify_log_record(jsonable(log_data))  # type: ignore[arg-type]  # a dict gives a dict


def _wire(record: logging.LogRecord, seq: int) -> dict[str, Any]:
    """Return the object of the line."""
    message = message_of(record)
    event = event_of(record, message)
    ids = context_of(record).keys
    created = record.created
    wire: dict[str, Any] = {
        "timestamp": timestamp(created),
        "level": record.levelname,
        "logger": record.name,
        "message": message,
        "event": "log" if event is None else event.event,
        "seq": seq,
        "pid": record.process or os.getpid(),
        "file": record.pathname,
        "line": record.lineno,
        "function": record.funcName,
        "thread": record.threadName,
    }
    wire.update(ids if event is None else event.within(ids))
    if event is not None:
        _add_fields(wire, event.fields)
    elif isinstance(record.msg, Mapping):
        _add_fields(wire, record.msg)
    for attribute, value in added_to(record):
        key = _keys[attribute]
        if key:
            wire[key] = value if type(value) in _PLAIN else _plain(value)
    if "asyncio" in sys.modules:
        task = task_of(record)
        if task is not None:
            wire["task"] = task
    if record.exc_info or record.exc_text or record.stack_info:
        _add_exception(wire, record)
    return wire


def _key_of(attribute: str) -> str:
    """Return the key of the line for an attribute of a record, "" where it is no field."""
    name = field_name(attribute)
    return name and wire_key(name)


_keys: Final = Remembered(_key_of)


def _add_fields(wire: dict[str, Any], fields: Mapping[Any, Any]) -> None:
    for name, value in fields.items():
        wire[wire_key(key_of(name))] = value if type(value) in _PLAIN else _plain(value)


def _plain(value: object) -> Any:
    return value if type(value) is float and isfinite(value) else jsonable(value)


def _add_exception(wire: dict[str, Any], record: logging.LogRecord) -> None:
    described = record.__dict__.get(EXCEPTION)
    error = record.exc_info[1] if record.exc_info else None
    if described is None and error is not None:
        described = describe(error)
    if described is not None:
        wire.update(summary_of(described))
        wire["traceback"] = render(described)
        wire["exception"] = described
    elif record.exc_text:
        wire["traceback"] = record.exc_text
    if record.stack_info:
        wire["stack_info"] = record.stack_info


_last_second = (-1, "")


def timestamp(created: float) -> str:
    """Return seconds since the epoch as RFC 3339 in UTC with microseconds."""
    global _last_second
    second = int(created)
    known, text = _last_second
    if second != known:
        text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        # One assignment: a thread sees the old pair or the new one.
        _last_second = (second, text)
    # The leading one keeps the zeros; a format that pads costs twice as much.
    return text + str(1_000_000 + int((created - second) * 1e6))[1:] + "Z"
