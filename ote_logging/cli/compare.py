"""``ote compare``: what became of each operation between two runs, and whether that may pass.

LOCATION: ote_logging/cli/compare.py
DEPENDENCIES: evaluation (runs, conditions), reading (fold_of), screen, sheet, table, words, durations
TRACE POINTS: none
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ote_logging.cli.screen import BOLD, DIM, FAILED, GREEN, RED, YELLOW, Part, Screen, print_json
from ote_logging.cli.sheet import markdown_table
from ote_logging.cli.table import Column, print_table
from ote_logging.cli.words import counted, dollars, percent, shortened
from ote_logging.durations import duration_text
from ote_logging.errors import ReadError
from ote_logging.evaluation.conditions import Breach, breaches, parse, unjudged
from ote_logging.evaluation.runs import OperationChange, RunComparison, Thresholds, compare_runs
from ote_logging.evaluation.statistics import Interval
from ote_logging.reading import fold_of
from ote_logging.reading.sessions import STDIN

_VERDICTS: Final = {"worse": RED, "better": GREEN, "too few": DIM}
_COLUMNS: Final = (
    Column("operation", BOLD, is_number=False),
    Column("verdict", is_number=False, codes=_VERDICTS),
    Column("in", is_number=False, is_optional=True),
    Column("median", is_number=False),
    Column("shift", is_number=False, is_optional=True),
    Column("success", is_number=False, is_optional=True),
    Column("calls", DIM, is_number=False, is_optional=True),
    Column("p", DIM, is_number=False, is_optional=True),
    Column("of medians", DIM, is_number=False, is_optional=True),
    Column("cost a call", is_number=False, is_optional=True),
    Column("tokens a call", is_number=False, is_optional=True),
)

Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Judged:
    """A comparison, which of the conditions on it are met, and which could not be judged, and why."""

    comparison: RunComparison
    breaches: list[Breach]
    unjudged: list[str]


def check(conditions: Sequence[str]) -> None:
    """Raise ConfigError where one of ``conditions`` is none, before anything is read."""
    parse(conditions)


def judge(base: str, new: str, conditions: Sequence[str], **limits: Any) -> Judged:
    """Compare the run ``new`` with the run ``base``, each a session, snapshot or set of them.

    ``limits`` are of ``Thresholds``.
    """
    if base == new == STDIN:
        raise ReadError("standard input is named twice, and can be read once")
    comparison = compare_runs(fold_of(base), fold_of(new), Thresholds(**limits))
    return Judged(comparison, breaches(comparison, conditions), unjudged(comparison, conditions))


def show(judged: Judged, most_rows: int | None) -> None:
    """Print the table, what is new or gone, and what fails."""
    screen, found = Screen(), judged.comparison
    if found.operations:
        print_table(screen, _COLUMNS, _rows(found), most_rows)
        screen.line()
    for heading, names in _news(found):
        print_table(screen, [Column(heading, YELLOW, is_number=False)], [[name] for name in names], most_rows)
        screen.line()
    screen.line(Part(_verdict(found), _VERDICTS.get(found.verdict, "")))
    for breach in judged.breaches:
        screen.line(Part("fails  ", FAILED), Part(shortened(str(breach))))
    for text in judged.unjudged:
        screen.line(Part("not judged  ", YELLOW), Part(shortened(text)))


def show_json(judged: Judged) -> None:
    """Print everything as one JSON object; durations in milliseconds, ratios 0 to 1."""
    breached = [asdict(breach) for breach in judged.breaches]
    print_json({**judged.comparison.to_dict(), "breaches": breached, "unjudged": judged.unjudged})


def show_markdown(judged: Judged, most_rows: int | None) -> None:
    """Print all that ``show`` does, for a pull request."""
    found = judged.comparison
    headings, numbers = [c.heading for c in _COLUMNS], [c.is_number for c in _COLUMNS]
    lines = [f"**{_verdict(found)}**\n"]
    if found.operations:
        lines.append(markdown_table(headings, _rows(found)[:most_rows], numbers))
    lines += [markdown_table([heading], [[n] for n in names], [False]) for heading, names in _news(found)]
    told = [f"fails: `{shortened(str(breach))}`" for breach in judged.breaches]
    told += [f"not judged: `{shortened(text)}`" for text in judged.unjudged]
    if told:
        lines.append("".join(f"- {text}\n" for text in told))
    sys.stdout.write("\n".join(lines))


def _verdict(found: RunComparison) -> str:
    if not found.operations:
        return f"{found.verdict}: no operation is in both runs"
    told = {"worse": 0, "better": 0, "same": 0, "too few": 0}
    for change in found.operations:
        told[change.verdict] += 1
    parts = ", ".join(f"{number:,} {verdict}" for verdict, number in told.items() if number)
    return f"{found.verdict}: {counted(len(found.operations), 'operation')}" + (f", {parts}" if parts else "")


def _news(found: RunComparison) -> list[tuple[str, list[str]]]:
    """Return what is new or gone, by its heading; nothing of which there is none."""
    kinds = {
        "new errors": [failure.text for failure in found.new_errors],
        "vanished errors": [failure.text for failure in found.vanished_errors],
        "new operations": found.new_operations,
        "vanished operations": found.vanished_operations,
        "new paths": found.new_paths,
        "vanished paths": found.vanished_paths,
    }
    return [(heading, [shortened(name) for name in names]) for heading, names in kinds.items() if names]


def _rows(found: RunComparison) -> list[list[str]]:
    return [_row(change) for change in found.operations]


def _row(change: OperationChange) -> list[str]:
    return [
        shortened(change.operation),
        change.verdict,
        _where(change),
        _pair((change.duration.base, change.duration.new), duration_text),
        _times(change.duration.shift),
        _pair((change.success.base, change.success.new), percent),
        _pair(change.calls, lambda calls: f"{calls:,.0f}"),
        _p(change),
        _times(change.duration.ratio),
        _pair(change.cost_usd_per_call, dollars),
        _pair(change.tokens_per_call, lambda tokens: f"{tokens:,.0f}"),
    ]


def _where(change: OperationChange) -> str:
    """Return in what an operation is better or worse, nothing where it is neither."""
    if change.verdict not in ("better", "worse"):
        return ""
    figures = {"time": change.duration, "success": change.success}
    return ", ".join(name for name, figure in figures.items() if figure.verdict == change.verdict)


def _pair(pair: Pair, text: Callable[[float], str]) -> str:
    """Return both figures, one where they read the same, nothing where none is known."""
    if pair == (None, None):
        return ""
    base, new = ("?" if value is None else text(value) for value in pair)
    return base if base == new else f"{base} → {new}"


def _times(found: Interval | None) -> str:
    return "" if found is None else f"×{found.value:.2f} ({found.low:.2f}–{found.high:.2f})"


def _p(change: OperationChange) -> str:
    """Return the less likely one of the two p values."""
    known = [p for p in (change.duration.p, change.success.p) if p is not None]
    return "" if not known else "<0.0001" if min(known) < 0.0001 else f"{min(known):.2g}"
