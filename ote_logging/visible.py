r"""Make visible what a terminal or a reader would not see, or would obey.

Control characters, line and paragraph separators, bidirectional and zero-width marks and lone surrogates
become ``\n``, ``\x1b``, ``\u202e``. What is left is one physical line that shows all it holds.

LOCATION: ote_logging/visible.py
DEPENDENCIES: late (patterns)
TRACE POINTS: none
"""

import re
from typing import Final
from unicodedata import combining, east_asian_width

from ote_logging.late import late_pattern

# Categories Cc, Cf, Cs, Zl and Zp, less the signs among them that have a shape; and letters without one.
_UNSEEN: Final = late_pattern(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_VARIATION: Final = "\ufe0f"


def visible(text: str) -> str:
    r"""Return ``text`` as one line without any character that is not seen; the same object if it has none.

    >>> visible("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """Return how many columns of a terminal a visible ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if combining(character) or character == _VARIATION:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def fitted(text: str, width: int, mark: str) -> str:
    """Return a visible ``text`` as ``width`` columns: filled with blanks, or its beginning and ``mark``."""
    if cells(text) > width:
        # The bound keeps a long text cheap; what has no width beyond it is not missed.
        text = text[: 2 * width]
        while cells(text) > width - cells(mark):
            text = text[:-1]
        text += mark
    return text + " " * (width - cells(text))
