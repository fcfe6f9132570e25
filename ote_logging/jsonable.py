"""Turn any object into plain JSON values, whatever the object does.

What comes out is ``str``, ``int`` of 64 bits, finite ``float``, ``bool``, ``None``, ``list`` and ``dict``
with text keys: orjson, msgspec and ``json.dumps(allow_nan=False)`` all take it. Nothing raises
(``KeyboardInterrupt`` and its like pass on), nothing of the caller is changed, no iterator is consumed,
and what was cut says so with its true size.

    bytes                          text; what is no UTF-8 as ``\\xff``, since base64 would hide secrets
    lone surrogates                ``\\udc80``
    NaN, infinities                ``"NaN"``, ``"Infinity"``, ``"-Infinity"``
    integers beyond 64 bits        their digits as text; beyond 14,000 bits ``<int, 20000 bits>``
    Decimal, UUID, Path, ...       ``str(value)``, exact
    date, time, datetime           ISO 8601; timedelta in seconds
    Enum                           its value
    tuple, set, deque, Sequence    list; sets sorted where their values can be
    Mapping                        dict; keys that become equal as text get ``_2``, ``_3``
    dataclass, attrs, pydantic,    dict of their fields; ``repr=False`` keeps a field out
    msgspec, namedtuple
    numpy, pandas                  numbers and lists; a DataFrame is a dict of its columns
    exceptions                     ``"ValueError: text"``; classes and functions their qualified name
    an object with ``__ote__()``   what that returns, made plain in turn
    all else                       ``str(value)``, else ``repr(value)``, else ``<unprintable Foo>``

LOCATION: ote_logging/jsonable.py
DEPENDENCIES: late (patterns)
TRACE POINTS: none
"""

import codecs
import sys
import threading
from collections import UserString, deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set, ValuesView
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from itertools import chain, count, islice
from math import isfinite
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeAlias, TypeVar

from ote_logging.late import late_pattern

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"

T = TypeVar("T")

_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1
# 4,214 digits: below it str() is quick, and CPython's own bound of 4,300 digits is not met.
_INT_TEXT_BITS = 14_000
# A text of this length is kept whatever the limits: it is no longer than the mark that would stand for it.
_SHORT = 64
# What a value counts besides its characters, so that a million empty lists are bounded as well.
_VALUE_COST = 16
# Printing an object may log that object again. The second time is served, the third is not.
_MAX_NESTING = 2
_CUT = late_pattern(r"\.\.\. <cut, \d{1,20} (?:chars|bytes)>\Z")
# Classes whose way is remembered; they are kept alive as long as they are.
_KNOWN_KINDS = 1_024

# Read past the metaclass, whose own attributes may raise or lie.
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
_qualname_of: Callable[[type], str] = type.__dict__["__qualname__"].__get__
_module_of: Callable[[type], object] = type.__dict__["__module__"].__get__
_mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__


class Limits:
    """How much of a value is kept; what goes beyond is cut and marked.

    ``depth`` counts containers inside each other, ``items`` the entries of one container, ``chars`` the
    characters of one text, ``size`` the characters of everything together, where each value counts 16 more.

    Raises:
        ValueError: a limit below 1, or ``chars`` below 64, where no mark would fit.
    """

    __slots__ = ("chars", "depth", "items", "size")

    def __init__(
        self, depth: int = 32, items: int = 1_000, chars: int = 1_048_576, size: int = 4_194_304
    ) -> None:
        """Refuse limits that leave no room for a mark."""
        self.depth, self.items, self.chars, self.size = depth, items, chars, size
        if min(depth, items, size) < 1 or chars < _SHORT:
            raise ValueError(f"{self}: depth, items and size start at 1, chars at {_SHORT}")

    def __repr__(self) -> str:
        return f"Limits(depth={self.depth}, items={self.items}, chars={self.chars}, size={self.size})"


DEFAULT = Limits()


def jsonable(value: object, limits: Limits = DEFAULT) -> JSON:
    """Return ``value`` as plain JSON values, bounded by ``limits``; containers are always new ones.

    ``jsonable(jsonable(x)) == jsonable(x)``.

    >>> jsonable({1: {3, 2}, "1": float("nan")})
    {'1': [2, 3], '1_2': 'NaN'}
    """
    return _walked(limits, lambda walk: walk.value(value, 0))


def text_of(value: object, limits: Limits = DEFAULT) -> str:
    """Return ``str(value)``, or the nearest to it that can be had, at most ``limits.chars`` long.

    A container that is too long or too deep for ``str`` is shown as the JSON values that stand for it.
    """
    kind = type(value)
    if kind is str and len(value) <= limits.chars and value.isascii():  # type: ignore[arg-type,attr-defined]  # the exact type was asked for
        return value  # type: ignore[return-value]  # the same
    # Compared one by one: the metaclass of an unknown class may refuse to be hashed.
    if value is None or kind is float or kind is bool:
        return str(value)
    if kind is int and _INT_MIN <= value <= _INT_MAX:  # type: ignore[operator]  # the same
        return str(value)
    return _walked(limits, lambda walk: walk.shown(value))


def key_of(key: object, limits: Limits = DEFAULT) -> str:
    """Return ``key`` as the text that stands for it in JSON: ``None`` is ``null``, ``True`` is ``true``."""
    if type(key) is str and len(key) <= limits.chars and key.isascii():
        return key
    return _walked(limits, lambda walk: walk.key(key))


def qualified_name(thing: Any) -> str:
    """Return ``module.Outer.name`` of a class or function, as tracebacks do: without module when built in."""
    module = getattr(thing, "__module__", None)
    name = _qualname_of(thing) if issubclass(type(thing), type) else getattr(thing, "__qualname__", None)
    if type(name) is not str:
        return _name_of(type(thing))
    return f"{module}.{name}" if type(module) is str and module not in ("builtins", "__main__") else name


def asked(ask: Callable[[], T]) -> T:
    """Return what ``ask`` returns, which runs code of the program, perhaps such as leads back here.

    Raises:
        RecursionError: it has led back here twice already.
    """
    _nesting.depth += 1
    try:
        if _nesting.depth > _MAX_NESTING:
            raise RecursionError("printed while it is printed")
        return ask()
    finally:
        _nesting.depth -= 1


class _Nesting(threading.local):
    """Counts, per thread, how often an object that is being printed has led back to here."""

    depth = 0


_nesting = _Nesting()


def _walked(limits: Limits, take: Callable[["_Walk"], T]) -> T:
    """Return what ``take`` gets of a new walk; one nested too deep runs no code of the objects."""
    # In line, since an interrupt could keep the __exit__ of a context manager from counting down.
    _nesting.depth += 1
    try:
        return take(_Walk(limits, _nesting.depth <= _MAX_NESTING))
    finally:
        _nesting.depth -= 1


class _Walk:
    """One way through one value: what is open above (for cycles) and the room that is left."""

    __slots__ = ("limits", "may_ask", "open", "room")

    def __init__(self, limits: Limits, may_ask: bool) -> None:
        self.limits = limits
        self.may_ask = may_ask
        self.open: set[int] = set()
        self.room = limits.size

    def value(self, value: Any, depth: int) -> JSON:
        """Return ``value`` as JSON; ``depth`` containers are open around it."""
        kind = type(value)
        self.room -= _VALUE_COST
        if kind is str:
            return self.text(value)
        if kind is int and _INT_MIN <= value <= _INT_MAX:
            return value  # type: ignore[no-any-return]
        if value is None or kind is bool or (kind is float and isfinite(value)):
            return value  # type: ignore[no-any-return]
        try:
            way = _WAYS.get(kind)
            return way(self, value, depth) if way else self.foreign(value, kind, depth)
        except Exception:  # the value's own code, or no stack left
            return self.text(unprintable(value)) if _is_container(kind) else self.printed(value)

    def text(self, text: str) -> str:
        """Return ``text`` without lone surrogates, cut to the room that is left, and count it."""
        length = len(text)
        if length > self.room or length > self.limits.chars or not text.isascii():
            text = self.cut(text, length)
        self.room -= len(text)
        return text

    def cut(self, text: str, size: int, unit: str = "chars", whole: bool = True) -> str:
        """Return what fits of ``text``; a mark at its end tells the true size when that is not the whole."""
        room = max(min(self.limits.chars, self.room), _SHORT)
        head = text if len(text) <= room else text[:room]
        if not head.isascii():
            head = _without_surrogates(head)
        if whole and len(head) <= room and len(text) <= room:
            return head
        # A text that was cut before tells its true size itself.
        told = _CUT.search(text[-_SHORT:])
        mark = told[0] if told else f"... <cut, {size} {unit}>"
        return head[: room - len(mark)] + mark

    def printed(self, value: Any, _depth: int = 0) -> str:
        """Return ``str(value)`` as a counted text; ``repr(value)`` when that fails."""
        if not self.may_ask:
            return self.text(f"<{_name_of(type(value))}, printed while it is printed>")
        try:
            return self.text(_exact(str(value)))
        except Exception:  # __str__ of the value
            pass
        try:
            return self.text(_exact(repr(value)))
        except Exception:  # __repr__ of the value
            return self.text(unprintable(value))

    def shown(self, value: Any) -> str:
        """Return the text of ``value`` for people; for a container too large for str() that of its JSON."""
        if type(value) is str:
            return self.text(value)
        if not (_is_container(type(value)) and self.may_ask):
            return self.printed(value)
        try:
            if self.fits(value):
                return self.text(str(value))
        except Exception:  # too deep, an element that cannot be printed, or changed by another thread
            pass
        plain = _Walk(self.limits, self.may_ask).value(value, 0)
        return self.text(str(plain))

    def fits(self, value: Any) -> bool:
        """Tell whether str() of a container would be within the limits, looking no further than they go."""
        if len(value) > self.limits.items:
            return False
        room, containers = self.limits.size, [value]
        while containers:
            for each in _elements(containers.pop()):
                kind = type(each)
                room -= _VALUE_COST + (len(each) if kind is str or kind is bytes else 0)
                if room <= 0:
                    return False
                if _is_container(kind):
                    containers.append(each)
        return True

    def key(self, key: Any) -> str:
        """Return the text that stands for ``key``; equal texts are told apart by ``entries``."""
        if type(key) is str:
            return key if len(key) <= _SHORT and key.isascii() else self.cut(key, len(key))
        apart = _Walk(self.limits, self.may_ask)
        plain = apart.shown(key) if _is_container(type(key)) else apart.value(key, 0)
        if isinstance(plain, list | dict):
            plain = apart.printed(key)
        text = plain if isinstance(plain, str) else _KEYWORDS.get(str(plain), str(plain))
        return self.cut(text, len(text))

    def inside(self, value: Any, depth: int, size: int, fill: Callable[[], JSON]) -> JSON:
        """Return what ``fill`` makes of the container, or the mark of a cycle or of too great a depth."""
        if id(value) in self.open:
            return self.text(f"<cycle {_name_of(type(value))}>")
        if depth >= self.limits.depth and size:
            return self.text(f"<cut, {_name_of(type(value))} of {size} items>")
        self.open.add(id(value))
        try:
            return fill()
        finally:
            self.open.discard(id(value))

    def sequence(self, value: Any, depth: int) -> JSON:
        """A sequence, set or view becomes a list; built-in ones are read past methods of their own."""
        base = next((base for base in _LISTS if issubclass(type(value), base)), type(value))
        size = base.__len__(value)
        return self.inside(value, depth, size, lambda: self.items(base.__iter__(value), size, depth + 1))

    def items(self, values: Iterable[Any], size: int, depth: int) -> list[JSON]:
        """Return the first of ``size`` values; the last is the mark of a cut."""
        plain: list[JSON] = []
        for value in self.first(values, size):
            if self.room <= 0 and not (len(plain) == size - 1 and _is_short(value)):
                break
            plain.append(self.value(value, depth))
        if len(plain) < size:
            self.room -= _VALUE_COST
            plain.append(self.text(f"... <cut, {size} items>"))
        return plain

    def entries(self, pairs: Iterable[tuple[Any, Any]], size: int, depth: int) -> dict[str, JSON]:
        """Return the first of ``size`` pairs, each under a key of its own; the last is the mark of a cut."""
        plain: dict[str, JSON] = {}
        for key, value in self.first(pairs, size):
            if self.room <= 0 and not (len(plain) == size - 1 and _is_short(key) and _is_short(value)):
                break
            name = self.free(plain, self.key(key))
            plain[name] = self.value(value, depth)
        if len(plain) < size:
            plain[self.free(plain, "...")] = self.value(f"<cut, {size} items>", depth)
        return plain

    def free(self, plain: dict[str, JSON], key: str) -> str:
        """Return ``key``, or ``key_2``, ``key_3`` when it is taken, and count it."""
        if key in plain:
            key = self.numbered(plain, key)
        self.room -= len(key)
        return key

    def numbered(self, plain: dict[str, JSON], key: str) -> str:
        """Return ``key`` with the first number that is free, no longer than a text may be."""
        room = max(min(self.limits.chars, self.room), _SHORT)
        # Small numbers first; then one that is likely to be free, so that a thousand equal keys stay cheap.
        suffixes = (f"_{number}" for number in chain(range(2, 10), count(len(plain))))
        candidates = (key[: room - len(suffix)] + suffix for suffix in suffixes)
        return next(candidate for candidate in candidates if candidate not in plain)

    def first(self, values: Iterable[Any], size: int) -> list[Any]:
        """Take as many values as may be kept, at once, so that no other thread changes them midway."""
        limit = self.limits.items
        return list(islice(values, limit if size <= limit else limit - 1))

    def named_tuple(self, value: Any, depth: int) -> JSON:
        """A tuple becomes a list; one with names becomes a dict."""
        names = getattr(type(value), "_fields", None)
        if type(value) is tuple or type(names) is not tuple:
            return self.sequence(value, depth)
        pairs = zip(names, value, strict=False)
        return self.inside(value, depth, len(names), lambda: self.entries(pairs, len(names), depth + 1))

    def mapping(self, value: Any, depth: int) -> JSON:
        """A dict, or a class of its own that is one underneath, is read past its own methods."""
        size = dict.__len__(value)
        return self.inside(value, depth, size, lambda: self.entries(dict.items(value), size, depth + 1))

    def other_mapping(self, value: Any, depth: int) -> JSON:
        """A mapping of another kind is asked for as many keys as may be kept, and for their values."""
        size = len(value)
        pairs = ((key, value[key]) for key in islice(value, self.limits.items))
        return self.inside(value, depth, size, lambda: self.entries(pairs, size, depth + 1))

    def unordered(self, value: Any, depth: int) -> JSON:
        """A set becomes a list, sorted where its values can be."""
        base = set if issubclass(type(value), set) else frozenset
        size = base.__len__(value)
        return self.inside(
            value, depth, size, lambda: self.sorted_items(base.__iter__(value), size, depth + 1)
        )

    def sorted_items(self, values: Iterable[Any], size: int, depth: int) -> list[JSON]:
        """Sort what was kept, unless room ran out: then another order would be cut elsewhere."""
        plain = self.items(values, size, depth)
        if self.room <= 0 or size > self.limits.items:
            return plain
        try:
            return sorted(plain)  # type: ignore[type-var]
        except TypeError:
            return sorted(plain, key=repr)

    def integer(self, value: int, _depth: int) -> JSON:
        """An integer that is too large, or of a class of its own."""
        number = int.__int__(value)
        if _INT_MIN <= number <= _INT_MAX:
            return number
        bits = int.bit_length(number)
        return self.text(int.__repr__(number) if bits <= _INT_TEXT_BITS else f"<int, {bits} bits>")

    def real(self, value: float, _depth: int) -> JSON:
        """A float that is not finite, or of a class of its own."""
        number = float.__float__(value)
        if isfinite(number):
            return number
        return self.text("NaN" if number != number else "Infinity" if number > 0 else "-Infinity")

    def own_text(self, value: str, _depth: int) -> JSON:
        """A class of its own above str: one that prints itself otherwise may have to hide something."""
        return self.printed(value) if type(value).__str__ is not str.__str__ else self.text(_exact(value))

    def binary(self, value: bytes | bytearray | memoryview, _depth: int) -> JSON:
        """Bytes as the UTF-8 text that they are; what is none is escaped."""
        view = memoryview(value)
        view = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
        room = max(min(self.limits.chars, self.room), _SHORT)
        whole = len(view) <= room
        text, _ = codecs.utf_8_decode(view[:room], "backslashreplace", whole)
        text = self.cut(text, len(view), "bytes", whole)
        self.room -= len(text)
        return text

    def foreign(self, value: Any, kind: Any, depth: int) -> JSON:
        """A value of another class: what it says of itself, what it is a kind of, or its text."""
        if not self.may_ask:
            return self.printed(value)
        try:
            return _way_of(kind)(self, value, depth)
        except Exception:  # the value's own code
            return self.printed(value)

    def hooked(self, value: Any, depth: int) -> JSON:
        """What ``__ote__`` returns; nothing when it fails, since it may be there to hide something."""
        try:
            return self.inside(value, depth, 1, lambda: self.value(type(value).__ote__(value), depth + 1))
        except Exception:  # __ote__ of the value
            return self.text(unprintable(value))

    def member(self, value: Enum, depth: int) -> JSON:
        """A member of an Enum is its value."""
        return self.inside(value, depth, 1, lambda: self.value(value.value, depth + 1))

    def record(self, value: Any, depth: int) -> JSON:
        """A dataclass and the like becomes a dict of its fields; one that cannot be read says why."""
        kind: Any = type(value)
        names = _fields_of(kind) or ()
        pairs = [(name, _attribute(value, name)) for name in names[: self.limits.items]]
        return self.inside(value, depth, len(names), lambda: self.entries(pairs, len(names), depth + 1))

    def error(self, value: BaseException, _depth: int) -> JSON:
        """An exception is its class and its text."""
        text = _Walk(self.limits, self.may_ask).printed(value)
        name = qualified_name(type(value))
        return self.text(f"{name}: {text}" if text else name)

    def named(self, value: Any, _depth: int) -> JSON:
        """A class or function is its qualified name."""
        return self.text(qualified_name(value))

    def isoformat(self, value: date | time, _depth: int) -> JSON:
        """A date or time in ISO 8601."""
        return self.text(_exact(value.isoformat()))

    def seconds(self, value: timedelta, _depth: int) -> JSON:
        """A length of time in seconds."""
        return value.total_seconds()

    def numpy_scalar(self, value: Any, depth: int) -> JSON:
        """A numpy number as Python's; a time or what Python has no number for as text."""
        plain = value.astype("m8[us]").item() if value.dtype.kind == "m" else value.item()
        return (
            self.printed(value)
            if value.dtype.kind == "M" or type(plain) is type(value)
            else self.value(plain, depth)
        )

    def numpy_array(self, value: Any, depth: int) -> JSON:
        """An array is a list of its rows; one without dimensions is its value."""
        if value.ndim == 0:
            return self.value(value.item(), depth)
        size = len(value)
        rows = value[: self.limits.items]
        plain = rows.tolist() if value.ndim == 1 and value.dtype.kind in "biuf" else rows
        return self.inside(value, depth, size, lambda: self.items(plain, size, depth + 1))

    def pandas_series(self, value: Any, depth: int) -> JSON:
        """A Series or Index is the list of its values."""
        size = len(value)
        limit = self.limits.items
        # A slice of a Series goes by its labels where those are floats.
        plain = (value.head(limit) if hasattr(value, "head") else value[:limit]).tolist()
        return self.inside(value, depth, size, lambda: self.items(plain, size, depth + 1))

    def pandas_frame(self, value: Any, depth: int) -> JSON:
        """A DataFrame is a dict of its columns."""
        size = len(value.columns)
        return self.inside(value, depth, size, lambda: self.entries(value.items(), size, depth + 1))


@lru_cache(_KNOWN_KINDS)
def _way_of(kind: Any) -> "_Way":
    """Return how values of ``kind`` are made plain."""
    if getattr(kind, "__ote__", None) is not None:
        return _Walk.hooked
    if issubclass(kind, Enum):
        return _Walk.member
    for base in _mro_of(kind):
        way = _WAYS.get(base) or _FOREIGN_WAYS.get(f"{_package_of(base)}.{_name_of(base)}")
        if way is not None:
            return way
    if _fields_of(kind) is not None:
        return _Walk.record
    return next((way for base, way in _ABSTRACT_WAYS if issubclass(kind, base)), _Walk.printed)


def unprintable(value: object) -> str:
    """Return the last resort, which asks nothing of the value."""
    return f"<unprintable {_name_of(type(value))[:_SHORT]}>"


def _exact(text: str) -> str:
    """Return a str whose class is str: the result of ``__str__`` may be of a class of its own."""
    return text if type(text) is str else str.__str__(text)


def _without_surrogates(text: str) -> str:
    r"""Return ``text`` with lone surrogates, which UTF-8 has no bytes for, shown as ``\udc80``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _is_short(value: object) -> bool:
    """Tell whether ``value`` is a text no longer than the mark that would stand for it."""
    return type(value) is str and len(value) <= _SHORT


def _is_container(kind: type) -> bool:
    """Tell whether ``kind`` is a built-in container, by identity: a metaclass may refuse to be compared."""
    return kind is dict or kind is list or kind is tuple or kind is set or kind is frozenset or kind is deque


def _elements(container: Any) -> Iterable[Any]:
    """Return the elements of a built-in container, of a dict its keys and values."""
    return chain(container.keys(), container.values()) if type(container) is dict else container


def _package_of(kind: type) -> str:
    """Return the first part of the name of the module that a class says it lives in."""
    module = _module_of(kind)
    return module.partition(".")[0] if type(module) is str else ""


def _attribute(value: object, name: str) -> object:
    """Return an attribute, or the error that reading it gives."""
    try:
        return getattr(value, name)
    except Exception as error:  # a property, __getattr__, or a slot that was never set
        return f"<unreadable: {_name_of(type(error))}>"


@lru_cache(_KNOWN_KINDS)
def _fields_of(kind: Any) -> tuple[str, ...] | None:
    """Return the names of the fields that its ``repr`` shows; None for a class that declares none."""
    dataclasses = sys.modules.get("dataclasses")  # 5 ms to import; there where a dataclass is
    if dataclasses is not None and dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind) if field.repr)
    if type(fields := getattr(kind, "__pydantic_fields__", None)) is dict:
        return tuple(name for name, field in fields.items() if field.repr)
    if isinstance(fields := getattr(kind, "__attrs_attrs__", None), tuple):
        return tuple(field.name for field in fields if field.repr)
    if type(fields := getattr(kind, "__struct_fields__", None)) is tuple:
        return fields
    return None


_Way: TypeAlias = Callable[[_Walk, Any, int], JSON]

_KEYWORDS = {"None": "null", "True": "true", "False": "false"}
_LISTS = (list, tuple, deque)

_WAYS: dict[type, _Way] = {
    str: _Walk.own_text,
    int: _Walk.integer,
    float: _Walk.real,
    dict: _Walk.mapping,
    list: _Walk.sequence,
    tuple: _Walk.named_tuple,
    deque: _Walk.sequence,
    set: _Walk.unordered,
    frozenset: _Walk.unordered,
    bytes: _Walk.binary,
    bytearray: _Walk.binary,
    memoryview: _Walk.binary,
    date: _Walk.isoformat,
    datetime: _Walk.isoformat,
    time: _Walk.isoformat,
    timedelta: _Walk.seconds,
    BaseException: _Walk.error,
    type: _Walk.named,
    FunctionType: _Walk.named,
    BuiltinFunctionType: _Walk.named,
    MethodType: _Walk.named,
    # Sequences as collections.abc has it, but better read as their text.
    range: _Walk.printed,
    UserString: _Walk.printed,
}

_FOREIGN_WAYS: dict[str, _Way] = {
    "numpy.generic": _Walk.numpy_scalar,
    "numpy.ndarray": _Walk.numpy_array,
    "pandas.Series": _Walk.pandas_series,
    "pandas.Index": _Walk.pandas_series,
    "pandas.DataFrame": _Walk.pandas_frame,
}

_ABSTRACT_WAYS: tuple[tuple[type, _Way], ...] = (
    (Mapping, _Walk.other_mapping),
    (Set, _Walk.sequence),
    (Sequence, _Walk.sequence),
    (ValuesView, _Walk.sequence),
)
