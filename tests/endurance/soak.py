"""Log for ten minutes in every way at once, and see memory, descriptors and threads stay flat.

Four threads log small and large records, exceptions and events through a session file in parts and through a
queue; sessions come and go; now and then a folder disappears::

    python tests/endurance/soak.py --minutes 10

Nothing is judged in the first minutes, the warm-up, which come on top: until then memos of texts and names
fill up, the folder gets as many files as are kept, and malloc an arena for each thread that packs. Behind it
growth must be next to nothing, however long it takes: exit status 1 where the median of the last third of the
samples is above the highest of the first third, by more than 2 % for memory and living objects, at all for
descriptors and threads; or where a record was lost.
"""

import ctypes
import gc
import logging
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import LARGE, Verdict, folder_in, parser_of

from ote_logging.context import session
from ote_logging.events import TRACE
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.handlers import QueueHandler, SessionFileHandler

THREADS = 4
LIMITS = {"KiB": 1.02, "objects": 1.02, "descriptors": 1.0, "threads": 1.0}


def usage() -> tuple[int, int, int, int]:
    """Return resident memory in KiB, living objects, open descriptors and threads of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    gc.collect()
    # Free pages between living ones are no leak; malloc keeps them unless it is told.
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    return (
        int(status["VmRSS"].split()[0]),
        sys.getallocatedblocks(),
        len(os.listdir("/proc/self/fd")),
        int(status["Threads"]),
    )


def say(log: logging.Logger, number: int) -> None:
    """Log a little of everything."""
    log.info("record %d", number, extra={"user_id": number % 7})
    log.info(TRACE("save -> encrypt", kind="theme"))
    if number % 50 == 0:
        log.info(LARGE)
        try:
            {}["missing"]
        except KeyError:
            log.exception("no such key")


def work(log: logging.Logger, is_over: threading.Event) -> None:
    """Log in one session after another until told to stop."""
    number = 0
    while not is_over.is_set():
        with session(f"soak-{number // 100 % 20}"):
            say(log, number)
        number += 1
        time.sleep(0.002)


def watch(folder: Path, minutes: float) -> list[tuple[int, int, int, int]]:
    """Sample the usage of this process 99 times, and take its folder away every tenth time."""
    samples = []
    for number in range(99):
        time.sleep(minutes * 0.6)
        samples.append(usage())
        if number % 10 == 5:
            shutil.rmtree(folder / "files", ignore_errors=True)
    return samples


def main() -> int:
    """Log, sample and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=4, help="minutes before, in which nothing is judged")
    asked = parser.parse_args()
    verdict = Verdict()
    with folder_in(asked.folder) as folder:
        limits = {"count": 300, "bytes": 200_000_000}
        file = SessionFileHandler(folder / "files", max_bytes=2_000_000, keep=limits, compress=True)
        behind = SessionFileHandler(folder / "queued", max_bytes=2_000_000, keep=limits)
        queue = QueueHandler([behind])
        log = logging.Logger("soak")
        for handler in (file, queue):
            handler.addFilter(ContextFilter())
            handler.addFilter(RedactFilter())
            log.addHandler(handler)
        is_over = threading.Event()
        threads = [threading.Thread(target=work, args=(log, is_over)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        before = watch(folder, asked.warm_up)
        samples = watch(folder, asked.minutes)
        is_over.set()
        for thread in threads:
            thread.join()
        for handler in (queue, behind, file):
            handler.close()
        verdict.tell("KiB in the warm-up: " + ", ".join(f"{sample[0]:,}" for sample in before[::10]))
        verdict.tell("KiB: " + ", ".join(f"{sample[0]:,}" for sample in samples[::10]))
        early, late = samples[:33], samples[66:]
        for index, (what, growth) in enumerate(LIMITS.items()):
            first, last = max(s[index] for s in early), sorted(s[index] for s in late)[len(late) // 2]
            verdict.expect(last <= first * growth, f"{what}: {first:,} at first, {last:,} at last")
        for handler in (file, behind, queue):
            verdict.expect(handler.stats()["lost"] == 0, f"{type(handler).__name__}: {handler.stats()}")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
