"""What a session is about: its components, what was recorded of each, and how each of them ended.

A record belongs to the component that it names; else to that of the operations around it, by span or, for
START and END texts, by thread; else to the nearest operation itself. So a program that names no components
is told by its operations, as far as they failed or asked a model.

    failed    something went wrong, and nothing of the same or a later stage went well afterwards
    healed    something went wrong, and was made good
    well      nothing went wrong

LOCATION: ote_logging/reading/subjects.py
DEPENDENCIES: entries (Reader), numbered, find (what a failure is), contents (hashes of what failed)
TRACE POINTS: gather() - a session becomes subjects
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ote_logging.reading.entries import Reader
from ote_logging.reading.find import is_failure
from ote_logging.reading.numbered import Located, numbered
from ote_logging.schema import Entry

Status = Literal["failed", "healed", "well"]

STAGES: Final[Mapping[str, int]] = {
    "llm_interaction": 1,
    "template_render": 2,
    "code_generation": 3,
    "validation": 4,
    "healing": 4,
    "file_write": 5,
}
"""The stages of a pipeline, and how far along it each stands."""

_WORST_FIRST: Final[tuple[Status, ...]] = ("failed", "healed", "well")
_SPANS: Final = ("span_start", "span_end")
_JUDGES: Final = ("validation", "healing")
_HEALING_WORDS: Final = ("heal", "repair", "retry")
_DEEPEST: Final = 64


@dataclass(slots=True)
class Subject:
    """A component, or an operation where none is named, with what was recorded of it in order of time."""

    name: str
    is_component: bool
    records: list[Located] = field(default_factory=list)
    status: Status = "well"

    def of(self, *events: str) -> list[Located]:
        """Return the records of these events."""
        return [record for record in self.records if record.entry.event in events]

    @property
    def failures(self) -> list[Located]:
        """Return the records that tell of a failure."""
        return [record for record in self.records if is_failure(record.entry)]


def gather(reader: Reader, component: str | None = None) -> list[Subject]:
    """Return the subjects of a session, the worst first; with ``component`` the one of that name.

    Held in memory are the records that answer something: stages, failures, what speaks to a model.

    Raises:
        ReadError: a file of the session cannot be opened or read.
    """
    gathered = _Gathered()
    for located in numbered(reader):
        gathered.add(located)
    subjects = [subject for subject in gathered.subjects() if component in (None, subject.name)]
    return sorted(subjects, key=lambda s: (_WORST_FIRST.index(s.status), not s.is_component))


class _Gathered:
    """What was read so far; whose a record is can be told when all spans are known."""

    def __init__(self) -> None:
        self._belonging = _Belonging()
        self._records: list[tuple[Located, Any]] = []
        self._passed_on: dict[str, tuple[Any, Any]] = {}
        self._named: dict[str, None] = {}

    def add(self, located: Located) -> None:
        entry = located.entry
        component = component_of(entry)
        if component is not None:
            self._named[component] = None
        if entry.event in _SPANS or entry.event in STAGES:
            self._belonging.add(entry, component)
        elif component is not None and entry.event == "trace_point":
            self._belonging.name(entry, component)
        if self._answers(entry):
            self._records.append((located, self._belonging.thread_subject(entry)))

    def _answers(self, entry: Entry) -> bool:
        wire = entry.wire
        if entry.event in STAGES or "prompt" in wire or "response" in wire:
            return True
        if entry.event == "span_end":
            return not self._is_passed_on(entry)
        if is_failure(entry):
            return self._passed_on.get(str(entry.span_id)) != _said(entry)
        return entry.event == "trace_point" and is_healing_point(entry)

    def _is_passed_on(self, end: Entry) -> bool:
        """Whether ``end`` tells of a failure that an operation inside it has told already."""
        inside = self._passed_on.pop(str(end.span_id), None)
        if end.status != "error":
            return False
        if isinstance(end.parent_id, str):
            self._passed_on[end.parent_id] = _said(end)
        return inside is not None and inside == _said(end) and end.exception is None

    def subjects(self) -> list[Subject]:
        components = {name: Subject(name, is_component=True) for name in self._named}
        others: dict[str, Subject] = {}
        for located, by_thread in sorted(self._records, key=_order):
            name, is_component = self._belonging.subject_of(located.entry, by_thread)
            table = components if is_component else others
            table.setdefault(name, Subject(name, is_component)).records.append(located)
        for subject in (*components.values(), *others.values()):
            subject.status = _status_of(subject.records)
        return [*components.values(), *filter(_is_worth_telling, others.values())]


class _Belonging:
    """Which component and operation stand around a record."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Any]] = {}
        self._open: defaultdict[tuple[str, ...], list[tuple[Any, Any]]] = defaultdict(list)
        self._named: dict[tuple[str, ...], str] = {}

    def add(self, entry: Entry, component: str | None) -> None:
        """Take the start or the end of an operation."""
        if not isinstance(entry.span_id, str):
            self._add_text(entry, component)
            return
        known = self._spans.setdefault(entry.span_id, [entry.parent_id, entry.operation, component])
        known[2] = known[2] or component

    def _add_text(self, entry: Entry, component: str | None) -> None:
        stack = self._open[_thread_of(entry)]
        if entry.event == "span_start":
            stack.append((entry.operation, component))
        elif entry.event == "span_end" and stack:
            stack.pop()

    def name(self, entry: Entry, component: str) -> None:
        """Take a trace point that names a component: the operation goes on with it in that thread."""
        self._named[(str(entry.operation), *_thread_of(entry))] = component

    def thread_subject(self, entry: Entry) -> tuple[Any, Any]:
        """Return operation and component of the texts that are open in the thread of ``entry``."""
        stack = self._open.get(_thread_of(entry), ()) if self._open else ()
        component = next((name for _, name in reversed(stack) if name is not None), None)
        if component is None and self._named:
            component = self._named.get((str(entry.operation), *_thread_of(entry)))
        return (stack[-1][0] if stack else None), component

    def subject_of(self, entry: Entry, by_thread: tuple[Any, Any]) -> tuple[str, bool]:
        """Return the name of what ``entry`` belongs to, and whether that is a component."""
        component = component_of(entry) or self._around(entry) or by_thread[1]
        if component is not None:
            return str(component), True
        operation = None if entry.event in STAGES else entry.operation
        outer = entry.get("parent_operation") or self._spans.get(str(entry.parent_id), (None, None))[1]
        return str(operation or outer or by_thread[0] or entry.operation or entry.logger), False

    def _around(self, entry: Entry) -> str | None:
        span_id = entry.span_id or entry.parent_id
        for _ in range(_DEEPEST):
            parent, _, component = self._spans.get(str(span_id), (None, None, None))
            if component is not None or parent is None:
                return component
            span_id = parent
        return None


def component_of(entry: Entry) -> str | None:
    """Return the component that ``entry`` names."""
    name = entry.wire.get("component")
    return name if isinstance(name, str) and name else None


def is_healing_point(entry: Entry) -> bool:
    """Whether a trace point passes a step that says it heals, repairs or retries."""
    steps = entry.path if isinstance(entry.path, list) else ()
    return any(word in str(step).lower() for step in steps for word in _HEALING_WORDS)


def _is_worth_telling(subject: Subject) -> bool:
    return any(is_failure(record.entry) or record.entry.event != "span_end" for record in subject.records)


def _status_of(records: Iterable[Located]) -> Status:
    """Return how it ended: a failure stands until something as far along, or further, goes well."""
    standing: list[Entry] = []
    status: Status = "well"
    for record in records:
        entry = record.entry
        if is_failure(entry):
            status = "healed"
            standing.append(entry)
        elif entry.event in STAGES or entry.event == "span_end":
            standing = [failure for failure in standing if not _makes_good(entry, failure)]
    return "failed" if standing else status


def _makes_good(entry: Entry, failure: Entry) -> bool:
    """Whether ``entry``, which tells that something went well, says so of what ``failure`` tells."""
    if failure.event == "healing":
        return entry.event in _JUDGES
    if entry.event == "file_write" and failure.event in _JUDGES:
        # What did not validate may be written all the same, for people to look at.
        return entry.get("content_hash") is None or entry.get("content_hash") != failure.get("code_hash")
    return STAGES.get(entry.event, 0) >= STAGES.get(failure.event, 0)


def _said(entry: Entry) -> tuple[Any, Any]:
    return entry.error_type, entry.error_message


def _thread_of(entry: Entry) -> tuple[str, ...]:
    return tuple(str(entry.wire.get(key)) for key in ("pid", "thread", "task"))


def _order(item: tuple[Located, Any]) -> tuple[str, int]:
    entry = item[0].entry
    return entry.timestamp, entry.seq if isinstance(entry.seq, int) else 0
