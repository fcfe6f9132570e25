"""Say where a failure happened and show it: in the code that was checked, in a template, in the program.

LOCATION: ote_logging/reading/places.py
DEPENDENCIES: contents, excerpts, numbered, where
TRACE POINTS: none
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ote_logging.reading.contents import content_of
from ote_logging.reading.excerpts import excerpt, excerpt_above
from ote_logging.reading.numbered import Located
from ote_logging.reading.where import where

_CHECKS: Final = ("validation", "code_generation", "healing")
_FRAME: Final = re.compile(r'^ *File "([^"]+)", line (\d+), in ', re.MULTILINE)


def place_text(record: Located) -> str:
    """Return where it failed: the line of the code that was looked at, or of the program."""
    entry = record.entry
    line = f"line {entry.line_number}" if entry.line_number is not None else ""
    if entry.get("template_line") is not None:
        return f"line {entry.get('template_line')} of template {entry.get('template', 'without a name')}"
    if entry.event in _CHECKS and not _is_of_program(record):
        return f"{line} of {entry.get('target') or 'the code'}" if line else ""
    if entry.event in _CHECKS:
        return f"raised by the check itself, {_last_frame(entry.traceback) or line}"
    place = where(entry.wire)
    if place is None:
        return line
    function = _innermost(entry.exception).get("function") or ("" if entry.exception else entry.function)
    return f"{place}{f' in {function}' if function else ''}"


def _last_frame(traceback: Any) -> str:
    frames = _FRAME.findall(traceback) if isinstance(traceback, str) else []
    return ":".join(frames[-1]) if frames else ""


def _is_of_program(record: Located) -> bool:
    """Whether line and context are those of the program that checked, where its exception was raised."""
    entry, code = record.entry, content_of(record, "code")
    if code is None or code.text is None or not isinstance(entry.code_context, str) or not entry.traceback:
        return False
    lines = [line.strip() for line in code.text.splitlines()]
    said = entry.code_context.strip().splitlines()[-1:]
    number = entry.line_number
    return not (isinstance(number, int) and lines[number - 1 : number] == [each.strip() for each in said])


def place_drawn(record: Located) -> str | None:
    """Return the lines around the place, with a caret; None where none of them was recorded."""
    entry = record.entry
    line = entry.line_number if isinstance(entry.line_number, int) else None
    column = _column(record)
    code = None if _is_of_program(record) else content_of(record, "code")
    if code is not None and code.text is not None and code.is_whole and line is not None:
        drawn = excerpt(code.text, line, column)
        if drawn is not None:
            return drawn
    context = entry.code_context or _innermost(entry.exception).get("source")
    return excerpt_above(context, line, column) if isinstance(context, str) and context else None


def _column(record: Located) -> int | None:
    exception: Any = record.entry.exception
    syntax = exception.get("syntax") if isinstance(exception, dict) else None
    told = syntax.get("offset") if isinstance(syntax, dict) else record.entry.get("column")
    return told if isinstance(told, int) else None


def _innermost(exception: Any) -> Mapping[str, Any]:
    frames = exception.get("frames") if isinstance(exception, dict) else None
    last = frames[-1] if isinstance(frames, list) and frames else None
    return last if isinstance(last, dict) else {}
