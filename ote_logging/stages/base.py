"""What the events of all stages have in common.

What an event can tell from its contents (lengths, hashes, diffs, the syntax of code) it finds out when a
handler first asks, so one that nobody writes costs its construction alone.

LOCATION: ote_logging/stages/base.py
DEPENDENCIES: events (Event), stages.contents (measures), tracebacks (exceptions as keys)
TRACE POINTS: StageEvent.settled() - an event looks at its contents
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self

from ote_logging.events import Event, Redactor
from ote_logging.jsonable import jsonable, text_of
from ote_logging.stages.contents import Large, is_a, is_large, measures
from ote_logging.stages.names import CONTENTS, NESTED
from ote_logging.tracebacks import describe, render, summary_of

OUTCOME: Final = (
    "status", "duration_ms", "error_type", "error_message", "line_number", "code_context", "traceback"
)  # fmt: skip
"""Fields of a stage that are keys of the line."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class StageEvent(Event):
    """What all stages have in common; ``given`` holds the fields as they came, however long."""

    __slots__ = ("_clean", "_is_settled", "_measures", "_told", "given", "outcome")

    text = ""
    """The line for people is made of the fields."""

    given: Mapping[str, Any]
    outcome: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        given: Mapping[str, Any],
        outcome: Mapping[str, Any] = _NOTHING,
        failed_by: BaseException | None = None,
    ) -> Self:
        """Make an event of all that is known by name; what is None is left out.

        ``outcome`` wins over ``given``; ``failed_by`` is an exception that ``outcome`` tells already, asked
        only for the place that it is about.
        """
        event = object.__new__(cls)
        place = {} if failed_by is None else event._place_of(failed_by)
        event._fill({**given, **outcome, **place})
        return event

    def _fill(self, given: Mapping[str, Any]) -> None:
        known = {name: value for name, value in given.items() if value is not None}
        self.outcome = {name: known.pop(name) for name in OUTCOME if name in known}
        self.given = known
        self._is_settled = False
        self._told: Mapping[str, Any] | None = None
        self._measures: Mapping[str, Any] | None = None
        self._clean: tuple[Redactor, Event] | None = None

    @property
    def keys(self) -> Mapping[str, Any]:  # type: ignore[override]  # found out when a handler asks
        """The keys of the line: always a status, the error where there is one."""
        return self.settled().outcome

    @property
    def fields(self) -> Mapping[str, Any]:  # type: ignore[override]  # as keys
        """The fields with their measures: ``<content>_length``, ``<content>_hash``."""
        if self._told is None:
            whole = {name: resolved(value) for name, value in self.settled().given.items()}
            self._told = {**whole, **self.measures}
        return self._told

    @property
    def measures(self) -> Mapping[str, Any]:
        """What is known of the contents without any of them."""
        if self._measures is None:
            given = self.settled().given
            self._measures = {**measures(given), **told_of(given)}
        return self._measures

    def settled(self) -> Self:
        """Look at the contents, once; what goes wrong at that is told in ``look_error``."""
        if not self._is_settled:
            self._is_settled = True
            given, outcome = {**self.given}, {**self.outcome}
            given.update((name, _listed(given[name])) for name in NESTED & given.keys())
            try:
                self._tell_error(given, outcome)
                self._look(given, outcome)
            except Exception as error:  # contents may be objects with code of their own
                given["look_error"] = text_of(error)
            outcome.setdefault("status", "error" if "error_message" in outcome else "ok")
            self.given, self.outcome = given, outcome
        return self

    def _tell_error(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        """Turn ``error`` into keys; those that were given win."""
        error = given.pop("error", None)
        if isinstance(error, BaseException):
            described = describe(error)
            told = {**summary_of(described), **self._place_of(error)}
            outcome.update({**told, "traceback": render(described), **outcome})
        elif error is not None:
            outcome.setdefault("error_message", text_of(error))

    def _place_of(self, error: BaseException) -> Mapping[str, Any]:
        """Return where ``error`` is to be looked for, where that is not the line that raised."""
        return {}

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        """Add what the contents tell of themselves to the fields and the keys."""

    def redacted(self, redactor: Redactor) -> Event:
        """Return this event without secrets; what is too long for that is cleaned when it is read."""
        # A handler may ask twice: to see whether there are any, and to have them off.
        if self._clean is None or self._clean[0] is not redactor:
            self._clean = redactor, self._redacted(redactor)
        return self._clean[1]

    def _redacted(self, redactor: Redactor) -> Event:
        self.settled()
        given = {name: _cleaned(redactor, name, value) for name, value in self.given.items()}
        outcome = {name: redactor.value(name, value) for name, value in self.outcome.items()}
        if _same(given, self.given) and _same(outcome, self.outcome):
            return self
        return self._with(given, outcome)

    def _with(self, given: Mapping[str, Any], outcome: Mapping[str, Any]) -> Self:
        other = object.__new__(type(self))
        other.given, other.outcome = given, outcome
        other._is_settled, other._told, other._measures, other._clean = True, None, None, None
        return other

    def __str__(self) -> str:
        keys, given = self.keys, self.given
        failed = " FAILED" if keys["status"] == "error" else ""
        head = " ".join(filter(None, (self.event + failed, text_of(given.get("component", "")))))
        try:
            facts = ", ".join([*self._facts(given), *_ended(keys)])
        except Exception:  # a field may be of any kind
            return head
        return f"{head}: {facts}" if facts else head

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        """Return what people want to know of it at once, short and without any content."""
        return []


def told_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the measures that stand among the fields of an event."""
    # They win, for the program may know of a content that it did not give.
    return {name: value for name, value in given.items() if name.endswith(("_length", "_hash", "_hashes"))}


def _cleaned(redactor: Redactor, name: str, value: Any) -> Any:
    if type(value) is Large:
        return value.redacted(redactor)
    if name in NESTED and type(value) is list:
        return _each(value, lambda key, inner: _cleaned(redactor, key, inner))
    if name in CONTENTS and is_large(value):
        return Large(value, redactor)
    return redactor.value(name, value)


def _listed(value: object) -> object:
    """Return a list whose mappings are plain ones; what is no list or tuple stays."""
    if not is_a(value, list, tuple):
        return value
    return [jsonable(item) if type(item) is not dict and is_a(item, Mapping) else item for item in value]


def _each(items: list[Any], change: Callable[[str, Any], Any]) -> list[Any]:
    """Return ``items`` with every value of each mapping changed; the same list where none has."""
    made = []
    for item in items:
        if type(item) is dict:
            other = {key: change(key, value) for key, value in item.items()}
            item = item if _same(other, item) else other
        else:
            item = change("", item)
        made.append(item)
    return items if all(new is old for new, old in zip(made, items, strict=True)) else made


def resolved(value: Any) -> Any:
    """Return ``value`` as it may be written, what is too long for its caller cleaned now."""
    if type(value) is Large:
        return value.cleaned()
    return _each(value, lambda _, inner: resolved(inner)) if _holds_large(value) else value


def _holds_large(value: Any) -> bool:
    return type(value) is list and any(
        type(inner) is Large for item in value if type(item) is dict for inner in item.values()
    )


def _same(values: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    return all(value is others[name] for name, value in values.items())


def _ended(keys: Mapping[str, Any]) -> list[str]:
    told = [f"{keys['duration_ms']:.1f} ms"] if isinstance(keys.get("duration_ms"), int | float) else []
    if "error_message" in keys:
        line = f"line {keys['line_number']}: " if "line_number" in keys else ""
        kind = f"{text_of(keys['error_type'])}: " if "error_type" in keys else ""
        told.append(f"{line}{kind}{text_of(keys['error_message'])}")
    return told


def text_or_none(value: object) -> str | None:
    """Return ``value`` where it is text."""
    return value if is_a(value, str) else None
