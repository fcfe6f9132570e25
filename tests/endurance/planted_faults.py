"""Plant one fault a session, of every kind the anomaly watch knows, and count what is found and what is not.

Takes about 15 s a session a kind; the table is in docs/evaluation.md::

    python tests/endurance/planted_faults.py --sessions 40

A session has 9,000 calls of a program of three operations, of which 2,000 are wrong. Recall is the part of
the faults that are told while they last; precision the part of what is told that is true, of this kind or one
that it implies; the delay is in calls of the session, of which the operation has every third. Exit
status 1 where a kind has less than 95 % of either.
"""

import argparse
import sys
from itertools import chain
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from planted import PLANTED, found_in, planted, while_wrong

from ote_logging.evaluation.watch import KINDS


def delay(kind: str, seed: int, at_s: float) -> int:
    """Return how many calls there were from the beginning of the fault until it was told."""
    lines = planted(kind, seed)
    first_s, _ = while_wrong(lines)
    return len({line["span_id"] for told_s, line in lines if first_s <= told_s <= at_s})


def measured(kind: str, sessions: int) -> tuple[float, float, float]:
    """Return recall, precision and the median delay."""
    found = [found_in(kind, seed) for seed in range(sessions)]
    hits = [
        next((finding.at_s for finding, true in session if true and finding.kind == kind), None)
        for session in found
    ]
    told = [true for finding, true in chain(*found) if finding.state == "open"]
    delays = [delay(kind, seed, at_s) for seed, at_s in enumerate(hits) if at_s is not None]
    return len(delays) / sessions, sum(told) / len(told), median(delays)


def main() -> int:
    """Print the table, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=40)
    sessions = parser.parse_args().sessions
    sys.stdout.write("| planted | in | recall | precision | delay, calls |\n|---|---|---:|---:|---:|\n")
    good = True
    for kind in KINDS:
        recall, precision, calls = measured(kind, sessions)
        good &= min(recall, precision) >= 0.95
        sys.stdout.write(f"| {kind} | {PLANTED[kind]} | {recall:.0%} | {precision:.0%} | {calls:.0f} |\n")
        sys.stdout.flush()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
