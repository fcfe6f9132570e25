"""Session files and queues under several processes: forked in the middle of a record, spawned, in pools."""

import gc
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ote_logging.context import set_process_session
from ote_logging.handlers import QueueHandler, SessionFileHandler

HANGS_S = 20.0


def entries_in(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("session_*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def log_of(folder: Path, kind: str) -> logging.Logger:
    """A logger that writes to ``folder``, through a queue or at once."""
    log = logging.Logger(kind)
    file = SessionFileHandler(folder)
    log.addHandler(QueueHandler([file]) if kind == "queue" else file)
    return log


def close(log: logging.Logger) -> None:
    for handler in log.handlers:
        handler.close()


@contextmanager
def forking() -> Iterator[None]:
    """From 3.12 on Python warns of a fork with threads, which is what these tests are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def forked(log: logging.Logger, name: str) -> int:
    """Fork a child that logs ten records and ends."""
    with forking():
        pid = os.fork()
    if pid == 0:
        for number in range(10):
            log.info("%s.%d", name, number)
        for handler in log.handlers:
            handler.flush()
        os._exit(0)
    return pid


def has_ended(pid: int) -> bool:
    until = time.monotonic() + HANGS_S
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.001)
    os.kill(pid, 9)
    return False


@pytest.mark.parametrize("kind", ["sync", "queue"])
def test_a_fork_while_threads_log_neither_hangs_nor_loses(tmp_path: Path, kind: str) -> None:
    """Ten children of a process with three logging threads end, and every record is there once."""
    log = log_of(tmp_path, kind)
    is_over = threading.Event()
    counts = [0, 0, 0]

    def work(thread: int) -> None:
        while not is_over.is_set():
            log.info("t%d.%d", thread, counts[thread])
            counts[thread] += 1

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(3)]
    for thread in threads:
        thread.start()
    ends = [has_ended(forked(log, f"c{number}")) for number in range(10)]
    is_over.set()
    for thread in threads:
        thread.join()
    close(log)

    found = Counter(entry["message"] for entry in entries_in(tmp_path))
    assert all(ends)
    assert set(found.values()) == {1}
    assert len(found) == sum(counts) + 100


def test_a_forked_child_counts_for_itself(tmp_path: Path) -> None:
    """Numbers, losses and counts of the parent are not those of its child."""
    log = log_of(tmp_path, "sync")
    log.info("parent")
    log.info("parent")
    assert has_ended(forked(log, "child"))
    log.info("parent")
    close(log)

    numbers: dict[int, list[int]] = {}
    for entry in entries_in(tmp_path):
        numbers.setdefault(entry["pid"], []).append(entry["seq"])
    assert sorted(numbers.values()) == [[1, 2, 3], list(range(1, 11))]


def write(folder: Path, name: str) -> None:
    set_process_session("shared")
    log = log_of(folder, "sync")
    for number in range(300):
        log.info("%s.%d %s", name, number, "x" * (200_000 if number % 50 == 0 else 10))
    close(log)


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_processes_of_every_kind_share_a_file(tmp_path: Path, way: str) -> None:
    """Four processes write one session, large records among small ones: all there, none torn."""
    context: Any = multiprocessing.get_context(way)
    children = [context.Process(target=write, args=(tmp_path, f"p{number}")) for number in range(4)]
    with forking():
        for child in children:
            child.start()
    for child in children:
        child.join(HANGS_S)

    found = [entry["message"].split()[0] for entry in entries_in(tmp_path)]
    assert sorted(found) == sorted(f"p{p}.{number}" for p in range(4) for number in range(300))


def test_a_pool_that_is_terminated_loses_no_queued_record(tmp_path: Path) -> None:
    """``with Pool()`` ends its processes by SIGTERM, which empties their queues first."""
    log = logging.getLogger("pool")
    log.propagate = False
    log.addHandler(QueueHandler([SessionFileHandler(tmp_path)]))
    with forking(), multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(log.error, [f"task {number}" for number in range(50)])

    found = [entry["message"] for entry in entries_in(tmp_path)]
    assert sorted(found) == sorted(f"task {number}" for number in range(50))


class Ring:
    """Cannot go before the garbage collector comes, and logs then."""

    def __init__(self, log: logging.Logger, number: int) -> None:
        self.itself, self.log, self.number = self, log, number

    def __del__(self) -> None:
        self.log.info("gone %d", self.number)


@pytest.mark.parametrize("kind", ["sync", "queue"])
def test_the_garbage_collector_may_log_at_any_allocation(tmp_path: Path, kind: str) -> None:
    """Finalizers that log run in the middle of other records; all are there, nothing hangs."""
    log = log_of(tmp_path, kind)
    thresholds = gc.get_threshold()
    gc.set_threshold(5)
    try:
        for number in range(300):
            Ring(log, number)
            log.info("record %d", number, extra={"values": [number]})
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    close(log)

    found = Counter(entry["message"] for entry in entries_in(tmp_path))
    assert found == Counter(f"{what} {number}" for what in ("gone", "record") for number in range(300))


def test_a_queue_that_is_made_in_a_worker_leaves_its_signals_alone(tmp_path: Path) -> None:
    """A worker that handled SIGTERM could miss the one by which its pool ends it."""
    source = """
import logging, multiprocessing, signal, sys
from ote_logging.handlers import QueueHandler, SessionFileHandler

def work(number):
    log = logging.getLogger()
    if not log.handlers:
        log.addHandler(QueueHandler([SessionFileHandler(sys.argv[1])]))
    log.warning("record %d", number)
    return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

with multiprocessing.get_context("fork").Pool(2) as pool:
    print(all(pool.map(work, range(50))))
"""
    command = [sys.executable, "-c", source, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "True\n"


def test_a_pool_ends_though_its_workers_log_through_a_queue(tmp_path: Path) -> None:
    """A pool ends its workers by SIGTERM at any moment; none of them waits for ever, nothing is lost."""
    source = """
import logging, multiprocessing, sys
from ote_logging.handlers import QueueHandler, SessionFileHandler

def work(number):
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(QueueHandler([SessionFileHandler(sys.argv[1])]))
    logging.getLogger().warning("%s", number)

for _ in range(15):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(work, range(16), chunksize=1)
"""
    subprocess.run([sys.executable, "-c", source, str(tmp_path)], check=True, timeout=60)

    lines = [line for file in tmp_path.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 15 * 16
