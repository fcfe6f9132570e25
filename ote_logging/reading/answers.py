"""Answer the seven questions about what a pipeline generated, each from the records of a session.

    1 What prompt was sent?               5 What was the exact error?
    2 What did the model respond?         6 What healing was attempted?
    3 How was the response transformed?   7 Why did healing fail?
    4 Where did validation fail?

Every answer names its evidence: the file of the session, the line in it, the time. What nobody recorded is
said, with the call that would record it. A program that never heard of this package is answered as far as
its TRACE texts, operations and exceptions go.

LOCATION: ote_logging/reading/answers.py
DEPENDENCIES: entries (Reader), subjects, findings
TRACE POINTS: answers() - a session becomes answers
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from ote_logging.reading.entries import Reader
from ote_logging.reading.findings import FINDERS, Finding, counted
from ote_logging.reading.subjects import Status, Subject, gather, tells_success

QUESTIONS: Final = (
    "What prompt was sent?",
    "What did the model respond?",
    "How was the response transformed?",
    "Where did validation fail?",
    "What was the exact error?",
    "What healing was attempted?",
    "Why did healing fail?",
)


@dataclass(frozen=True)
class Answer:
    """What is known of one question."""

    number: int
    question: str
    findings: list[Finding] = field(default_factory=list)
    remark: str | None = None
    """What there is to say besides, or in place of findings."""
    advice: str | None = None
    """The call that would record what is missing; None where nothing is."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values; what is not there is absent."""
        told: dict[str, Any] = {"number": self.number, "question": self.question}
        told["findings"] = [finding.to_dict() for finding in self.findings]
        rest = {"remark": self.remark, "advice": self.advice}
        return {**told, **{name: value for name, value in rest.items() if value is not None}}


class Answers:
    """The seven answers about one component; each is looked for when it is first asked."""

    def __init__(self, subject: Subject) -> None:
        """Answer from the records of ``subject``."""
        self.subject = subject

    @property
    def component(self) -> str:
        """Name of the component, or of the operation where the program names no components."""
        return self.subject.name

    @property
    def is_component(self) -> bool:
        """Whether the program itself names it as a component."""
        return self.subject.is_component

    @property
    def status(self) -> Status:
        """How it ended: ``failed``, ``healed`` or ``well``."""
        return self.subject.status

    @cached_property
    def answers(self) -> list[Answer]:
        """The answers, in the order of the questions."""
        return [_answer(number, self.subject) for number in range(1, len(QUESTIONS) + 1)]

    @cached_property
    def error(self) -> Finding | None:
        """The last error of it, an exact one where there is any; None where nothing failed."""
        found = self.answers[4].findings
        exact = [finding for finding in found if finding.is_exact]
        return (exact or found)[-1] if found else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "component": self.component,
            "is_component": self.is_component,
            "status": self.status,
            "answers": [answer.to_dict() for answer in self.answers],
        }


def answers(session: str | os.PathLike[str] | Reader, component: str | None = None) -> list[Answers]:
    """Return the answers about each component of a session, the worst first: failed, healed, well.

    Where the program names no components, its operations stand for them, as far as they failed or asked a
    model. With ``component`` only that one is answered; the list is empty where there is none.

    Raises:
        ReadError: there is no such session, or a file of it cannot be read.
    """
    reader = session if isinstance(session, Reader) else Reader(session)
    return [Answers(subject) for subject in gather(reader, component)]


def _answer(number: int, subject: Subject) -> Answer:
    findings = list(FINDERS[number - 1](subject))
    remark, advice = (None, None) if findings else _missing(number, subject)
    return Answer(number, QUESTIONS[number - 1], findings, remark, advice)


def _missing(number: int, subject: Subject) -> tuple[str | None, str | None]:
    """Return what to say where nothing answers a question, and the call that would record it."""
    if number in (4, 5) and subject.status == "well":
        passed = subject.of("validation") + [
            each for each in subject.of("trace_point") if tells_success(each.entry)
        ]
        if passed or number == 5:
            said = f", {counted(len(passed), 'validation')} passed" if passed else ""
            return f"Nothing failed{said}.", None
    if number == 6 and subject.status == "well":
        return "Nothing had to be healed.", None
    if number == 7 and subject.status != "failed":
        fixed = [record.entry.get("reason") for record in subject.of("healing")]
        return f"It did not fail{f': {fixed[-1]}' if fixed and fixed[-1] else ''}.", None
    return "Not recorded.", _ADVICE[number - 1].format(component=subject.name)


_ADVICE: Final = (
    'with llm_interaction("{component}", prompt=prompt, model=model) as call: ...',
    'call.set(response=text) in: with llm_interaction("{component}", prompt=prompt) as call: ...',
    'with code_generation("{component}", source=response) as made: made.set(code=code)',
    'with validation("{component}", code=code) as check: check.fail(error, line_number=line)',
    'with validation("{component}", code=code) as check: check.fail(error)',
    'with healing("{component}", error=error, code=code) as heal: heal.attempt(new_code, error=error)',
    'heal.give_up("why") in: with healing("{component}", error=error, code=code) as heal: ...',
)
