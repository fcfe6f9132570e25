"""What a LogRecord holds beyond the standard, and the names under which we keep ours on it.

A field that would hide an attribute of LogRecord carries one more ``_`` on the record, as it does on the
line (see ``schema.wire_key``), and loses it there.

LOCATION: ote_logging/records.py
DEPENDENCIES: context (whose record it is), jsonable (texts that never fail)
TRACE POINTS: context_of(), message_of(), extras_of() - a formatter or handler reads a record
"""

import logging
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from ote_logging.context import Context, current
from ote_logging.jsonable import text_of

CONTEXT: Final = "_ote_context"
"""The record's attribute that holds its Context."""

ID_ATTRIBUTES: Final = frozenset({"session_id", "trace_id", "span_id", "parent_id", "operation"})
"""What ContextFilter puts on a record for format strings."""

STANDARD_ATTRIBUTES: Final = frozenset(logging.makeLogRecord({}).__dict__).union(
    ("message", "asctime", "taskName")
)
"""The attributes that every LogRecord has or gets."""

STANDARD_COUNT: Final = len(logging.makeLogRecord({}).__dict__)
"""How many attributes a new LogRecord has; what is set later stands behind them, in order."""


def attribute_name(name: str) -> str:
    """Return the attribute under which a field called ``name`` stands on a record."""
    base = name.rstrip("_")
    return name + "_" if base in STANDARD_ATTRIBUTES or base in ID_ATTRIBUTES else name


def field_name(attribute: str) -> str:
    """Return the name of the field that stands under ``attribute``, or "" where it is no field."""
    if attribute in STANDARD_ATTRIBUTES or attribute in ID_ATTRIBUTES or attribute.startswith("_"):
        return ""
    base = attribute.rstrip("_")
    is_moved = base != attribute and (base in STANDARD_ATTRIBUTES or base in ID_ATTRIBUTES)
    return attribute[:-1] if is_moved else attribute


class Names(dict[str, str]):
    """Remembers what field an attribute is: a program has few, and asks for each with every record."""

    def __missing__(self, attribute: str) -> str:
        if len(self) > 10_000:
            self.clear()
        name = self[attribute] = field_name(attribute)
        return name


_names = Names()


def extras_of(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each field that ``extra``, filters and bindings put on ``record``."""
    attributes = record.__dict__
    skipped = STANDARD_COUNT if type(record) is logging.LogRecord else 0
    for attribute, value in islice(attributes.items(), skipped, None):
        name = _names[attribute]
        if name:
            yield name, value


def context_of(record: logging.LogRecord) -> Context:
    """Return the context in which ``record`` was logged; that of the caller where no filter has told."""
    return record.__dict__.get(CONTEXT) or current()


def message_of(record: logging.LogRecord) -> str:
    """Return the text of ``record``, with its arguments and the error where these do not fit; never raises."""
    message = record.msg
    if not record.args:
        return message if type(message) is str else text_of(message)
    try:
        return record.getMessage()
    except Exception as error:  # the arguments' own __str__ and __format__ run here
        return f"{text_of(message)} {text_of(record.args)} <not formatted: {text_of(error)}>"


def task_of(record: logging.LogRecord) -> str | None:
    """Return the name of the asyncio task in which ``record`` was logged, if there is one."""
    if "taskName" in record.__dict__:
        return record.__dict__["taskName"]  # type: ignore[no-any-return]  # set by LogRecord from 3.12 on
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    task = asyncio.current_task()
    return None if task is None else text_of(task.get_name())
