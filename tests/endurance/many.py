"""Open a million sessions in one process, and see memory and descriptors stay flat.

Finished files are taken away as they come, since a disk would need a million inodes. Some sessions come back
after many others, and must go on counting::

    python tests/endurance/many.py --sessions 1000000

Exit status 1 where memory grew by more than 20 MiB, descriptors grew, or a number was given twice.
"""

import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, Verdict, folder_in, parser_of
from soak import usage

from ote_logging.context import session
from ote_logging.handlers import SessionFileHandler

FIRST, EACH = 20_000, 10_000


def main() -> int:
    """Open them, sample and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    asked = parser.parse_args()
    verdict = Verdict()
    with folder_in(asked.folder) as folder:
        handler = SessionFileHandler(folder)
        log = logging.Logger("many")
        log.addHandler(handler)
        before = after = usage()
        started = time.monotonic()
        for number in range(asked.sessions):
            with session(f"s{number}"):
                log.info("hello")
            if number % EACH == EACH - 1:
                with session("faithful"):
                    log.info("back again")
                for file in folder.glob("session_s*"):
                    file.unlink()
                after = usage()
            if number == FIRST:
                before = usage()
        took_s = time.monotonic() - started
        evidence = Evidence(folder / "session_faithful.jsonl")
        numbers = [entry["seq"] for entry in evidence.entries]
        verdict.tell(f"{asked.sessions:,} sessions in {took_s:.0f} s")
        verdict.expect(after[0] - before[0] < 20_480, f"{before[0]:,} KiB, at the end {after[0]:,}")
        verdict.expect(after[1] < before[1] * 1.02, f"{before[1]:,} objects, at the end {after[1]:,}")
        verdict.expect(after[2] <= before[2], f"{before[2]} descriptors, at the end {after[2]}")
        verdict.expect(numbers == list(range(1, len(numbers) + 1)), f"{len(numbers)} numbers, without a gap")
        verdict.expect(handler.stats()["lost"] == 0, f"{handler.stats()}")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
