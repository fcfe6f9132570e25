"""Records that are copies of the first one of their place are what ``logging.LogRecord`` makes."""

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging import sites
from ote_logging.filters import ContextFilter
from ote_logging.sites import make_record

MOMENT = {"created", "msecs", "relativeCreated"}
ARGUMENTS = st.one_of(
    st.tuples(),
    st.tuples(st.integers() | st.text(max_size=3)),
    st.tuples(st.integers(), st.text(max_size=3)),
    st.tuples(st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)),
)


def _bare(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in record.__dict__.items() if name not in MOMENT}


@given(
    st.sampled_from(["shop", "shop.orders"]),
    st.sampled_from([10, 20, 25]),
    st.sampled_from([7, 8]),
    st.text(max_size=5),
    ARGUMENTS,
    st.sampled_from([None, (ValueError, ValueError("x"), None)]),
    st.sampled_from(["save", None]),
    st.sampled_from([None, "Stack"]),
)
def test_a_copy_is_what_logging_makes(
    name: str, level: int, line: int, text: str, args: Any, error: Any, function: Any, stack: Any
) -> None:
    """The same attributes in the same order, whatever came before from the same place."""
    place = (name, level, "/app/shop.py", line, text, args, error, function, stack)
    for _ in range(2):
        made, usual = make_record(*place), logging.LogRecord(*place)

    assert list(made.__dict__) == list(usual.__dict__)
    assert _bare(made) == _bare(usual)
    assert type(made) is logging.LogRecord


def test_a_copy_tells_its_own_moment() -> None:
    """``created`` is now, and the other times follow from it as logging has them."""
    place = ("shop", 20, "/app/shop.py", 70, "m", (), None, "save")
    make_record(*place)
    before = logging.LogRecord(*place)
    made = make_record(*place)
    after = logging.LogRecord(*place)

    assert before.created <= made.created <= after.created
    assert before.relativeCreated - 0.01 <= made.relativeCreated <= after.relativeCreated + 0.01
    assert made.msecs == int(made.created % 1 * 1000)


@contextmanager
def _flag(name: str) -> Iterator[None]:
    setattr(logging, name, False)
    try:
        yield
    finally:
        setattr(logging, name, True)


@contextmanager
def _renamed() -> Iterator[None]:
    logging.addLevelName(20, "TELL")
    try:
        yield
    finally:
        logging.addLevelName(20, "INFO")


@pytest.mark.parametrize(
    "changed",
    [
        *(lambda flag=flag: _flag(flag) for flag in ("logThreads", "logProcesses", "logMultiprocessing")),
        *([lambda: _flag("logAsyncioTasks")] if sys.version_info >= (3, 12) else []),
        _renamed,
    ],
)
def test_what_logging_is_told_later_counts(changed: Callable[[], Any]) -> None:
    """Levels that are renamed, and threads and processes that are not to be named, before and after."""
    place = ("shop", 20, "/app/shop.py", 71, "m", (), None, "save")
    make_record(*place)
    with changed():
        inside = [(_bare(make_record(*place)), _bare(logging.LogRecord(*place))) for _ in range(2)]

    assert all(made == usual for made, usual in [*inside])
    assert _bare(make_record(*place)) == _bare(logging.LogRecord(*place))


def test_a_copy_names_its_thread() -> None:
    """A place is logged from by many threads, and a thread may be renamed."""
    names: list[Any] = []
    thread = Thread(target=lambda: names.append(_named(72)), name="worker")
    _named(72)
    thread.start()
    thread.join()

    assert names == [("worker", thread.ident)]


def _named(line: int) -> tuple[Any, Any]:
    record = make_record("shop", 20, "/app/shop.py", line, "m", (), None, "save")
    return record.threadName, record.thread


def test_a_forked_child_names_itself() -> None:
    """What was copied from is the parent's; a child begins anew."""
    make_record("shop", 20, "/app/shop.py", 73, "m", (), None, "save")
    read, write = os.pipe()
    if not (child := os.fork()):
        made = make_record("shop", 20, "/app/shop.py", 73, "m", (), None, "save")
        os.write(write, str(made.process).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert int(os.read(read, 20)) == child


def test_the_factory_goes_with_the_filter() -> None:
    """It is the process's as long as a filter that wants it lives."""
    done = subprocess.run([sys.executable, "-c", TWO_FILTERS], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["make_record", "make_record", "LogRecord"]


TWO_FILTERS = """
import logging
from ote_logging import sites
from ote_logging.filters import ContextFilter

def tell(): print(logging.getLogRecordFactory().__name__)

first, second = ContextFilter(record_factory=True), ContextFilter(record_factory=True)
tell()
del first
tell()
del second
tell()
"""


def test_a_factory_of_the_program_stays() -> None:
    """One that is set is not replaced; one that is set later calls ours, and is not taken away."""

    def own(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return logging.LogRecord(*args, **kwargs)

    logging.setLogRecordFactory(own)
    kept = ContextFilter(record_factory=True)
    assert logging.getLogRecordFactory() is own

    logging.setLogRecordFactory(logging.LogRecord)
    other = ContextFilter(record_factory=True)
    found = logging.getLogRecordFactory()
    assert found is make_record
    logging.setLogRecordFactory(lambda *args, **kwargs: found(*args, **kwargs))
    set_later = logging.getLogRecordFactory()
    del kept, other
    gc.collect()
    assert logging.getLogRecordFactory() is set_later


def test_places_are_bounded_and_those_that_are_known_stay() -> None:
    """Code that is made anew again and again does not pile up, nor put out what was there before it."""
    for line in range(20_000):
        make_record("shop", 20, "/app/made.py", line, "m", (), None, "save")

    assert len(sites._firsts) == 10_000
    assert ("/app/made.py", 19_999, "shop", 20) not in sites._firsts
    for line in range(120_000):
        make_record("shop", 20, "/app/again.py", line, "m", (), None, "save")
    assert {file for file, *_ in sites._firsts} == {"/app/again.py"}
    assert len(sites._firsts) == 10_000
