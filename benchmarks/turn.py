"""The process of one peer on one work: ``python -m benchmarks.turn WORK PEER ... RESULT``.

LOCATION: benchmarks/turn.py
DEPENDENCIES: none (the peer imports its own library)
TRACE POINTS: none
"""

import argparse
import json
import os
import resource
import sys
from pathlib import Path

from benchmarks.contest import NotThereError, Seat, Work
from benchmarks.results import Result, to_data
from benchmarks.rounds import play
from benchmarks.works import WORKS


def main() -> None:
    """Play the turn that the arguments name and leave its result in a file."""
    asked = _arguments().parse_args()
    work = WORKS[asked.work]
    if work.pinned:
        # The last core: the first one serves the interrupts of most machines.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    seat = Seat(asked.peer, Path(asked.folder), Path(asked.scratch), asked.events)
    asked.result.write_text(json.dumps(to_data(_played(work, seat, asked.rounds))), encoding="utf-8")
    # Threads and exit handlers of the peers are of no interest any more, and some never end.
    sys.stdout.flush()
    os._exit(0)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="One peer on one work, in this process.")
    parser.add_argument("work", choices=WORKS)
    for name in ("peer", "folder", "scratch"):
        parser.add_argument(name)
    parser.add_argument("rounds", type=int)
    parser.add_argument("events", type=int)
    parser.add_argument("result", type=Path)
    return parser


def _played(work: Work, seat: Seat, rounds: int) -> Result:
    try:
        contest = work.prepare(seat)
    except Exception as error:  # whatever the set-up of a peer raises
        return Result(work.name, seat.peer, work.measure, problem=problem_of(error))
    result = Result(work.name, seat.peer, work.measure)
    for timed, base, peer in play(contest, rounds, seat.events, work.slices):
        result += Result(work.name, seat.peer, work.measure, (timed,), base, peer, _max_rss_mb())
    return result


def problem_of(error: BaseException) -> str:
    """Return why a peer cannot take part, in a few words: not installed, not there, or a failure."""
    # dictConfig tells only in the cause that it could not import a class.
    while isinstance(error, ValueError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("ote_logging"):
        return f"not installed: {error.name}"
    if isinstance(error, ImportError | AttributeError | NotThereError):
        return f"not there: {error}"
    return f"failed: {type(error).__name__}: {error}"


def _max_rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
