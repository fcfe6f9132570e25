"""What a session is about: its components, what was recorded of each, and how each of them ended.

A record belongs to the component that it names; else to that of the operations around it, by span or, for
START and END texts, by thread; else to the one that the texts around it name for sure; else to the nearest
operation itself. So a program that names no components is told by its operations, as far as they failed or
asked a model.

    failed    something went wrong, and nothing of the same or a later stage went well afterwards
    healed    something went wrong, and was made good
    well      nothing went wrong

LOCATION: ote_logging/reading/subjects.py
DEPENDENCIES: entries (Reader), numbered, belonging (whose a record is), find (what a failure is)
TRACE POINTS: gather() - a session becomes subjects
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ote_logging.reading.belonging import STAGES, Belonging
from ote_logging.reading.entries import Reader
from ote_logging.reading.find import is_failure
from ote_logging.reading.numbered import Located, numbered
from ote_logging.schema import Entry

Status = Literal["failed", "healed", "well"]

_WORST_FIRST: Final[tuple[Status, ...]] = ("failed", "healed", "well")
_JUDGES: Final = ("validation", "healing")
_HEALING_WORDS: Final = ("heal", "repair", "retry")
_SUCCESS_WORDS: Final = frozenset(
    {"ok", "okay", "pass", "passed", "valid", "success", "succeeded", "fixed", "healed", "done"}
)
# A duration in text is told in milliseconds, rounded.
_ROUNDED_S: Final = 0.002


@dataclass(slots=True)
class Subject:
    """A component, or an operation where none is named, with what was recorded of it in order of time."""

    name: str
    is_component: bool
    records: list[Located] = field(default_factory=list)
    status: Status = "well"
    implied: dict[int, str] = field(default_factory=dict)
    """What says that a record belongs here, by its place in ``records``, where the record itself does not."""

    def of(self, *events: str) -> list[Located]:
        """Return the records of these events."""
        return [record for record in self.records if record.entry.event in events]

    @property
    def failures(self) -> list[Located]:
        """Return the records that tell of a failure."""
        return [record for record in self.records if is_failure(record.entry)]

    def take(self, record: Located, how: str | None) -> None:
        """Take the next record; ``how`` tells what says that it belongs here."""
        if how is not None:
            self.implied[len(self.records)] = how
        self.records.append(record)


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
        self._belonging = Belonging()
        self._records: list[tuple[Located, Any]] = []
        self._passed_on: dict[str, tuple[Any, Any]] = {}

    def add(self, located: Located) -> None:
        by_thread = self._belonging.add(located.entry)
        if self._answers(located.entry):
            self._records.append((located, by_thread))

    def _answers(self, entry: Entry) -> bool:
        if _asks_or_makes(entry):
            return True
        if entry.event == "span_end":
            return not self._is_passed_on(entry)
        if is_failure(entry):
            return self._passed_on.get(str(entry.span_id)) != _said(entry)
        return is_healing_point(entry) or tells_success(entry)

    def _is_passed_on(self, end: Entry) -> bool:
        """Whether ``end`` tells of a failure that an operation inside it has told already."""
        inside = self._passed_on.pop(str(end.span_id), None)
        if end.status != "error":
            return False
        if isinstance(end.parent_id, str):
            self._passed_on[end.parent_id] = _said(end)
        return inside is not None and inside == _said(end) and end.exception is None

    def subjects(self) -> list[Subject]:
        components = {name: Subject(name, is_component=True) for name in self._belonging.components}
        others: dict[str, Subject] = {}
        for located, by_thread in sorted(self._records, key=_order):
            found = self._belonging.subject_of(located.entry, by_thread)
            table = components if found.is_component else others
            subject = table.setdefault(found.name, Subject(found.name, found.is_component))
            subject.take(located, found.how)
        for subject in (*components.values(), *others.values()):
            subject.status = _status_of(subject.records)
        return [*components.values(), *filter(_is_worth_telling, others.values())]


def is_healing_point(entry: Entry) -> bool:
    """Whether a trace point passes a step that says it heals, repairs or retries."""
    steps = entry.path if entry.event == "trace_point" and isinstance(entry.path, list) else ()
    return any(word in str(step).lower() for step in steps for word in _HEALING_WORDS)


def tells_success(entry: Entry) -> bool:
    """Whether ``entry`` tells that an operation went well: its end, its evaluation, ``validate -> ok``."""
    if entry.event in ("span_end", "evaluation"):
        return entry.status == "ok"
    steps = entry.path if entry.event == "trace_point" and isinstance(entry.path, list) else ()
    return len(steps) > 1 and str(steps[-1]).lower() in _SUCCESS_WORDS


def _asks_or_makes(entry: Entry) -> bool:
    return entry.event in STAGES or "prompt" in entry.wire or "response" in entry.wire


def _is_worth_telling(subject: Subject) -> bool:
    entries = [record.entry for record in subject.records]
    return any(is_failure(entry) or _asks_or_makes(entry) or is_healing_point(entry) for entry in entries)


def _status_of(records: Iterable[Located]) -> Status:
    """Return how it ended: a failure stands until something as far along, or further, goes well."""
    standing: list[Entry] = []
    status: Status = "well"
    for record in records:
        entry = record.entry
        if is_failure(entry):
            status = "healed"
            standing.append(entry)
        elif standing and (entry.event in STAGES or tells_success(entry)):
            standing = [failure for failure in standing if not _makes_good(entry, failure)]
    return "failed" if standing else status


def _makes_good(entry: Entry, failure: Entry) -> bool:
    """Whether ``entry``, which tells that something went well, says so of what ``failure`` tells."""
    if failure.event == "healing":
        return entry.event in _JUDGES
    if entry.event == "file_write" and failure.event in _JUDGES:
        # What did not validate may be written all the same, for people to look at.
        return entry.get("content_hash") is None or entry.get("content_hash") != failure.get("code_hash")
    if entry.event in STAGES and failure.event in STAGES:
        return STAGES[entry.event] >= STAGES[failure.event]
    if entry.event in STAGES:
        return STAGES[entry.event] >= STAGES["validation"] or _is_of(entry, failure)
    if entry.event == "evaluation":
        return _is_of(entry, failure) or _is_around(entry, failure)
    # An operation may end well, and leave behind what did not validate.
    return failure.event not in STAGES and (_is_of(entry, failure) or _is_around(entry, failure))


def _is_of(entry: Entry, failure: Entry) -> bool:
    """Whether both are of one operation."""
    operations = entry.get("parent_operation"), entry.operation
    return failure.operation is not None and failure.operation in operations


def _is_around(end: Entry, failure: Entry) -> bool:
    """Whether the operation that ``end`` tells of went on when ``failure`` came."""
    took = end.duration_ms
    if not isinstance(took, int | float):
        return end.event == "evaluation"
    try:
        return failure.time_s >= end.time_s - took / 1000 - _ROUNDED_S
    except (ValueError, TypeError, OverflowError):
        return False


def _said(entry: Entry) -> tuple[Any, Any]:
    return entry.error_type, entry.error_message


def _order(item: tuple[Located, Any]) -> tuple[str, int]:
    entry = item[0].entry
    return entry.timestamp, entry.seq if isinstance(entry.seq, int) else 0
