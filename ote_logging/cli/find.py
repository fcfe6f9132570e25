"""``ote find``: the records that meet conditions, one a line.

LOCATION: ote_logging/cli/find.py
DEPENDENCIES: typer, reading (Reader, find), screen, records, words
TRACE POINTS: none
"""

from collections.abc import Iterable
from itertools import islice

import typer

from ote_logging.cli.records import record_parts
from ote_logging.cli.screen import Screen, print_json
from ote_logging.cli.words import counted
from ote_logging.reading import Condition, Reader, find


def show(
    session: str,
    conditions: Iterable[Condition],
    *,
    errors: bool,
    operation: str | None,
    most: int | None,
    as_json: bool,
) -> None:
    """Print what is found as it is found; how much it was goes to standard error."""
    reader = Reader(session)
    screen = Screen()
    found = 0
    for entry in islice(find(reader, conditions, errors=errors, operation=operation), most):
        found += 1
        if as_json:
            print_json(entry.wire)
        else:
            screen.line(*record_parts(entry))
    if not as_json:
        typer.echo(_summary(reader, found), err=True)


def _summary(reader: Reader, found: int) -> str:
    passed_over = [
        counted(number, noun)
        for number, noun in ((reader.damaged, "damaged line"), (reader.foreign, "foreign line"))
        if number
    ]
    return "; ".join([f"{found:,} of {counted(reader.entries, 'record')}", *passed_over])
