"""Say which columns the lines of a session have, and of what type: those of the table, and the fields met.

Engines read by these, and not by a guess of their own: the same query gives the same on each.

LOCATION: ote_logging/reading/columns.py
DEPENDENCIES: evaluation (names of amounts), entries (Reader), schema (the table)
TRACE POINTS: none
"""

from collections.abc import Iterable, Mapping
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, Final

from ote_logging.evaluation.operations import AMOUNTS
from ote_logging.reading.entries import Reader
from ote_logging.schema import KEYS

TEXT: Final = "text"
WHOLE: Final = "whole"
NUMBER: Final = "number"
TRUTH: Final = "truth"

_TYPES: Final[Mapping[type, str]] = {bool: TRUTH, int: WHOLE, float: NUMBER}
_WHOLE_KEYS: Final = frozenset({"seq", "pid", "line", "line_number"})
_NUMBERS: Final = ("cpu_ms", "cost_usd")
_MOST_LINES: Final = 10_000
_MOST_FIELDS: Final = 300
_WIDEST: Final = 1 << 62

# ``exception`` is read by each engine in its own words: of an object only the innermost frame is wanted.
KNOWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{key: WHOLE if key in _WHOLE_KEYS else TEXT for key in KEYS if key != "exception"},
        "duration_ms": NUMBER,
        **{name: NUMBER if name in _NUMBERS else WHOLE for name in AMOUNTS if name != "unpriced"},
        **{"cache_hit": TRUTH, "size_bytes": WHOLE, "active_ms": NUMBER, "lost": WHOLE, "model": TEXT},
    }
)
"""The columns that are always there."""


def columns_of(paths: Iterable[str]) -> dict[str, str]:
    """Return all columns by name, with the fields of the first 10,000 lines of each of ``paths``.

    A field of several types is text. Names that differ only in case are one column: the first.
    """
    met: dict[str, str] = {}
    for path in paths:
        for wire in islice(chain.from_iterable(Reader(path).batches()), _MOST_LINES):
            _add_fields(met, wire)
    known = {name.lower() for name in (*KNOWN, "exception")}
    fields = {name.lower(): (name, kind) for name, kind in met.items() if name.lower() not in known}
    return {**KNOWN, **dict(islice(fields.values(), _MOST_FIELDS))}


def _add_fields(met: dict[str, str], wire: Mapping[str, Any]) -> None:
    for name, value in wire.items():
        if name not in KNOWN and value is not None:
            kind = _kind(value)
            met[name] = _wider(met.get(name, kind), kind)


def _kind(value: Any) -> str:
    if type(value) is int and abs(value) > _WIDEST:
        return TEXT
    return _TYPES.get(type(value), TEXT)


def _wider(one: str, other: str) -> str:
    if one == other:
        return one
    return NUMBER if {one, other} == {WHOLE, NUMBER} else TEXT
