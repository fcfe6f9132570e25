"""What changed between two texts, and how a text is indented.

LOCATION: ote_logging/stages/diffs.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from difflib import unified_diff
from typing import Any, Final

_MOST_LINES: Final = 2_000
_MOST_CHARS: Final = 262_144
_MOST_LEVELS: Final = 50


def diff_of(before: str, after: str, name: str = "") -> str:
    """Return a unified diff, empty where nothing changed.

    What begins and ends alike is left out before the lines are compared, for that takes the square of their
    number; of what is left, more than 2,000 lines or 262,144 characters are only counted.
    """
    if before == after:
        return ""
    old, new = before.splitlines(), after.splitlines()
    head, tail = _alike(old, new)
    first = max(0, head - 3)
    old_part, new_part = old[first : len(old) - tail], new[first : len(new) - tail]
    if max(len(old_part), len(new_part)) > _MOST_LINES or len(before) + len(after) > _MOST_CHARS:
        return f"@@ line {head + 1}: {len(old_part)} lines became {len(new_part)} @@"
    rest = old[len(old) - tail :][:3]
    lines = unified_diff(old_part + rest, new_part + rest, f"before/{name}", f"after/{name}", lineterm="")
    return "\n".join(_numbered_from(first, list(lines)))


def _alike(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return how many lines are the same at the beginning and, behind those, at the end."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    return head, tail


def _numbered_from(first: int, lines: list[str]) -> list[str]:
    """Return the lines of a diff whose two texts begin ``first`` lines further down."""
    return [_moved(line, first) if line.startswith("@@") else line for line in lines]


def _moved(header: str, first: int) -> str:
    ranges = []
    for mark in header.split()[1:3]:
        start, comma, size = mark[1:].partition(",")
        ranges.append(f"{mark[0]}{int(start) + first}{comma}{size}")
    return f"@@ {' '.join(ranges)} @@"


def indentation_of(text: str) -> dict[str, Any]:
    """Return the indents of ``text`` in columns and how often each occurs, and whether tabs are among them.

    >>> indentation_of("a\\n    b\\n")
    {'levels': {'0': 1, '4': 1}, 'deepest': 4, 'tabs': False, 'mixed': False}
    """
    levels: dict[int, int] = {}
    has_tabs = has_blanks = False
    for line in text[:_MOST_CHARS].splitlines():
        body = line.lstrip(" \t")
        if body:
            indent = line[: len(line) - len(body)]
            has_tabs, has_blanks = has_tabs or "\t" in indent, has_blanks or " " in indent
            columns = len(indent.expandtabs(8))
            levels[columns] = levels.get(columns, 0) + 1
    counted = {str(columns): levels[columns] for columns in sorted(levels)[:_MOST_LEVELS]}
    deepest = max(levels, default=0)
    return {"levels": counted, "deepest": deepest, "tabs": has_tabs, "mixed": has_tabs and has_blanks}
