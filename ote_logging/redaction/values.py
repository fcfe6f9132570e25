"""Walk through a value of any shape, copy on write, and hide what stands under secret names.

LOCATION: ote_logging/redaction/values.py
DEPENDENCIES: jsonable (what would be written of an object), late; the rules are handed in
TRACE POINTS: none
"""

import sys
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Protocol, cast
from uuid import UUID

from ote_logging.jsonable import jsonable
from ote_logging.late import late_pattern

ERROR = "[REDACTED:error]"
KEY = "[REDACTED:key]"
DEEP = "[REDACTED:depth]"
MANY = "[REDACTED:size]"
RING = "[REDACTED:ring]"

ATOMS = frozenset({int, float, bool, complex, type(None)})
_DEEPEST = 64
_MOST = 100_000
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_MARKER = late_pattern(r"\[REDACTED:[\w\-]{1,64}\]")
_NAME_LIKE = late_pattern(r"[A-Za-z_]+")
# They are written as digits and signs that the program has not chosen.
_NUMBERS = frozenset({date, datetime, time, timedelta, UUID, range})
_FIELD_TABLES = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")


class Rules(Protocol):
    """What a walk asks of the redactor."""

    def text(self, text: str, /) -> str:
        """Return ``text`` without secrets, the same object where it holds none."""

    def is_secret_key(self, key: str, /) -> bool:
        """Whether values under ``key`` are hidden whole."""

    def hide(self) -> str:
        """Return the marker for a value under a secret key."""


def is_blank(value: object) -> bool:
    """Whether ``value`` tells nothing even under a secret name: None, a bool, an empty text, a marker."""
    if value is None or value is True or value is False:
        return True
    return type(value) in (str, bytes) and (not value or bool(_MARKER.fullmatch(_text_of(value))))


def _is_decimal(kind: type) -> bool:
    # Not imported to ask: that takes 2 ms, and where it is not imported there is no Decimal.
    return kind is getattr(sys.modules.get("decimal"), "Decimal", None)


def _text_of(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray | memoryview) else str(value)


def _name_of(key: object) -> str:
    """The text of a key, for str and bytes; no other key is a name."""
    if isinstance(key, str):
        return str.__str__(key)
    return key.decode("latin-1") if type(key) is bytes else ""


class Walk:
    """One walk through one value; ``met_ring`` tells that it contains itself, ``met_limit`` that it is large.

    At most 64 levels and 100,000 items are looked at. What lies beyond is not passed on unseen: a marker
    stands in its place.
    """

    def __init__(self, rules: Rules, *, cut: bool = False) -> None:
        """Ask ``rules``; with ``cut``, replace what leads back to an ancestor by a marker."""
        self._rules = rules
        self._cut = cut
        self._above: set[int] = set()
        self._left = _MOST
        self.met_ring = False
        self.met_limit = False

    def under(self, name: str, value: object) -> object:
        """``value`` as it may be shown under ``name``."""
        if name and self._rules.is_secret_key(name) and not is_blank(value):
            return self._rules.hide()
        return self.inside(value)

    def inside(self, value: object) -> object:
        """``value`` with its contents cleaned, whatever name it has."""
        kind = type(value)
        if kind in ATOMS:
            return value
        # Not isinstance(): it asks the object for __class__, which may raise.
        if kind is str or (issubclass(kind, str) and kind.__str__ is str.__str__):
            return self._text(cast("str", value))
        if issubclass(kind, _CONTAINERS):
            return self._container(value)
        if issubclass(kind, bytes | bytearray | memoryview):
            return self._bytes(cast("bytes", value))
        if issubclass(kind, Mapping):
            return self._container(value)
        names = () if hasattr(kind, "__ote__") else _field_names(kind)
        return self._container(value, names) if names else self._opaque(value, kind)

    def _opaque(self, value: object, kind: type) -> object:
        """``value`` itself, unless a secret stands in what would be written of it: then that, cleaned."""
        if kind in _NUMBERS or _is_decimal(kind):
            return value
        plain = jsonable(value)
        clean = self.inside(plain)
        return value if clean is plain else clean

    def _text(self, value: str) -> str:
        plain = str.__str__(value)
        cleaned = self._rules.text(plain)
        return value if cleaned is plain else cleaned

    def _bytes(self, value: bytes | bytearray | memoryview) -> object:
        plain = bytes(value).decode("latin-1")
        cleaned = self._rules.text(plain)
        return value if cleaned is plain else cleaned.encode("latin-1", "replace")

    def _container(self, value: object, fields: tuple[str, ...] = ()) -> object:
        if id(value) in self._above:
            self.met_ring = True
            return RING if self._cut else value
        if len(self._above) >= _DEEPEST:
            return DEEP
        self._above.add(id(value))
        try:
            return self._contents(value, fields)
        finally:
            self._above.discard(id(value))

    def _contents(self, value: object, fields: tuple[str, ...]) -> object:
        if fields:
            return self._mapping(value, [(name, getattr(value, name, None)) for name in fields])
        if isinstance(value, dict):
            return self._mapping(value, list(dict.items(value)))
        if isinstance(value, Mapping):
            return self._mapping(value, list(value.items()))
        return self._sequence(cast("Iterable[object]", value))

    def _mapping(self, value: object, items: list[tuple[object, object]]) -> object:
        if self._too_many(len(items)):
            return MANY
        cleaned, same = [], True
        for key, item in items:
            clean = self._key(key), self.under(_name_of(key), item)
            cleaned.append(clean)
            same = same and clean[0] is key and clean[1] is item
        if isinstance(value, dict) and ("value" in value or "Value" in value):
            same = not self._hide_named(cleaned) and same
        return value if same else _distinct(cleaned)

    def _hide_named(self, items: list[tuple[object, object]]) -> bool:
        """Hide the second of `{"name": "DB_PASSWORD", "value": "x"}`, as in the definition of a job."""
        fields = {key.lower(): (place, item) for place, (key, item) in enumerate(items) if type(key) is str}
        _, name = fields.get("name") or fields.get("key") or (0, None)
        place, item = fields.get("value", (0, None))
        if not isinstance(name, str) or not self._rules.is_secret_key(name) or is_blank(item):
            return False
        items[place] = (items[place][0], self._rules.hide())
        return True

    def _key(self, key: object) -> object:
        return self.inside(key) if isinstance(key, str | bytes) else key

    def _sequence(self, value: Iterable[object]) -> object:
        items = list(value)
        if self._too_many(len(items)):
            return MANY
        names = getattr(type(value), "_fields", None) if isinstance(value, tuple) else None
        cleaned = (
            self._named(names, items) if names and len(names) == len(items) else self._listed(value, items)
        )
        for old, new in zip(items, cleaned, strict=True):
            if old is not new:
                return _rebuilt(value, cleaned)
        return value

    def _named(self, names: Iterable[str], items: list[object]) -> list[object]:
        return [self.under(name, item) for name, item in zip(names, items, strict=True)]

    def _listed(self, value: object, items: list[object]) -> list[object]:
        if isinstance(value, tuple) and len(items) == 2 and self._is_header(*items):
            return [items[0], self._rules.hide()]
        cleaned, option = [], ""
        for item in items:
            cleaned.append(self.under(option, item))
            option = item[2:] if isinstance(item, str) and item.startswith("--") else ""
        return cleaned

    def _is_header(self, name: object, value: object) -> bool:
        """Whether a pair is `("authorization", "...")`, not two names side by side."""
        if not isinstance(value, str | bytes) or is_blank(value) or _NAME_LIKE.fullmatch(_text_of(value)):
            return False
        return bool(_name_of(name)) and self._rules.is_secret_key(_name_of(name))

    def _too_many(self, count: int) -> bool:
        self._left -= count
        self.met_limit = self.met_limit or self._left < 0
        return self._left < 0


def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass, attrs class or pydantic model; none for any other class."""
    for table in _FIELD_TABLES:
        fields = getattr(kind, table, None)
        if isinstance(fields, Mapping):
            return tuple(fields)
        if isinstance(fields, tuple):
            return tuple(field.name for field in fields)
    return ()


def _distinct(items: list[tuple[object, object]]) -> dict[object, object]:
    """A dict of ``items`` in which keys that became equal stay apart."""
    made: dict[object, object] = {}
    for key, item in items:
        while key in made and isinstance(key, str):
            key += "_"
        made[key] = item
    return made


def _rebuilt(value: object, items: list[object]) -> object:
    if isinstance(value, tuple):
        return tuple.__new__(type(value), items)
    if isinstance(value, set | frozenset):
        return _as_set(value, items)
    return deque(items, value.maxlen) if isinstance(value, deque) else items


def _as_set(value: set[object] | frozenset[object], items: list[object]) -> object:
    try:
        return frozenset(items) if isinstance(value, frozenset) else set(items)
    except TypeError:  # an element became a dict, which has no hash
        return items
