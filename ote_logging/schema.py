"""The line: its keys, its event names, and the Entry that both wings speak of.

One JSON object a line, UTF-8, ended by one newline; a key is the Python name of what it holds. The
keys of this table are ours; whatever else a line holds are fields: those of the event and the
caller's ``extra``, flat beside them. A field whose name collides with the table carries one more
``_`` on the wire and loses it when read.

LOCATION: ote_logging/schema.py
DEPENDENCIES: orjson, jsonable (what is no JSON becomes JSON)
TRACE POINTS: dump() - a record becomes a line; decode() - a line becomes an entry
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, overload

import orjson

from ote_logging.jsonable import Limits, jsonable

T = TypeVar("T")

KEYS: Final[Mapping[str, str]] = {
    "timestamp": "RFC 3339, UTC, microseconds, Z: when the record was made",
    "level": "name of the level",
    "logger": "name of the logger",
    "message": "the text for people",
    "event": "what happened, snake_case: one of EVENTS or the program's own",
    "session_id": "the run of the program, uuid4 by default",
    "seq": "1, 2, 3 ... per process and session: a gap shows a loss",
    "pid": "process id",
    "trace_id": "32 hex digits: the root operation and all below it; inside a span",
    "span_id": "16 hex digits: this operation; inside a span",
    "parent_id": "16 hex digits: the operation around this one; absent on a root",
    "operation": "name of the operation, of few distinct values",
    "path": "list of str: the steps of a trace point",
    "status": "ok or error: span ends, stages, failed trace points",
    "duration_ms": "milliseconds from start to end",
    "error_type": "qualified name of the exception, or kind of the validation error",
    "error_message": "its text",
    "line_number": "the line that raised, or that did not validate",
    "code_context": "the source at that line",
    "traceback": "the traceback as text",
    "exception": "the exception as data: type, message, notes, cause, context, group, frames, fingerprint",
    "file": "path of the caller's source file",
    "line": "the caller's line number",
    "function": "the caller's function",
    "thread": "name of the caller's thread",
    "task": "name of the caller's asyncio task, where there is one",
}
"""The keys of a line, with what each holds."""

EVENTS: Final = frozenset(
    {
        "log", "trace_point", "span_start", "span_end", "evaluation",
        "llm_interaction", "template_render", "code_generation", "file_write", "validation", "healing",
        "metrics", "anomaly", "session_start", "session_end", "records_lost",
    }
)  # fmt: skip
"""The event names that this package gives; a program may use others."""

STAGES: Final = frozenset(
    {"llm_interaction", "template_render", "code_generation", "file_write", "validation", "healing"}
)
"""The events of a generation pipeline."""

ENCODER_OPTIONS: Final = (
    orjson.OPT_APPEND_NEWLINE
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def ends_operation(wire: Mapping[str, Any]) -> bool:
    """Return whether a line ends its span: ``span_end``, or a stage that is a span of its own name."""
    event = wire.get("event")
    return event == "span_end" or (event == wire.get("operation") and event in STAGES)


def wire_key(name: str) -> str:
    """Return the key under which a field called ``name`` stands on a line.

    >>> wire_key("user_id"), wire_key("status"), wire_key("status_")
    ('user_id', 'status_', 'status__')
    """
    return name + "_" if name.rstrip("_") in KEYS else name


def field_name(key: str) -> str:
    """Return the name of the field that stands under ``key``; the inverse of ``wire_key``."""
    return key[:-1] if key[-1:] == "_" and key.rstrip("_") in KEYS else key


def dump(line: dict[str, Any]) -> bytes:
    """Return ``line`` as the bytes of one strict JSON line, its newline included; never raises ``Exception``.

    What the fast encoder refuses (wide integers, lone surrogates, unknown objects) goes through
    ``jsonable``. The caller has made floats finite: the encoder would write NaN as null.
    """
    try:
        return orjson.dumps(line, None, ENCODER_OPTIONS)
    except TypeError:
        return orjson.dumps(jsonable(line), option=orjson.OPT_APPEND_NEWLINE)


# An entry stands for a line that was written, and was bounded then; deeper no encoder goes.
_WHOLE: Final = Limits(depth=250, items=sys.maxsize, chars=sys.maxsize, size=sys.maxsize)


class _Key(Generic[T]):
    """An attribute of Entry that reads the key of its own name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, entry: None, owner: type) -> "_Key[T]": ...
    @overload
    def __get__(self, entry: "Entry", owner: type) -> T: ...
    def __get__(self, entry: "Entry | None", owner: type) -> "_Key[T] | T":
        if entry is None:
            return self
        value: T = entry.wire.get(self.name)  # type: ignore[assignment]  # a line from elsewhere may lack it
        return value


class Entry:
    """One line, read: the keys of the table as attributes (None where absent), the rest in ``fields``.

    ``wire`` is the decoded object as it stood on the line; treat it as frozen. Two entries are
    equal when their objects are.
    """

    __slots__ = ("wire",)

    timestamp = _Key[str]()
    level = _Key[str]()
    logger = _Key[str]()
    message = _Key[str]()
    event = _Key[str]()
    session_id = _Key[str]()
    seq = _Key[int]()
    pid = _Key[int]()
    trace_id = _Key[str | None]()
    span_id = _Key[str | None]()
    parent_id = _Key[str | None]()
    operation = _Key[str | None]()
    path = _Key[list[str] | None]()
    status = _Key[str | None]()
    duration_ms = _Key[float | None]()
    error_type = _Key[str | None]()
    error_message = _Key[str | None]()
    line_number = _Key[int | None]()
    code_context = _Key[str | None]()
    traceback = _Key[str | None]()
    exception = _Key[dict[str, Any] | None]()
    file = _Key[str | None]()
    line = _Key[int | None]()
    function = _Key[str | None]()
    thread = _Key[str | None]()
    task = _Key[str | None]()

    def __init__(self, wire: dict[str, Any]) -> None:
        """Wrap ``wire``, the object of a line."""
        self.wire = wire

    @classmethod
    def of(cls, fields: Mapping[str, Any] | None = None, /, **keys: Any) -> "Entry":
        """Make an entry from keys of the table and from ``fields`` by their own names."""
        wire = {key: value for key, value in keys.items() if value is not None}
        wire.update((wire_key(name), value) for name, value in (fields or {}).items())
        return cls(wire)

    @property
    def fields(self) -> dict[str, Any]:
        """What the event and the caller's ``extra`` brought, by their own names."""
        return {field_name(key): value for key, value in self.wire.items() if key not in KEYS}

    @property
    def time_s(self) -> float:
        """``timestamp`` as seconds since the epoch; raises ValueError where it is no time."""
        return datetime.fromisoformat(self.timestamp).timestamp()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the key called ``name``, else the field called so, else ``default``."""
        return self.wire.get(name if name in KEYS else wire_key(name), default)

    def __eq__(self, other: object) -> bool:
        return self.wire == other.wire if isinstance(other, Entry) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # its line may hold lists

    def __repr__(self) -> str:
        return f"Entry({self.wire!r})"


def encode(entry: Entry) -> bytes:
    """Return ``entry`` as one line, newline included; what is no JSON is shown as ``jsonable`` shows it."""
    return orjson.dumps(jsonable(entry.wire, _WHOLE), option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Entry:
    """Return the entry that stands on ``line``.

    Raises:
        ValueError: ``line`` is no JSON, or no object.
    """
    found = orjson.loads(line)
    if not isinstance(found, dict):
        raise ValueError(f"a line holds one JSON object; this one holds a {type(found).__name__}")
    return Entry(found)
