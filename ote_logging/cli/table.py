"""Lay out a table: the first column gives way, optional columns go where there is no room.

LOCATION: ote_logging/cli/table.py
DEPENDENCIES: screen, visible (columns of a terminal)
TRACE POINTS: none
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ote_logging.cli.screen import BOLD, DIM, PLAIN, Part, Screen
from ote_logging.visible import cells, fitted

_GAP: Final = "  "
_LEAST: Final = 16


@dataclass(frozen=True)
class Column:
    """A column: its heading, and how its cells look."""

    heading: str
    code: str = PLAIN
    is_number: bool = True
    is_optional: bool = False
    """It is left out where nothing stands in it, or the first one would get less than 16 columns."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Colours of single texts, instead of that of the column."""


def print_table(
    screen: Screen, columns: Sequence[Column], rows: Sequence[Sequence[str]], most: int | None
) -> None:
    """Print the first ``most`` of ``rows``, visible texts, and how many more there are."""
    headings = [column.heading for column in columns]
    shown = rows[:most]
    widths = [max(map(cells, texts)) for texts in zip(headings, *shown, strict=True)]
    met = [place for place, column in enumerate(columns) if not column.is_optional or _is_used(place, shown)]
    places = _places(columns, widths, met, screen.width)
    if screen.width is not None:
        others = sum(len(_GAP) + widths[place] for place in places[1:])
        widths[0] = min(widths[0], max(screen.width - others, _LEAST))
    for texts, painted in (
        (headings, [BOLD] * len(columns)),
        *((row, _codes(columns, row)) for row in shown),
    ):
        line = [_cell(texts[place], columns[place], widths[place]) for place in places]
        gaps = ["", *(_GAP for _ in places[1:])]
        screen.line(
            *(Part(gap + cell, painted[place]) for gap, cell, place in zip(gaps, line, places, strict=True))
        )
    if len(rows) > len(shown):
        screen.line(Part(f"… {len(rows) - len(shown):,} more; --limit 0 shows all", DIM))


def _is_used(place: int, rows: Sequence[Sequence[str]]) -> bool:
    return any(row[place] for row in rows)


def _places(
    columns: Sequence[Column], widths: Sequence[int], met: Sequence[int], width: int | None
) -> list[int]:
    """Return which of the columns ``met`` have room."""
    places = list(met)
    for place in reversed(met):
        taken = sum(widths[other] + len(_GAP) for other in places[1:])
        if width is not None and columns[place].is_optional and taken + min(widths[0], _LEAST) > width:
            places.remove(place)
    return places


def _codes(columns: Sequence[Column], row: Sequence[str]) -> list[str]:
    return [column.codes.get(text, column.code) for column, text in zip(columns, row, strict=True)]


def _cell(text: str, column: Column, width: int) -> str:
    if column.is_number:
        return " " * (width - cells(text)) + text
    return fitted(text, width, "…")
