"""Existing text as events: what programs wrote long before they heard of us.

``TRACE: save -> validate (user=7)``, ``EVALUATION: save | duration=0.1s``, ``START [time] save``, ``END
[time] save (Duration: 0.1s)``, ``FAILED [time] save (Duration: 0.1s) Error: boom``, with or without emoji.

LOCATION: ote_logging/markers.py
DEPENDENCIES: events (what text becomes, how a path is read), late
TRACE POINTS: parse() - text becomes an event; event_of() - a record is asked for its event
"""

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from ote_logging.events import Event, TextSpan, TracePoint, error_message, read_path
from ote_logging.late import late_pattern
from ote_logging.remembered import Remembered

# A marker begins with T, E, S or F; before it may stand white space and emoji, also in the form that
# UTF-8 read as cp1252 gives. All else is told from its first character, without a pattern.
ORDINARY_STARTS: Final = frozenset(map(chr, range(33, 127))) - frozenset("TESF")
_MARKER: Final = late_pattern(
    r"[^\x21-\x7e]*(?:(TRACE|EVALUATION): *|(START|END|FAILED) +\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\]\s]*\] +)"
)
_DURATION: Final = late_pattern(
    r"(.+?) \(Duration: (\d{1,12}(?:\.\d+)?)s\)(?: Error: (.*)| \| (.*))?", re.DOTALL
)
_FIELD: Final = late_pattern(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_GROUPED: Final = late_pattern(
    r"""([A-Za-z_][\w.-]*)=('[^']*'|"[^"]*"|.*?)(?:, (?=[A-Za-z_][\w.-]*=)|\Z)""", re.DOTALL
)
_NUMBER: Final = late_pattern(r"-?(?:0|[1-9]\d{0,18})(\.\d+)?(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_SECONDS: Final = late_pattern(r"(\d+(?:\.\d+)?) ?(ms|s)")
_WORDS: Final[Mapping[str, object]] = {"True": True, "False": False, "None": None}
_MILLISECONDS: Final = {"s": 1000.0, "ms": 1.0}


def event_of(record: logging.LogRecord, message: str) -> Event | None:
    """Return the event that ``record`` carries or that its ``message`` tells as text, else None."""
    # Not isinstance(): it asks the object for __class__, which may raise.
    if issubclass(type(record.msg), Event):
        return record.msg  # type: ignore[return-value]  # the line above has shown it
    if message[:1] in ORDINARY_STARTS:
        return None
    known = record.__dict__.get("_ote_event")
    if known is None or known.text != message:
        known = record.__dict__["_ote_event"] = parse(message)
    return known


class _Plan:
    """How the arguments of a template become the fields of its trace point; all else of it is known."""

    __slots__ = ("fields", "holes", "keys")

    def __init__(
        self, keys: Mapping[str, Any], fields: dict[str, Any], holes: list[tuple[str, int, str]]
    ) -> None:
        self.keys = keys
        self.fields = fields
        self.holes = holes

    def point(self, message: str, args: tuple[Any, ...]) -> Event:
        """Return the trace point that ``message`` tells, the template with ``args`` in it."""
        fields = self.fields.copy()
        for name, place, placeholder in self.holes:
            value = args[place]
            kind = type(value)
            # What stands in the text would be read as the same.
            if kind is int:
                is_itself = placeholder in ("%d", "%s") and -_LARGE < value < _LARGE
            else:
                is_itself = kind is str and value.isalpha() and value not in _WORDS
            if not is_itself:
                value = _typed(placeholder % value)
            fields[name] = value
        return _made(TracePoint, "trace_point", message, self.keys, fields)


_LARGE: Final = 10**18
_HOLE: Final = late_pattern(r"%(?:[sd]|\.\d{1,2}f)")
# Stands for an argument that is a word, and nowhere else.
_WORD_IN_HOLE: Final = "Hole{}x"


def _plan_of(template: str) -> _Plan | None:
    """Return the plan of a template whose arguments are values of fields; None where one is anything else."""
    holes = _HOLE.findall(template)
    words = [_WORD_IN_HOLE.format(place) for place in range(len(holes))]
    if len(holes) != template.count("%") or "Hole" in template:
        return None
    numbered = iter(words)
    event = parse(_HOLE.sub(lambda _: next(numbered), template))
    if type(event) is not TracePoint:
        return None
    found = [(name, words.index(value)) for name, value in event.fields.items() if value in words]
    others = [*event.keys.values(), *event.fields, *(v for v in event.fields.values() if v not in words)]
    if any("Hole" in str(other) for other in others):
        return None
    return _Plan(event.keys, dict(event.fields), [(name, place, holes[place]) for name, place in found])


_plans: Final = Remembered(_plan_of)


def told(template: str, args: Any, message: str) -> Event | None:
    """Return what ``parse(message)`` does; the tuple ``args`` in it holds numbers and single words."""
    plan = _plans[template]
    return parse(message) if plan is None else plan.point(message, args)


def parse(message: str) -> Event | None:
    """Return the event that ``message`` tells by its marker; None where it has none or is malformed.

    >>> parse("TRACE: save -> validate (user=7, type=theme)").keys["path"]
    ['save', 'validate']
    """
    found = _MARKER.match(message)
    if found is None:
        return None
    rest = message[found.end() :]
    if found[1] == "TRACE":
        return _parse_trace(message, rest)
    if found[1] == "EVALUATION":
        return _parse_evaluation(message, rest)
    return _parse_span(message, found[2], rest)


def _parse_trace(message: str, rest: str) -> Event | None:
    head, _, tail = f" {rest}".partition(" | ")
    steps, fields = _split_group(head)
    keys = dict(read_path(steps))
    if not keys.get("path"):
        return None
    said = _read_fields(tail, fields)
    error = fields.get("error", said if "status" in keys else None)
    if error:
        keys["error_message"] = str(error)
    return _made(TracePoint, "trace_point", message, keys, fields)


def _parse_evaluation(message: str, rest: str) -> Event | None:
    operation, bar, tail = rest.partition(" | ")
    fields: dict[str, Any] = {}
    _read_fields(tail, fields)
    if not bar or not operation.strip() or not fields:
        return None
    keys: dict[str, Any] = {"operation": operation.strip(), **error_message(fields)}
    if "success" in fields:
        keys["status"] = "ok" if fields["success"] else "error"
    duration = _SECONDS.fullmatch(str(fields.get("duration", "")))
    if duration:
        keys["duration_ms"] = float(duration[1]) * _MILLISECONDS[duration[2]]
    return _made(Event, "evaluation", message, keys, fields)


def _parse_span(message: str, word: str, rest: str) -> Event | None:
    if word == "START":
        operation, fields = _split_group(rest)
        keys: dict[str, Any] = {"operation": operation.strip()}
        return _made(TextSpan, "span_start", message, keys, fields) if keys["operation"] else None
    found = _DURATION.fullmatch(rest.rstrip())
    if found is None:
        return None
    keys = {
        "operation": found[1].strip(),
        "status": "ok" if word == "END" else "error",
        "duration_ms": float(found[2]) * 1000.0,
    }
    if found[3]:
        keys["error_message"] = found[3]
    fields = {}
    _read_fields(found[4] or "", fields)
    return _made(TextSpan, "span_end", message, keys, fields)


def _made(
    kind: type[Event], event: str, text: str, keys: Mapping[str, Any], fields: Mapping[str, Any]
) -> Event:
    made = kind(event, text)
    made.keys = keys
    made.fields = fields
    return made


def _split_group(head: str) -> tuple[str, dict[str, Any]]:
    """Split ``a -> b (k=v, k=v)`` into the steps and the fields of the group; other parentheses stay."""
    head = head.rstrip()
    if not head.endswith(")"):
        return head, {}
    start = _opening(head)
    if start < 0:
        return head, {}
    fields = _grouped(head[start + 1 : -1].strip())
    return (head[:start], fields) if fields else (head, {})


def _grouped(text: str) -> dict[str, Any]:
    """Return the fields of ``k=v, k='a, b=c'``; none where anything in it is no field."""
    fields: dict[str, Any] = {}
    place = 0
    while place < len(text):
        found = _GROUPED.match(text, place)
        if found is None:
            return {}
        fields[found[1]] = _typed(found[2].strip())
        place = found.end()
    return fields


def _opening(head: str) -> int:
    """Return where the parenthesis opens that closes at the end of ``head``, or -1."""
    if head.count(")") == 1:
        return head.find("(")
    depth = 0
    for place in range(len(head) - 1, -1, -1):
        depth += (head[place] == ")") - (head[place] == "(")
        if depth == 0:
            return place
    return -1


def _read_fields(tail: str, fields: dict[str, Any]) -> str:
    """Put the pairs of ``a=1 | Error: text | words`` into ``fields``; return the first part that is words."""
    if not tail:
        return ""
    said = last = ""
    for part in tail.split(" | "):
        part = part.strip()
        pair = _FIELD.fullmatch(part)
        if pair:
            last = pair[1]
            fields[last] = _typed(pair[2])
        elif part.startswith("Error: "):
            last = "error"
            fields[last] = part[7:]
        elif last == "error":
            # An exception's text may hold the separator; what follows it is still that text.
            fields[last] = f"{fields[last]} | {part}"
        else:
            said = said or part
    return said


def _typed(text: str) -> object:
    """Return the number, truth value, None or text that ``text`` writes; quotes around it are taken off."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number:
        return int(text) if number[1] is None and text.lstrip("-").isdigit() else float(text)
    if len(text) > 1 and text[0] in "'\"" and text[0] == text[-1]:
        return text[1:-1]
    return text
