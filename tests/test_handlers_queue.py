"""QueueHandler: what is fixed in the caller, what waits, and how a program ends with a full queue."""

import json
import logging
import logging.config
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ote_logging.config import configure
from ote_logging.context import bind, session
from ote_logging.events import Event
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.handlers import QueueHandler, SessionFileHandler

YAML = """
version: 1
disable_existing_loggers: false
filters:
  context: {{(): ote_logging.filters.ContextFilter}}
  redact: {{(): ote_logging.filters.RedactFilter}}
formatters:
  json: {{(): ote_logging.formatters.JsonFormatter}}
  text: {{format: "%(levelname)s %(message)s"}}
handlers:
  a_queue:
    class: ote_logging.handlers.QueueHandler
    handlers: [session, text]
    filters: [context, redact]
  session: {{class: ote_logging.handlers.SessionFileHandler, directory: {folder}, formatter: json}}
  text: {{class: logging.FileHandler, filename: {folder}/text.log, formatter: text, level: WARNING}}
root: {{level: DEBUG, handlers: [a_queue]}}
"""


class Gate(logging.Handler):
    """Holds each record until it is opened; then keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.open.wait(10)
        self.records.append(record)


@pytest.fixture
def gate() -> Gate:
    """A slow disk, as a handler."""
    return Gate()


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger of its own; its queues are closed behind the test."""
    logger = logging.Logger("queue", logging.DEBUG)
    yield logger
    for handler in logger.handlers:
        handler.close()


def queued(log: logging.Logger, *handlers: logging.Handler, **options: Any) -> QueueHandler:
    queue = QueueHandler(handlers, **options)
    log.addHandler(queue)
    return queue


def entries_in(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("session_*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def by_dict_config(text: str) -> None:
    logging.config.dictConfig(yaml.safe_load(text))


def by_configure(text: str) -> None:
    configure(yaml.safe_load(text))


@pytest.mark.parametrize("switch_on", [by_dict_config, by_configure])
def test_a_queue_in_yaml_feeds_the_handlers_that_it_names(
    tmp_path: Path, switch_on: Callable[[str], None]
) -> None:
    """The same file works with plain dictConfig and with configure(); the handlers stand on no logger."""
    (tmp_path / "text.log").touch()
    switch_on(YAML.format(folder=tmp_path))
    log = logging.getLogger("app")
    log.info("hello %s", "you", extra={"password": "hunter2"})
    log.warning("careful")
    queue = logging.getLogger().handlers[0]
    assert isinstance(queue, QueueHandler)
    queue.flush()

    assert [entry["message"] for entry in entries_in(tmp_path)] == ["hello you", "careful"]
    assert entries_in(tmp_path)[0]["password"].startswith("[REDACTED")
    assert (tmp_path / "text.log").read_text() == "WARNING careful\n"
    for handler in (queue, *queue.handlers):
        handler.close()


@pytest.mark.parametrize("handlers", [["missing"], [], "session"], ids=str)
def test_a_queue_without_its_handlers_is_refused(handlers: Any) -> None:
    """A misspelt name would be found out when the log is needed."""
    with pytest.raises(ValueError, match="handlers"):
        QueueHandler(handlers)


def test_the_context_is_that_of_the_caller(log: logging.Logger, tmp_path: Path) -> None:
    """Session, bound fields, thread and numbers are fixed when the record is logged."""
    target = SessionFileHandler(tmp_path)
    queue = queued(log, target)
    with session("mine"), bind(user=7):
        log.info("one")
        log.info("two")
    queue.flush()

    entries = entries_in(tmp_path)
    assert [(e["session_id"], e["seq"], e["thread"]) for e in entries] == [
        ("mine", 1, "MainThread"),
        ("mine", 2, "MainThread"),
    ]


def test_what_is_changed_at_run_time_counts(log: logging.Logger, tmp_path: Path) -> None:
    """Filters of the queue and of the handler behind it, its formatter and its level, for the next record."""
    target = SessionFileHandler(tmp_path)
    queue = queued(log, target)
    queue.addFilter(ContextFilter())
    redact = RedactFilter()
    log.info("password=tulip7")
    log.info("password=tulip7")
    target.addFilter(redact)
    log.info("password=tulip8")
    target.removeFilter(redact)
    queue.addFilter(redact)
    log.info("password=tulip9")
    queue.removeFilter(redact)
    target.setLevel(logging.WARNING)
    log.info("not this")
    target.setFormatter(logging.Formatter('{"message": "as %(message)s"}'))
    log.warning("text")
    queue.flush()

    assert [entry["message"] for entry in entries_in(tmp_path)] == [
        "password=tulip7", "password=tulip7", "password=[REDACTED:key]", "password=[REDACTED:key]", "as text",
    ]  # fmt: skip


def order(items: list[int]) -> Event:
    return Event("order", items=items)


def mapping(items: list[int]) -> dict[str, list[int]]:
    return {"items": items}


@pytest.mark.parametrize("make", [order, mapping])
def test_a_value_that_changes_later_is_logged_as_it_was(
    log: logging.Logger, gate: Gate, make: Callable[[list[int]], object]
) -> None:
    """Arguments, extras, mappings and fields of events are those of the moment of the call."""
    queue = queued(log, gate)
    items = [1]
    log.info("%s", items)
    log.info(make(items), extra={"items": items})
    items.append(2)
    gate.open.set()
    queue.flush()

    merged, other = gate.records
    assert (merged.getMessage(), merged.args) == ("[1]", None)
    assert other.__dict__["items"] == [1]
    assert "2" not in str(other.msg)


def test_an_exception_is_kept_as_data_and_as_text(log: logging.Logger, gate: Gate) -> None:
    """Foreign formatters print the traceback; no frame of the caller is kept alive."""
    gate.open.set()
    queue = queued(log, gate)
    try:
        raise ValueError("boom")
    except ValueError:
        log.exception("failed")
    queue.flush()

    (record,) = gate.records
    assert record.exc_info is None
    assert record.__dict__["_ote_exception"]["type"] == "ValueError"
    assert logging.Formatter().format(record).endswith("ValueError: boom")


def test_a_full_queue_blocks_for_its_time_and_tells_what_it_lost(
    log: logging.Logger, gate: Gate, capfd: pytest.CaptureFixture[str]
) -> None:
    """The caller waits ``block_s``, no longer; the losses are counted and told by an event."""
    queue = queued(log, gate, max_records=5, block_s=0.05)
    for number in range(10):
        log.info("%d", number)
    lost = queue.stats()["lost"]
    gate.open.set()
    queue.flush()
    log.info("after")
    queue.flush()

    told = [record.msg for record in gate.records if isinstance(record.msg, Event)]
    assert lost == 5
    assert queue.stats()["reasons"] == {"queue_full": lost}
    assert [event.fields["lost"] for event in told] == [lost]


def test_below_a_level_records_are_dropped_at_once(log: logging.Logger, gate: Gate) -> None:
    """``drop_below`` keeps the caller from waiting for records that matter less."""
    queue = queued(log, gate, max_records=3, drop_below="WARNING", block_s=0.3)
    started = time.monotonic()
    for _ in range(50):
        log.info("chatter")
    took_s = time.monotonic() - started
    threading.Timer(0.1, gate.open.set).start()
    log.error("matters")
    queue.flush()

    assert took_s < 0.2
    assert "matters" in [record.getMessage() for record in gate.records]
    assert queue.stats()["lost"] >= 45


def test_bytes_are_bounded_too(log: logging.Logger, gate: Gate) -> None:
    """Few large records fill a queue as many small ones do."""
    queue = queued(log, gate, max_bytes=100_000, block_s=0.0)
    for _ in range(20):
        log.info("x" * 30_000)
    waiting = queue.stats()["queued"]
    gate.open.set()
    queue.flush()

    assert waiting <= 5
    assert queue.stats()["queued"] == 0


def test_a_handler_behind_that_raises_or_logs_harms_nobody(log: logging.Logger) -> None:
    """Its error is counted; what it logs itself comes through the queue, without an end."""

    class Odd(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "first":
                log.info("from inside")
                raise OSError(5, "Input/output error")

    queue = queued(log, Odd(), max_records=1)
    log.info("first")
    queue.flush()
    queue.flush()

    assert queue.stats()["reasons"] == {"EIO": 1}
    assert queue.stats()["queued"] == 0


def test_losses_behind_the_queue_are_counted_once_and_told_later(log: logging.Logger) -> None:
    """A handler that refuses also the report of its losses gets it when it takes records again."""

    class Refusing(Gate):
        def emit(self, record: logging.LogRecord) -> None:
            if not self.open.is_set():
                raise ConnectionError("nobody listens")
            self.records.append(record)

    handler = Refusing()
    queue = queued(log, handler)
    for number in range(5):
        log.info("%d", number)
        queue.flush()
    handler.open.set()
    log.info("back")
    queue.flush()

    told = [record.msg.fields for record in handler.records if isinstance(record.msg, Event)]
    assert queue.stats()["reasons"] == {"ConnectionError": 5}
    assert told == [{"lost": 5, "reasons": {"ConnectionError": 5}}]


def test_threads_lose_nothing(log: logging.Logger, tmp_path: Path) -> None:
    """8 threads log 500 records each through one queue: all there, in the order of each thread."""
    queue = queued(log, SessionFileHandler(tmp_path), max_records=100)

    def work(thread: int) -> None:
        with session("all"):
            for number in range(500):
                log.info("%d %d", thread, number)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.flush()

    assert queue.stats()["queued"] == 0
    found = [entry["message"].split() for entry in entries_in(tmp_path)]
    for name in "01234567":
        assert [int(number) for thread, number in found if thread == name] == list(range(500))


def test_a_closed_queue_has_no_thread_and_starts_again(log: logging.Logger, tmp_path: Path) -> None:
    """Switching on again and again leaves no threads behind."""
    before = len(os.listdir("/proc/self/task"))
    for _ in range(10):
        queue = QueueHandler([SessionFileHandler(tmp_path)])
        log.addHandler(queue)
        log.info("hello")
        queue.close()
        log.info("late")
        queue.close()
        log.removeHandler(queue)
    time.sleep(0.05)

    assert len(os.listdir("/proc/self/task")) <= before
    assert len(entries_in(tmp_path)) == 20


# How a program ends

PROGRAM = """
import logging, logging.config, os, signal, sys, threading, time, yaml
logging.config.dictConfig(yaml.safe_load('''{yaml}'''))
log = logging.getLogger("app")
for number in range(2000):
    log.info("%d", number)
"""

ENDS = {
    "exit": "",
    "sys.exit in the middle": "sys.exit(0)",
    "error": "raise SystemExit(1)",
    "sigterm": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)",
    "sigterm while the main thread waits": (
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start(); threading.Event().wait()"
    ),
    "atexit": "import atexit; atexit.register(lambda: log.info('2000'))",
    "del": "class Late:\n    def __del__(self): log.info('2000')\nlate = Late()",
    "threads that go on": (
        "def work():\n    time.sleep(0.1)\n    log.info('2000')\nthreading.Thread(target=work).start()"
    ),
    "fork": "pid = os.fork()\nif pid == 0: log.info('2000'); sys.exit()\nos.waitpid(pid, 0)",
    "multiprocessing": (
        "from multiprocessing import get_context\n"
        "child = get_context('fork').Process(target=log.info, args=('2000',))\nchild.start(); child.join()"
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_the_end_the_queue_is_written(tmp_path: Path, end: str) -> None:
    """2,000 records, and the one that comes late, are in the file, each once."""
    program = PROGRAM.format(yaml=YAML.format(folder=tmp_path)) + ENDS[end]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)

    found = [int(entry["message"]) for entry in entries_in(tmp_path)]
    has_late = "2000" in ENDS[end]
    assert sorted(found) == list(range(2001 if has_late else 2000)), done.stderr
    assert done.returncode == (-signal.SIGTERM if "sigterm" in end else end == "error")


def test_a_sigterm_handler_of_the_program_stays(tmp_path: Path) -> None:
    """The queue asks for SIGTERM only where it would end the program at once."""
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        queue = QueueHandler([SessionFileHandler(tmp_path)])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        queue.close()
    finally:
        signal.signal(signal.SIGTERM, former)


def test_a_signal_handler_may_log(log: logging.Logger, tmp_path: Path) -> None:
    """Records of a signal handler that interrupts the queue are all there."""
    queue = queued(log, SessionFileHandler(tmp_path), max_records=50)
    caught: list[int] = []

    def on_alarm(*_: object) -> None:
        caught.append(len(caught))
        log.info("signal %d", caught[-1])

    former = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    for number in range(5000):
        log.info("program %d", number)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
    queue.flush()

    found = [entry["message"] for entry in entries_in(tmp_path)]
    assert len(found) == len(set(found)) == 5000 + len(caught)
