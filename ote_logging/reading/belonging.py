"""Whose a record is: the component that it names, or the one that what is around it names.

A captured call of a model names none. It is that of the spans around it; else, for a program that tells its
components in texts alone, what is sure of the texts before and after it in the same thread:

    TRACE: generate -> call_llm | component=mailer
        a call
    TRACE: validate -> FAILED at 1 | component=mailer      both texts name one, so it is that of the call

LOCATION: ote_logging/reading/belonging.py
DEPENDENCIES: schema (Entry), contents (prompts as text)
TRACE POINTS: Belonging.subject_of() - a record gets its component
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from ote_logging.reading.contents import shown
from ote_logging.schema import Entry

STAGES: Final = {
    "llm_interaction": 1,
    "template_render": 2,
    "code_generation": 3,
    "validation": 4,
    "healing": 4,
    "file_write": 5,
}
"""The stages of a pipeline, and how far along it each stands."""

_ENDS: Final = ("span_end", "evaluation")
_DEEPEST: Final = 64
# A name like this is no word of a sentence.
_DISTINCT: Final = re.compile(r"(?=.{4})(?=\w*[A-Za-z])\w*(?:_|[a-z][A-Z]|\d)\w*")
_WORD: Final = re.compile(r"\w+")


class Belongs(NamedTuple):
    """Whose a record is."""

    name: str
    is_component: bool
    how: str | None = None
    """What says so, where neither the record nor a span around it does."""


class Belonging:
    """Which component and operation stand around a record; complete once every entry was added."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Any]] = {}
        self._open: defaultdict[tuple[str, ...], list[tuple[Any, Any]]] = defaultdict(list)
        self._named: dict[tuple[str, ...], str] = {}
        self._texts: defaultdict[tuple[str, ...], _Texts] = defaultdict(_Texts)
        self.components: dict[str, None] = {}
        """Every component that is named, in the order of the records."""

    def add(self, entry: Entry) -> tuple[Any, Any]:
        """Take an entry; return operation and component of the texts that are open in its thread."""
        component = component_of(entry)
        thread = _thread_of(entry)
        if component is not None:
            self.components[component] = None
            self._texts[thread].add(entry, component)
            if entry.event == "trace_point" and entry.operation is not None:
                # The operation goes on with it in that thread.
                self._named[(str(entry.operation), *thread)] = component
        if entry.event in ("span_start", "span_end") or entry.event in STAGES:
            self._add_operation(entry, component, thread)
        return self._open_in(entry, thread)

    def _add_operation(self, entry: Entry, component: str | None, thread: tuple[str, ...]) -> None:
        if isinstance(entry.span_id, str):
            known = self._spans.setdefault(entry.span_id, [entry.parent_id, entry.operation, component])
            known[2] = known[2] or component
        elif entry.event == "span_start":
            self._open[thread].append((entry.operation, component))
        elif entry.event == "span_end" and self._open[thread]:
            self._open[thread].pop()

    def _open_in(self, entry: Entry, thread: tuple[str, ...]) -> tuple[Any, Any]:
        stack = self._open.get(thread, ()) if self._open else ()
        component = next((name for _, name in reversed(stack) if name is not None), None)
        if component is None and self._named:
            component = self._named.get((str(entry.operation), *thread))
        return (stack[-1][0] if stack else None), component

    def subject_of(self, entry: Entry, by_thread: tuple[Any, Any]) -> Belongs:
        """Return whose ``entry`` is; ``by_thread`` is what ``add`` returned for it."""
        component = component_of(entry) or self._around(entry) or by_thread[1]
        if component is not None:
            return Belongs(str(component), is_component=True)
        implied = self._implied(entry) if self.components else None
        if implied is not None:
            return implied
        operation = None if entry.event in STAGES else entry.operation
        outer = entry.get("parent_operation") or self._spans.get(str(entry.parent_id), (None, None))[1]
        name = operation or outer or by_thread[0] or entry.operation or entry.logger
        return Belongs(str(name), is_component=False)

    def _around(self, entry: Entry) -> str | None:
        span_id = entry.span_id or entry.parent_id
        for _ in range(_DEEPEST):
            parent, _, component = self._spans.get(str(span_id), (None, None, None))
            if component is not None or parent is None:
                return component
            span_id = parent
        return None

    def _implied(self, entry: Entry) -> Belongs | None:
        """Return the component that texts around ``entry`` or its own words name, where that is sure."""
        texts = self._texts.get(_thread_of(entry))
        before, after = texts.around(entry) if texts is not None else (None, None)
        if before is not None and after is not None and before.component == after.component:
            return Belongs(before.component, is_component=True, how="by the texts around it")
        said = set(_WORD.findall(_said(entry)))
        near = {text.component for text in (before, after) if text is not None} & said
        if len(near) == 1:
            return Belongs(near.pop(), is_component=True, how="by a text beside it and its own words")
        if before is not None and before.place == _place(entry):
            return Belongs(before.component, is_component=True, how="by the text before it")
        named = [name for name in said & self.components.keys() if _DISTINCT.fullmatch(name)]
        return Belongs(named[0], is_component=True, how="by its own words") if len(named) == 1 else None


class _Text(NamedTuple):
    """A record that names a component; None of it goes on where it was an end."""

    component: str
    place: tuple[Any, ...]
    is_end: bool


class _Texts:
    """The records of one thread that name a component, in order of time."""

    def __init__(self) -> None:
        self._times: list[str] = []
        self._texts: list[_Text] = []

    def add(self, entry: Entry, component: str) -> None:
        """Take the next one."""
        time = str(entry.timestamp)
        # A clock that was set back does not end the order.
        self._times.append(max(time, self._times[-1]) if self._times else time)
        self._texts.append(_Text(component, _place(entry), entry.event in _ENDS))

    def around(self, entry: Entry) -> tuple[_Text | None, _Text | None]:
        """Return the last one before ``entry`` began, if it goes on then, and the first one after it."""
        first = bisect_right(self._times, _began(entry))
        then = bisect_left(self._times, str(entry.timestamp), lo=first)
        before = self._texts[first - 1] if first else None
        after = self._texts[then] if then < len(self._texts) else None
        return (None if before is None or before.is_end else before), after


def component_of(entry: Entry) -> str | None:
    """Return the component that ``entry`` names."""
    for key in ("component", "component_name"):
        name = entry.wire.get(key)
        if isinstance(name, str) and name:
            return name
    return None


def _began(entry: Entry) -> str:
    took = entry.duration_ms
    if not isinstance(took, int | float) or not 0 < took < 1e12:
        return str(entry.timestamp)
    try:
        began = datetime.fromtimestamp(entry.time_s, UTC) - timedelta(milliseconds=took)
    except (ValueError, OverflowError, OSError):
        return str(entry.timestamp)
    return f"{began:%Y-%m-%dT%H:%M:%S.%f}Z"


def _said(entry: Entry) -> str:
    """Return what was said to a model, or what the record says."""
    prompt = entry.get("prompt")
    return str(entry.message or "") if prompt is None else shown(prompt)


def _place(entry: Entry) -> tuple[Any, ...]:
    return entry.file, entry.function


def _thread_of(entry: Entry) -> tuple[str, ...]:
    get = entry.wire.get
    return str(get("pid")), str(get("thread")), str(get("task"))
