"""Make a record independent of the caller: for handlers that see it later, in another thread.

LOCATION: ote_logging/handlers/copying.py
DEPENDENCIES: events, jsonable, records, tracebacks
TRACE POINTS: detached() - a record is copied for another thread
"""

import copy
import logging
from collections.abc import Mapping
from typing import Any, Final

from ote_logging.events import Event
from ote_logging.jsonable import jsonable
from ote_logging.records import CONTEXT, EXCEPTION, attribute_name, context_of, extras_of, message_of, task_of
from ote_logging.tracebacks import describe, render

# What the caller may change after the call; other objects are taken as they are.
_MUTABLE: Final = (dict, list, set, bytearray, Mapping)
# A record with its standard attributes, none of them long.
_RECORD_BYTES: Final = 1000


def detached(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of ``record`` with its arguments merged, its exception as text and as data.

    It keeps context and task of the caller; fields that the caller could change are copied. No frame, and
    so no local variable of the caller, is kept alive.
    """
    detached = copy.copy(record)
    attributes = detached.__dict__
    attributes[CONTEXT] = context_of(record)
    attributes.setdefault("taskName", task_of(record))
    detached.msg, detached.args = _message(record), None
    for name, value in list(extras_of(record)):
        if isinstance(value, _MUTABLE):
            attributes[attribute_name(name)] = jsonable(value)
    if record.exc_info:
        _keep_exception(detached, record.exc_info[1])
    return detached


def size_of(record: logging.LogRecord) -> int:
    """Return about how many bytes a detached record takes."""
    texts = (record.msg, record.exc_text, record.stack_info)
    return _RECORD_BYTES + sum(len(text) for text in texts if isinstance(text, str))


class _Freeze:
    """Has the form of a redactor, but only copies what the caller could change."""

    def text(self, text: str, /) -> str:
        return text

    def value(self, _key: str, value: object, /) -> object:
        return jsonable(value) if isinstance(value, _MUTABLE) else value


def _message(record: logging.LogRecord) -> Any:
    message = record.msg
    if isinstance(message, Event):
        return message.redacted(_Freeze())
    # python-json-logger takes a mapping for fields.
    return jsonable(message) if isinstance(message, Mapping) and not record.args else message_of(record)


def _keep_exception(detached: logging.LogRecord, error: BaseException | None) -> None:
    if error is not None:
        described = detached.__dict__.setdefault(EXCEPTION, describe(error))
        detached.exc_text = detached.exc_text or render(described)
    detached.exc_info = None
