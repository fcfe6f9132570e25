"""Watch long sessions of a program that is well, and count the alarms: there should be none.

Takes about 15 s for a session of 1,000,000 lines::

    python tests/endurance/false_alarms.py --sessions 100 --lines 1000000

Exit status 1 where more than one session in a hundred had an alarm.
"""

import argparse
import sys
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_sessions import session

from ote_logging.evaluation.watch import AnomalyWatch, Finding


def alarms(seed: int, lines: int) -> list[Finding]:
    """Return the findings in one healthy session, which should have none."""
    watch = AnomalyWatch()
    # A call has one line at least, so as many calls as lines are enough.
    return [
        found for at_s, line in islice(session(seed, lines), lines) for found in watch.add_line(line, at_s)
    ]


def main() -> int:
    """Run the sessions, tell every alarm, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--first-seed", type=int, default=0)
    asked = parser.parse_args()
    disturbed = 0
    for seed in range(asked.first_seed, asked.first_seed + asked.sessions):
        found = alarms(seed, asked.lines)
        disturbed += bool(found)
        sys.stdout.write(f"session {seed}: {len(found)} findings\n")
        sys.stdout.writelines(f"    {finding.message}\n" for finding in found)
        sys.stdout.flush()
    sys.stdout.write(f"{disturbed} of {asked.sessions} sessions of {asked.lines:,} lines had an alarm\n")
    return int(disturbed > asked.sessions / 100)


if __name__ == "__main__":
    sys.exit(main())
