"""``ote report``: the sums of a session as tables, as JSON, Markdown or CSV.

LOCATION: ote_logging/cli/report.py
DEPENDENCIES: reading (Reader, report), figures, sheet, screen, table, words, durations
TRACE POINTS: none
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ote_logging.cli.figures import ordered, time_columns, time_rows, use_table
from ote_logging.cli.screen import BOLD, CYAN, DIM, RED, YELLOW, Part, Screen, print_json
from ote_logging.cli.sheet import markdown_table, print_csv
from ote_logging.cli.table import Column, print_table
from ote_logging.cli.words import clock, counted, moment, shortened
from ote_logging.durations import duration_text
from ote_logging.evaluation.metrics import MOST_OPERATIONS
from ote_logging.evaluation.operations import OTHER
from ote_logging.reading import Operation, Reader, Report, fold_of, report, report_of
from ote_logging.reading.folds import are_snapshots

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MOST_GAPS: Final = 5


def read(session: str, order: str) -> Report:
    """Return the report of a session or of snapshots, its operations in one of ``figures.ORDERS``."""
    sums = report_of(fold_of(session)) if are_snapshots(session) else report(Reader(session))
    return in_order(sums, order)


def in_order(sums: Report, order: str) -> Report:
    """Return ``sums`` with its operations in one of ``figures.ORDERS``."""
    return replace(sums, operations=ordered(sums.operations, order))


def show(sums: Report, most_rows: int | None) -> None:
    """Print a report, the first rows of each table."""
    Page(Screen(), sums, most_rows).print()


def show_json(sums: Report) -> None:
    """Print a report as one JSON object; durations in milliseconds."""
    print_json(sums.to_dict())


def show_csv(sums: Report) -> None:
    """Print a row for each operation, under the names that JSON has."""
    print_csv([_flat(operation) for operation in sums.operations])


def _flat(operation: Operation) -> dict[str, Any]:
    row = {name: value for name, value in vars(operation).items() if name != "amounts"}
    return {**row, **operation.amounts}


def show_markdown(sums: Report, most_rows: int | None) -> None:
    """Print the tables of operations, of what they used, and of errors."""
    tables = (
        (time_columns(), time_rows(sums.operations)),
        use_table(sums, sums.operations),
        _error_table(sums),
    )
    parts = [
        markdown_table(
            [column.heading for column in columns], rows[:most_rows], [column.is_number for column in columns]
        )
        for columns, rows in tables
        if rows
    ]
    sys.stdout.write("\n".join(parts))


class Page:
    """A report on a screen; a part that has nothing to say is left out."""

    def __init__(self, screen: Screen, sums: Report, most_rows: int | None) -> None:
        """Draw ``sums`` on ``screen``, the first rows of each table."""
        self._screen = screen
        self._sums = sums
        self._most_rows = most_rows

    def print(self) -> None:
        """Print everything."""
        self._print_operations()
        self._table(*_error_table(self._sums))
        self._print_unfinished()
        self._print_records()
        self._print_missing()

    def print_running(self) -> None:
        """Print what one watches while it runs."""
        self._print_operations()
        self._print_unfinished()
        self._table(*_error_table(self._sums))

    def _print_operations(self) -> None:
        self._print_head()
        self._table(time_columns(), time_rows(self._sums.operations))
        if any(operation.name == OTHER for operation in self._sums.operations):
            self._screen.line(Part(f"{OTHER}: the operations beyond the first {MOST_OPERATIONS:,}", DIM))
        self._table(*use_table(self._sums, self._sums.operations[: self._most_rows]), whole=True)

    def _print_head(self) -> None:
        sums = self._sums
        for session_id in sums.sessions[: self._most_rows]:
            self._screen.line(Part("session ", DIM), Part(shortened(session_id), BOLD))
        if sums.first and sums.last:
            duration = "" if sums.duration_ms is None else self._duration(sums.duration_ms)
            self._screen.line(Part(f"{moment(sums.first)} - {clock(sums.last)[:8]} UTC  {duration}"))
        told = [counted(sums.records, "record")]
        if len(sums.processes) > 1:
            told.append(f"{len(sums.processes):,} processes")
        self._screen.line(Part(", ".join(told)))

    def _print_unfinished(self) -> None:
        columns = [
            Column("unfinished", YELLOW, is_number=False),
            Column("running for"),
            Column("since", DIM),
            Column("process", DIM, is_optional=True),
        ]
        rows = [
            [
                shortened(running.operation),
                self._duration(running.running_ms),
                clock(running.started),
                str(running.pid),
            ]
            for running in self._sums.unfinished
        ]
        self._table(columns, rows)

    def _print_records(self) -> None:
        levels = sorted(self._sums.levels, key=_severity)
        columns = [
            Column("records", CYAN, is_number=False),
            *(Column(shortened(level, 8)) for level in levels),
        ]
        loggers = sorted(self._sums.loggers.items(), key=lambda found: (-sum(found[1].values()), found[0]))
        rows = [
            [shortened(logger), *(f"{found[level]:,}" if level in found else "" for level in levels)]
            for logger, found in loggers
        ]
        self._table(columns, rows)

    def _print_missing(self) -> None:
        """Say what was lost, or passed over when read."""
        sums = self._sums
        told = [
            f"process {process.pid}: {counted(process.missing, 'record')} missing, seq "
            + self._gaps(process.gaps)
            for process in sums.processes
            if process.gaps
        ]
        if sums.reported_lost:
            told.append(f"{counted(sums.reported_lost, 'record')} lost, as their writer reported")
        if sums.damaged:
            told.append(f"{counted(sums.damaged, 'damaged line')} passed over")
        if sums.foreign:
            told.append(f"{counted(sums.foreign, 'foreign line')} passed over")
        if told:
            self._screen.line()
        for text in told[: self._most_rows]:
            self._screen.line(Part(text, YELLOW))

    def _gaps(self, gaps: Sequence[tuple[int, int]]) -> str:
        shown = [str(first) if first == last else f"{first}-{last}" for first, last in gaps[:_MOST_GAPS]]
        return ", ".join(shown + ["…"] * (len(gaps) > _MOST_GAPS))

    def _table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, whole: bool = False
    ) -> None:
        if rows:
            self._screen.line()
            print_table(self._screen, columns, rows, None if whole else self._most_rows)

    def _duration(self, duration_ms: float | None) -> str:
        return "" if duration_ms is None else duration_text(duration_ms)


def _error_table(sums: Report) -> tuple[list[Column], list[list[str]]]:
    columns = [
        Column("errors", RED, is_number=False),
        Column("count"),
        Column("where", DIM, is_number=False),
        Column("first", DIM, is_optional=True),
    ]
    rows = [
        [
            ": ".join(filter(None, (failures.type, shortened(failures.message, 100)))),
            f"{failures.count:,}",
            shortened(failures.where.short) if failures.where else "",
            clock(failures.first),
        ]
        for failures in sums.errors
    ]
    return columns, rows


def _severity(level: str) -> tuple[int, str]:
    """Where ``level`` stands among the others; those of the program's own come last."""
    return (_LEVELS.index(level) if level in _LEVELS else len(_LEVELS), level)
