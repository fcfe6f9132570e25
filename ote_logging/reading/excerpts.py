"""Show a place in a text: the lines around it, numbered, with a caret below the one that is meant.

LOCATION: ote_logging/reading/excerpts.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from typing import Final

_AROUND: Final = 2


def excerpt(text: str, line: int, column: int | None = None) -> str | None:
    """Return the lines around ``line``, counted from 1; None where ``text`` has no such line.

    The caret stands below ``column``, counted from 1, or below the first letter of the line.

    >>> print(excerpt("def f():\\nreturn 1", 2))
      1 | def f():
    > 2 | return 1
          ^
    """
    lines = text.splitlines()
    if not 1 <= line <= len(lines):
        return None
    first = max(1, line - _AROUND)
    return _drawn(lines[first - 1 : line + _AROUND], first, line, column)


def excerpt_above(context: str, line: int | None, column: int | None = None) -> str:
    """Return ``context``, which ends with the line that is meant, drawn in the same way."""
    lines = context.splitlines() or [""]
    last = line if line is not None and line >= len(lines) else len(lines)
    return _drawn(lines, last - len(lines) + 1, last, column, is_numbered=line is not None)


def _drawn(lines: list[str], first: int, meant: int, column: int | None, *, is_numbered: bool = True) -> str:
    width = len(str(first + len(lines) - 1)) if is_numbered else 0
    drawn: list[str] = []
    for number, text in enumerate(lines, first):
        sign = ">" if number == meant else " "
        margin = f"{sign} {number:>{width}} | " if is_numbered else f"{sign} | "
        shown = text.expandtabs(4)
        drawn.append(f"{margin}{shown}".rstrip())
        if number == meant:
            drawn.append(" " * (len(margin) + _caret_at(text, column)) + "^")
    return "\n".join(drawn)


def _caret_at(text: str, column: int | None) -> int:
    if column is None or not 1 <= column <= len(text) + 1:
        return len(text.expandtabs(4)) - len(text.expandtabs(4).lstrip())
    return len(text[: column - 1].expandtabs(4))
