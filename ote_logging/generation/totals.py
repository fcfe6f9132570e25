"""What a GenerationLogger remembers: its newest events without contents, and the sums of all.

LOCATION: ote_logging/generation/totals.py
DEPENDENCIES: events, jsonable
TRACE POINTS: none
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ote_logging.events import Event
from ote_logging.jsonable import text_of

SUMMED: Final = ("tokens_in", "tokens_out", "cost_usd")
"""Fields that are added up."""

_MOST_ERRORS: Final = 1_000


@dataclass(frozen=True, slots=True)
class GenerationEvent:
    """What a GenerationLogger remembers of an event: no contents, so that memory stays small."""

    stage: str
    component: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


class Total:
    """The sums of a GenerationLogger, whatever it remembers."""

    def __init__(self) -> None:
        self._events: Counter[str] = Counter()
        self._components: dict[str, None] = {}
        self._errors: list[dict[str, Any]] = []
        self._error_count = 0
        self._sums: dict[str, float] = {}
        self._stages: dict[str, list[float]] = {}
        self._began = time.monotonic()

    def count(self, event: str) -> None:
        """Count an event that carries nothing to be added up."""
        self._events[event] += 1

    def add_event(self, event: Event, given: Mapping[str, Any]) -> None:
        """Count an event with what it carries."""
        self.count(event.event)
        component = given.get("component")
        if component is not None and len(self._components) < _MOST_ERRORS:
            self._components[text_of(component)] = None
        for name in SUMMED:
            if isinstance(given.get(name), int | float):
                self._sums[name] = self._sums.get(name, 0) + given[name]
        if event.keys.get("status") == "error":
            self.add_error(event.event, component, short_keys(event.keys))

    def add_stage(self, stage: str, took_ms: float) -> None:
        """Count a stage that ended."""
        figures = self._stages.setdefault(stage, [0, 0.0])
        figures[0] += 1
        figures[1] += took_ms

    def add_error(self, stage: str, component: object, told: Mapping[str, Any]) -> None:
        """Count an error, and list it where there is room."""
        self._error_count += 1
        if len(self._errors) < _MOST_ERRORS:
            told = {"stage": stage, "component": component, **told}
            self._errors.append({name: value for name, value in told.items() if value is not None})

    def summary(self) -> dict[str, Any]:
        """Return the sums of this moment."""
        stages = {
            name: {"count": int(count), "total_ms": total, "avg_ms": total / count}
            for name, (count, total) in self._stages.items()
        }
        return {
            "total_events": self._events.total(),
            "events": dict(self._events),
            "errors": list(self._errors),
            "error_count": self._error_count,
            "components": list(self._components),
            "stages": stages,
            **{name: self._sums.get(name, 0) for name in SUMMED},
            "duration_ms": (time.monotonic() - self._began) * 1000,
        }


def short_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth remembering of the keys of an event."""
    wanted = ("status", "duration_ms", "error_type", "error_message", "line_number")
    return {name: keys[name] for name in wanted if name in keys}
