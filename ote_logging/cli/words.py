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


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``number`` with its noun, or its ``plural`` where that takes more than an s.

    >>> counted(1, "record"), counted(2000, "record")
    ('1 record', '2,000 records')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(ratio: float | None) -> str:
    """Return a part of 1 in per cent, never rounded up to 100.

    >>> percent(1.0), percent(0.9996), percent(0.5), percent(None)
    ('100 %', '99.9 %', '50.0 %', '')
    """
    if ratio is None:
        return ""
    return "100 %" if ratio >= 1 else f"{min(ratio * 100, 99.9):.1f} %"


def dollars(amount: float | None) -> str:
    """Return an amount in dollars, three digits of it where it is small.

    >>> dollars(1234.5), dollars(0.01234), dollars(0.0), dollars(None)
    ('$1,234.50', '$0.0123', '$0', '')
    """
    if amount is None:
        return ""
    if abs(amount) >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.3g}" if abs(amount) >= 0.0001 or not amount else f"${amount:.1e}"


def size(number: float | None) -> str:
    """Return bytes in the unit that suits them.

    >>> size(512), size(12_345), size(-3_400_000), size(None)
    ('512 B', '12.3 kB', '-3.4 MB', '')
    """
    if number is None:
        return ""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 999.95:
            return f"{number:,.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


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
