"""The figures of operations as columns and cells: what ran how long, and what it used.

LOCATION: ote_logging/cli/figures.py
DEPENDENCIES: reading (Operation, Report), table, marks, words, durations
TRACE POINTS: none
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ote_logging.cli.marks import bar, line
from ote_logging.cli.screen import BOLD, CYAN, GREEN, RED
from ote_logging.cli.table import Column
from ote_logging.cli.words import dollars, percent, shortened, size
from ote_logging.durations import duration_text
from ote_logging.reading import Operation, Report

_SHARE_COLUMNS: Final = 8

Rows = list[list[str]]
Amounts = Mapping[str, float | None]

ORDERS: Final[Mapping[str, Callable[[Operation], Any]]] = {
    "total": lambda operation: -operation.total_ms,
    "worst": lambda operation: (-operation.failures, -(operation.p99_ms or 0)),
    "calls": lambda operation: -operation.calls,
    "success": lambda operation: 1.0 if operation.success_ratio is None else operation.success_ratio,
    "p50": lambda operation: -(operation.p50_ms or 0),
    "p95": lambda operation: -(operation.p95_ms or 0),
    "p99": lambda operation: -(operation.p99_ms or 0),
    "max": lambda operation: -(operation.max_ms or 0),
    "tokens": lambda operation: -(_tokens(operation.amounts) or 0),
    "cost": lambda operation: -(operation.amounts.get("cost_usd") or 0),
    "name": lambda operation: operation.name,
}
"""How operations may be sorted; what weighs most comes first."""


def ordered(operations: Sequence[Operation], order: str) -> list[Operation]:
    """Return ``operations`` in one of ORDERS, by name where they weigh the same."""
    return sorted(sorted(operations, key=ORDERS["name"]), key=ORDERS[order])


def time_columns() -> list[Column]:
    """Return the columns of ``time_rows``; what matters least is the first to go."""
    return [
        Column("operations", BOLD, is_number=False),
        Column("calls"),
        Column("failed", RED),
        Column("success"),
        Column("p95"),
        Column("total", is_optional=True),
        Column("p50", is_optional=True),
        Column("p99", is_optional=True),
        Column("over time", CYAN, is_number=False, is_optional=True),
        Column("share", GREEN, is_number=False, is_optional=True),
        Column("mean", is_optional=True),
        Column("max", is_optional=True),
    ]


def time_rows(operations: Sequence[Operation]) -> Rows:
    """Return for each operation its calls, outcome and durations as text."""
    longest = max((operation.total_ms for operation in operations), default=0.0)
    return [
        [
            shortened(operation.name),
            f"{operation.calls:,}",
            f"{operation.failures:,}" if operation.failures else "",
            percent(operation.success_ratio),
            _duration(operation.p95_ms),
            _duration(operation.total_ms if operation.mean_ms is not None else None),
            _duration(operation.p50_ms),
            _duration(operation.p99_ms),
            line(operation.course_ms),
            bar(operation.total_ms / longest if longest else 0.0, _SHARE_COLUMNS),
            _duration(operation.mean_ms),
            _duration(operation.max_ms),
        ]
        for operation in operations
    ]


def use_table(sums: Report, operations: Sequence[Operation]) -> tuple[list[Column], Rows]:
    """Return columns and rows of what the operations used, only those that somebody recorded.

    The last row is the sum of all lines; an operation and the stages in it tell of the same use.
    """
    users = [
        (shortened(operation.name), _uses(operation.amounts, operation.cost_per_success_usd))
        for operation in operations
    ]
    users.append(("in all", _uses(sums.totals, None)))
    met = [heading for heading in _uses({}, None) if any(uses[heading] for _, uses in users)]
    columns = [
        Column("used by", BOLD, is_number=False),
        *(Column(name, is_optional=place > 1) for place, name in enumerate(met)),
    ]
    rows = [[name, *(uses[heading] for heading in met)] for name, uses in users]
    return columns, [row for row in rows if any(row[1:])] if met else []


def _uses(amounts: Amounts, cost_per_success_usd: float | None) -> dict[str, str]:
    """Return everything used as text by heading, empty where it was not recorded."""
    return {
        "tokens in": _number(amounts.get("tokens_in")),
        "out": _number(amounts.get("tokens_out")),
        "cost": dollars(amounts.get("cost_usd")),
        "a success": dollars(cost_per_success_usd),
        "no price": _number(amounts.get("unpriced")),
        "cached": _number(amounts.get("tokens_cached")),
        "API calls": _number(amounts.get("api_calls")),
        "retries": _number(amounts.get("retries")),
        "cache hits": _hits(amounts),
        "bytes": size(amounts.get("bytes")),
        "CPU": _duration(amounts.get("cpu_ms")),
        "memory": size(amounts.get("memory_growth_bytes")),
    }


def _hits(amounts: Amounts) -> str:
    hits, misses = amounts.get("cache_hits"), amounts.get("cache_misses")
    looked_up = (hits or 0) + (misses or 0)
    return percent((hits or 0) / looked_up) if looked_up else ""


def _tokens(amounts: Amounts) -> float:
    return (amounts.get("tokens_in") or 0) + (amounts.get("tokens_out") or 0)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _duration(duration_ms: float | None) -> str:
    return "" if duration_ms is None else duration_text(duration_ms)
