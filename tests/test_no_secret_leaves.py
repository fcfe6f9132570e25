"""Wherever a secret hides in a record, no sink writes it, and the caller's objects stay as they are."""

import asyncio
import base64
import copy
import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy
import pytest
import secrets_corpus as corpus
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter as PythonJsonFormatter

from ote_logging import TRACE, Event, bind, session, span
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.formatters import JsonFormatter, TraceFormatter
from ote_logging.handlers import QueueHandler, SessionFileHandler

SECRET = corpus.token(corpus.Random(7), "anthropic")
FAKES = corpus.fakes(7)

FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {
    "plain": lambda: logging.Formatter(
        "%(name)s %(threadName)s %(processName)s %(pathname)s %(session_id)s %(message)s %(args)s "
        "%(operation)s %(x)s %(x)r",
        defaults={"x": ""},
    ),
    "people": lambda: TraceFormatter(colour=False, max_chars=100_000),
    "python-json-logger": lambda: PythonJsonFormatter(["message", "args", "operation", "exc_info"]),
    "wire": JsonFormatter,
}


def _filters(**options: Any) -> list[logging.Filter]:
    return [ContextFilter(), RedactFilter(**options)]


class Sinks:
    """One logger whose records go to a session file, to each formatter, and to each behind a queue."""

    def __init__(self, directory: Path, filters: Callable[[], list[logging.Filter]] = _filters) -> None:
        """Give each handler filters of its own."""
        self.logger = logging.Logger("shop")
        self._directory = directory
        self._streams: list[io.StringIO] = []
        behind = [*self._handlers(), SessionFileHandler(directory / "behind")]
        self._queue = QueueHandler(behind)
        for handler in (*behind, *self._handlers(), SessionFileHandler(directory / "logs")):
            for each in filters():
                handler.addFilter(each)
            if handler not in behind:
                self.logger.addHandler(handler)
        self.logger.addHandler(self._queue)

    def _handlers(self) -> list[logging.Handler]:
        made: list[logging.Handler] = []
        for formatter in FORMATTERS.values():
            self._streams.append(io.StringIO())
            made.append(logging.StreamHandler(self._streams[-1]))
            made[-1].setFormatter(formatter())
        return made

    def written(self) -> str:
        """Return all that was written since the last call."""
        self._queue.flush()
        files = [*self._directory.rglob("*.jsonl")]
        shown = [*(file.read_text() for file in files), *(file.name for file in files)]
        text = "\n".join([*shown, *map(io.StringIO.getvalue, self._streams)])
        for stream in self._streams:
            stream.seek(0)
            stream.truncate()
        for file in files:
            file.write_bytes(b"")
        return text

    def close(self) -> None:
        """End the thread of the queue."""
        self._queue.close()


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sinks]:
    """Every sink, once for all tests: what was written is taken away by each look."""
    made = Sinks(tmp_path_factory.mktemp("sinks"))
    yield made
    made.close()


class Hidden:
    """Shows its text when it is printed, and nothing to who looks inside."""

    def __init__(self, text: str) -> None:
        """Keep ``text``."""
        self._text = text

    def __repr__(self) -> str:
        return self._text


class Printed(str):
    """A text that is printed otherwise than it reads."""

    __slots__ = ("shown",)
    shown: str

    def __str__(self) -> str:
        return self.shown


class Spoken(Event):
    """An event whose text is not made of its fields."""

    __slots__ = ("said",)

    def __init__(self, said: str) -> None:
        """Keep ``said``."""
        super().__init__("spoken")
        self.said = said

    def __str__(self) -> str:
        return self.said


@dataclass
class Hooked:
    """Says itself how it appears."""

    def __ote__(self) -> str:
        return f"used {SECRET}"


def printed(text: str) -> Printed:
    """Return a text that prints ``text``."""
    made = Printed("harmless")
    made.shown = text
    return made


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """Return ``error`` with a traceback."""
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def noted(text: str, number: int = 1) -> BaseException:
    """Return an error whose last note is ``text``."""
    error = ValueError("boom")
    for _ in range(number - 1):
        error.add_note("harmless")
    error.add_note(text)
    return raised(error)


def from_source(lines: str) -> BaseException:
    """Return an error that was raised by a statement of these ``lines``."""
    import linecache

    name = f"<made {abs(hash(lines))}>"
    linecache.cache[name] = (len(lines), None, lines.splitlines(keepends=True), name)
    try:
        exec(compile(lines, name, "exec"), {"fail": lambda *_: 1 // 0})
    except ZeroDivisionError as caught:
        return caught
    raise AssertionError(lines)


Log = Callable[[logging.Logger, str], object]


def _bound(log: logging.Logger, **fields: Any) -> None:
    with bind(**fields):
        log.info("saved")
        log.info(Event("order_placed", rows=1))


def _spanned(log: logging.Logger, text: str) -> None:
    named: dict[str, Any] = {text: 1}
    with span("save", logger=log, note=text, **named) as it:
        it.set(result=[text])


def _failing(log: logging.Logger, text: str) -> None:
    with pytest.raises(ValueError), span("save", logger=log):  # noqa: PT011 - its text is the secret
        raise ValueError(text)


def _stacked(log: logging.Logger, text: str) -> None:
    record = log.makeRecord("shop", 20, "x.py", 1, "x", (), None)
    record.stack_info = f'Stack (most recent call last):\n  File "x.py", line 1, in f\n    use("{text}")'
    log.handle(record)


def _in_thread(log: logging.Logger, text: str) -> None:
    thread = threading.Thread(target=log.info, args=("x",), name=f"poll {text}")
    thread.start()
    thread.join()


def _in_task(log: logging.Logger, text: str) -> None:
    async def work() -> None:
        log.info("x")

    async def main() -> None:
        await asyncio.create_task(work(), name=f"poll {text}")

    asyncio.run(main())


def _in_session(log: logging.Logger, text: str) -> None:
    with session(text):
        log.info("x")


def _elsewhere(log: logging.Logger, **attributes: str) -> None:
    record = log.makeRecord("shop", logging.INFO, __file__, 1, "x", (), None)
    record.__dict__.update(attributes)
    log.handle(record)


def _operation(log: logging.Logger, text: str) -> None:
    with span(f"GET {text}", logger=log):
        log.info("inside")
        log.info(TRACE("get -> answer", rows=1))


PLACES: dict[str, Log] = {
    "message": lambda log, text: log.info(text),
    "f-string": lambda log, text: log.info(f"used {text} twice"),
    "argument": lambda log, text: log.info("%s", text),
    "argument in words": lambda log, text: log.info("used %s twice", text),
    "argument as repr": lambda log, text: log.info("used %r", text),
    "argument that is printed": lambda log, text: log.info("used %s", Hidden(text)),
    "argument of bytes": lambda log, text: log.info("used %s", text.encode()),
    "argument in a list": lambda log, text: log.info("used %s", [{"a": (text,)}]),
    "arguments by name": lambda log, text: log.info("used %(a)s", {"a": text}),
    "argument that is cut": lambda log, text: log.info("used %.9s", text),
    "argument that does not fit": lambda log, text: log.info("used %d", text),
    "one argument too many": lambda log, text: log.info("used", text),
    "message that is a dict": lambda log, text: log.info({"a": [text]}),
    "message that is a dict with an argument": lambda log, text: log.info({"a": "%s"}, text),
    "message that is printed": lambda log, text: log.info(Hidden(text)),
    "message that is an error": lambda log, text: log.info(ValueError(text)),
    "message of bytes": lambda log, text: log.info(text.encode()),
    "message that is an event": lambda log, text: log.info(Event("used", text)),
    "message that is an event of the program": lambda log, text: log.info(Spoken(text)),
    "extra": lambda log, text: log.info("x", extra={"x": text}),
    "extra at depth": lambda log, text: log.info("x", extra={"x": {"a": [({"b": text},)]}}),
    "extra that is printed": lambda log, text: log.info("x", extra={"x": Hidden(text)}),
    "extra printed at depth": lambda log, text: log.info("x", extra={"x": [{"a": Hidden(text)}]}),
    "extra of a text class": lambda log, text: log.info("x", extra={"x": printed(text)}),
    "extra that is an error": lambda log, text: log.info("x", extra={"x": ValueError(text)}),
    "extra that is a path": lambda log, text: log.info("x", extra={"x": Path(text)}),
    "extra that is an enum": lambda log, text: log.info("x", extra={"x": Enum("E", {"A": text}).A}),  # type: ignore[attr-defined]
    "extra that is an array": lambda log, text: log.info("x", extra={"x": numpy.array([text])}),
    "extra of bytes": lambda log, text: log.info("x", extra={"x": text.encode()}),
    "extra by another kind of key": lambda log, text: log.info("x", extra={(text, 1): 1}),  # type: ignore[dict-item]
    "name of an extra": lambda log, text: log.info("x", extra={text: 1}),
    "key in an extra": lambda log, text: log.info("x", extra={"x": {text: 1}}),
    "field of an event": lambda log, text: log.info(Event("e", a=text)),
    "field of a trace point": lambda log, text: log.info(TRACE("a -> b", note=[text])),
    "field that is printed": lambda log, text: log.info(TRACE("a -> b", note=Hidden(text))),
    "name of a field": lambda log, text: log.info(TRACE("a -> b", **{text: 1})),
    "path of a trace point": lambda log, text: log.info(TRACE(f"a -> {text}")),
    "trace text": lambda log, text: log.info(f"TRACE: save -> validate | {text}"),
    "bound field": lambda log, text: _bound(log, note=text),
    "bound field that is printed": lambda log, text: _bound(log, note=Hidden(text)),
    "name of a bound field": lambda log, text: _bound(log, **{text: 1}),
    "span": _spanned,
    "span that fails": _failing,
    "operation": _operation,
    "error": lambda log, text: log.error("x", exc_info=raised(ValueError(text))),
    "long error": lambda log, text: log.error("x", exc_info=raised(ValueError("y " * 40_000 + text))),
    "error of an error": lambda log, text: log.error("x", exc_info=raised(OSError(), ValueError(text))),
    "error in a group": lambda log, text: log.error(
        "x", exc_info=raised(ExceptionGroup("g", [ValueError(text)]))
    ),
    "note": lambda log, text: log.error("x", exc_info=noted(text)),
    "one note of many": lambda log, text: log.error("x", exc_info=noted(text, 200)),
    "source line": lambda log, text: log.error("x", exc_info=from_source(f"fail({text!r})")),
    "source of several lines": lambda log, text: log.error(
        "x", exc_info=from_source(f"fail(\n    1,\n    {text!r},\n)")
    ),
    "something in place of an error": lambda log, text: log.error("x", exc_info=(ValueError, text, None)),  # type: ignore[arg-type]
    "stack": _stacked,
    "name of the thread": _in_thread,
    "name of the process": lambda log, text: _elsewhere(log, processName=f"poll {text}"),
    "name of the task": _in_task,
    "name of the logger": lambda log, text: _elsewhere(log, name=f"shop.{text}"),
    "path of the source": lambda log, text: _elsewhere(log, pathname=f"/srv/{text}/a.py"),
    "text of an exception": lambda log, text: _elsewhere(log, exc_text=f"ValueError: {text}"),
    "text of a stack": lambda log, text: _elsewhere(log, stack_info=f"Stack:\n  call({text!r})"),
    "session": _in_session,
}


@pytest.mark.parametrize("log", PLACES.values(), ids=PLACES)
def test_no_sink_writes_a_secret_wherever_it_hides(sinks: Sinks, log: Log) -> None:
    """Each sink writes the record, and no part of the secret."""
    log(sinks.logger, SECRET)
    written = sinks.written()

    assert "shop" in written
    assert SECRET[20:60] not in written


# A path changes the text, a line of source shows one line of it.
WHOLE_PLACES = sorted(PLACES.keys() - {"extra that is a path", "source line", "source of several lines"})


@given(st.sampled_from(FAKES), st.sampled_from(WHOLE_PLACES))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_kind_of_secret_is_written(sinks: Sinks, fake: corpus.Fake, place: str) -> None:
    """What the rules find in a text they find wherever it stands, in every sink."""
    assume(fake.secret not in RedactFilter().redactor.text(fake.text))

    PLACES[place](sinks.logger, fake.text)

    assert fake.secret not in sinks.written()


NAMED: dict[str, Callable[[logging.Logger], object]] = {
    "extra": lambda log: log.info("x", extra={"x": 1, "password": "tulip7"}),
    "number": lambda log: log.info("x", extra={"password": 71_942_113}),
    "private": lambda log: log.info("x", extra={"_password": "tulip7"}),
    "nested": lambda log: log.info("x", extra={"x": {"db": {"password": "tulip7"}}}),
    "dict": lambda log: log.info({"password": "tulip7"}),
    "argument": lambda log: log.info("login %s", {"password": "tulip7"}),
    "argument by name": lambda log: log.info("login with %(password)s", {"password": "tulip7"}),
    "argument behind its name": lambda log: log.info("password=%s", "tulip7"),
    "arguments as a pair": lambda log: log.info("%s=%s", "password", "tulip7"),
    "argument as an option": lambda log: log.info("tool %s %s", "--password", "tulip7"),
    "argument that does not fit": lambda log: log.info("password=%d", "tulip7"),
    "arguments too many": lambda log: log.info("password=%s", "tulip7", 3),
    "bearer": lambda log: log.info("Bearer %s", "tulip7tulip7"),
    "field": lambda log: log.info(TRACE("a -> b", password="tulip7")),
    "event": lambda log: log.info(Event("e", api_key="tulip7")),
    "bound": lambda log: _bound(log, password="tulip7"),
    "repr": lambda log: log.info("x", extra={"x": Hidden("Login(user=7, password='tulip7')")}),
    "base64": lambda log: log.info(
        "sent %s", base64.b64encode(b"Authorization: Bearer tulip7tulip7tulip7").decode()
    ),
}


@pytest.mark.parametrize("log", NAMED.values(), ids=NAMED)
def test_a_word_under_a_secret_name_is_not_written(
    sinks: Sinks, log: Callable[[logging.Logger], object]
) -> None:
    """A password of plain letters is known by its name alone."""
    log(sinks.logger)
    written = sinks.written()

    assert "tulip7" not in written
    assert "71942113" not in written
    assert written


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["context first", "redact first"])
def test_what_is_bound_is_clean_in_any_order_of_filters(tmp_path: Path, order: list[int]) -> None:
    """Whoever writes the filters the other way round is safe as well."""
    sinks = Sinks(tmp_path, lambda: [_filters()[place] for place in order])
    _bound(sinks.logger, password="tulip7")
    written = sinks.written()
    sinks.close()

    assert "tulip7" not in written
    assert "[REDACTED:key]" in written


def _refuse(text: str) -> str:
    raise RuntimeError(text)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_redactor_that_fails_puts_a_marker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    """What it could not look at is withheld, and nobody is told of it on stderr."""
    sinks = Sinks(tmp_path, lambda: _filters(custom=_refuse))
    PLACES[place](sinks.logger, SECRET)
    written = sinks.written()
    sinks.close()

    assert SECRET[20:60] not in written
    assert "[REDACTED:error]" in written
    assert capfd.readouterr() == ("", "")


class Broken(Event):
    """An event that forgot to call the constructor."""

    __slots__ = ()

    def __init__(self) -> None:
        """Leave everything out."""


def test_an_event_that_fails_is_withheld_and_counted() -> None:
    """The program goes on, and none of its fields is passed on unseen."""
    redact = RedactFilter()
    error = (ValueError, ValueError(), None)
    record = logging.makeLogRecord({"msg": Broken(), "note": "n", "exc_info": error})

    assert redact.filter(record)
    assert (record.msg, record.exc_info) == ("[REDACTED:error]", None)
    assert record.__dict__["note"] == "[REDACTED:error]"
    assert redact.redactor.failures == 1


def test_the_callers_objects_stay_as_they_are(sinks: Sinks) -> None:
    """A program may log what it needs afterwards."""
    error = raised(ValueError(SECRET))
    given = {"password": "tulip7", "deep": [{"a": SECRET}], "hidden": Hidden(SECRET), "error": error}
    point = TRACE(f"a -> {SECRET}", **given)
    before = copy.deepcopy({**given, "hidden": SECRET, "error": SECRET})
    for message in (point, given, f"used {SECRET}"):
        sinks.logger.error(message, exc_info=error, extra={"x": given})
    sinks.written()

    assert {**given, "hidden": repr(given["hidden"]), "error": str(error)} == before
    assert point.path == f"a -> {SECRET}"
    assert point.fields == given


def test_an_exception_without_secret_is_left_to_who_wants_it() -> None:
    """Error reporters take exc_info from the record."""
    error = raised(ValueError("no disk"), OSError("full"))
    record = logging.makeLogRecord({"msg": "x", "exc_info": (type(error), error, error.__traceback__)})
    RedactFilter().filter(record)

    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert record.exc_text is None


def test_a_record_that_came_through_a_queue_is_cleaned_as_data() -> None:
    """The exception that another filter or a queue has told already loses its secrets as well."""
    record = logging.makeLogRecord({"msg": "x", "_ote_exception": {"type": "E", "message": SECRET}})
    RedactFilter().filter(record)

    assert SECRET not in JsonFormatter().format(record)


def test_threads_share_a_filter(sinks: Sinks) -> None:
    """What one thread logs is not let through by another."""
    sys.setswitchinterval(1e-5)
    try:
        workers = [
            threading.Thread(target=lambda: [log(sinks.logger, SECRET) for log in list(PLACES.values())[:12]])
            for _ in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(0.005)

    assert SECRET not in sinks.written()


def test_sessions_keep_their_fields_clean(sinks: Sinks) -> None:
    """What a session binds stands on every record, and is cleaned on every one."""
    with session("nightly", token=SECRET):
        sinks.logger.info("one")
        sinks.logger.info("two")

    assert SECRET not in sinks.written()
