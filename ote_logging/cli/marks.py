"""Draw numbers with the eighths of a block: a bar for a share, a line for a course.

LOCATION: ote_logging/cli/marks.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Sequence
from typing import Final

_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
_WIDTHS: Final = "▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """Return ``share`` (0 to 1) of ``width`` columns; what is above 0 is always seen.

    >>> bar(0.5, 4), bar(0.001, 4), bar(0.0, 4)
    ('██', '▏', '')
    """
    eighths = max(round(share * width * 8), 1) if share > 0 else 0
    whole, rest = divmod(min(eighths, width * 8), 8)
    return _WIDTHS[-1] * whole + (_WIDTHS[rest - 1] if rest else "")


def line(values: Sequence[float | None]) -> str:
    """Return a column for each of ``values``, the greatest one highest; a blank for None.

    >>> line([1.0, None, 4.0, 8.0])
    '▁ ▄█'
    """
    highest = max((value for value in values if value is not None), default=0.0)
    return "".join(" " if value is None else _height(value, highest) for value in values)


def _height(value: float, highest: float) -> str:
    return _HEIGHTS[max(min(round(value / highest * 8) - 1, 7), 0)] if highest > 0 else _HEIGHTS[0]
