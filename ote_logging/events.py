"""Events: messages that machines can read.

``logging`` takes any object as a message. ``str(event)`` is the line for people, ``event.keys`` and
``event.fields`` are what machines get. ``markers`` finds the same in existing text.

LOCATION: ote_logging/events.py
DEPENDENCIES: jsonable (bounded text of any value), late, remembered
TRACE POINTS: none
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol

from ote_logging.jsonable import text_of
from ote_logging.late import late_pattern
from ote_logging.remembered import Remembered

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

    def within(self, ids: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the keys of the line for this event, logged where the context's keys are ``ids``."""
        return {**ids, **self.keys} if self.keys else ids

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


class TracePoint(Event):
    """A point that an operation passes; outside a span its first step names the operation."""

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the keys of the line: the operation of the span around it wins over its first step."""
        return {**self.keys, **ids}


class TextSpan(Event):
    """Start or end of an operation of which only the text is known.

    It has no span id of its own: the span around it is its parent.
    """

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the keys of the line: its own operation, below the span around it."""
        placed: dict[str, Any] = {**ids, **self.keys}
        parent = placed.pop("span_id", None)
        if parent is not None:
            placed["parent_id"] = parent
        return placed


class TRACE(TracePoint):
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
            return {**read_path(self.path), **error_message(self.fields)}
        return read_path(self.path)

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


_ARROWS: Final = ("→", "â†’")
_FAILED: Final = late_pattern(r"FAILED(?: at (?:line )?(\d{1,9}))?")
_WORD: Final = late_pattern(r"(?!(?:True|False|None)\Z)[A-Za-z_/][\w./:-]*", re.ASCII)


def read_path(text: str) -> Mapping[str, Any]:
    """Return path, operation and, where it failed, status and line number; the path is empty if a step is."""
    return _known_path(text) if len(text) <= 200 else _path_anew(text)


def _path_anew(text: str) -> Mapping[str, Any]:
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
_known_path = lru_cache(maxsize=1024)(_path_anew)


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


def error_message(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the key ``error_message`` where a field ``error`` gives one."""
    return {"error_message": text_of(fields["error"])} if "error" in fields else {}


def _shown_fields(fields: Mapping[str, Any]) -> str:
    return f" ({', '.join(shown_pairs(fields))})" if fields else ""


def shown_pairs(fields: Mapping[str, Any]) -> list[str]:
    """Return each field as ``name=value``; text that is no single word is quoted."""
    pairs = []
    for name, value in fields.items():
        kind = type(value)
        if kind is int and -_LARGE < value < _LARGE:
            pairs.append(f"{name}={value}")
        else:
            pairs.append(f"{name}={_words[value] if kind is str else text_of(value)}")
    return pairs


_LARGE: Final = 10**18
# Text that stands as a word, or in quotes.
_words: Final = Remembered(lambda text: text if _WORD.fullmatch(text) else repr(text_of(text)))
