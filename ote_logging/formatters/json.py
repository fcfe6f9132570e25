"""A record as one JSON line: the wire format, or what python-json-logger's options ask for.

LOCATION: ote_logging/formatters/json.py
DEPENDENCIES: python-json-logger (its options), wire (the object of the line), schema (its bytes)
TRACE POINTS: JsonFormatter.line() - a record becomes bytes
"""

import logging
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import orjson
from pythonjsonlogger.json import JsonFormatter as PythonJsonFormatter

from ote_logging.formatters.wire import last_resort, wire_of
from ote_logging.jsonable import Limits, jsonable
from ote_logging.records import context_of
from ote_logging.schema import ENCODER_OPTIONS, dump

_SHORTEST: Final = 64


class JsonFormatter(PythonJsonFormatter):
    """Writes the wire format; with options of python-json-logger what these say.

    Without options (``max_line_bytes`` aside) a record becomes one object of ``schema.KEYS`` and its
    fields. With any of python-json-logger's own (fmt, rename_fields, static_fields, defaults, timestamp,
    json_indent, ...) it does what that library documents, but never loses a record to a value that it
    cannot encode.

    Args:
        max_line_bytes: a longer line keeps its keys; its longest values are cut, each with its true size.
        semconv: write the names of OpenTelemetry's GenAI conventions; ``ote`` does not read such lines.
        *args, **kwargs: as in python-json-logger.
    """

    def __init__(
        self, *args: Any, max_line_bytes: int = 1_048_576, semconv: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # dictConfig's ``class:`` passes (format, datefmt, style, validate) also where none is given.
        self.is_wire = not kwargs and args[:4] in [(None, None, "%", True)[:given] for given in range(5)]
        self._max_line_bytes = max_line_bytes
        self._renamed = _renaming() if semconv else None
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
        try:
            wire = wire_of(record)
        except Exception as error:  # an event of a class of the program, or attributes of the wrong kind
            wire = last_resort(record, error)
        wire["seq"] = seq
        return self.encoded(wire)

    def encoded(self, wire: dict[str, Any]) -> bytes:
        """Return the object of a line as bytes, newline included, cut to ``max_line_bytes``."""
        if self._renamed is not None:
            wire = self._renamed(wire)
        try:
            line = orjson.dumps(wire, None, ENCODER_OPTIONS)
        except TypeError:
            line = dump(wire)
        return line if len(line) <= self._max_line_bytes else self._shortened(wire)

    def _shortened(self, wire: dict[str, Any]) -> bytes:
        """Cut the longest values until the line fits; what is left too long has too many keys for that."""
        size = self._max_line_bytes // 2
        while size >= _SHORTEST:
            limits = Limits(chars=size, size=size)
            short = dump({key: jsonable(value, limits) for key, value in wire.items()})
            if len(short) <= self._max_line_bytes:
                return short
            size //= 2
        return dump(jsonable(wire, Limits(chars=_SHORTEST, size=self._max_line_bytes // 8)))  # type: ignore[arg-type]  # a dict gives a dict

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Encode as python-json-logger does; what makes it raise is shown as ``jsonable`` shows it."""
        try:
            return super().jsonify_log_record(log_data)
        except Exception:  # the encoder, and whatever the values' own methods raise
            return super().jsonify_log_record(jsonable(log_data))  # type: ignore[arg-type]  # a dict gives a dict


def _renaming() -> Callable[[dict[str, Any]], dict[str, Any]]:
    # Only where it is asked for: 0.3 ms to import.
    from ote_logging.semconv import semconv

    return semconv
