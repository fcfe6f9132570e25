"""Let eight processes write one session file, 20,000 records each, every 500th of them 200 kB long.

By fork, spawn and forkserver, and as tasks of the pools of ``multiprocessing`` and ``concurrent.futures``::

    python tests/endurance/processes.py --processes 8 --records 20000
    python tests/endurance/processes.py --queue

Exit status 1 where a record is missing, torn or twice, or a process hangs for ten minutes.
"""

import logging
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import LARGE, Evidence, Verdict, folder_in, parser_of

from ote_logging.context import SESSION_VARIABLE, set_process_session
from ote_logging.handlers import QueueHandler, SessionFileHandler

HANGS_S = 600.0
WAYS = ("fork", "spawn", "forkserver", "pool", "executor")


def work(folder: Path, name: str, records: int, is_queued: bool) -> None:
    """Switch logging on, as each process does for itself, and write."""
    log = logging.getLogger()
    set_process_session(os.environ[SESSION_VARIABLE])
    log.setLevel(logging.INFO)
    if not any(isinstance(handler, SessionFileHandler | QueueHandler) for handler in log.handlers):
        file = SessionFileHandler(folder)
        log.addHandler(QueueHandler([file]) if is_queued else file)
    for number in range(records):
        log.info("%s", f"{name}.{number} {LARGE if number % 500 == 0 else 'small'}")


def run(way: str, folder: Path, processes: int, records: int, is_queued: bool) -> int:
    """Let the processes work; return how many of them hang."""
    tasks = [(folder, f"{way}.{number}", records, is_queued) for number in range(processes)]
    if way == "pool":
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            pool.starmap(work, tasks, chunksize=1)
        return 0
    if way == "executor":
        with ProcessPoolExecutor(processes) as executor:
            for future in [executor.submit(work, *task) for task in tasks]:
                future.result()
        return 0
    context = multiprocessing.get_context(way)
    children = [context.Process(target=work, args=task) for task in tasks]
    for child in children:
        child.start()
    for child in children:
        child.join(HANGS_S)
    return sum(child.is_alive() for child in children)


def main() -> int:
    """Write, read and judge, one way after another."""
    parser = parser_of(__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--queue", action="store_true", help="log through a QueueHandler")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    asked = parser.parse_args()
    os.environ[SESSION_VARIABLE] = "shared"
    verdict = Verdict()
    for way in asked.ways:
        with folder_in(asked.folder) as folder:
            started = time.monotonic()
            hanging = run(way, folder, asked.processes, asked.records, asked.queue)
            took_s = time.monotonic() - started
            verdict.expect(not hanging, f"{way}: {hanging} of {asked.processes} hang, {took_s:.1f} s")
            evidence = Evidence.of(folder)
            names = [f"{way}.{p}.{number}" for p in range(asked.processes) for number in range(asked.records)]
            verdict.all_there(names, evidence, way)
            verdict.expect(not evidence.damaged, f"{way}: {evidence.damaged} torn or empty lines")
            verdict.expect(not evidence.gaps(), f"{way}: {evidence.gaps()} gaps in the numbers")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
