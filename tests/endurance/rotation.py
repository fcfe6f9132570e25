"""Move, truncate and delete session files while two processes with four threads each write them.

Each turn takes one attack at random: rename (logrotate), copy and truncate, ``rm -rf`` of the folder. A file
is copied before it is deleted: the lines in it were thrown away, all others must be somewhere. With
``--parts`` the writers cut and pack their files besides::

    python tests/endurance/rotation.py --seconds 60
    python tests/endurance/rotation.py --seconds 60 --parts

Exit status 1 where a record is missing or stands twice. What comes between copying and truncating is lost by
the copier, whoever writes; so the writers are stopped for that moment, and while a file is deleted.
"""

import logging
import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, Verdict, folder_in, parser_of

from ote_logging.context import session
from ote_logging.handlers import SessionFileHandler

WRITERS, THREADS = 2, 4


def write(folder: Path, name: str, is_over: Event, has_parts: bool) -> None:
    """Write until told to stop; leave the number of records of each thread in a file."""
    limit = 500_000 if has_parts else None
    handler = SessionFileHandler(folder / "logs", max_bytes=limit, compress=has_parts)
    log = logging.Logger("storm")
    log.addHandler(handler)

    def work(thread: int) -> None:
        number = 0
        with session("storm"):
            while not is_over.is_set():
                log.info("%s", f"{name}.{thread}.{number} record")
                number += 1
                time.sleep(0.0005)
        (folder / f"done_{name}.{thread}").write_text(str(number))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    (folder / f"lost_{name}").write_text(str(handler.stats()["lost"]))


class Attacker:
    """Does to the files what administrators do."""

    def __init__(self, folder: Path, writers: list[int]) -> None:
        self.folder = folder
        self.writers = writers
        self.turn = 0

    def _kept(self) -> Path:
        self.turn += 1
        return self.folder / f"{self.turn}.moved"

    def rename(self, file: Path) -> None:
        """Take the file away, as logrotate does."""
        file.rename(self._kept())

    def truncate(self, file: Path) -> None:
        """Copy the file and empty it, while nobody writes."""
        self._signal(signal.SIGSTOP)
        shutil.copy(file, self._kept())
        os.truncate(file, 0)
        self._signal(signal.SIGCONT)

    def delete(self, _file: Path) -> None:
        """Delete the folder with everything in it; keep a copy of what was in it at that moment."""
        self._signal(signal.SIGSTOP)
        for path in (self.folder / "logs").glob("session_*"):
            shutil.copy(path, self.folder / f"{self.turn}_{path.name}.deleted")
        shutil.rmtree(self.folder / "logs")
        self.turn += 1
        self._signal(signal.SIGCONT)

    def rest(self, _file: Path) -> None:
        """Leave the writers alone for a turn."""

    def _signal(self, number: int) -> None:
        for writer in self.writers:
            os.kill(writer, number)
            if number == signal.SIGSTOP:
                # A thread of it may be in the middle of a write still.
                os.waitpid(writer, os.WUNTRACED)


def storm(folder: Path, seconds: float, has_parts: bool) -> int:
    """Let them write and attack them; return the number of attacks."""
    context = multiprocessing.get_context("spawn")
    is_over = context.Event()
    names = [f"w{number}" for number in range(WRITERS)]
    children = [context.Process(target=write, args=(folder, name, is_over, has_parts)) for name in names]
    for child in children:
        child.start()
    while len(list(folder.glob("logs/*"))) < 1:
        time.sleep(0.01)
    attacker = Attacker(folder, [child.pid for child in children if child.pid])
    attacks = [attacker.rename, attacker.truncate, attacker.delete]
    if has_parts:
        # Parts that are moved away belong to nobody's order; so they are left to grow, or deleted.
        attacks = [attacker.delete, *[attacker.rest] * 9]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(random.uniform(0.05, 0.6))
        file = folder / "logs" / "session_storm.jsonl"
        if file.exists() or (has_parts and (folder / "logs").exists()):
            random.choice(attacks)(file)
    is_over.set()
    for child in children:
        child.join()
    return attacker.turn


def main() -> int:
    """Attack, read and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--parts", action="store_true", help="with max_bytes and compress")
    asked = parser.parse_args()
    verdict = Verdict()
    with folder_in(asked.folder) as folder:
        attacks = storm(folder, asked.seconds, asked.parts)
        wanted = {
            f"{done.name.removeprefix('done_')}.{number}"
            for done in folder.glob("done_*")
            for number in range(int(done.read_text()))
        }
        evidence = Evidence.of(folder)
        deleted = Evidence(*folder.glob("*.deleted*")).found()
        found = evidence.found()
        missing = [record for record in wanted if not found[record] and not deleted[record]]
        twice = [record for record, times in found.items() if times > 1]
        lost = sum(int(file.read_text()) for file in folder.glob("lost_*"))
        verdict.tell(f"{attacks} attacks; {len(found):,} records in files, {len(deleted):,} in deleted ones")
        verdict.expect(not missing, f"{len(wanted):,} records logged, {len(missing)} missing {missing[:3]}")
        verdict.expect(not twice, f"{len(twice)} twice {twice[:3]}")
        verdict.expect(not evidence.damaged, f"{evidence.damaged} damaged lines {evidence.damages[:3]}")
        verdict.expect(lost == evidence.told_lost() or not lost, f"{lost} lost, {evidence.told_lost()} told")
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
