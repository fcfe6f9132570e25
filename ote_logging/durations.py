"""Durations as people read them.

LOCATION: ote_logging/durations.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from math import isfinite
from typing import Final

# Up to where a unit is used, in ms, after rounding to three digits; how many of it make one ms; its name.
_UNITS: Final = ((0.9995, 1000.0, "µs"), (999.5, 1.0, "ms"), (59_950.0, 0.001, "s"))


def duration_text(duration_ms: float, *, ascii: bool = False) -> str:
    """Return a duration in the unit that suits it, three digits of it; ``us`` for ``µs`` where ``ascii``.

    What is no finite number is ``?``.

    >>> [duration_text(ms) for ms in (0.34, 12.3, 1250, 125_000, 3_720_000)]
    ['340 µs', '12.3 ms', '1.25 s', '2 min 05 s', '1 h 02 min']
    """
    if not isfinite(duration_ms):
        return "?"
    if duration_ms < 0:
        return f"-{duration_text(-duration_ms, ascii=ascii)}"
    for limit_ms, scale, unit in _UNITS:
        if duration_ms < limit_ms:
            return f"{_three_digits(duration_ms * scale)} {'us' if ascii and unit == 'µs' else unit}"
    return _long(duration_ms / 1000)


def _three_digits(value: float) -> str:
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}" if value else "0"


def _long(seconds: float) -> str:
    """Return a minute and more in two units; the smaller one is rounded."""
    if round(seconds) < 3600:
        return "{} min {:02} s".format(*divmod(round(seconds), 60))
    if round(seconds / 60) < 24 * 60:
        return "{} h {:02} min".format(*divmod(round(seconds / 60), 60))
    return "{} d {:02} h".format(*divmod(round(seconds / 3600), 24))
