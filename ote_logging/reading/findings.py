"""Find what answers each of the seven questions among the records of one component.

LOCATION: ote_logging/reading/findings.py
DEPENDENCIES: durations, subjects, contents, places, transforms, where, find (what a failure is)
TRACE POINTS: none
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from ote_logging.durations import duration_text
from ote_logging.reading.contents import Content, attempts_of, content_of
from ote_logging.reading.find import is_failure
from ote_logging.reading.numbered import Located
from ote_logging.reading.places import place_drawn, place_in_response, place_text
from ote_logging.reading.subjects import Subject, is_healing_point
from ote_logging.reading.transforms import transformed
from ote_logging.reading.where import where


@dataclass(frozen=True)
class Finding:
    """One thing that answers a question: a sentence, its evidence, and the contents themselves."""

    text: str
    evidence: Located
    contents: tuple[Content, ...] = ()
    times: int = 1
    """How often the same was recorded; the evidence is the first record."""

    @property
    def is_exact(self) -> bool:
        """Whether its evidence tells an error, and not just that something failed."""
        entry = self.evidence.entry
        return bool(entry.error_type or entry.error_message)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "text": self.text,
            "evidence": self.evidence.to_dict(),
            "times": self.times,
            "contents": [content.to_dict() for content in self.contents],
        }


def _prompts(subject: Subject) -> Iterator[Finding]:
    for number, record in enumerate(subject.records):
        contents = _contents(record, "system", "prompt")
        if contents or record.entry.event == "llm_interaction":
            how = f"{subject.name} {subject.implied[number]}" if number in subject.implied else ""
            told = _joined(_model(record), *_parameters(record), _tokens(record, "in"), how)
            yield Finding(told, record, contents)


def _responses(subject: Subject) -> Iterator[Finding]:
    for record in subject.records:
        contents = _contents(record, "response", "tool_calls")
        if contents or record.entry.event == "llm_interaction":
            yield Finding(_outcome(record), record, contents)


def _outcome(record: Located) -> str:
    entry = record.entry
    facts = [
        f"FAILED {_error_text(entry.wire)}" if is_failure(entry) else "",
        _fact(entry.get("finish_reason"), "finish_reason {}"),
        _tokens(record, "out"),
        _took(record),
        _fact(entry.get("cost_usd"), "{} USD"),
        "from the cache" if entry.get("cache_hit") is True else "",
        "the stream was not read to its end" if entry.get("stream_complete") is False else "",
    ]
    tries = [
        f"attempt {attempt.get('number', '?')}: {_error_text(attempt)}"
        for attempt in attempts_of(record)
        if attempt.get("error_message") or attempt.get("error_type")
    ]
    return _joined(*facts, *tries) or "answered"


def _transformations(subject: Subject) -> Iterator[Finding]:
    for step in transformed(subject):
        yield Finding(step.text, step.record, step.contents)


def _places(subject: Subject) -> Iterator[Finding]:
    for failure in _distinct(_told_failures(subject), _place_key):
        record = failure[0]
        in_response = place_in_response(record, _response_before(subject, record))
        text, drawn = in_response or (place_text(record), place_drawn(record))
        if text or drawn:
            contents = (Content("excerpt", drawn),) if drawn else ()
            told = _joined(text, str(record.entry.get("validation_type") or ""))
            yield Finding(told, record, contents, len(failure))


def _response_before(subject: Subject, failure: Located) -> str | None:
    """Return what the model said last before ``failure``."""
    before = takewhile(lambda record: record is not failure, subject.records)
    for record in reversed(list(before)):
        content = content_of(record, "response")
        if content is not None and content.text is not None:
            return content.text
    return None


def _told_failures(subject: Subject) -> list[Located]:
    """Return the failures, without those that only sum up others which are told themselves."""
    found = [record for record in subject.failures if not _sums_up(record)]
    return found or subject.failures


def _sums_up(record: Located) -> bool:
    entry = record.entry
    return entry.event == "healing" or (entry.event == "evaluation" and not entry.error_message)


def _place_key(record: Located) -> Any:
    return where(record.entry.wire), str(record.entry.line_number), _error_text(record.entry.wire)


def _errors(subject: Subject) -> Iterator[Finding]:
    for failure in _distinct(_told_failures(subject), lambda record: _error_text(record.entry.wire)):
        told = max(failure, key=lambda record: (record.entry.traceback is not None, -record.number))
        yield Finding(_error_text(told.entry.wire), told, tuple(_error_contents(told)), len(failure))


def _error_contents(record: Located) -> Iterator[Content]:
    others = record.entry.get("errors")
    if isinstance(others, list) and len(others) > 1:
        lines = [_numbered_error(error) for error in others if isinstance(error, dict)]
        yield Content("errors", "\n".join(lines))
    if record.entry.traceback:
        yield Content("traceback", str(record.entry.traceback))


def _numbered_error(error: Mapping[str, Any]) -> str:
    line = error.get("line_number")
    return f"line {line}: {_error_text(error)}" if line is not None else _error_text(error)


def _healings(subject: Subject) -> Iterator[Finding]:
    asked_again = _asked_again(subject)
    for number, record in enumerate(subject.records):
        if record.entry.event == "healing":
            yield from _attempts(record)
        elif is_healing_point(record.entry):
            yield Finding(str(record.entry.message), record)
        elif number in asked_again:
            yield Finding(_joined("the model was asked again", _model(record)), record)


def _attempts(record: Located) -> Iterator[Finding]:
    for attempt in attempts_of(record):
        change = str(attempt.get("diff") or "").removeprefix("--- before/\n+++ after/\n")
        contents = (Content("diff", change),) if change else ()
        yield Finding(_attempt_text(attempt), record, contents)


def _attempt_text(attempt: Mapping[str, Any]) -> str:
    verdict = str(attempt.get("verdict", "no verdict")).replace("_", " ")
    if attempt.get("same_as_attempt") == 0:
        verdict += " as before healing"
    elif attempt.get("same_as_attempt") is not None:
        verdict += f" as after attempt {attempt['same_as_attempt']}"
    error = _numbered_error(attempt) if attempt.get("error_message") or attempt.get("error_type") else ""
    return f"attempt {attempt.get('number', '?')}: {_joined(verdict, error)}"


def _asked_again(subject: Subject) -> set[int]:
    """Return the places of the interactions behind a failure of something else, where nothing else heals."""
    if any(record.entry.event == "healing" or is_healing_point(record.entry) for record in subject.records):
        return set()
    found: set[int] = set()
    has_failed = False
    for number, record in enumerate(subject.records):
        if record.entry.event == "llm_interaction" and has_failed:
            found.add(number)
        has_failed = has_failed or (is_failure(record.entry) and record.entry.event != "llm_interaction")
    return found


def _reasons(subject: Subject) -> Iterator[Finding]:
    for record in subject.of("healing"):
        if is_failure(record.entry):
            reason = record.entry.get("reason") or record.entry.error_message or "no reason was recorded"
            tries = attempts_of(record)
            verdicts = ", ".join(str(each.get("verdict", "?")).replace("_", " ") for each in tries)
            yield Finding(_joined(str(reason), f"verdicts: {verdicts}" if tries else ""), record)
    if subject.status == "failed" and not subject.of("healing"):
        yield from _implied_reason(subject)


def _implied_reason(subject: Subject) -> Iterator[Finding]:
    attempted = list(_healings(subject))
    if attempted:
        errors = _distinct(_told_failures(subject), lambda record: _error_text(record.entry.wire))
        most = max(errors, key=len)
        told = f"it still failed after {counted(len(attempted), 'attempt')}, {_repeated(errors)}"
        yield Finding(_joined(told, _error_text(most[-1].entry.wire)), most[-1])


def _repeated(errors: list[list[Located]]) -> str:
    most = max(map(len, errors))
    if most > 1:
        return f"the same error {most} times"
    return "each time another error" if len(errors) > 1 else "and nothing tells that it went well afterwards"


def _contents(record: Located, *names: str) -> tuple[Content, ...]:
    found = (content_of(record, name) for name in names)
    return tuple(content for content in found if content is not None)


def _distinct(records: list[Located], key: Callable[[Located], Any]) -> list[list[Located]]:
    """Return the records that tell the same together, in the order of the first of each."""
    groups: dict[Any, list[Located]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return list(groups.values())


def _error_text(told: Mapping[str, Any]) -> str:
    """Return type and message of an error, of which one may be missing; else what the record says."""
    parts = [str(told[name]) for name in ("error_type", "error_message") if told.get(name)]
    return ": ".join(parts) or str(told.get("message") or "failed")


def _model(record: Located) -> str:
    entry = record.entry
    model, provider = entry.get("model"), entry.get("provider")
    return f"{model or 'model not recorded'}{f' of {provider}' if provider else ''}"


def _parameters(record: Located) -> list[str]:
    parameters = record.entry.get("parameters")
    return [f"{name}={value}" for name, value in parameters.items()] if isinstance(parameters, dict) else []


def _tokens(record: Located, way: str) -> str:
    return _fact(record.entry.get(f"tokens_{way}"), f"{{}} tokens {way}")


def _took(record: Located) -> str:
    took = record.entry.duration_ms
    return duration_text(took) if isinstance(took, int | float) else ""


def _fact(value: Any, form: str) -> str:
    return "" if value is None else form.format(f"{value:,}" if isinstance(value, int) else value)


def _joined(*facts: str) -> str:
    return ", ".join(filter(None, facts))


def counted(number: int, noun: str) -> str:
    """Return ``number`` with its noun."""
    return f"{number} {noun}{'s' if number != 1 else ''}"


FINDERS: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _prompts, _responses, _transformations, _places, _errors, _healings, _reasons,
)  # fmt: skip
"""What finds the answers to each question, in their order."""
