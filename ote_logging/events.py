"""Events: messages that machines can read, and the reader of those that programs already write.

``logging`` takes any object as a message. ``str(event)`` is the line for people, ``event.keys`` and
``event.fields`` are what machines get. ``parse()`` finds the same in existing text: ``TRACE: save ->
validate (user=7)``, ``EVALUATION: ...``, ``START [time] ...``, ``END [time] ...``, ``FAILED [time] ...``.

LOCATION: ote_logging/events.py
DEPENDENCIES: jsonable (bounded text of any value), late
TRACE POINTS: parse() - text becomes an event; event_of() - a record is asked for its event
"""

import logging
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol

from ote_logging.jsonable import text_of
from ote_logging.late import late_pattern

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Redactor(Protocol):
    """What an event needs to hide its secrets: see ``redaction.Redactor``."""

    def text(self, text: str, /) -> str:
        """Return ``text`` without secrets, the same object where it holds none."""

    def value(self, key: str, value: object, /) -> object:
        """Return ``value`` without secrets, the same object where it holds none."""


class Event:
    """Something that happened, as a message for any logger.

    >>> import logging
    >>> logging.getLogger("shop").info(Event("order_placed", "order 17 placed", amount=3))

    ``event`` is its name, snake_case; ``keys`` holds the keys of the line's table that it sets,
    ``fields`` the rest. Treat an event as frozen once it is logged.
    """

    __slots__ = ("event", "fields", "keys", "text")

    _PARTS: ClassVar[tuple[str, ...]] = ("event", "text", "keys", "fields")

    event: str
    text: str
    keys: Mapping[str, Any]
    fields: Mapping[str, Any]

    def __init__(self, event: str, text: str = "", /, **fields: Any) -> None:
        """Make an event of the program's own; without ``text`` people read its name and fields."""
        self.event = event
        self.text = text
        self.keys = _NOTHING
        self.fields = fields

    def __str__(self) -> str:
        return self.text or self.event + _shown_fields(self.fields)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """An event may be copied, and may travel to another process: as what it is made of."""
        return _remade, (type(self), {name: _plain(getattr(self, name)) for name in self._PARTS})

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the keys of the line for this event, logged where the context's keys are ``ids``."""
        return {**ids, **self.keys}

    def is_clean_beside_fields(self, redactor: Redactor) -> bool:
        """Whether nothing that is not one of its fields holds a secret."""
        return self.redacted(redactor) is self

    def redacted(self, redactor: Redactor) -> "Event":
        """Return this event without secrets: itself where it holds none, else a copy."""
        text = redactor.text(self.text)
        fields = cleaned_fields(self.fields, redactor)
        keys = cleaned(self.keys, redactor)
        if text is self.text and fields is self.fields and keys is self.keys:
            return self
        copy = object.__new__(type(self))
        copy.event, copy.text, copy.keys, copy.fields = self.event, text, keys, fields
        return copy


def _remade(kind: type[Event], parts: dict[str, Any]) -> Event:
    event = object.__new__(kind)
    for name, value in parts.items():
        setattr(event, name, value)
    return event


def _plain(part: Any) -> Any:
    return dict(part) if isinstance(part, MappingProxyType) else part


def cleaned(values: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    """Return ``values`` without secrets: the same mapping where it holds none, else a copy."""
    found = {}
    for name, value in values.items():
        clean = redactor.value(name, value)
        if clean is not value:
            found[name] = clean
    return {**values, **found} if found else values


def cleaned_fields(fields: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    """Return ``fields`` as ``cleaned`` does, their names without secrets too: a program may make them up."""
    fields = cleaned(fields, redactor)
    for name in fields:
        # A name of a few letters is no secret; to ask costs as much as the value does.
        if not (len(name) < 8 and name.isidentifier()) and redactor.text(name) is not name:
            return _renamed(fields, redactor)
    return fields


def _renamed(values: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    """Return ``values`` under names without secrets; those that become equal stay apart."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        name = redactor.text(name)
        while name in made:
            name += "_"
        made[name] = value
    return made


@lru_cache(maxsize=256)
def tells_its_fields(kind: type) -> bool:
    """Whether the text of an event of this class says no more than its fields and keys, as ours do."""
    module = getattr(kind.__str__, "__module__", None)
    return isinstance(module, str) and module.startswith("ote_logging.")


class _TracePoint(Event):
    """A point that an operation passes; outside a span its first step names the operation."""

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        return {**self.keys, **ids}


class _TextSpan(Event):
    """Start or end of an operation of which only the text is known.

    It has no span id of its own: the span around it is its parent.
    """

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        placed: dict[str, Any] = {**ids, **self.keys}
        parent = placed.pop("span_id", None)
        if parent is not None:
            placed["parent_id"] = parent
        return placed


class TRACE(_TracePoint):
    """A trace point with typed fields: ``log.debug(TRACE("save -> encrypt", kind="theme"))``.

    ``path`` holds the steps, separated by ``->`` or ``→``; ``FAILED`` and ``FAILED at 178`` as the
    last one are a status. Nothing is read of it before a handler wants it, so a disabled one is cheap.
    """

    __slots__ = ("path",)

    _PARTS = ("path", "fields")

    event = "trace_point"

    def __init__(self, path: str, /, **fields: Any) -> None:
        """Keep the path and the fields as they are."""
        self.path = path
        self.fields = fields

    @property
    def keys(self) -> Mapping[str, Any]:  # type: ignore[override]  # read from the path when wanted
        """Path and operation; status and line number where it failed."""
        if "error" in self.fields:
            return {**_read_path(self.path), **_error_message(self.fields)}
        return _read_path(self.path)

    def __str__(self) -> str:
        return f"TRACE: {self.path}{_shown_fields(self.fields)}"

    def is_clean_beside_fields(self, redactor: Redactor) -> bool:
        """Whether the path holds no secret."""
        return "error" not in self.fields and redactor.text(self.path) is self.path

    def redacted(self, redactor: Redactor) -> Event:
        """Return this point without secrets: itself where it holds none, else a copy."""
        path = redactor.text(self.path)
        fields = cleaned_fields(self.fields, redactor)
        return self if path is self.path and fields is self.fields else TRACE(path, **fields)


def event_of(record: logging.LogRecord, message: str) -> Event | None:
    """Return the event that ``record`` carries or that its ``message`` tells as text, else None."""
    # Not isinstance(): it asks the object for __class__, which may raise.
    if issubclass(type(record.msg), Event):
        return record.msg  # type: ignore[return-value]  # the line above has shown it
    if message[:1] in ORDINARY_STARTS:
        return None
    known = record.__dict__.get("_ote_event")
    if known is None or known.text != message:
        known = record.__dict__["_ote_event"] = parse(message)
    return known


# A marker begins with T, E, S or F; before it may stand white space and emoji, also in the form that
# UTF-8 read as cp1252 gives. All else is told from its first character, without a pattern.
ORDINARY_STARTS: Final = frozenset(map(chr, range(33, 127))) - frozenset("TESF")
_MARKER: Final = re.compile(
    r"[^\x21-\x7e]*(?:(TRACE|EVALUATION): *|(START|END|FAILED) +\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\]\s]*\] +)"
)
_ARROWS: Final = ("→", "â†’")
_FAILED: Final = late_pattern(r"FAILED(?: at (?:line )?(\d{1,9}))?")
_DURATION: Final = late_pattern(
    r"(.+?) \(Duration: (\d{1,12}(?:\.\d+)?)s\)(?: Error: (.*)| \| (.*))?", re.DOTALL
)
_FIELD: Final = late_pattern(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_GROUPED: Final = late_pattern(
    r"""([A-Za-z_][\w.-]*)=('[^']*'|"[^"]*"|.*?)(?:, (?=[A-Za-z_][\w.-]*=)|\Z)""", re.DOTALL
)
_NUMBER: Final = late_pattern(r"-?(?:0|[1-9]\d{0,18})(\.\d+)?(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_WORD: Final = late_pattern(r"(?!(?:True|False|None)\Z)[A-Za-z_/][\w./:-]*", re.ASCII)
_SECONDS: Final = late_pattern(r"(\d+(?:\.\d+)?) ?(ms|s)")
_WORDS: Final[Mapping[str, object]] = {"True": True, "False": False, "None": None}
_MILLISECONDS: Final = {"s": 1000.0, "ms": 1.0}


def parse(message: str) -> Event | None:
    """Return the event that ``message`` tells by its marker; None where it has none or is malformed.

    >>> parse("TRACE: save -> validate (user=7, type=theme)").keys["path"]
    ['save', 'validate']
    """
    found = _MARKER.match(message)
    if found is None:
        return None
    rest = message[found.end() :]
    if found[1] == "TRACE":
        return _parse_trace(message, rest)
    if found[1] == "EVALUATION":
        return _parse_evaluation(message, rest)
    return _parse_span(message, found[2], rest)


def _parse_trace(message: str, rest: str) -> Event | None:
    head, _, tail = f" {rest}".partition(" | ")
    steps, fields = _split_group(head)
    keys = dict(_read_path(steps))
    if not keys.get("path"):
        return None
    said = _read_fields(tail, fields)
    error = fields.get("error", said if "status" in keys else None)
    if error:
        keys["error_message"] = str(error)
    return _made(_TracePoint, "trace_point", message, keys, fields)


def _parse_evaluation(message: str, rest: str) -> Event | None:
    operation, bar, tail = rest.partition(" | ")
    fields: dict[str, Any] = {}
    _read_fields(tail, fields)
    if not bar or not operation.strip() or not fields:
        return None
    keys: dict[str, Any] = {"operation": operation.strip(), **_error_message(fields)}
    if "success" in fields:
        keys["status"] = "ok" if fields["success"] else "error"
    duration = _SECONDS.fullmatch(str(fields.get("duration", "")))
    if duration:
        keys["duration_ms"] = float(duration[1]) * _MILLISECONDS[duration[2]]
    return _made(Event, "evaluation", message, keys, fields)


def _parse_span(message: str, word: str, rest: str) -> Event | None:
    if word == "START":
        operation, fields = _split_group(rest)
        keys: dict[str, Any] = {"operation": operation.strip()}
        return _made(_TextSpan, "span_start", message, keys, fields) if keys["operation"] else None
    found = _DURATION.fullmatch(rest.rstrip())
    if found is None:
        return None
    keys = {
        "operation": found[1].strip(),
        "status": "ok" if word == "END" else "error",
        "duration_ms": float(found[2]) * 1000.0,
    }
    if found[3]:
        keys["error_message"] = found[3]
    fields = {}
    _read_fields(found[4] or "", fields)
    return _made(_TextSpan, "span_end", message, keys, fields)


def _made(kind: type[Event], event: str, text: str, keys: dict[str, Any], fields: dict[str, Any]) -> Event:
    made = kind(event, text)
    made.keys = keys
    made.fields = fields
    return made


def _read_path(text: str) -> Mapping[str, Any]:
    """Return path, operation and, where it failed, status and line number; the path is empty if a step is."""
    return _read_known_path(text) if len(text) <= 200 else _read_path_anew(text)


def _read_path_anew(text: str) -> Mapping[str, Any]:
    keys: dict[str, Any] = {}
    steps = _steps(text)
    failed = _FAILED.fullmatch(steps[-1])
    if failed:
        steps.pop()
        keys["status"] = "error"
        if failed[1]:
            keys["line_number"] = int(failed[1])
    keys["path"] = steps if all(steps) else []
    if keys["path"]:
        keys["operation"] = steps[0]
    return keys


# A program has few paths, and writes each many times.
_read_known_path = lru_cache(maxsize=1024)(_read_path_anew)


def _steps(text: str) -> list[str]:
    """Split at the arrows; one inside parentheses is part of its step."""
    for arrow in _ARROWS:
        text = text.replace(arrow, "->")
    steps: list[str] = []
    depth = 0
    for piece in text.split("->"):
        if depth > 0:
            steps[-1] += "->" + piece
        else:
            steps.append(piece)
        depth = max(0, depth + piece.count("(") - piece.count(")"))
    return [step.strip() for step in steps]


def _split_group(head: str) -> tuple[str, dict[str, Any]]:
    """Split ``a -> b (k=v, k=v)`` into the steps and the fields of the group; other parentheses stay."""
    head = head.rstrip()
    if not head.endswith(")"):
        return head, {}
    start = _opening(head)
    if start < 0:
        return head, {}
    fields = _grouped(head[start + 1 : -1].strip())
    return (head[:start], fields) if fields else (head, {})


def _grouped(text: str) -> dict[str, Any]:
    """Return the fields of ``k=v, k='a, b=c'``; none where anything in it is no field."""
    fields: dict[str, Any] = {}
    place = 0
    while place < len(text):
        found = _GROUPED.match(text, place)
        if found is None:
            return {}
        fields[found[1]] = _typed(found[2].strip())
        place = found.end()
    return fields


def _opening(head: str) -> int:
    """Return where the parenthesis opens that closes at the end of ``head``, or -1."""
    if head.count(")") == 1:
        return head.find("(")
    depth = 0
    for place in range(len(head) - 1, -1, -1):
        depth += (head[place] == ")") - (head[place] == "(")
        if depth == 0:
            return place
    return -1


def _read_fields(tail: str, fields: dict[str, Any]) -> str:
    """Put the pairs of ``a=1 | Error: text | words`` into ``fields``; return the first part that is words."""
    if not tail:
        return ""
    said = last = ""
    for part in tail.split(" | "):
        part = part.strip()
        pair = _FIELD.fullmatch(part)
        if pair:
            last = pair[1]
            fields[last] = _typed(pair[2])
        elif part.startswith("Error: "):
            last = "error"
            fields[last] = part[7:]
        elif last == "error":
            # An exception's text may hold the separator; what follows it is still that text.
            fields[last] = f"{fields[last]} | {part}"
        else:
            said = said or part
    return said


def _typed(text: str) -> object:
    """Return the number, truth value, None or text that ``text`` writes; quotes around it are taken off."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number:
        return int(text) if number[1] is None and text.lstrip("-").isdigit() else float(text)
    if len(text) > 1 and text[0] in "'\"" and text[0] == text[-1]:
        return text[1:-1]
    return text


def _error_message(fields: Mapping[str, Any]) -> dict[str, str]:
    return {"error_message": text_of(fields["error"])} if "error" in fields else {}


def _shown_fields(fields: Mapping[str, Any]) -> str:
    return f" ({', '.join(shown_pairs(fields))})" if fields else ""


def shown_pairs(fields: Mapping[str, Any]) -> Iterable[str]:
    """Return each field as ``name=value``; text that is no single word is quoted."""
    return [f"{name}={_shown(value)}" for name, value in fields.items()]


def _shown(value: object) -> str:
    text = text_of(value)
    is_word = not isinstance(value, str) or _WORD.fullmatch(text) is not None
    return text if is_word else repr(text)
