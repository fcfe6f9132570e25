"""Find the entries of a session that meet conditions written as a user types them.

    key=value    equal; ``7`` equals 7, ``true`` equals true, ``null`` equals null
    key!=value   there, and not equal
    key~text     its text holds ``text``, upper and lower case alike
    key>number   greater; also ``>=``, ``<``, ``<=``; two texts (timestamps) compare as texts
    key          there at all: write ``key~``

A key is written as on the line; dots lead into objects and lists (``exception.type``,
``exception.frames.0.file``). Of a list it is enough that one element meets the condition; ``!=`` asks all.

LOCATION: ote_logging/reading/find.py
DEPENDENCIES: schema (Entry)
TRACE POINTS: find() - an entry is kept or passed over
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ote_logging.schema import Entry

_CONDITION: Final = re.compile(r"([^=!~<>\s][^=!~<>]*)(!=|>=|<=|=|~|>|<)(.*)", re.DOTALL)
_FAILED_LEVELS: Final = ("ERROR", "CRITICAL")
_MISSING: Final = object()


@dataclass(frozen=True)
class Condition:
    """One condition: ``key`` (dotted), ``comparison`` and ``value`` as they were typed."""

    key: str
    comparison: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Return the condition that ``text`` writes.

        Raises:
            ValueError: ``text`` has no key or no comparison.
        """
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise ValueError(
                f"not a condition: {text!r}; write key=value, key!=value, key~text or key>number"
            )
        return cls(found[1].strip(), found[2], found[3])

    def holds(self, entry: Entry) -> bool:
        """Return whether ``entry`` meets it; one without the key never does."""
        met = value_at(entry.wire, self.key)
        if met is _MISSING:
            return False
        elements = met if isinstance(met, list) else [met]
        if self.comparison == "!=":
            return not any(_equals(element, self.value) for element in elements)
        return any(_COMPARISONS[self.comparison](element, self.value) for element in elements)


def find(
    entries: Iterable[Entry],
    conditions: Iterable[Condition] = (),
    *,
    errors: bool = False,
    operation: str | None = None,
) -> Iterator[Entry]:
    """Yield the entries that meet all ``conditions``.

    With ``errors`` only those that tell of a failure, with ``operation`` only those of this operation.
    """
    wanted = tuple(conditions)
    for entry in entries:
        if operation is not None and entry.operation != operation:
            continue
        if errors and not is_failure(entry):
            continue
        if all(condition.holds(entry) for condition in wanted):
            yield entry


def is_failure(entry: Entry) -> bool:
    """Return whether ``entry`` tells of a failure: by status, by an exception, or by its level."""
    wire = entry.wire
    return wire.get("status") == "error" or "error_type" in wire or wire.get("level") in _FAILED_LEVELS


def text_at(value: Any) -> str:
    """Return ``value``, a part of a line, as text: itself, or its JSON."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # deeper than the encoder goes, though the decoder did
        return ""


def value_at(wire: Any, key: str) -> Any:
    """Return what stands under ``key`` on a line, else ``_MISSING``; dots lead into objects and lists."""
    met = _inside(wire, key)
    if met is not _MISSING or "." not in key:
        return met
    for step in key.split("."):
        wire = _inside(wire, step)
    return wire


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, _MISSING)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return _MISSING


def _equals(met: Any, typed: str) -> bool:
    return met == typed if isinstance(met, str) else _is_same(met, _read(typed))


def _is_same(met: Any, wanted: Any) -> bool:
    # To Python True is 1; to who types "attempt=1" it is not.
    return isinstance(met, bool) == isinstance(wanted, bool) and bool(met == wanted)


def _read(typed: str) -> Any:
    """Return the JSON value that ``typed`` writes, its text where it writes none."""
    try:
        return orjson.loads(_WORDS.get(typed, typed))
    except ValueError:
        return typed


def _contains(met: Any, typed: str) -> bool:
    return typed.casefold() in text_at(met).casefold()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, str], bool]:
    def holds(met: Any, typed: str) -> bool:
        try:
            return compare(met, typed if isinstance(met, str) else float(typed))
        except (TypeError, ValueError):
            return False

    return holds


_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_COMPARISONS: Final[dict[str, Callable[[Any, str], bool]]] = {
    "=": _equals,
    "~": _contains,
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
}
