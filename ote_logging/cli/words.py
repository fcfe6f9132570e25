"""Say values as people read them: counts, fields, times of day, failures.

LOCATION: ote_logging/cli/words.py
DEPENDENCIES: visible, schema, reading (where, find)
TRACE POINTS: none
"""

from collections.abc import Mapping
from typing import Any, Final

from ote_logging.reading.find import text_at
from ote_logging.visible import visible

_VALUE_CHARS: Final = 60
_MESSAGE_CHARS: Final = 400


def counted(number: int, noun: str) -> str:
    """Return ``number`` with its noun.

    >>> counted(1, "record"), counted(2000, "record")
    ('1 record', '2,000 records')
    """
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def shortened(text: str, most: int = _MESSAGE_CHARS) -> str:
    """Return ``text`` visible, its end left out where it is longer than ``most`` characters."""
    return visible(text if len(text) <= most else f"{text[: most - 1]}…")


def fields_text(fields: Mapping[str, Any]) -> str:
    """Return ``name=value`` of each, texts of several words in quotes."""
    return "  ".join(
        f"{shortened(name, _VALUE_CHARS)}={_value_text(value)}" for name, value in fields.items()
    )


def _value_text(value: Any) -> str:
    text = shortened(text_at(value), _VALUE_CHARS)
    return f"'{text}'" if isinstance(value, str) and (" " in text or not text) else text


def failure_text(kind: Any, message: Any) -> str:
    """Return ``ValueError: boom``, or as much of it as is known."""
    return ": ".join(shortened(str(part)) for part in (kind, message) if part)


def clock(timestamp: str) -> str:
    """Return the time of day of an RFC 3339 ``timestamp``, to the millisecond; what is none is kept."""
    _, separator, time = timestamp.partition("T")
    return visible(time[:12] if separator else timestamp[:12])


def moment(timestamp: str) -> str:
    """Return day and time of an RFC 3339 ``timestamp``, to the second."""
    return visible(timestamp[:19].replace("T", " "))
