"""Let the disk fail in every way while a program logs, and compare what is told with what is missing.

A C compiler makes a library that is loaded before the system's own and lets ``write`` fail by ENOSPC,
EIO, EDQUOT, EROFS and EACCES, at once and after part of a line. As root it fills and empties a small tmpfs
besides::

    python tests/endurance/faults.py --rounds 20

Exit status 1 where what was counted and told is not exactly what is missing, writing does not go on with the
first record after the fault, or stderr gets more than one line in 5 s.
"""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, Verdict, folder_in, parser_of

REASONS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES")

PROGRAM = """
import json, logging, os, sys
from ote_logging.context import set_process_session
from ote_logging.handlers import SessionFileHandler
folder, orders, number, rounds = sys.argv[1], os.environ["FAILING_DISK"], int(sys.argv[2]), int(sys.argv[3])
set_process_session("faults")
handler = SessionFileHandler(folder)
log = logging.getLogger()
log.setLevel(10)
log.addHandler(handler)
logged = 0

def say(count, size):
    global logged
    for _ in range(count):
        log.info("%s", f"r{logged} " + "x" * size)
        logged += 1

def order(text):
    with open(orders, "w") as file:
        file.write(text)

resumed = 0
for turn in range(rounds):
    order("")
    before = handler.stats()["written"]
    say(1, 10)
    resumed += handler.stats()["written"] == before + 1
    say(10, 500)
    # After so many bytes of a line: none, or a part of it.
    order(f"{number} {turn % 4 * 100}")
    say(25, 700)
order("")
say(1, 10)
print(json.dumps({"logged": logged, "resumed": resumed, **handler.stats()}))
"""

FULL = """
import json, logging, os, sys
from ote_logging.context import set_process_session
from ote_logging.handlers import SessionFileHandler
folder, rounds = sys.argv[1], int(sys.argv[2])
set_process_session("faults")
handler = SessionFileHandler(folder + "/logs")
log = logging.getLogger()
log.setLevel(10)
log.addHandler(handler)
logged = resumed = 0
for turn in range(rounds):
    ballast = os.open(folder + "/ballast", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(ballast, bytes(4096))
    except OSError:
        pass
    for _ in range(40):
        log.info("%s", f"r{logged} " + "x" * 700)
        logged += 1
    os.close(ballast)
    os.unlink(folder + "/ballast")
    before = handler.stats()["written"]
    log.info("%s", f"r{logged} back")
    logged += 1
    resumed += handler.stats()["written"] == before + 1
print(json.dumps({"logged": logged, "resumed": resumed, **handler.stats()}))
"""


def judge(
    verdict: Verdict, what: str, done: "subprocess.CompletedProcess[str]", logs: Path, rounds: int
) -> None:
    """Compare what a program counted with what its files hold."""
    if done.returncode:
        verdict.expect(False, f"{what}: the program died\n{done.stderr}")
        return
    said = json.loads(done.stdout)
    evidence = Evidence.of(logs)
    found = evidence.found()
    missing = said["logged"] - len(found)
    verdict.expect(
        missing == said["lost"] == evidence.told_lost() > 0,
        f"{what}: {said['logged']} logged, {missing} missing, {said['lost']} counted, "
        f"{evidence.told_lost()} told, {said['reasons']}",
    )
    verdict.expect(max(found.values()) == 1, f"{what}: none twice")
    verdict.expect(evidence.gaps() == missing, f"{what}: the numbers have {evidence.gaps()} gaps")
    resumed = said["resumed"]
    verdict.expect(resumed == rounds, f"{what}: resumed at once in {resumed} of {rounds} rounds")
    verdict.expect(evidence.damaged <= rounds, f"{what}: {evidence.damaged} torn lines in {rounds} rounds")
    lines = [line for line in done.stderr.splitlines() if line]
    verdict.expect(len(lines) <= 2, f"{what}: {len(lines)} lines on stderr: {lines[:1]}")


def shim(folder: Path) -> Path:
    """Compile the library whose write fails."""
    library = folder / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a tmpfs of 1 MiB."""
    place = folder / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def main() -> int:
    """Let it fail, read and judge."""
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    verdict = Verdict()
    with folder_in(asked.folder) as folder:
        library = shim(folder)
        for reason in REASONS:
            environment = {
                **os.environ, "LD_PRELOAD": str(library), "FAILING_DISK": str(folder / "orders"),
            }  # fmt: skip
            number = str(getattr(errno, reason))
            command = [sys.executable, "-c", PROGRAM, str(folder / reason), number, str(asked.rounds)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            judge(verdict, reason, done, folder / reason, asked.rounds)
        if os.geteuid() == 0:
            with small_disk(folder) as disk:
                command = [sys.executable, "-c", FULL, str(disk), str(asked.rounds)]
                done = subprocess.run(command, capture_output=True, text=True)
                judge(verdict, "full tmpfs", done, disk / "logs", asked.rounds)
    return verdict.status()


if __name__ == "__main__":
    sys.exit(main())
