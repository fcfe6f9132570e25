"""MetricsHandler under plain dictConfig: its figures are those of the session file, whatever passes."""

import gc
import json
import logging
import logging.config
import multiprocessing
import os
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written import Written, pipeline

from ote_logging.context import bind, current, enter, leave, session
from ote_logging.errors import ConfigError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.events import TRACE, Event
from ote_logging.handlers import MetricsHandler, SessionFileHandler
from ote_logging.handlers.waiting import Waiting
from ote_logging.operations import SpanEnd
from ote_logging.spans import observe, span
from ote_logging.stages import LLMInteraction

log = logging.getLogger("app")


def with_metrics(logs: Path, **options: Any) -> dict[str, Any]:
    """The pipeline of the tests, and a metrics handler on it."""
    config = pipeline(logs)
    config["handlers"]["metrics"] = {
        "class": "ote_logging.handlers.MetricsHandler",
        "filters": ["context", "redact"],
        "interval_s": None,
        **options,
    }
    config["root"]["handlers"] = ["session", "metrics"]
    return config


class Counted(Written):
    """What was written, beside the handler that counted it."""

    def __init__(self, logs: Path, **options: Any) -> None:
        self.directory = logs
        logging.config.dictConfig(with_metrics(logs, **options))
        (self.handler,) = [h for h in logging.root.handlers if isinstance(h, MetricsHandler)]

    def of_the_file(self) -> PerformanceMetrics:
        """The fold of the session files."""
        return PerformanceMetrics.of(self.entries())


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    """A pipeline with a metrics handler."""
    return Counted(tmp_path / "logs")


def failing(kind: type[Exception], text: str) -> None:
    with pytest.raises(kind), span("load"):
        raise kind(text)


def end_of(text: str) -> None:
    log.info("END [2024-11-12T10:00:00] %s (Duration: 0.123s)", text)


def interaction(tokens: int) -> LLMInteraction:
    messages = [{"role": "user", "content": "hi"}]
    return LLMInteraction(model="small", prompt=messages, tokens_in=tokens, duration_ms=12.0, status="error")


words = st.sampled_from(["save", "load", "llm_interaction", "__other__", "größe", ""])
numbers = st.integers(-5, 10**18) | st.floats() | st.booleans() | st.none() | st.text(max_size=3)
carried = st.dictionaries(
    st.sampled_from(["tokens_in", "tokens_out", "cost_usd", "cpu_ms", "cache_hit", "retries", "size_bytes"]),
    numbers,
)
levels = st.sampled_from([logging.DEBUG, logging.INFO, logging.ERROR, logging.CRITICAL])


paths = words | st.sampled_from(["save -> encrypt", "save → FAILED at 178", "save -> FAILED", "-> b"])


def bound_end(operation: str, bound: dict[str, Any], fields: dict[str, Any]) -> None:
    with bind(**bound):
        ended(operation, fields)


def ended(operation: str, fields: dict[str, Any]) -> None:
    with span(operation, logger=log) as it:
        it.set(**fields)


acts: st.SearchStrategy[Callable[[], object]] = st.one_of(
    st.builds(lambda *given: lambda: ended(*given), words, carried),
    st.builds(
        lambda *given: lambda: failing(*given), st.sampled_from([KeyError, OSError]), st.text(max_size=9)
    ),
    st.builds(lambda level, text: lambda: log.log(level, text), levels, st.text(max_size=9)),
    st.builds(lambda level, text: lambda: log.log(level, "%s and %s", text, 1), levels, st.text(max_size=9)),
    st.builds(lambda text: lambda: end_of(text), words),
    st.builds(
        lambda start: lambda: log.info(start + "%s", "RACE: a -> b"), st.sampled_from(["T", "", "⏱️ T", "x"])
    ),
    st.builds(
        lambda text: lambda: log.info("EVALUATION: a | duration=%s | success=False", text), st.floats()
    ),
    st.builds(lambda *given: lambda: bound_end(*given), words, carried, carried),
    st.builds(lambda path, fields: lambda: log.debug(TRACE(path, **fields)), paths, carried),
    st.builds(lambda path, text: lambda: log.info(TRACE(path, error=text)), paths, st.text(max_size=3)),
    st.builds(lambda event, fields: lambda: log.info(Event(event, **fields)), words, carried),
    st.builds(lambda fields: lambda: log.error(Event("healing", **fields), extra=fields), carried),
    st.builds(lambda tokens: lambda: log.info(interaction(tokens)), st.integers(0, 10**6)),
    st.builds(lambda: lambda: log.warning("TRACE: save -> FAILED at 178 | Error: boom")),
    st.builds(lambda: lambda: log.error({"error_type": "no key", "text": "a mapping"})),
)


@settings(max_examples=60, deadline=None)
@given(done=st.lists(acts, max_size=12))
def test_the_figures_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, done: list[Callable[[], object]]
) -> None:
    """Whatever a program logs, the handler's snapshot is the fold of the session file read back."""
    counted = Counted(tmp_path_factory.mktemp("law"))
    for act in done:
        act()

    assert counted.handler.snapshot() == counted.of_the_file()


def test_secrets_in_names_are_not_told(counted: Counted) -> None:
    """An operation or a path made of a secret is counted as the file shows it, by the handler's own rules."""
    for _ in range(2):
        with span("fetch https://ann:hunter2hunter2@host", logger=log):
            log.info(TRACE("fetch -> password=hunter2hunter2"))
    found = counted.handler.snapshot()
    # A file cannot tell how often something was hidden in it.
    found.redacted = 0

    assert found == counted.of_the_file()
    assert "hunter2" not in str(found.to_dict())


@pytest.mark.parametrize("is_first", [True, False], ids=["marked before", "not marked"])
def test_amounts_that_a_filter_adds_are_counted(tmp_path: Path, is_first: bool) -> None:
    """What stands on the record of an end beside its fields is added up, whoever put it there."""
    counted = Counted(tmp_path / "logs")
    if not is_first:
        logging.root.handlers.reverse()

    def add(record: logging.LogRecord) -> bool:
        record.tokens_in = 5
        return True

    log.addFilter(add)
    try:
        ended("save", {})
    finally:
        log.removeFilter(add)

    assert counted.handler.snapshot().totals["tokens_in"] == 5
    assert counted.handler.snapshot() == counted.of_the_file()


def test_ends_do_not_wait_for_ever(counted: Counted) -> None:
    """After a thousand records what waits is folded, so that memory does not grow with a program's run."""
    for _ in range(1_100):
        ended("save", {})

    assert sum(row.calls for row in counted.handler._fold.operations.values()) > 500


def test_stages_count_with_their_price(tmp_path: Path) -> None:
    """A price table gives the cost of calls that do not tell it; without a price they count as unpriced."""
    prices = [{"model": "small*", "input": 1.0, "output": 2.0}]
    counted = Counted(tmp_path / "logs", prices=prices)
    with span("ask", logger=log):
        log.info(LLMInteraction(model="small-1", tokens_in=1_000_000, tokens_out=500_000))
        log.info(LLMInteraction(model="huge", tokens_in=5, tokens_out=5))

    counted.handler.tell()

    totals = counted.one(event="metrics").get("totals")

    assert (totals["cost_usd"], totals["unpriced"], totals["tokens_in"]) == (2.0, 1, 1_000_005)


def test_threads_lose_no_count(counted: Counted) -> None:
    """Eight threads that log at once are counted to the last record, without one waiting for another."""

    @observe("work", logger=log)
    def work() -> None:
        log.info("in it")

    def many() -> None:
        for _ in range(250):
            work()

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = counted.handler.snapshot()

    assert found.operations["work"].calls == 2_000
    assert found.records["app"] == {"INFO": 6_000}


def test_a_line_that_meets_a_fold_in_progress_waits(counted: Counted) -> None:
    """A signal handler that logs while its own thread folds neither hangs nor loses the record."""
    with counted.handler._folding:
        end_of("save")
    end_of("save")

    assert counted.handler.snapshot().operations["save"].calls == 2


def of_app(message: object) -> logging.LogRecord:
    return log.makeRecord("app", logging.INFO, __file__, 1, message, (), None)


def end_of_save() -> logging.LogRecord:
    return of_app(SpanEnd("save", {"status": "ok", "duration_ms": 1.5}, {}, 0.0))


def test_records_that_come_while_folding_are_kept(counted: Counted) -> None:
    """What is logged from within the folding, by a finalizer say, is folded the next time."""
    waiting, fold = Waiting(), PerformanceMetrics()

    def take(text: str = "") -> str:
        with span("save", logger=log):
            assert waiting.take(end_of_save())
        return text

    for _ in range(3):
        take()

    assert (waiting.fold_into(fold, take), waiting.fold_into(fold, str)) == (3, 1)
    assert fold.operations["save"].calls == 4


def test_threads_lose_nothing_to_one_that_folds(counted: Counted) -> None:
    """Records taken by four threads that are switched all the time are folded by a fifth, each once."""
    waiting, fold, folded = Waiting(), PerformanceMetrics(), 0

    def work() -> None:
        with span("save", logger=log):
            for record in [end_of_save(), of_app("hello"), of_app(TRACE("a -> b"))] * 1_000:
                waiting.take(record)

    threads = [threading.Thread(target=work) for _ in range(4)]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            folded += waiting.fold_into(fold, str)
    finally:
        sys.setswitchinterval(switching)
    folded += waiting.fold_into(fold, str)

    assert (folded, fold.operations["save"].calls, fold.paths["a -> b"]) == (12_000, 4_000, 4_000)
    assert fold.records["app"] == {"INFO": 12_000}


def test_an_operation_takes_less_than_6_kb() -> None:
    """What the handler holds for an operation of a millisecond to a second, failures included."""
    handler = MetricsHandler(interval_s=None)
    failure = {"status": "error", "error_type": "KeyError", "error_message": "x", "duration_ms": 2.0}
    calls = [*({"status": "ok", "duration_ms": ms} for ms in (1.0, 30.0, 1_000.0)), failure]
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(300):
            inner = current().child(f"save {number}")
            enter(inner)
            for keys in calls:
                handler.handle(of_app(SpanEnd("", keys, {}, 0.0)))
            leave(inner)
        found = handler.snapshot().operations["save 7"]
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert (found.calls, found.failures) == (4, 1)
    assert held / 300 < 6_000


def test_a_forked_child_counts_from_nothing(counted: Counted) -> None:
    """The fold, its lock and its files belong to one process."""
    end_of("save")
    counted.handler._folding.acquire()
    pid = os.fork()
    if not pid:
        end_of("child")
        os._exit(list(counted.handler.snapshot().operations) != ["child"])
    counted.handler._folding.release()

    assert os.waitpid(pid, 0)[1] == 0
    assert list(counted.handler.snapshot().operations) == ["save"]


def test_the_end_is_told_once(counted: Counted) -> None:
    """Telling logs one event with the figures, and none more before something else is counted."""
    end_of("save")
    failing(KeyError, "x")
    counted.handler.tell()
    counted.handler.tell()

    entry = counted.one(event="metrics")

    assert entry.get("calls") == 2
    assert entry.get("operations")["save"]["p95_ms"] == pytest.approx(123, rel=0.01)
    assert entry.message == "METRICS: 2 operations, 2 calls, 1 failed; 3 records"


def test_the_event_stands_in_the_session_of_the_process(counted: Counted) -> None:
    """Told from within another session and a span, it belongs to neither."""
    with session("other"), span("around", logger=log):
        counted.handler.tell()

    entry = counted.one(event="metrics")

    assert entry.session_id != "other"
    assert entry.span_id is None


def test_a_snapshot_holds_all_of_it(tmp_path: Path) -> None:
    """The file can be read back as the fold, is replaced at each telling, and is its owner's alone."""
    counted = Counted(tmp_path / "logs", directory=str(tmp_path / "metrics"))
    end_of("save")
    counted.handler.tell()
    end_of("save")
    counted.handler.tell()

    (file,) = (tmp_path / "metrics").iterdir()

    assert PerformanceMetrics.from_dict(json.loads(file.read_bytes())).operations["save"].calls == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stem.startswith("metrics_")


def test_a_second_fold_of_a_session_has_its_own_file(tmp_path: Path) -> None:
    """A new configuration in the same session overwrites nothing; merged, the files are the whole."""
    for _ in range(2):
        counted = Counted(tmp_path / "logs", directory=str(tmp_path / "metrics"))
        end_of("save")
        counted.handler.tell()
    whole = PerformanceMetrics()
    for file in (tmp_path / "metrics").iterdir():
        whole.merge(PerformanceMetrics.from_dict(json.loads(file.read_bytes())))

    assert whole.operations["save"].calls == 2


def test_a_textfile_is_replaced_whole(tmp_path: Path) -> None:
    """Prometheus's collector finds one complete file that it may read, and no other *.prom."""
    counted = Counted(tmp_path / "logs", textfile=str(tmp_path / "ote.prom"))
    end_of("save")
    counted.handler.tell()

    assert (
        'ote_operations_total{operation="save",outcome="success"} 1\n' in (tmp_path / "ote.prom").read_text()
    )
    assert [path.name for path in tmp_path.glob("*.prom")] == ["ote.prom"]
    assert stat.S_IMODE((tmp_path / "ote.prom").stat().st_mode) == 0o644


def test_the_interval_tells(tmp_path: Path) -> None:
    """Between the ends figures go out by themselves."""
    counted = Counted(tmp_path / "logs", interval_s=0.02)
    end_of("save")
    until = time.monotonic() + 5
    while not counted.entries(event="metrics") and time.monotonic() < until:
        time.sleep(0.01)

    assert counted.one(event="metrics").get("calls") == 1


def test_a_disk_that_refuses_is_counted(tmp_path: Path) -> None:
    """A snapshot that cannot be written stops neither the program nor the event."""
    counted = Counted(tmp_path / "logs", directory=str(tmp_path / "metrics"))
    (tmp_path / "metrics").rmdir()
    (tmp_path / "metrics").write_text("in the way")
    end_of("save")
    counted.handler.tell()

    assert counted.handler.skipped == 1
    assert counted.one(event="metrics").get("calls") == 1


def test_values_that_raise_are_counted_as_skipped(counted: Counted) -> None:
    """An event of the program that fails to tell its keys harms nobody."""

    class Broken(Event):
        def within(self, ids: object) -> dict[str, Any]:
            raise KeyError("no")

    counted.handler.handle(log.makeRecord("app", 20, __file__, 1, Broken("odd"), (), None))

    assert counted.handler.skipped == 1


def test_a_filter_that_drops_is_obeyed(counted: Counted) -> None:
    """Beside the filters that let every record pass one may stand that does not, until it is removed."""

    def only_ends(record: logging.LogRecord) -> bool:
        return "END" in record.getMessage()

    counted.handler.addFilter(only_ends)
    log.info("plain")
    end_of("save")
    counted.handler.removeFilter(only_ends)
    log.info("plain")

    assert counted.handler.snapshot().records["app"] == {"INFO": 2}


def test_its_own_cost_is_measured(counted: Counted) -> None:
    """After 37 records the handler says what it costs; before, that it does not know."""
    assert counted.handler.self_ms is None
    for _ in range(40):
        log.info("plain")

    assert 0 < (counted.handler.self_ms or 0) < 1_000


def test_redactions_are_counted(counted: Counted) -> None:
    """What the filters of the process hid stands in the snapshot."""
    log.info("password=hunter2hunter2")

    assert counted.handler.snapshot().redacted >= 1


def test_losses_of_other_handlers_are_counted(counted: Counted) -> None:
    """What a session file lost stands in the snapshot, and with its reason in the families."""
    (files,) = [h for h in logging.root.handlers if isinstance(h, SessionFileHandler)]
    files.lose("some", "ENOSPC", 3)

    dropped = {s.labels["reason"]: s.value for f in counted.handler.families()
               if f.name == "ote_records_dropped" for s in f.samples}  # fmt: skip

    assert counted.handler.snapshot().lost == 3
    assert dropped == {"ENOSPC": 3, "reported": 0}


def test_many_names_keep_memory_flat(counted: Counted) -> None:
    """Beyond max_operations all are counted as one, and nothing grows with their number."""
    for number in range(2_100):
        counted.handler.emit(
            log.makeRecord("app", 20, __file__, 1, Event("log"), (), None, extra={"n": number})
        )
        end_of(f"operation {number}")
    found = counted.handler.snapshot().operations

    assert len(found) == 2_001
    assert found["__other__"].calls == 100


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"interval_s": 0}, "interval_s is 0"),
        ({"interval_s": float("nan")}, "interval_s is nan"),
        ({"max_operations": "many"}, "max_operations is 'many'"),
        ({"port": 65536}, "port is 65536"),
        ({"textfile": "metrics.txt"}, r"\*.prom"),
    ],
)
def test_options_without_sense_are_refused(options: dict[str, Any], error: str) -> None:
    """A wrong option is told at once, with what was met."""
    with pytest.raises(ValueError, match=error):
        MetricsHandler(**options)


def test_a_wrong_price_is_refused() -> None:
    """A price table is checked when it is loaded, not when the first call is made."""
    with pytest.raises(ConfigError, match="output is dollars"):
        MetricsHandler(prices=[{"model": "m", "input": 1}])


def test_a_scrape_is_answered(tmp_path: Path) -> None:
    """A port serves the figures of the moment, on loopback."""
    counted = Counted(tmp_path / "logs", port=0)
    end_of("save")
    assert counted.handler.address is not None
    host, port = counted.handler.address

    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    counted.handler.close()

    assert host == "127.0.0.1"
    assert 'ote_operations_total{operation="save",outcome="success"} 1.0\n' in text


def test_a_new_configuration_takes_the_port_over(tmp_path: Path) -> None:
    """A handler that is built while the old one serves its port is not refused, and serves on."""
    old = MetricsHandler(port=0, interval_s=None)
    assert old.address is not None
    new = MetricsHandler(port=old.address[1], interval_s=None)
    old.close()
    new.handle(log.makeRecord("new", 20, __file__, 1, "hello", (), None))

    with urllib.request.urlopen(f"http://127.0.0.1:{old.address[1]}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    new.close()

    assert 'ote_records_total{level="INFO"} 1.0\n' in text


PROGRAM = """
import json, logging.config, sys
logging.config.dictConfig(json.loads(sys.argv[1]))
logging.getLogger("app").info("END [2024-11-12T10:00:00] save (Duration: 0.123s)")
"""


@pytest.mark.parametrize("first", ["metrics", "session"])
def test_the_end_of_a_program_is_told(tmp_path: Path, first: str) -> None:
    """The last figures of a program reach file and session, whichever handler is made first."""
    config = with_metrics(tmp_path, directory=str(tmp_path))
    config["handlers"]["a"] = config["handlers"].pop(first)
    config["root"]["handlers"] = list(config["handlers"])
    subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(config)], check=True, timeout=30)

    entries = [json.loads(line) for line in next(tmp_path.glob("session_*")).read_bytes().splitlines()]
    (file,) = tmp_path.glob("metrics_*.json")

    assert [entry["event"] for entry in entries] == ["span_end", "metrics"]
    assert entries[1]["snapshot"] == str(file)
    assert json.loads(file.read_bytes())["operations"]["save"]["calls"] == 1


def _in_child(config: dict[str, Any]) -> None:
    logging.config.dictConfig(config)
    end_of("child")


@pytest.mark.parametrize("is_queued", [False, True], ids=["direct", "queued"])
def test_the_end_of_a_child_is_told(tmp_path: Path, is_queued: bool) -> None:
    """A child of multiprocessing ends without atexit, and tells all the same, through a queue as well."""
    config = with_metrics(tmp_path)
    if is_queued:
        queue = {"class": "ote_logging.handlers.QueueHandler", "handlers": ["session", "metrics"]}
        config["handlers"]["queue"] = queue
        config["root"]["handlers"] = ["queue"]
    child = multiprocessing.get_context("spawn").Process(target=_in_child, args=(config,))
    child.start()
    child.join(30)

    text = b"".join(file.read_bytes() for file in tmp_path.glob("session_*"))

    assert text.count(b'"event":"metrics"') == 1
