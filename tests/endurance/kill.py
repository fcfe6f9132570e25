"""Kill a program with eight writing threads, again and again, and look for what it had acknowledged.

Every run goes on in the file of the one before, so a torn last line is followed by the lines of the next::

    python tests/endurance/kill.py --rounds 100
    python tests/endurance/kill.py --rounds 20 --queue    # tells how much a queue loses by it

Exit status 1 where an acknowledged record is missing, stands twice, or is glued to a torn one.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, Verdict, folder_in, parser_of

PROGRAM = """
import logging, os, sys, threading
from ote_logging.context import set_process_session
from ote_logging.handlers import QueueHandler, SessionFileHandler
folder, run, is_queued = sys.argv[1], sys.argv[2], sys.argv[3] == "queue"
set_process_session("killed")
handler = SessionFileHandler(folder + "/logs")
log = logging.getLogger()
log.setLevel(10)
log.addHandler(QueueHandler([handler]) if is_queued else handler)
sizes = [10, 300, 2000, 200_000, 1_000_000]

def work(thread):
    done = os.open(f"{folder}/done_{run}_{thread}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(10**9):
        size = sizes[number % 97 % 5] if number % 97 < 5 else 200
        log.info("%s", f"{run}.{thread}.{number} " + "x" * size)
        os.write(done, b"%d\\n" % number)

for thread in range(8):
    threading.Thread(target=work, args=(thread,)).start()
"""


def kill_once(folder: Path, run: int, kind: str) -> None:
    """Start the program and kill it after a random part of a second of its work."""
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), str(run), kind], env=os.environ)
    while not list(folder.glob(f"done_{run}_*")) and child.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0.0, 0.4))
    child.kill()
    child.wait()


def acknowledged(folder: Path) -> list[str]:
    """Return the records that the program went on after, in all runs."""
    return [
        f"{done.name.removeprefix('done_').replace('_', '.')}.{number}"
        for done in folder.glob("done_*")
        for number in done.read_text().split("\n")[:-1]
    ]


def main() -> int:
    """Kill, read and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--queue", action="store_true", help="log through a QueueHandler")
    asked = parser.parse_args()
    verdict = Verdict()
    with folder_in(asked.folder) as folder:
        for run in range(asked.rounds):
            kill_once(folder, run, "queue" if asked.queue else "sync")
        evidence = Evidence.of(folder / "logs")
        if asked.queue:
            found = evidence.found()
            missing = sum(not found[record] for record in acknowledged(folder))
            verdict.tell(f"queue: {missing / asked.rounds:.0f} records waited at each kill, and were lost")
        else:
            verdict.all_there(acknowledged(folder), evidence, f"{asked.rounds} kills")
        verdict.expect(evidence.damaged <= asked.rounds, f"{evidence.damaged} torn lines, at most one a kill")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
