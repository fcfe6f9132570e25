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

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
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


def _status_of(records: Sequence[Located]) -> Status:
    """Return how it ended: a failure stands until something as far along, or further, goes well."""
    status: Status = "well"
    later = _WentWell()
    # From the end, so that what went well after a failure is known in sum.
    for record in reversed(records):
        entry = record.entry
        if is_failure(entry):
            if not later.makes_good(entry):
                return "failed"
            status = "healed"
        elif entry.event in STAGES or tells_success(entry):
            later.add(entry)
    return status


class _WentWell:
    """What went well after some moment, as far as it says anything of what failed before."""

    def __init__(self) -> None:
        self._farthest = 0
        self._is_judged = False
        self._written: set[str] = set()
        self._operations: set[str] = set()
        self._evaluated: set[str] = set()
        self._begun_s: dict[str, float] = {}
        self._since_s = self._evaluated_since_s = inf

    def add(self, entry: Entry) -> None:
        """Take what went well, before what was taken so far."""
        self._operations.add(str(entry.operation))
        if entry.event in STAGES:
            self._farthest = max(self._farthest, STAGES[entry.event])
            self._is_judged = self._is_judged or entry.event in _JUDGES
            if entry.event == "file_write":
                self._written.add(str(entry.get("content_hash", "of any content")))
            return
        self._since_s = min(self._since_s, _began_s(entry))
        operation = str(entry.operation)
        self._begun_s[operation] = max(self._begun_s.get(operation, -inf), _began_s(entry))
        if entry.event == "evaluation":
            self._evaluated.add(str(entry.operation))
            self._evaluated_since_s = min(self._evaluated_since_s, _began_s(entry))

    def makes_good(self, failure: Entry) -> bool:
        """Whether that says of what ``failure`` tells that it is well."""
        # As text, for a line from elsewhere may say anything.
        operation = str(failure.operation)
        if failure.event == "healing":
            return self._is_judged
        if failure.event == "generation_error":
            # end_stage() without an error often stands in a finally: it says nothing of an error before it.
            again_s = self._begun_s.get(str(failure.get("stage")), -inf)
            return self._farthest >= STAGES["validation"] or _came_before(failure, again_s)
        if failure.event not in STAGES:
            is_same = failure.operation is not None and operation in self._operations
            return is_same or self._farthest >= STAGES["validation"] or _goes_on(self._since_s, failure)
        # An operation may end well and leave behind what did not validate; one that is evaluated does not.
        if operation in self._evaluated or _goes_on(self._evaluated_since_s, failure):
            return True
        if failure.event in _JUDGES:
            # What did not validate may be written all the same, for people to look at.
            return self._is_judged or bool(self._written - {str(failure.get("code_hash"))})
        return self._farthest >= STAGES[failure.event]


def _began_s(end: Entry) -> float:
    """Return when the operation began that ``end`` tells of; of an evaluation without a time long ago."""
    took = end.duration_ms
    if not isinstance(took, int | float):
        return -inf if end.event == "evaluation" else inf
    try:
        return end.time_s - took / 1000 - _ROUNDED_S
    except (ValueError, TypeError, OverflowError):
        return inf


def _goes_on(since_s: float, failure: Entry) -> bool:
    """Whether what began at ``since_s``, and went on until later, was going on when ``failure`` came."""
    if since_s in (inf, -inf):
        return since_s < 0
    try:
        return failure.time_s >= since_s
    except (ValueError, TypeError):
        return False


def _came_before(failure: Entry, began_s: float) -> bool:
    return began_s not in (inf, -inf) and not _goes_on(began_s, failure)


def _said(entry: Entry) -> tuple[Any, Any]:
    return entry.error_type, entry.error_message


def _order(item: tuple[Located, Any]) -> tuple[str, int]:
    entry = item[0].entry
    return entry.timestamp, entry.seq if isinstance(entry.seq, int) else 0
