"""Ask sessions by SQL: views over their lines, and the report's own queries, the same on every engine.

The views are ``events`` (every entry), ``spans`` (ends of operations), ``llm``, ``errors``, ``calls`` (what
counts as a call of what) and ``uses`` (what each line used). The files are in ``queries``.

LOCATION: ote_logging/reading/sql.py
DEPENDENCIES: engines, columns, report (its parts), course, sessions, where
TRACE POINTS: report_by() - rows become a report
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from importlib.resources import files
from typing import Any, Final

from ote_logging.errors import ReadError
from ote_logging.evaluation.failures import without_details
from ote_logging.evaluation.operations import AMOUNTS
from ote_logging.reading.columns import KNOWN, columns_of
from ote_logging.reading.course import PARTS
from ote_logging.reading.engines import Engine, Row
from ote_logging.reading.folds import is_snapshot
from ote_logging.reading.processes import Process
from ote_logging.reading.report import Failures, Operation, Report, Unfinished, elapsed_ms
from ote_logging.reading.sessions import STDIN, locate
from ote_logging.reading.where import Place

VIEWS: Final = ("events", "spans", "llm", "errors", "calls", "uses")
"""In the order in which they are made, as later ones ask earlier ones."""


def query(kind: str, name: str) -> str:
    """Return the text of the query ``name``, of the ``views`` or of the ``report``."""
    return files("ote_logging.reading").joinpath("queries", kind, f"{name}.sql").read_text(encoding="utf-8")


def open_sessions(
    engine: Engine, names: Sequence[str], only: Container[str] | None = None, *, keep: bool = False
) -> None:
    """Make the views over the sessions that ``names`` stand for; ``keep`` reads them only once.

    ``only`` names the columns that will be asked for, all unless it is given.
    What holds ``://`` is left to the engine: Spark knows of stores that this machine does not see.

    Raises:
        ReadError: there is no such session, or it comes from standard input.
    """
    near = [path for name in names if "://" not in name for path in locate(name)]
    if STDIN in near:
        raise ReadError("standard input cannot be asked by SQL: an engine reads files, and more than once")
    if any(map(is_snapshot, near)):
        raise ReadError("a snapshot of metrics has no lines to ask; name the sessions")
    paths = [*near, *(name for name in names if "://" in name)]
    columns = columns_of(near) if near else KNOWN
    engine.register(paths, {k: v for k, v in columns.items() if only is None or k in only}, keep=keep)
    for view in VIEWS:
        _run(engine, query("views", view))


def _run(engine: Engine, sql: str) -> list[Row]:
    return list(engine.rows(sql))


def report_by(engine: Engine, names: Sequence[str]) -> Report:
    """Return the report of sessions, answered by ``engine``: quantiles are exact, the rest is as ``report``.

    Of what was running it knows spans, not starts that are only text; a line that is no entry counts as
    damaged, whatever it is.
    """
    open_sessions(engine, names, KNOWN.keys() - _UNASKED, keep=True)
    found = {name: _run(engine, query("report", name)) for name in _QUERIES}
    (unread,) = found["unread"]
    processes = _processes(found["processes"], found["gaps"])
    loggers: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in found["loggers"]:
        loggers[row["logger"]][row["level"]] = row["records"]
    return Report(
        records=sum(process.records for process in processes),
        first=min((process.first for process in processes), default=None),
        last=max((process.last for process in processes), default=None),
        operations=_operations(found),
        totals=_amounts(found["totals"][0]),
        errors=_failures(found["errors"]),
        loggers=dict(loggers),
        unfinished=[_unfinished(row, processes) for row in found["unfinished"]],
        processes=processes,
        reported_lost=int(unread["lost"] or 0),
        damaged=int(unread["unreadable"] or 0),
        foreign=0,
    )


# Columns of the table that the report does not ask for.
_UNASKED: Final = frozenset({"traceback", "code_context", "function", "thread", "task", "path", "model"})
_TIMES: Final = ("mean_ms", "min_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms")
_QUERIES: Final = (
    "operations", "amounts", "totals", "error_types", "course", "errors", "loggers", "processes", "gaps",
    "unfinished", "unread",
)  # fmt: skip


def _operations(found: dict[str, list[Row]]) -> list[Operation]:
    amounts = {row["name"]: _amounts(row) for row in found["amounts"]}
    types: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in found["error_types"]:
        types[row["name"]][row["error_type"]] = row["times"]
    courses: defaultdict[str, list[float | None]] = defaultdict(lambda: [None] * PARTS)
    for row in found["course"]:
        courses[row["name"]][row["part"]] = row["mean_ms"]
    return [
        _operation(row, courses[row["name"]], types[row["name"]], amounts.get(row["name"], _amounts({})))
        for row in found["operations"]
    ]


def _operation(
    row: Row, course_ms: list[float | None], types: dict[str, int], amounts: dict[str, float | None]
) -> Operation:
    calls, failures = int(row["calls"]), int(row["failures"])
    cost, successes = amounts["cost_usd"], calls - failures
    times = {name: row[name] for name in _TIMES}
    return Operation(
        name=row["name"],
        calls=calls,
        failures=failures,
        success_ratio=successes / calls,
        total_ms=row["total_ms"] or 0.0,
        **times,
        course_ms=course_ms,
        error_types=types,
        amounts=amounts,
        cost_per_success_usd=cost / successes if cost is not None and successes else None,
    )


def _amounts(row: Row) -> dict[str, float | None]:
    """Return amounts as numbers that JSON has: sums of integers come wider from an engine."""
    return {name: None if row.get(name) is None else _number(row[name]) for name in AMOUNTS}


def _number(value: Any) -> float:
    return value if isinstance(value, float) else int(value)


def _failures(rows: Iterable[Row]) -> list[Failures]:
    """Return failures, those of no type put together whose messages differ in details only."""
    met: dict[tuple[Any, ...], Failures] = {}
    for row in rows:
        kind, message = row["type"], row["message"]
        place = None if row["where_file"] is None else Place(row["where_file"], row["where_line"])
        key = (kind, place, "" if kind else without_details(message))
        found = met.setdefault(key, Failures(kind, place, message, row["first"]))
        if row["first"] < found.first:
            found.first, found.message = row["first"], message
        found.count += row["count"]
    return sorted(met.values(), key=lambda failures: (-failures.count, failures.first))


def _processes(rows: Iterable[Row], gaps: Iterable[Row]) -> list[Process]:
    missing: defaultdict[tuple[str, int | None], list[tuple[int, int]]] = defaultdict(list)
    for gap in gaps:
        missing[gap["session_id"], gap["pid"]].append((gap["first"], gap["last"]))
    return [
        Process(
            row["session_id"], row["pid"], row["records"], row["first"], row["last"],
            missing[row["session_id"], row["pid"]],
        )
        for row in rows
    ]  # fmt: skip


def _unfinished(row: Row, processes: Iterable[Process]) -> Unfinished:
    key = (row["session_id"] or "", row["pid"])
    last = next(process.last for process in processes if (process.session_id, process.pid) == key)
    return Unfinished(
        operation=str(row["operation"]),
        started=row["timestamp"],
        running_ms=elapsed_ms(row["timestamp"], last),
        session_id=str(row["session_id"]),
        pid=row["pid"],
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        where=None if row["file"] is None else Place(row["file"], row["line"]),
    )
