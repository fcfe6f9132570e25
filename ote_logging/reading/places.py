"""Say where a failure happened and show it: in the code that was checked, in a template, in the program.

A text tells a line number and not of what. It is a line of the code in the model's answer where that fails
there; it is not the line that raised where that line is no part of the function that logged.

LOCATION: ote_logging/reading/places.py
DEPENDENCIES: schema (Entry), contents, excerpts, numbered, where
TRACE POINTS: none
"""

import ast
import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ote_logging.reading.contents import content_of
from ote_logging.reading.excerpts import excerpt, excerpt_above
from ote_logging.reading.numbered import Located
from ote_logging.reading.where import where
from ote_logging.schema import Entry

_CHECKS: Final = ("validation", "code_generation", "healing")
_FENCED: Final = re.compile(r"^```[^\n`]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_QUOTED: Final = re.compile(r"['\"]([^'\"]{2,200})['\"]")
_MOST_SOURCE: Final = 1_000_000
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
    if line and not _may_be_of_caller(entry):
        return f"{line}, told by {entry.file}:{entry.line} in {entry.function}"
    function = _innermost(entry.exception).get("function") or ("" if entry.exception else entry.function)
    return f"{place}{f' in {function}' if function else ''}"


def _may_be_of_caller(entry: Entry) -> bool:
    """Whether the line number of a text may be the line that raised, and not one of what was checked.

    The line that raised stands above the one that logs it, in the same function.
    """
    if entry.exception or not isinstance(entry.line_number, int) or not isinstance(entry.line, int):
        return True
    first = _first_line(str(entry.file), entry.line)
    return first <= entry.line_number <= entry.line


@lru_cache(maxsize=64)
def _first_line(file: str, line: int) -> int:
    """Return where the function begins that ``line`` of a source file is in; 1 where that is not known."""
    tree = _parsed(_source(file))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    around = [
        node.lineno
        for node in (ast.walk(tree) if isinstance(tree, ast.AST) else ())
        if isinstance(node, functions) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, default=1)


def _source(file: str) -> str:
    try:
        return Path(file).read_bytes()[:_MOST_SOURCE].decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _parsed(code: str) -> ast.AST | SyntaxError | None:
    """Return the tree of Python code, the error where it has one, None where it cannot be looked at."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError):
            return None


def place_in_response(record: Located, response: str | None) -> tuple[str, str] | None:
    """Return place and excerpt of a failure whose line is one of the code that a model wrote before.

    None where that is not sure: it is where that code has its syntax error in this line, or where the line
    holds the name that the error quotes.
    """
    entry = record.entry
    line = entry.line_number
    if entry.event in _CHECKS or entry.exception or not isinstance(line, int) or response is None:
        return None
    for code in _FENCED.findall(response[:_MOST_SOURCE]):
        drawn = excerpt(code, line)
        if drawn is not None and _fails_in(code, line, str(entry.error_message or "")):
            return f"line {line} of the code in the response", drawn
    return None


def _fails_in(code: str, line: int, message: str) -> bool:
    parsed = _parsed(code)
    if isinstance(parsed, SyntaxError):
        return parsed.lineno == line
    return any(quoted in code.splitlines()[line - 1] for quoted in _QUOTED.findall(message))


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
