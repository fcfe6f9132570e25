"""What a template is called, and where in it a render failed; Jinja2 is understood, and never imported.

LOCATION: ote_logging/stages/templates.py
DEPENDENCIES: jsonable, stages.checks (the lines around a place)
TRACE POINTS: none
"""

from collections.abc import Mapping
from linecache import getline
from types import TracebackType
from typing import Any, Final

from ote_logging.jsonable import text_of
from ote_logging.stages.checks import context_at

# Jinja2 runs templates in modules of its own making; it marks their globals by these names.
_MARKS: Final = ("__jinja_exception__", "__jinja_template__")


def template_fields(template: object) -> dict[str, Any]:
    """Return ``template`` and ``template_path`` of a name, a path, or an object that has ``name`` and
    ``filename``, as a Jinja2 Template does.
    """
    if template is None or isinstance(template, str):
        return {} if template is None else {"template": template}
    name, path = getattr(template, "name", None), getattr(template, "filename", None)
    fields = {"template": text_of(name or template)}
    return {**fields, "template_path": path} if isinstance(path, str) else fields


def template_error(error: BaseException) -> dict[str, Any]:
    """Return the place in a template that ``error`` is about: line, name and source, as far as known.

    A syntax error tells it itself; any other error that a render raises is found in its traceback.
    """
    place = _told_place(error) or _traced_place(error.__traceback__)
    return {name: value for name, value in place.items() if value is not None}


def _told_place(error: BaseException) -> dict[str, Any]:
    line = getattr(error, "lineno", None)
    if isinstance(error, SyntaxError) or not isinstance(line, int):
        return {}
    source = getattr(error, "source", None)
    lines = source.splitlines() if isinstance(source, str) else []
    return {
        "line_number": line,
        "code_context": context_at(lines, line),
        "template": getattr(error, "name", None),
        "template_path": getattr(error, "filename", None),
    }


def _traced_place(trace: TracebackType | None) -> Mapping[str, Any]:
    place: dict[str, Any] = {}
    while trace is not None:
        names = trace.tb_frame.f_globals
        if any(mark in names for mark in _MARKS):
            path, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            source = getline(path, line, names).rstrip("\n") or None
            place = {"line_number": line, "code_context": source, "template_path": path}
        trace = trace.tb_next
    return place
