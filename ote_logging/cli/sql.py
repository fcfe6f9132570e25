"""``ote sql``: the answer to a query as a table, as JSON lines or as CSV.

LOCATION: ote_logging/cli/sql.py
DEPENDENCIES: reading (engines, sql), screen, sheet, table, words
TRACE POINTS: none
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final

from ote_logging.cli.screen import DIM, Part, Screen, print_json
from ote_logging.cli.sheet import print_csv
from ote_logging.cli.table import Column, print_table
from ote_logging.cli.words import shortened
from ote_logging.errors import OteError
from ote_logging.reading import Report
from ote_logging.reading.engines import DuckDB, Engine, Row, Spark
from ote_logging.reading.find import text_at
from ote_logging.reading.sql import open_sessions, report_by

_CELL_CHARS: Final = 100


def report(name: str, master: str | None, sessions: Sequence[str]) -> Report:
    """Return the report of ``sessions``, answered by the engine called ``name``."""
    with closing(_engine(name, master)) as engine:
        return report_by(engine, sessions)


def show(query: str, sessions: Sequence[str], name: str, master: str | None, most: int | None) -> None:
    """Print the first ``most`` rows as a table."""
    with closing(_engine(name, master)) as engine:
        found = _answer(engine, query, sessions)
        rows = list(islice(found, most))
        _print(Screen(), rows, is_cut=next(found, None) is not None)


def show_json(query: str, sessions: Sequence[str], name: str, master: str | None) -> None:
    """Print a JSON object a row, as they come."""
    with closing(_engine(name, master)) as engine:
        for row in _answer(engine, query, sessions):
            print_json(row)


def show_csv(query: str, sessions: Sequence[str], name: str, master: str | None) -> None:
    """Print all rows as CSV."""
    with closing(_engine(name, master)) as engine:
        print_csv(_answer(engine, query, sessions))


def _engine(name: str, master: str | None) -> Engine:
    if name == "spark":
        return Spark(master)
    if master is not None:
        raise OteError("--master is for --engine spark")
    return DuckDB()


def _answer(engine: Engine, query: str, sessions: Sequence[str]) -> Iterator[Row]:
    open_sessions(engine, sessions)
    return engine.rows(query)


def _print(screen: Screen, rows: Sequence[Row], *, is_cut: bool) -> None:
    if not rows:
        screen.line(Part("no rows", DIM))
        return
    columns = [
        # None is optional: what has no room must be seen to be cut, and --json shows all.
        Column(shortened(name), is_number=_is_number([row[name] for row in rows]))
        for name in rows[0]
    ]
    print_table(screen, columns, [[_text(value) for value in row.values()] for row in rows], None)
    if is_cut:
        screen.line(Part(f"… more than {len(rows):,}; --limit 0 shows all", DIM))


def _is_number(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not any(isinstance(value, str | bool | list | dict) for value in known)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}"
    return shortened(text_at(value), _CELL_CHARS)
