"""Draw one record as parts of a line: a whole one for lists, what matters of it for trees.

LOCATION: ote_logging/cli/records.py
DEPENDENCIES: schema (Entry), reading (where), screen, words, durations
TRACE POINTS: none
"""

from collections.abc import Iterator
from typing import Final

from ote_logging.cli.screen import CYAN, DIM, FAILED, GREEN, PLAIN, RED, YELLOW, Part
from ote_logging.cli.words import clock, failure_text, fields_text, shortened
from ote_logging.durations import duration_text
from ote_logging.reading import where
from ote_logging.schema import Entry

_COLOURS: Final = {"DEBUG": DIM, "WARNING": YELLOW, "ERROR": RED, "CRITICAL": FAILED}
_PLAIN_LEVELS: Final = ("DEBUG", "INFO")


def record_parts(entry: Entry) -> Iterator[Part]:
    """Yield time, level, logger, message and fields of ``entry``, and what failed where."""
    yield Part(clock(entry.timestamp), DIM)
    yield Part(f" {_level(entry):<8} ", level_colour(entry))
    yield Part(shortened(str(entry.logger or "")) + "  ", CYAN)
    if entry.event == "span_end" and entry.operation:
        # Its text says time, duration and error once more.
        yield Part(shortened(str(entry.operation)), PLAIN)
        yield from outcome_parts(entry)
        yield Part("  " + fields_text(entry.fields), DIM)
        return
    message = shortened(str(entry.message or entry.event))
    yield Part(message, PLAIN)
    if entry.error_type and str(entry.error_type) not in message:
        yield Part("  " + failure_text(entry.error_type, entry.error_message), RED, gives=True)
    if entry.error_type or entry.status == "error":
        yield Part(place_text(entry), DIM)
    told = {name: value for name, value in entry.fields.items() if f"{name}=" not in message}
    yield Part("  " + fields_text(told), DIM)


def inner_parts(entry: Entry) -> Iterator[Part]:
    """Yield what ``entry`` tells inside of an operation that stands around it."""
    if entry.event == "trace_point":
        yield from _point_parts(entry)
    elif entry.event == "log":
        yield Part(f"{_level(entry)}  ", level_colour(entry))
        yield Part(f"{shortened(str(entry.logger or ''))}: ", DIM)
        yield Part(shortened(str(entry.message or "")), PLAIN)
        if entry.error_type:
            yield Part("  " + failure_text(entry.error_type, entry.error_message), RED, gives=True)
            yield Part(place_text(entry), DIM)
    else:
        yield Part(shortened(entry.event), CYAN)
        yield from outcome_parts(entry)
        yield Part("  " + fields_text(entry.fields), DIM)


def _point_parts(entry: Entry) -> Iterator[Part]:
    path = entry.path if isinstance(entry.path, list) else [str(entry.message)]
    yield Part(" → ".join(shortened(str(step)) for step in path), CYAN)
    if entry.status == "error":
        yield Part(" → ", CYAN)
        yield Part("FAILED", FAILED)
        yield Part("  " + shortened(str(entry.error_message or "")), RED, gives=True)
        yield Part(place_text(entry), DIM)
    told = {name: value for name, value in entry.fields.items() if name != "error" or entry.status != "error"}
    yield Part("  " + (fields_text(told) or _said(entry)), DIM)


def _said(entry: Entry) -> str:
    """Return the words behind the path of a point that exists as text: ``... | user_id is required``."""
    words = str(entry.message or "").partition(" | ")[2]
    return "" if entry.status == "error" else shortened(words)


def outcome_parts(entry: Entry) -> Iterator[Part]:
    """Yield duration and status of what ended with ``entry``."""
    if isinstance(entry.duration_ms, (int, float)):
        yield Part("  " + duration_text(entry.duration_ms), PLAIN)
    if entry.status == "error" or entry.error_type:
        yield Part("  FAILED", FAILED)
        yield Part("  " + failure_text(entry.error_type, entry.error_message), RED, gives=True)
        yield Part(place_text(entry), DIM)
    elif entry.status:
        yield Part("  " + shortened(str(entry.status)), GREEN)


def place_text(entry: Entry) -> str:
    """Return `` (orders.py:17)``, or nothing where no line tells where it failed."""
    place = where(entry.wire)
    return f"  ({shortened(place.short)})" if place else ""


def is_plain(entry: Entry) -> bool:
    """Return whether ``entry`` is an ordinary message that nobody has to see."""
    return entry.event == "log" and entry.level in _PLAIN_LEVELS


def level_colour(entry: Entry) -> str:
    """Return the colour of its level."""
    return _COLOURS.get(str(entry.level), PLAIN)


def _level(entry: Entry) -> str:
    return shortened(str(entry.level or ""), 8)
