"""SessionFileHandler under fire: files that move, disks that fail, names and modes from outside."""

import json
import logging
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.context import session
from ote_logging.formatters import JsonFormatter
from ote_logging.handlers import SessionFileHandler
from ote_logging.handlers.appending import AppendedFile, OnePath
from ote_logging.handlers.carrying import carry_over, has_lines_left, seen
from ote_logging.handlers.losses import Tally
from ote_logging.handlers.naming import safe_name
from ote_logging.handlers.numbers import last_number
from ote_logging.handlers.opening import open_to_append

LOOK_S = 0.11


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger of its own; its handlers are closed behind the test."""
    logger = logging.Logger("fire", logging.DEBUG)
    yield logger
    for handler in logger.handlers:
        handler.close()


def attached(log: logging.Logger, folder: Path, **options: Any) -> SessionFileHandler:
    handler = SessionFileHandler(folder, **options)
    log.addHandler(handler)
    return handler


def entries_in(*files: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def messages_in(folder: Path) -> list[str]:
    return [entry["message"] for entry in entries_in(*sorted(folder.glob("*.jsonl*")))]


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("session_*.jsonl")
    return file


# The file moves


def test_a_renamed_file_is_followed(log: logging.Logger, tmp_path: Path) -> None:
    """Within 0.1 s of a rename, records go to a new file under the old name; none is lost or doubled."""
    attached(log, tmp_path)
    log.info("one")
    file = only_file(tmp_path)
    file.rename(tmp_path / "rotated")
    log.info("two")
    time.sleep(LOOK_S)
    log.info("three")

    assert [e["message"] for e in entries_in(tmp_path / "rotated")] == ["one", "two"]
    assert [e["message"] for e in entries_in(file)] == ["three"]


def test_a_truncated_file_goes_on_from_its_start(log: logging.Logger, tmp_path: Path) -> None:
    """After copytruncate the next record stands at the start of the file, not behind a hole."""
    attached(log, tmp_path)
    log.info("one")
    file = only_file(tmp_path)
    shutil.copy(file, tmp_path / "copy")
    os.truncate(file, 0)
    log.info("two")

    assert [e["message"] for e in entries_in(tmp_path / "copy", file)] == ["one", "two"]


def test_a_removed_folder_is_made_anew_and_loses_nothing(log: logging.Logger, tmp_path: Path) -> None:
    """What was logged after ``rm -rf`` and before it was noticed is carried over, once."""
    folder = tmp_path / "logs" / "deep"
    attached(log, folder)
    log.info("before")
    time.sleep(LOOK_S)
    log.info("looked")
    shutil.rmtree(tmp_path / "logs")
    log.info("unseen 1")
    log.info("unseen 2")
    time.sleep(LOOK_S)
    log.info("seen")

    assert messages_in(folder)[-3:] == ["unseen 1", "unseen 2", "seen"]
    assert len(set(messages_in(folder))) == len(messages_in(folder))


@pytest.mark.parametrize("length", [1, 400], ids=["shorter than before", "longer than before"])
def test_a_file_truncated_and_removed_between_two_looks_loses_nothing(
    log: logging.Logger, tmp_path: Path, length: int
) -> None:
    """How far it was looked at says nothing about a file that began anew: its lines are saved, and whole."""
    folder = tmp_path / "logs"
    attached(log, folder)
    for number in range(20):
        log.info("old %d", number)
    time.sleep(LOOK_S)
    log.info("looked")
    os.truncate(only_file(folder), 0)
    log.info("truncated %s", "x" * length * 20)
    shutil.rmtree(folder)
    log.info("unseen")
    time.sleep(LOOK_S)
    log.info("seen")

    assert messages_in(folder)[-2:] == ["unseen", "seen"]


def test_lines_of_a_removed_file_are_saved_at_close(log: logging.Logger, tmp_path: Path) -> None:
    """A program that ends right after ``rm -rf`` loses nothing either."""
    handler = attached(log, tmp_path / "logs")
    log.info("before")
    shutil.rmtree(tmp_path / "logs")
    log.info("after")
    handler.close()

    assert messages_in(tmp_path / "logs")[-1] == "after"


def test_a_removed_folder_without_new_lines_stays_removed(log: logging.Logger, tmp_path: Path) -> None:
    """Closing does not bring back the folder that a program tidied up."""
    handler = attached(log, tmp_path / "logs")
    log.info("before")
    time.sleep(0.02)
    shutil.rmtree(tmp_path / "logs")
    handler.close()

    assert not (tmp_path / "logs").exists()


def test_two_that_hold_a_removed_file_save_its_lines_once(log: logging.Logger, tmp_path: Path) -> None:
    """Two handlers write one file: after ``rm -rf`` each finds its own lines and the other's, none twice."""
    with session("shared"):
        attached(log, tmp_path / "logs")
        attached(log, tmp_path / "logs")
        log.info("first")
        shutil.rmtree(tmp_path / "logs")
        log.info("second")
        time.sleep(LOOK_S)
        log.info("third")

    found = messages_in(tmp_path / "logs")
    assert (found.count("second"), found.count("third")) == (2, 2)
    assert found.count("first") <= 2


def test_descriptors_closed_behind_our_back_are_opened_again(tmp_path: Path) -> None:
    """A program that turns into a daemon closes every descriptor; no record is lost by that."""
    program = f"""
import logging, os
from ote_logging.handlers import SessionFileHandler
log = logging.getLogger(); log.addHandler(SessionFileHandler({str(tmp_path)!r}))
log.warning("one"); os.closerange(3, 64); log.warning("two")
"""
    subprocess.run([sys.executable, "-c", program], check=True)

    assert messages_in(tmp_path) == ["one", "two"]

def test_lines_stay_unsaved_until_they_can_be_written(tmp_path: Path) -> None:
    """A deleted file whose lines could not be carried over yet is no file without lines."""
    file = tmp_path / "file"
    descriptor = open_to_append(file)
    before = seen(descriptor)
    file.unlink()
    time.sleep(0.01)
    os.write(descriptor, b"one\ntwo\n")
    time.sleep(0.01)
    kept: list[bytes] = []

    assert not carry_over(descriptor, before, lambda lines: 0)
    time.sleep(0.01)
    assert has_lines_left(descriptor, before)
    assert carry_over(descriptor, before, lambda lines: kept.append(lines) or len(lines))
    assert not has_lines_left(descriptor, before)
    assert kept == [b"one\ntwo\n"]
    os.close(descriptor)


def test_a_look_ends_with_a_line(tmp_path: Path) -> None:
    """What is carried over begins where a line begins, behind a torn one as well, and has no empty lines."""
    file = tmp_path / "file"
    descriptor = open_to_append(file)
    os.write(descriptor, b"torn")
    before = seen(descriptor)
    file.unlink()
    os.write(descriptor, b"\nwhole\n")
    kept: list[bytes] = []
    carry_over(descriptor, before, lambda lines: kept.append(lines) or len(lines))
    os.close(descriptor)

    assert kept == [b"whole\n"]


# The disk fails


def test_a_folder_that_cannot_be_made_loses_exactly_what_is_told(log: logging.Logger, tmp_path: Path) -> None:
    """Records are counted while the folder is gone; the first one after it tells how many, and why."""
    folder = tmp_path / "logs"
    handler = attached(log, folder)
    log.info("one")
    time.sleep(LOOK_S)
    log.info("two")
    shutil.rmtree(folder)
    folder.write_text("in the way")
    time.sleep(LOOK_S)
    for number in range(7):
        log.info("lost %d", number)
    folder.unlink()
    log.info("three")

    *_, back, told = entries_in(only_file(folder))
    assert handler.stats() == {"written": 3, "lost": 7, "reasons": {"ENOTDIR": 7}}
    assert (back["message"], told["event"], told["lost"]) == ("three", "records_lost", 7)
    assert told["reasons"] == {"ENOTDIR": 7}


def test_a_file_at_its_size_limit_tells_its_losses_when_it_grows_again(tmp_path: Path) -> None:
    """EFBIG: no signal, no torn line in the way of the next, and numbers whose gap is what was lost."""
    program = f"""
import logging, resource
from ote_logging.handlers import SessionFileHandler
handler = SessionFileHandler({str(tmp_path)!r})
log = logging.getLogger(); log.addHandler(handler)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
for number in range(100): log.warning("x" * 50)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.warning("back")
print(handler.stats()["lost"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    lines = only_file(tmp_path).read_bytes().splitlines()
    whole = [json.loads(line) for line in lines if line.endswith(b"}")]
    assert len(lines) - len(whole) <= 1
    lost = int(done.stdout)
    assert [entry["message"] for entry in whole[-2:]] == ["back", f"{lost} records lost (EFBIG {lost})"]
    assert len(whole) - 1 + lost == 101
    assert len(done.stderr.splitlines()) == 1


def full_device(tally: Tally) -> AppendedFile:
    return AppendedFile(OnePath(Path("/dev/full")), count(1), tally, lambda reasons, seq: b"lost\n")


def test_a_full_disk_costs_one_line_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """2,000 records for ``/dev/full`` are counted one by one, and stderr is told once."""
    tally = Tally("test")
    file = full_device(tally)
    for _ in range(2000):
        file.append(b"{}\n")

    assert tally.stats() == {"written": 0, "lost": 2000, "reasons": {"ENOSPC": 2000}}
    assert len(capfd.readouterr().err.splitlines()) <= 1


def test_a_formatter_that_raises_loses_its_record_only(
    log: logging.Logger, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The error is a reason among others; no traceback, whatever ``raiseExceptions`` says."""
    handler = attached(log, tmp_path)
    log.info("one")
    handler.setFormatter(logging.Formatter("%(missing)s"))
    log.info("two")
    handler.setFormatter(JsonFormatter())
    log.info("three")

    assert handler.stats() == {"written": 2, "lost": 1, "reasons": {"ValueError": 1}}
    assert "Traceback" not in capfd.readouterr().err
    assert messages_in(tmp_path) == ["one", "three", "1 record lost (ValueError 1)"]


@pytest.mark.parametrize("raises", [True, False])
def test_raise_exceptions_changes_nothing(log: logging.Logger, tmp_path: Path, raises: bool) -> None:
    """The same lines are written for bad arguments in development and in production."""
    logging.raiseExceptions = raises
    attached(log, tmp_path)
    log.info("%d items", "many")
    log.info("next")

    found = messages_in(tmp_path)
    assert "many" in found[0]
    assert found[1:] == ["next"]


def test_a_folder_that_cannot_be_written_is_an_error_at_switch_on(tmp_path: Path) -> None:
    """Silence would be found out when the log is needed."""
    (tmp_path / "logs").write_text("in the way")

    with pytest.raises(NotADirectoryError):
        SessionFileHandler(tmp_path / "logs")


def test_degrade_counts_what_an_error_would_have_refused(log: logging.Logger, tmp_path: Path) -> None:
    """``on_error: degrade`` starts the program anyway, and goes on when the place is there."""
    (tmp_path / "logs").write_text("in the way")
    handler = attached(log, tmp_path / "logs", on_error="degrade")
    log.info("lost")
    (tmp_path / "logs").unlink()
    log.info("kept")

    assert handler.stats()["lost"] == 1
    assert messages_in(tmp_path / "logs") == ["kept", "1 record lost (ENOTDIR 1)"]


def test_a_torn_last_line_is_ended_first(log: logging.Logger, tmp_path: Path) -> None:
    """The first record of the next run is not glued to what a killed process left."""
    with session("again"):
        attached(log, tmp_path)
        (tmp_path / "session_again.jsonl").write_bytes(b'{"message": "cut sh')
        log.info("whole")

    torn, whole = (tmp_path / "session_again.jsonl").read_bytes().splitlines()
    assert torn == b'{"message": "cut sh'
    assert json.loads(whole)["message"] == "whole"


# Options


@pytest.mark.parametrize(
    "options",
    [
        {"fsync": "sometimes"}, {"fsync": -1}, {"fsync": True}, {"max_bytes": 0}, {"max_bytes": "1 MB"},
        {"keep": {"days": 3}}, {"keep": {"count": 0}}, {"on_error": "ignore"},
    ],
    ids=str,
)  # fmt: skip
def test_an_option_without_sense_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    """The write path forgives, switching on does not."""
    with pytest.raises(ValueError, match=next(iter(options))):
        SessionFileHandler(tmp_path, **options)


@pytest.mark.parametrize("fsync", ["always", 0.05, "never"])
def test_lines_are_the_same_however_they_are_synced(log: logging.Logger, tmp_path: Path, fsync: Any) -> None:
    """``fsync`` changes when lines reach the disk, not what they are."""
    handler = attached(log, tmp_path, fsync=fsync)
    for number in range(5):
        log.info("%d", number)
        time.sleep(0.03)
    handler.close()

    assert messages_in(tmp_path) == ["0", "1", "2", "3", "4"]


# Files, names, many sessions


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777], ids=oct)
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    """Files are 0600 and every folder that was made 0700, though the umask asks for less or more."""
    program = f"""
import logging, os
os.umask({umask})
from ote_logging.handlers import SessionFileHandler
log = logging.getLogger(); log.addHandler(SessionFileHandler({str(tmp_path / "a" / "b")!r})); log.warning("x")
"""
    subprocess.run([sys.executable, "-c", program], check=True)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", tmp_path / "a" / "b")]
    assert modes == [0o700, 0o700]
    assert stat.S_IMODE(only_file(tmp_path / "a" / "b").stat().st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(log: logging.Logger, tmp_path: Path) -> None:
    """A link in the place of a session file leads nowhere; the records are counted as lost."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "session_x.jsonl").symlink_to(victim)
    handler = attached(log, tmp_path / "logs")
    with session("x"):
        log.info("hello")

    assert victim.read_text() == "precious"
    assert handler.stats()["reasons"] == {"ELOOP": 1}


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


IN_THE_WAY = {
    "folder": (Path.mkdir, "EISDIR"),
    "pipe": (os.mkfifo, "ESPIPE"),
    "socket": (_socket, "ENXIO"),
    "link to nowhere": (lambda path: path.symlink_to(path.parent / "nowhere"), "ELOOP"),
    "link to a device": (lambda path: path.symlink_to("/dev/null"), "ELOOP"),
}


@pytest.mark.parametrize(("put", "reason"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_stands_in_place_of_the_file_neither_hangs_nor_hides_a_loss(
    log: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Any, reason: str
) -> None:
    """A pipe without a reader, a folder, a link: the records are counted as lost, until the way is free."""
    monkeypatch.chdir(tmp_path)
    path = Path("session_x.jsonl")
    put(path)
    handler = attached(log, tmp_path, on_error="degrade")
    with session("x"):
        log.info("lost")
        assert handler.stats()["reasons"] == {reason: 1}
        path.rmdir() if path.is_dir() else path.unlink()
        log.info("found")

    assert [entry["event"] for entry in entries_in(tmp_path / path)] == ["log", "records_lost"]


@given(st.lists(st.text(), unique=True, min_size=2))
def test_names_from_outside_stay_in_the_folder_and_distinct(names: list[str]) -> None:
    """Whatever a session is called: one path component, none twice, of bounded length."""
    safe = [safe_name(name) for name in names]

    assert len(set(safe)) == len(names)
    assert all(name.isascii() and 0 < len(name) <= 73 and not set(name) & set("./\\\0") for name in safe)


def test_a_name_made_to_look_like_a_changed_one_is_another() -> None:
    """Nobody takes the file of a session by calling his own as that one is called when it was made safe."""
    assert safe_name(safe_name("../etc")) != safe_name("../etc")


def test_many_sessions_hold_few_descriptors_and_go_on_counting(log: logging.Logger, tmp_path: Path) -> None:
    """1,000 sessions keep at most 128 files open; the numbers of a session go on when it is re-opened."""
    before = len(os.listdir("/proc/self/fd"))
    attached(log, tmp_path)
    for _ in range(2):
        for number in range(1000):
            with session(f"s{number}"):
                log.info("hello")

    assert len(os.listdir("/proc/self/fd")) - before <= 130
    assert [entry["seq"] for entry in entries_in(tmp_path / "session_s7.jsonl")] == [1, 2]


def test_a_forgotten_number_is_read_from_the_file(log: logging.Logger, tmp_path: Path) -> None:
    """The last number of this process is found behind lines of others; a field called pid is none."""
    with session("s"):
        attached(log, tmp_path)
        log.info("one")
        log.info("two", extra={"child": {"pid": os.getpid(), "seq": 99}})
    with only_file(tmp_path).open("ab") as file:
        file.write(b'{"pid":1,"seq":7,"child":{"pid":%d}}\n' % os.getpid())

    assert last_number(only_file(tmp_path)) == 2
    assert last_number(tmp_path / "missing") == 0


# Threads, signals, re-entrancy


def test_threads_lose_and_double_nothing(log: logging.Logger, tmp_path: Path) -> None:
    """8 threads write 500 records each: all there, each number once."""
    handler = attached(log, tmp_path)
    with session("threads") as context:
        run = context.session_id

    def work(thread: int) -> None:
        with session(run):
            for number in range(500):
                log.info("%d %d", thread, number)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    entries = entries_in(only_file(tmp_path))
    assert sorted(entry["seq"] for entry in entries) == list(range(1, 4001))
    assert len({entry["message"] for entry in entries}) == 4000
    assert handler.stats()["written"] == 4000


def test_a_signal_handler_may_log(log: logging.Logger, tmp_path: Path) -> None:
    """Records of a signal handler that comes in the middle of other records are all there, whole."""
    attached(log, tmp_path)
    caught = count()
    former = signal.signal(signal.SIGALRM, lambda *_: log.info("signal %d", next(caught)))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    until = time.monotonic() + 0.5
    logged = 0
    while time.monotonic() < until:
        log.info("program %d", logged)
        logged += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)

    found = messages_in(tmp_path)
    assert len(found) == len(set(found)) == logged + next(caught)


class Talkative:
    """Logs whenever it is shown."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log

    def __str__(self) -> str:
        self.log.info("asked for my text")
        return "me"


def test_an_object_that_logs_when_it_is_shown_adds_one_record(log: logging.Logger, tmp_path: Path) -> None:
    """Logging inside ``__str__`` neither hangs nor multiplies."""
    attached(log, tmp_path)
    log.info("%s", Talkative(log))

    assert sorted(messages_in(tmp_path)) == ["asked for my text", "me"]


def test_a_kill_leaves_every_acknowledged_record(tmp_path: Path) -> None:
    """SIGKILL with 8 threads writing: what was acknowledged is there, only the last line may be torn."""
    program = f"""
import logging, os, threading
from ote_logging.handlers import SessionFileHandler
log = logging.getLogger(); log.setLevel(10); log.addHandler(SessionFileHandler({str(tmp_path / "logs")!r}))
def work(thread):
    done = os.open({str(tmp_path)!r} + f"/done{{thread}}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(1_000_000):
        log.info("%d %d %s", thread, number, "x" * 2000); os.write(done, b"%d\\n" % number)
for thread in range(8): threading.Thread(target=work, args=(thread,)).start()
"""
    child = subprocess.Popen([sys.executable, "-c", program])
    while not list(tmp_path.glob("done7")):
        time.sleep(0.01)
    time.sleep(0.3)
    child.kill()
    child.wait()

    lines = only_file(tmp_path / "logs").read_bytes().splitlines()
    found = {tuple(json.loads(line)["message"].split()[:2]) for line in lines[:-1]}
    done = {(str(t), n) for t in range(8) for n in (tmp_path / f"done{t}").read_text().split("\n")[:-1]}
    if lines[-1].endswith(b"}"):
        found.add(tuple(json.loads(lines[-1])["message"].split()[:2]))
    assert done <= found
