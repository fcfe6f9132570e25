"""The one command: run the works, show the table, keep the results.

    python -m benchmarks                                  everything; most of an hour
    python -m benchmarks --quick                          a look
    python -m benchmarks --only records --only spans/ours some of it
    python -m benchmarks --json NEW.json --compare OLD.json
    python -m benchmarks --compare OLD.json NEW.json      nothing is run

LOCATION: benchmarks/__main__.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.chart import svg
from benchmarks.comparison import changes
from benchmarks.growth import growths
from benchmarks.results import Result, Run, load, machine, save
from benchmarks.runner import Plan, run
from benchmarks.table import (
    CHANGE_HEAD,
    GROWTH_HEAD,
    HEAD,
    Row,
    as_markdown,
    as_text,
    change_rows,
    growth_rows,
    machine_line,
    rows,
)
from benchmarks.works import WORKS


def main() -> None:
    """Do what the command line asks."""
    asked = _arguments().parse_args()
    kept = asked.compare[1:] or ([asked.show] if asked.show else [])
    new = load(kept[0]) if kept else _measured(_plan(asked))
    if asked.json:
        save(new, asked.json)
    if asked.svg:
        asked.svg.write_text(svg(new), encoding="utf-8")
    shape = as_markdown if asked.markdown else as_text
    for head, body in _tables(new, load(asked.compare[0]) if asked.compare else None):
        _say(shape(head, body) + "\n")
    _say(machine_line(new))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed against the peers.")
    parser.add_argument("--quick", action="store_true", help="few events and rounds: a look, not a result")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORK/PEER", help="either part may be left out"
    )
    parser.add_argument("--rounds", type=int, help="rounds of each work and peer instead of its own number")
    parser.add_argument("--limit", type=float, help="seconds after which a turn is killed")
    parser.add_argument("--scratch", type=Path, help="folder for what is written meanwhile")
    parser.add_argument("--json", type=Path, metavar="OUT", help="keep the results")
    parser.add_argument("--show", type=Path, metavar="JSON", help="show kept results, run nothing")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--svg", type=Path, metavar="OUT", help="draw the chart")
    parser.add_argument(
        "--compare", type=Path, nargs="+", default=[], metavar="OLD", help="and NEW, not to run"
    )
    parser.add_argument("--list", action="version", version="\n".join(WORKS), help="list the works")
    return parser


def _plan(asked: argparse.Namespace) -> Plan:
    plan = Plan(quick=asked.quick, only=tuple(asked.only), rounds=asked.rounds)
    limit_s = asked.limit or (60.0 if asked.quick else plan.limit_s)
    return replace(plan, scratch=asked.scratch or plan.scratch, limit_s=limit_s)


def _measured(plan: Plan) -> Run:
    facts = machine()
    return Run(facts, tuple(_told(run(plan))))


def _told(results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        told = f"{result.figure.middle:.2f} {result.measure.unit}" if result.rounds else result.problem
        sys.stderr.write(f"{result.work} {result.peer}: {told}\n")
        yield result


def _tables(new: Run, old: Run | None) -> Iterator[tuple[Row, Iterable[Row]]]:
    yield HEAD, rows(new.results)
    if grown := list(growth_rows(growths(new))):
        yield GROWTH_HEAD, grown
    if old:
        yield CHANGE_HEAD, change_rows(changes(old, new))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
