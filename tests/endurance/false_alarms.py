"""Watch long sessions of programs that are well, and count the alarms: there should be none.

Every other session is of a program of three operations, the others of one of thirty that are drawn for it,
with four fifths more calls by day than on average, and as many fewer by night. Takes 10 to 20 s of a
processor for a session of 1,000,000 lines::

    python tests/endurance/false_alarms.py --sessions 100 --lines 1000000 --jobs 2

Exit status 1 where more than one session in a hundred had an alarm.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_sessions import Line, drawn_program, session

from ote_logging.evaluation.watch import AnomalyWatch


def healthy(seed: int, lines: int) -> Iterator[Line]:
    """Yield ``lines`` lines of a program that is well."""
    # A call has one line at least, so as many calls as lines are enough.
    found = session(seed, lines, program=drawn_program(seed), tide=0.8) if seed % 2 else session(seed, lines)
    return islice(found, lines)


def alarms(seed: int, lines: int) -> tuple[int, list[str]]:
    """Return ``seed`` and what is found in its session, which should be nothing."""
    watch = AnomalyWatch()
    found = [finding for at_s, line in healthy(seed, lines) for finding in watch.add_line(line, at_s)]
    return seed, [finding.message for finding in found]


def main() -> int:
    """Run the sessions, tell every alarm, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    disturbed = 0
    seeds = range(asked.first_seed, asked.first_seed + asked.sessions)
    with multiprocessing.Pool(asked.jobs) as pool:
        for seed, messages in pool.imap(partial(alarms, lines=asked.lines), seeds):
            disturbed += bool(messages)
            sys.stdout.write(f"session {seed}: {len(messages)} findings\n")
            sys.stdout.writelines(f"    {message}\n" for message in messages)
            sys.stdout.flush()
    sys.stdout.write(f"{disturbed} of {asked.sessions} sessions of {asked.lines:,} lines had an alarm\n")
    return int(disturbed > asked.sessions / 100)


if __name__ == "__main__":
    sys.exit(main())
