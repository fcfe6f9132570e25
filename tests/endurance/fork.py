"""Fork while four threads log, 200 times, and see each child log and end.

Through a session file, and through a queue in front of a session file and of a ``logging.FileHandler``, whose
own lock a child would find taken::

    python tests/endurance/fork.py --forks 200

Exit status 1 where a child hangs for 20 s, or a record is missing or stands twice.
"""

import logging
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, Verdict, folder_in, parser_of

from ote_logging.handlers import QueueHandler, SessionFileHandler

CHILD_RECORDS = 50
HANGS_S = 20.0


def child(log: logging.Logger, name: str) -> None:
    """Log in a forked child and end as a program ends, but for the interpreter that is its parent's."""
    for number in range(CHILD_RECORDS):
        log.info("%s", f"{name}.{number} child")
    for handler in log.handlers:
        handler.flush()
    os._exit(0)


def ends(pid: int) -> bool:
    """Wait for a child; kill it where it hangs."""
    until = time.monotonic() + HANGS_S
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def storm(log: logging.Logger, forks: int, kind: str, verdict: Verdict) -> list[str]:
    """Fork while threads log; return the names of all records."""
    is_over = threading.Event()
    counts = [0] * 4

    def work(thread: int) -> None:
        while not is_over.is_set():
            log.info("%s", f"{kind}.t{thread}.{counts[thread]} parent")
            counts[thread] += 1

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    hanging = 0
    for number in range(forks):
        pid = os.fork()
        if pid == 0:
            child(log, f"{kind}.c{number}")
        hanging += not ends(pid)
    is_over.set()
    for thread in threads:
        thread.join()
    verdict.expect(not hanging, f"{kind}: {forks} forks, {hanging} children hang")
    of_threads = [f"{kind}.t{thread}.{number}" for thread in range(4) for number in range(counts[thread])]
    return of_threads + [f"{kind}.c{fork}.{n}" for fork in range(forks) for n in range(CHILD_RECORDS)]


def main() -> int:
    """Fork, read and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--forks", type=int, default=200)
    asked = parser.parse_args()
    # From 3.12 on Python warns of what is done here on purpose.
    warnings.simplefilter("ignore", DeprecationWarning)
    verdict = Verdict()
    for kind in ("sync", "queue"):
        with folder_in(asked.folder) as folder:
            file = SessionFileHandler(folder / "logs")
            handlers = [file, logging.FileHandler(folder / "plain.log")]
            log = logging.Logger(kind)
            log.addHandler(file if kind == "sync" else QueueHandler(handlers))
            wanted = storm(log, asked.forks, kind, verdict)
            for handler in [*log.handlers, *handlers]:
                handler.close()
            evidence = Evidence.of(folder / "logs")
            verdict.all_there(wanted, evidence, kind)
            verdict.expect(not evidence.damaged, f"{kind}: {evidence.damaged} damaged lines")
            verdict.expect(not evidence.gaps(), f"{kind}: {evidence.gaps()} gaps in the numbers")
            if kind == "queue":
                plain = len((folder / "plain.log").read_text().splitlines())
                verdict.expect(plain == len(wanted), f"queue: {plain:,} lines of the foreign handler")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
