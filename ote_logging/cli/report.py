"""``ote report``: the sums of a session as tables.

LOCATION: ote_logging/cli/report.py
DEPENDENCIES: reading (Reader, report), screen, table, words, durations
TRACE POINTS: none
"""

from collections.abc import Sequence
from typing import Final

from ote_logging.cli.screen import BOLD, CYAN, DIM, RED, YELLOW, Part, Screen, print_json
from ote_logging.cli.table import Column, print_table
from ote_logging.cli.words import clock, counted, moment, shortened
from ote_logging.durations import duration_text
from ote_logging.reading import Reader, Report, report

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MOST_GAPS: Final = 5


def show(session: str, most_rows: int | None) -> None:
    """Print the report of ``session``, the first rows of each table."""
    _Page(Screen(), report(Reader(session)), most_rows).print()


def show_json(session: str) -> None:
    """Print the report as one JSON object; durations in milliseconds."""
    print_json(report(Reader(session)).to_dict())


class _Page:
    """A report on a screen; a part that has nothing to say is left out."""

    def __init__(self, screen: Screen, sums: Report, most_rows: int | None) -> None:
        self._screen = screen
        self._sums = sums
        self._most_rows = most_rows

    def print(self) -> None:
        self._print_head()
        self._print_operations()
        self._print_errors()
        self._print_unfinished()
        self._print_records()
        self._print_missing()

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

    def _print_operations(self) -> None:
        columns = [
            Column("operations", BOLD, is_number=False),
            Column("calls"),
            Column("failed", RED),
            Column("total", is_optional=True),
            Column("mean"),
            Column("p95", is_optional=True),
            Column("max"),
        ]
        rows = [
            [
                shortened(operation.name),
                f"{operation.calls:,}",
                f"{operation.failures:,}" if operation.failures else "",
                *map(
                    self._duration,
                    (operation.total_ms, operation.mean_ms, operation.p95_ms, operation.max_ms),
                ),
            ]
            for operation in self._sums.operations
        ]
        self._table(columns, rows)

    def _print_errors(self) -> None:
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
            for failures in self._sums.errors
        ]
        self._table(columns, rows)

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

    def _table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        if rows:
            self._screen.line()
            print_table(self._screen, columns, rows, self._most_rows)

    def _duration(self, duration_ms: float | None) -> str:
        return "" if duration_ms is None else duration_text(duration_ms)


def _severity(level: str) -> tuple[int, str]:
    """Where ``level`` stands among the others; those of the program's own come last."""
    return (_LEVELS.index(level) if level in _LEVELS else len(_LEVELS), level)
