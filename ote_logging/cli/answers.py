"""``ote answers``: the seven questions about each component, the worst first.

    mailer  FAILED  ModuleNotFoundError: No module named 'observability'

      4 Where did validation fail?
        line 1 of mailer.py, syntax  :18  10:00:00.123
          │ > 1 | from observability import ComposedComponent
          │       ^

LOCATION: ote_logging/cli/answers.py
DEPENDENCIES: reading.answers, evidence, screen, words
TRACE POINTS: none
"""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from ote_logging.cli.evidence import Contents, evidence_part, wrapped
from ote_logging.cli.screen import BOLD, CYAN, DIM, FAILED, GREEN, PLAIN, RED, YELLOW, Part, Screen
from ote_logging.cli.words import counted, shortened
from ote_logging.errors import ReadError
from ote_logging.reading import Reader
from ote_logging.reading.answers import Answer, Answers, answers
from ote_logging.reading.findings import Finding
from ote_logging.schema import dump
from ote_logging.visible import cells

_SIGNS: Final = {"failed": ("FAILED", FAILED), "healed": ("healed", YELLOW), "well": ("well", GREEN)}
_MOST_FINDINGS: Final = 3
_MOST_NAMES: Final = 10
_MOST_NAME_CHARS: Final = 60
_INDENT: Final = "    "


def show(session: str, component: str | None, *, is_full: bool, most: int | None) -> None:
    """Print the answers about the first ``most`` components, short or whole."""
    reader, found = _asked(session, component)
    screen = Screen()
    drawing = _Drawing(screen, is_full=is_full, with_file=len(reader.paths) > 1)
    for path in reader.paths:
        is_fitting = screen.width is None or len(path) <= screen.width
        screen.line(Part(shortened(path if is_fitting else os.path.basename(path)), DIM))
    for each in found[:most]:
        drawing.draw(each)
    _foot(screen, found, most)


def show_json(session: str, component: str | None, most: int | None) -> None:
    """Print the answers, whole, as one JSON object."""
    _, found = _asked(session, component)
    sys.stdout.flush()
    write = sys.stdout.buffer.write
    write(b'{"components":[')
    for number, each in enumerate(found[:most]):
        write((b",\n" if number else b"\n") + dump(each.to_dict()).rstrip())
    write(b"],\n" + dump({"left_out": len(found[most:]) if most is not None else 0})[1:])


def _asked(session: str, component: str | None) -> tuple[Reader, list[Answers]]:
    reader = Reader(session)
    found = answers(reader, component)
    if component is not None and not found:
        names = [each.component for each in answers(reader)]
        raise ReadError(
            f"nothing is recorded of {component!r}; the session tells of: {_known(component, names)}"
        )
    return reader, found


def _known(wanted: str, names: Sequence[str]) -> str:
    """Return the names that are like the ``wanted`` one, else the first of all."""
    named = get_close_matches(wanted, names, _MOST_NAMES) or names[:_MOST_NAMES]
    more = f" and {len(names) - len(named):,} more" if len(names) > len(named) else ""
    return ", ".join(shortened(name, _MOST_NAME_CHARS) for name in named) + more or "none at all"


class _Drawing:
    """Answers on a screen."""

    def __init__(self, screen: Screen, *, is_full: bool, with_file: bool) -> None:
        self._screen = screen
        self._is_full = is_full
        self._with_file = with_file
        self._contents = Contents(screen, is_full=is_full)

    def draw(self, found: Answers) -> None:
        """Print the head of a component and its seven answers."""
        self._screen.line()
        self._head(found)
        self._contents.forget()
        for answer in found.answers:
            self._screen.line()
            self._answer(answer)

    def _head(self, found: Answers) -> None:
        sign, colour = _SIGNS[found.status]
        what = "" if found.is_component else "  (no component is named)"
        error = f"  {shortened(found.error.text)}" if found.error and found.status == "failed" else ""
        self._screen.line(
            Part(shortened(found.component), BOLD),
            Part(f"  {sign}", colour),
            Part(error, RED),
            Part(what, DIM),
        )

    def _answer(self, answer: Answer) -> None:
        remark = Part(f"  {answer.remark or ''}", YELLOW if answer.advice else PLAIN)
        self._screen.line(Part(f"  {answer.number} ", CYAN), Part(answer.question, BOLD), remark)
        if answer.advice is not None:
            self._advice(answer.advice)
        for finding in self._shown(answer.findings):
            self._finding(finding) if isinstance(finding, Finding) else self._left(finding)

    def _advice(self, advice: str) -> None:
        for line in wrapped(f"To record it: {shortened(advice)}", self._room(), "  "):
            self._screen.line(Part(_INDENT + line, DIM))

    def _shown(self, findings: Sequence[Finding]) -> list[Finding | int]:
        """Return the first and the last findings, the number of those between in their place."""
        if self._is_full or len(findings) <= _MOST_FINDINGS:
            return [*findings]
        return [findings[0], len(findings) - _MOST_FINDINGS, *findings[1 - _MOST_FINDINGS :]]

    def _left(self, number: int) -> None:
        self._screen.line(Part(f"{_INDENT}… {number:,} more in between: --full", DIM))

    def _finding(self, finding: Finding) -> None:
        times = f" ({finding.times} times)" if finding.times > 1 else ""
        evidence = evidence_part(finding.evidence, with_file=self._with_file)
        *lines, last = wrapped(shortened(finding.text) + times, self._room(), "  ")
        for line in lines:
            self._screen.line(Part(_INDENT + line))
        if self._fits(last, evidence):
            self._screen.line(Part(_INDENT + last), evidence)
        else:
            self._screen.line(Part(_INDENT + last))
            self._screen.line(Part(_INDENT), evidence)
        self._contents.print(finding.contents)

    def _room(self) -> int | None:
        width = self._screen.width
        return None if width is None else width - len(_INDENT)

    def _fits(self, text: str, evidence: Part) -> bool:
        room = self._room()
        return room is None or cells(text) + cells(evidence.text) <= room


def _foot(screen: Screen, found: Sequence[Answers], most: int | None) -> None:
    counts = Counter[str](each.status for each in found)
    sums = [f"{counts[status]:,} {status}" for status in _SIGNS if counts[status]]
    left = len(found) - len(found[:most])
    more = [f"{left:,} not shown: --limit 0, or --component NAME"] if left else []
    screen.line()
    if not found:
        screen.line(Part("Nothing failed, and nothing that names a component or asks a model was recorded."))
    screen.line(Part(" · ".join([counted(len(found), "component"), *sums, *more]), DIM))
    if found:
        screen.line(Part("An event whole, by its line: ote show SESSION :LINE", DIM))
