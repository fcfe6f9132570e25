"""Rows for other programs: CSV with plain numbers, Markdown for a pull request.

LOCATION: ote_logging/cli/sheet.py
DEPENDENCIES: schema (dump), visible
TRACE POINTS: none
"""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ote_logging.schema import dump
from ote_logging.visible import visible

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print ``rows`` under the keys of the first one; lists and objects become JSON, None stays empty.

    A text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(map(visible, row))
        writer.writerow(map(_cell, row.values()))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{visible(value)}" if value.startswith(_FORMULA) else visible(value)
    if isinstance(value, Mapping | list):
        return dump({"": value})[4:-2].decode()
    return value


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[bool]) -> str:
    """Return a table of visible texts, columns of ``numbers`` aligned to the right; a line feed ends it."""
    rule = ["---:" if is_number else "---" for is_number in numbers]
    return "".join(f"| {' | '.join(map(_escaped, row))} |\n" for row in (headings, rule, *rows))


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")
