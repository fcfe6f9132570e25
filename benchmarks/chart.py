"""Results as a bar chart, written by hand as SVG: no dependency, readable on light and on dark.

LOCATION: benchmarks/chart.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from benchmarks.results import Result, Run
from benchmarks.table import mark, rank, shown
from benchmarks.works import WORKS

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD = 860, 150, 250, 16, 6, 34
LONGEST = 4.0
"""Bars end here, in ratios to the base, so that slow ones leave quick ones room; the number stays true."""

CHARTED = ("records.everything", "spans.two_records", "threads.four_on_one_core", "threads.processes")

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .soft { fill: #57606a }
.bar { fill: #8c959f } .ours { fill: #0969da } .line { stroke: #24292f; stroke-width: 1 }
.base { stroke: #cf222e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .soft { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #4493f8 }
  .line { stroke: #e6edf3 } .base { stroke: #ff7b72 }
}
"""


def svg(run: Run) -> str:
    """Return the chart of the ratios of ``run``: bars for each charted work, quartiles as whiskers."""
    parts: list[str] = []
    height = 10.0
    for group in _groups(run):
        parts.extend(_group(group, height))
        height += HEAD + len(group) * (BAR + GAP) + 14
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        'aria-label="Time of a call relative to the standard library">\n'
        f"<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )


def _groups(run: Run) -> Iterator[Sequence[Result]]:
    charted = [one for one in run.results if one.work in CHARTED and not _absent(one)]
    for _, group in groupby(charted, key=lambda one: one.work):
        yield sorted(group, key=rank)


def _absent(result: Result) -> bool:
    return result.problem.startswith("not ")


def _group(group: Sequence[Result], top: float) -> Iterator[str]:
    work = WORKS[group[0].work]
    first = top + HEAD
    base, foot = _x(1.0), first + len(group) * (BAR + GAP)
    yield _text(10, top + 16, work.title, "title")
    yield _text(WIDTH - 10, top + 16, f"1.00 = {work.against}; less is faster", "soft", "end")
    for place, result in enumerate(group):
        yield from _row(result, first + place * (BAR + GAP))
    yield f'<line class="base" x1="{base:.1f}" x2="{base:.1f}" y1="{first - 5:.1f}" y2="{foot:.1f}"/>'


def _row(result: Result, y: float) -> Iterator[str]:
    name, kind = ("ote_logging", "title") if result.peer == "ours" else (result.peer, "")
    yield _text(LEFT - 8, y + 12, name, kind, "end")
    if result.rounds:
        yield from _bar(result, y)
    else:
        yield _text(LEFT, y + 12, result.problem)


def _bar(result: Result, y: float) -> Iterator[str]:
    figure = result.figure
    low, end, high = _x(figure.low), _x(figure.middle), _x(figure.high)
    kind, middle = "ours" if result.peer == "ours" else "bar", y + BAR / 2
    beyond = "→ " if figure.middle > LONGEST else ""
    yield f'<rect class="{kind}" x="{LEFT}" y="{y:.1f}" width="{end - LEFT:.1f}" height="{BAR}" rx="2"/>'
    yield f'<line class="line" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
    words = f"{beyond}{shown(figure.middle, result.measure)}  {mark(result)}".rstrip()
    yield _text(max(end, high) + 6, y + 12, words)


def _x(ratio: float) -> float:
    return LEFT + min(ratio, LONGEST) / LONGEST * (WIDTH - LEFT - RIGHT)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
