"""ObserverHandler: what observers are told, and what they cannot do to the program."""

import asyncio
import logging.config
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from written import pipeline

from ote_logging.config import configure
from ote_logging.handlers import ObserverHandler
from ote_logging.schema import Entry
from ote_logging.spans import span
from ote_logging.stages import LLMInteraction

log = logging.getLogger("shop")
SEEN: list[Entry] = []


def keep(entry: Entry) -> None:
    """Observe for tests that name an observer in a configuration."""
    SEEN.append(entry)


class Kept:
    """An observer with state and a method, as the event-driven option has it; async."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.loops: set[object] = set()

    async def handle(self, entry: Entry) -> None:
        """Observe ``entry``, letting other tasks run in between."""
        await asyncio.sleep(0)
        self.loops.add(asyncio.get_running_loop())
        self.entries.append(entry)


@pytest.fixture
def observe():
    """Switch a handler with these observers on; close it afterwards."""
    made = []

    def observe(*observers, **options):
        handler = ObserverHandler(list(observers), **options)
        made.append(handler)
        logging.root.addHandler(handler)
        logging.root.setLevel(logging.DEBUG)
        return handler

    yield observe
    for handler in made:
        logging.root.removeHandler(handler)
        handler.close()


def one(handler):
    """Return the stats of the only observer of ``handler``."""
    (stats,) = handler.stats().values()
    return stats


def test_observers_get_typed_entries_in_order(observe):
    """Messages, fields, spans and stages as entries; each with the context of its caller."""
    seen = []
    handler = observe(seen.append)
    with span("save", user_id=7):
        log.info("TRACE: save -> validate")
        log.info(LLMInteraction("mailer", prompt="hi", response="ho"))
    handler.flush()

    assert [entry.event for entry in seen] == ["span_start", "trace_point", "llm_interaction", "span_end"]
    assert len({entry.span_id for entry in seen}) == 1
    assert seen[2].get("prompt") == "hi"
    assert [entry.seq for entry in seen] == [1, 2, 3, 4]
    assert {type(entry) for entry in seen} == {Entry}


def test_an_async_observer_is_awaited_in_one_loop(observe):
    """One entry after the other, so that their order stays."""
    kept = Kept()
    handler = observe(kept)
    for number in range(20):
        log.info("number %d", number)
    handler.flush()

    assert [entry.message for entry in kept.entries] == [f"number {number}" for number in range(20)]
    assert len(kept.loops) == 1


def test_observers_run_in_threads_of_their_own(observe):
    """Neither in that of the caller nor in each other's."""
    threads = []
    handler = observe(
        lambda _: threads.append(threading.get_ident()), lambda _: threads.append(threading.get_ident())
    )
    log.info("once")
    handler.flush()

    assert len({*threads, threading.get_ident()}) == 3


def test_observers_of_one_name_are_counted_apart(observe):
    """The second of a name gets a number."""
    handler = observe(keep, keep)
    log.info("once")
    handler.flush()

    assert [(name.rpartition(".")[2], stats["told"]) for name, stats in handler.stats().items()] == [
        ("keep", 1),
        ("keep 2", 1),
    ]


def test_a_slow_observer_is_shed_and_holds_up_nobody(observe):
    """Not the program, not the other observer; what it missed is counted."""
    seen, gate = [], threading.Event()
    handler = observe(lambda _: gate.wait(5), seen.append, max_waiting=10)
    began = time.perf_counter()
    for number in range(50):
        log.info("number %d", number)
        while len(seen) <= number:
            time.sleep(0.001)
    took_s = time.perf_counter() - began
    slow, quick = handler.stats().values()
    gate.set()

    assert (slow["shed"], slow["waiting"], quick["shed"], quick["told"]) == (40, 10, 0, 50)
    assert slow["reasons"] == {"observer_busy": 40}
    assert took_s < 3


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), asyncio.CancelledError()], ids=repr)
def test_what_an_observer_raises_is_counted_and_goes_no_further(observe, error):
    """Whatever it is; the next entry is told again."""
    seen = []

    def fail_first(entry):
        seen.append(entry)
        if len(seen) == 1:
            raise error

    handler = observe(fail_first)
    log.info("one")
    log.info("two")
    handler.flush()

    assert (one(handler)["failed"], one(handler)["told"]) == (1, 1)
    assert one(handler)["reasons"] == {type(error).__name__: 1}


def test_what_an_observer_logs_is_not_observed(observe):
    """It would come back for ever; other handlers see it."""
    seen = []

    def chatty(entry):
        seen.append(entry.message)
        log.info("an observer saw %s", entry.message)

    handler = observe(chatty, chatty)
    log.info("hello")
    handler.flush()

    assert seen == ["hello", "hello"]


def test_the_entry_is_that_of_the_call(observe):
    """Fields that the program changes afterwards stay as they were."""
    seen, gate = [], threading.Event()
    handler = observe(lambda entry: (gate.wait(5), seen.append(entry)))
    items = ["first"]
    log.info("items", extra={"items": items})
    items.append("second")
    gate.set()
    handler.flush()

    assert seen[0].get("items") == ["first"]


def test_close_waits_no_longer_than_it_may(observe):
    """An observer that hangs loses what waits; nothing more is given to it."""
    gate = threading.Event()
    handler = observe(lambda _: gate.wait(5), drain_s=0.1)
    for _ in range(3):
        log.info("hello")
    began = time.perf_counter()
    handler.close()
    took_s = time.perf_counter() - began
    log.info("later")
    gate.set()
    while one(handler)["waiting"]:
        time.sleep(0.001)

    assert took_s < 1
    assert (one(handler)["told"], one(handler)["shed"]) == (1, 3)


def test_close_tells_what_waits(observe):
    """Nothing is lost that an observer can take in time."""
    handler = observe(lambda _: time.sleep(0.001))
    for _ in range(50):
        log.info("hello")
    handler.close()

    assert one(handler) == {"told": 50, "failed": 0, "shed": 0, "waiting": 0, "reasons": {}}


@pytest.mark.parametrize("switch_on", ["dictConfig", "configure"])
def test_observers_are_named_in_a_configuration(tmp_path, switch_on):
    """By ext://, a class is called; what filters take out of a record they do not see."""
    configuration = pipeline(tmp_path)
    configuration["handlers"]["observers"] = {
        "class": "ote_logging.handlers.ObserverHandler",
        "observers": [f"ext://{__name__}.keep", f"ext://{__name__}.Kept"],
        "filters": ["context", "redact"],
    }
    configuration["root"]["handlers"].append("observers")
    SEEN.clear()
    if switch_on == "configure":
        configure(configuration, trust=[__name__])
    else:
        logging.config.dictConfig(configuration)
    log.info("login", extra={"password": "hunter2"})
    for handler in logging.root.handlers:
        handler.flush()

    assert [entry.get("password") for entry in SEEN if entry.message == "login"] == ["[REDACTED:key]"]


@pytest.mark.parametrize(
    ("observers", "options"),
    [([], {}), ("shop.watch", {}), ([7], {}), (["shop.watch"], {}), ([print], {"max_waiting": 0}),
     ([print], {"drain_s": 0})],
)  # fmt: skip
def test_what_cannot_observe_is_refused(observers, options):
    """At once, not with the first record."""
    with pytest.raises(ValueError, match="observe"):
        ObserverHandler(observers, **options)


@pytest.mark.parametrize(
    ("observer", "told"),
    [("lambda entry: os.write(1, entry.message.encode())", "hello"), ("lambda entry: time.sleep(60)", "")],
    ids=["quick", "hanging"],
)
def test_the_exit_of_the_process_is_not_held_up(observer, told):
    """What waits is told; an observer that hangs gets the time of ``drain_s`` and no more."""
    program = (
        "import logging, os, time\n"
        "from ote_logging.handlers import ObserverHandler\n"
        f"logging.root.addHandler(ObserverHandler([{observer}], drain_s=0.3))\n"
        "logging.warning('hello')\n"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=Path(__file__).parents[1],
    )

    assert (done.returncode, done.stdout) == (0, told)
    assert time.perf_counter() - began < 20


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_begins_anew(observe):
    """Its observers run in its own threads, and its counts are its own."""
    seen = []
    handler = observe(seen.append)
    log.info("parent")
    handler.flush()
    child = os.fork()
    if child == 0:
        log.info("child")
        handler.flush()
        os._exit(0 if one(handler)["told"] == 1 and seen[-1].message == "child" else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert one(handler)["told"] == 1
