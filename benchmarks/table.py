"""Results as a table: text for a terminal, Markdown for a page.

LOCATION: benchmarks/table.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from benchmarks.comparison import Change
from benchmarks.contest import Measure, Tally
from benchmarks.growth import Growth
from benchmarks.results import Result, Run
from benchmarks.works import WORKS

Row = tuple[str, ...]

HEAD: Row = ("work", "peer", "figure", "quartiles", "per event", "base", "lost", "torn", "goal", "mark")
GROWTH_HEAD: Row = ("axis", "steps", "ours us", "floor us", "worst step", "floor's worst", "memory MB")
CHANGE_HEAD: Row = ("work", "peer", "old", "new", "change", "verdict")


def rows(results: Iterable[Result]) -> Iterator[Row]:
    """Yield a row for each result: from the fastest on, then who lost lines, then who had a problem."""
    for _, group in groupby(results, key=lambda one: one.work):
        yield from (_row(one) for one in sorted(group, key=rank))


def rank(result: Result) -> tuple[bool, bool, float]:
    """Return the key that sorts the peers of one work."""
    lines_gone = bool(result.tally.lost or result.tally.torn)
    return (False, lines_gone, result.figure.middle) if result.rounds else (True, False, 0.0)


def _row(result: Result) -> Row:
    if not result.rounds:
        return (result.work, result.peer, "-", "", "", "", "", "", "", result.problem)
    figure, unit = result.figure, result.measure.unit
    return (
        result.work,
        result.peer,
        f"{shown(figure.middle, result.measure)} {unit}",
        f"{shown(figure.low, result.measure)} - {shown(figure.high, result.measure)}",
        time_shown(result.peer_s),
        time_shown(result.base_s),
        _lost(result.tally),
        _torn(result.tally),
        _goal(result),
        mark(result),
    )


def shown(figure: float, measure: Measure) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{figure:.2f}" if measure in (Measure.RATIO, Measure.EXTRA_US) else f"{figure:.0f}"


def time_shown(seconds: float) -> str:
    """Return a time with three digits in the unit that fits.

    >>> time_shown(1.234e-5), time_shown(0.5)
    ('12.3 us', '500 ms')
    """
    for unit, factor in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def _lost(tally: Tally) -> str:
    return f"{tally.lost}" if tally.expected else ""


def _torn(tally: Tally) -> str:
    return f"{tally.torn}" if tally.expected else ""


def _goal(result: Result) -> str:
    goal = WORKS[result.work].goal if result.work in WORKS else None
    if goal is None or result.peer != "ours":
        return ""
    # A peer that leaves work undone is quick, and has met nothing.
    met = result.tally.complete and result.figure.middle <= goal
    return f"{goal:g} {'met' if met else 'not met'}"


def mark(result: Result) -> str:
    """Return what a peer did not do of what it was asked, and the memory where files are read."""
    told = [
        f"{word} {lines}"
        for word, lines in (("lost", result.tally.lost), ("tore", result.tally.torn))
        if lines
    ]
    if result.tally.missing:
        told.append("without " + ", ".join(sorted(result.tally.missing)))
    if result.tally.twice:
        told.append(f"{result.tally.twice} twice")
    if result.base_tally.lost or result.base_tally.torn:
        told.append(f"the base lost {result.base_tally.lost}, tore {result.base_tally.torn}")
    if result.work.startswith("reading."):
        told.append(f"{result.max_rss_mb:.0f} MB")
    if result.work.startswith("memory."):
        told.append(f"{result.rounds[-1].rss_mb - result.rounds[0].rss_mb:+.1f} MB")
    return "; ".join(filter(None, [*told, result.problem]))


def growth_rows(growths: Iterable[Growth]) -> Iterator[Row]:
    """Yield a row for each axis."""
    for one in growths:
        yield (
            one.axis,
            " ".join(f"{step:,}" for step in one.steps),
            " ".join(f"{cost:.3g}" for cost in one.ours_us),
            " ".join(f"{cost:.3g}" for cost in one.floor_us),
            f"{one.worst:.2f}",
            f"{one.floor_worst:.2f}",
            f"{one.memory_mb:+.1f}",
        )


def change_rows(changes: Iterable[Change]) -> Iterator[Row]:
    """Yield a row for each change."""
    for one in changes:
        old, new = shown(one.old.middle, one.measure), shown(one.new.middle, one.measure)
        yield (one.work, one.peer, old, new, f"{one.percent:+.1f} %", one.verdict)


def as_text(head: Row, body: Iterable[Row]) -> str:
    """Return the table with its columns aligned."""
    lines = [head, *body]
    widths = _widths(lines)
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def as_markdown(head: Row, body: Iterable[Row]) -> str:
    """Return the table in Markdown; a cell holds no bar of its own."""
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _widths(lines: Sequence[Row]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def machine_line(run: Run) -> str:
    """Return the machine and the versions in one line."""
    facts = run.machine
    installed = {name: version for name, version in facts["packages"].items() if version[0].isdigit()}
    packages = ", ".join(f"{name} {version}" for name, version in installed.items())
    return f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, {facts['python']}; {packages}"
