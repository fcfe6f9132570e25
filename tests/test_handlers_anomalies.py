"""AnomalyHandler under plain dictConfig: an anomaly is logged when it begins and when it ends."""

import json
import logging
import logging.config
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from simulated_sessions import Fault
from simulated_sessions import session as simulated
from written import Written, pipeline

from ote_logging.context import session
from ote_logging.errors import ReadError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.watch import AnomalyWatch, WatchOptions
from ote_logging.events import Event
from ote_logging.handlers import AnomalyHandler
from ote_logging.handlers.anomalies import LOGGER
from ote_logging.spans import span

log = logging.getLogger("app")


class Watched(Written):
    """What was written by a program whose records are watched."""

    def __init__(self, logs: Path, is_queued: bool = False, **options: Any) -> None:
        self.directory = logs
        config = pipeline(logs)
        handler = {
            "class": "ote_logging.handlers.AnomalyHandler",
            "filters": ["context", "redact"],
            **options,
        }
        config["handlers"]["anomalies"] = handler
        queue = {"class": "ote_logging.handlers.QueueHandler", "handlers": ["anomalies", "session"]}
        config["handlers"]["queue"] = queue
        config["root"]["handlers"] = ["queue"] if is_queued else queue["handlers"]
        logging.config.dictConfig(config)
        self.handler: AnomalyHandler = logging._handlers["anomalies"]  # type: ignore[attr-defined]

    def drain(self) -> None:
        """Wait until all that was logged is watched, and what that gave is written."""
        for _ in range(2):
            for handler in logging.root.handlers:
                handler.flush()

    def anomalies(self) -> list[tuple[str, str, str | None]]:
        """Kind, state and operation of each anomaly that was logged."""
        return [(e.get("kind"), e.get("state"), e.operation) for e in self.entries(event="anomaly")]


def call(operation: str, failed: bool, at_s: float | None = None, duration: float = 0.02) -> None:
    """Log the end of a call as an old program does, at a time of its own."""
    word = "FAILED" if failed else "END"
    text = f"{word} [2024-11-12T10:00:00] {operation} (Duration: {duration:.3f}s)"
    record = log.makeRecord("app", logging.ERROR if failed else logging.INFO, __file__, 1, text, (), None)
    if at_s is not None:
        record.created = at_s
    log.handle(record)


def test_an_anomaly_is_told_once_and_resolved(tmp_path: Path) -> None:
    """A time of failures gives one WARNING when it begins and one when it is over."""
    watched = Watched(tmp_path, kinds=["high_error_rate"])
    chance = random.Random(5)
    for number in range(600):
        call("save", chance.random() < (0.6 if 200 <= number < 300 else 0.01))

    assert watched.anomalies() == [
        ("high_error_rate", "open", "save"),
        ("high_error_rate", "resolved", "save"),
    ]
    opened, resolved = watched.entries(event="anomaly")
    assert opened.message.startswith("⚠️  HIGH ERROR RATE in save: ")
    assert resolved.message.startswith("✅ RESOLVED after ")
    assert {(e.level, e.logger) for e in (opened, resolved)} == {("WARNING", LOGGER)}


def test_it_sees_what_the_watch_sees_in_the_file(tmp_path: Path) -> None:
    """The findings are those of an AnomalyWatch that reads the session file afterwards."""
    watched = Watched(tmp_path, learn_calls=100)
    for at_s, line in simulated(3, 900, Fault("degradation", "save", 600, 900)):
        if line["event"] == "span_end":
            call(line["operation"], line["status"] == "error", at_s, line["duration_ms"] / 1000)
    watch = AnomalyWatch(WatchOptions(learn_calls=100))
    lines = (entry.wire for entry in watched.entries() if entry.event != "anomaly")
    found = [(f.kind, f.state, f.operation) for line in lines for f in watch.add_line(line)]

    assert ("degradation", "open", "save") in found
    assert watched.anomalies() == found


def test_its_own_events_are_not_watched(tmp_path: Path) -> None:
    """An anomaly event, though it is a record like any other, does not come back to the handler."""
    watched = Watched(tmp_path)
    logging.getLogger(LOGGER).error(Event("anomaly", "of the handler itself"))

    assert watched.handler._watch._errors.lines == 0


@pytest.mark.parametrize("is_queued", [False, True], ids=["direct", "queued"])
def test_it_stands_in_the_span_that_showed_it(tmp_path: Path, is_queued: bool) -> None:
    """Session, trace and span of an anomaly are those of the record, behind a queue as well."""
    watched = Watched(tmp_path, is_queued, kinds=["high_error_rate"], error_rate=0.01)
    with session("mine"), span("around", logger=log):
        for _ in range(50):
            call("save", True)
    watched.drain()

    (entry,) = watched.entries(event="anomaly")

    assert entry.trace_id == watched.one(event="span_start").trace_id
    assert (entry.session_id, entry.operation) == ("mine", "save")


def test_a_silence_is_seen_without_a_record(tmp_path: Path) -> None:
    """The handler looks at the clock itself: nobody logs in a silence."""
    watched = Watched(tmp_path, kinds=["silence"], bucket_s=0.02)
    now_s = time.time()
    with watched.handler._watching:  # all of the past at once, before the clock is looked at
        for number in range(300):
            call("save", False, now_s - 1_000 + number / 3)
    call("save", False, now_s - 900)
    until = time.monotonic() + 5
    while not watched.anomalies() and time.monotonic() < until:
        time.sleep(0.01)

    assert ("silence", "open", "save") in watched.anomalies()


def test_a_baseline_says_what_is_usual(tmp_path: Path) -> None:
    """Against the snapshot of a good run a failure that never was is told at once."""
    baseline = tmp_path / "metrics_good.json"
    good = PerformanceMetrics()
    for _ in range(400):
        good.record("save", 0.02, True)
    baseline.write_text(json.dumps(good.to_dict()))
    watched = Watched(tmp_path / "logs", baseline=str(baseline))
    call("save", True)

    assert watched.anomalies() == [("new_error", "open", "save")]


def test_a_line_waits_while_another_is_watched(tmp_path: Path) -> None:
    """A record that comes in between is watched with the next one; the caller does not wait."""
    watched = Watched(tmp_path)
    with watched.handler._watching:
        call("save", False)
    call("save", False)

    assert watched.handler._watch._errors.lines == 2


def test_values_that_raise_are_counted_as_skipped(tmp_path: Path) -> None:
    """An event of the program that fails to tell its keys harms nobody."""
    watched = Watched(tmp_path)

    class Broken(Event):
        def within(self, ids: object) -> dict[str, Any]:
            raise KeyError("no")

    watched.handler.handle(log.makeRecord("app", 20, __file__, 1, Broken("odd"), (), None))

    assert watched.handler.skipped == 1


def test_a_forked_child_watches_from_the_beginning(tmp_path: Path) -> None:
    """What the parent has seen, and the lock it may hold, stay with it."""
    watched = Watched(tmp_path)
    call("save", False)
    watched.handler._watching.acquire()
    pid = os.fork()
    if not pid:
        call("child", False)
        os._exit(watched.handler._watch._errors.lines != 1)
    watched.handler._watching.release()

    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kinds": ["slow"]}, "kinds: there is no kind slow"),
        ({"slow_s": "5"}, "slow_s is '5'"),
        ({"error_rate": 10}, "error_rate is 10; give a part between 0 and 1"),
        ({"learn_calls": 1.5}, "learn_calls is 1.5"),
        ({"for_s": {"burst": -1}}, "for_s of burst is -1"),
        ({"max_operations": True}, "max_operations is True"),
    ],
)
def test_options_without_sense_are_refused(options: dict[str, Any], error: str) -> None:
    """A wrong threshold is told at once, with what was met."""
    with pytest.raises(ValueError, match=error):
        AnomalyHandler(**options)


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"kind": "else"}'])
def test_a_baseline_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """A wrong baseline is told when the handler is made."""
    (tmp_path / "it.json").write_text(text)

    with pytest.raises(ReadError, match="snapshot"):
        AnomalyHandler(baseline=tmp_path / "it.json")


class Clocks:
    """The wall clock and the monotonic one of a handler, both in hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall_s, self.steady_s = 1_000_000.0, 50.0
        monkeypatch.setattr("ote_logging.handlers.anomalies.time", lambda: self.wall_s)
        monkeypatch.setattr("ote_logging.handlers.anomalies.monotonic", lambda: self.steady_s)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_s, self.steady_s = self.wall_s + seconds, self.steady_s + seconds

    def call_each_second(self, times: int) -> None:
        """Log so many calls."""
        for _ in range(times):
            self.run(1.0)
            call("save", False, self.wall_s)


@pytest.mark.parametrize("by_s", [7_200.0, -7_200.0], ids=["forward", "back"])
def test_a_clock_that_is_set_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_s: float
) -> None:
    """Two hours more or less on the wall and none on the monotonic clock (as asleep): nothing is told."""
    clocks, watched = Clocks(monkeypatch), Watched(tmp_path, kinds=["silence", "burst"])
    clocks.call_each_second(300)
    clocks.wall_s += by_s
    watched.handler.look()
    clocks.call_each_second(300)

    assert watched.anomalies() == []


def test_a_silence_of_hours_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both clocks go on, the same gap is told, before the clock was set and after."""
    clocks, watched = Clocks(monkeypatch), Watched(tmp_path, kinds=["silence"])
    clocks.call_each_second(300)
    clocks.wall_s -= 7_200
    clocks.call_each_second(300)
    clocks.run(7_200)
    watched.handler.look()

    assert [found[:2] for found in watched.anomalies()] == [("silence", "open")] * 2
