"""Whatever is logged becomes one good line in each sink, and nothing of it comes back to the program."""

import collections
import copy
import dataclasses
import enum
import io
import itertools
import json
import logging
import logging.config
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import attrs
import msgspec
import numpy
import orjson
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written import pipeline

from ote_logging import TRACE, Event, bind, span
from ote_logging.jsonable import JSON
from ote_logging.records import STANDARD_ATTRIBUTES

CONTROLS = {*map(chr, range(32)), *map(chr, range(127, 160)), *"\u2028\u2029\u202e\u2066\ufeff"}


class Sinks:
    """The shipped pipeline by plain dictConfig: a session file and a console."""

    def __init__(self, directory: Path, **formatter: Any) -> None:
        """Switch it on; ``formatter`` are options of the JSON one."""
        self.directory = directory
        self._console = io.StringIO()
        config = pipeline(directory)
        config["formatters"]["json"].update(formatter)
        config["formatters"]["trace"] = {
            "()": "ote_logging.formatters.TraceFormatter", "colour": False, "ascii": False, "ids": False
        }  # fmt: skip
        config["handlers"]["console"] = {
            "class": "logging.StreamHandler",
            "stream": self._console,
            "formatter": "trace",
            "filters": ["context", "redact"],
        }
        config["root"]["handlers"].append("console")
        switch_on(config)

    def lines(self) -> list[bytes]:
        """Return the lines of the session that no earlier call has returned."""
        (file,) = self.directory.glob("*.jsonl")
        written = file.read_bytes()
        file.write_bytes(b"")
        return written.splitlines(keepends=True)

    def console(self) -> list[str]:
        """Return the lines of the console that no earlier call has returned, as ``\\n`` parts them."""
        written = self._console.getvalue()
        self._console.seek(0)
        self._console.truncate()
        return written.removesuffix("\n").split("\n")

    def one(self) -> dict[str, Any]:
        """Return the only line, accepted by three strict readers, once the console has one record too."""
        (line,) = self.lines()
        (shown,) = [line for line in self.console() if not line.startswith("    │")]
        assert not CONTROLS & set(shown), shown
        return read(line)


def read(line: bytes) -> dict[str, Any]:
    """Return the object of ``line``, which each reader understands in the same way."""
    assert line.endswith(b"}\n")
    found = json.loads(line, parse_constant=refuse)
    assert isinstance(found, dict)
    assert list(orjson.loads(line)) == list(found) == list(msgspec.json.decode(line))
    return found


def refuse(constant: str) -> NoReturn:
    """Accept no NaN and no Infinity."""
    raise ValueError(constant)


@pytest.fixture
def sinks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Sinks]:
    """The pipeline, which has said nothing on stdout or stderr when the test ends."""
    yield Sinks(tmp_path)
    assert capfd.readouterr() == ("", "")


# A logger that pytest does not know: its own handler raises what it cannot format.
log = logging.Logger("shop")


def switch_on(config: dict[str, Any]) -> None:
    """Use ``config`` by plain dictConfig, and its handlers for ``log``."""
    logging.config.dictConfig(config)
    log.handlers = [each for each in logging.root.handlers if each.name in config["handlers"]]


class Colour(enum.Enum):
    """Its value is no JSON value as it stands."""

    RED = (255, 0, 0)


@dataclasses.dataclass
class User:
    """A dataclass."""

    name: str = "ann"
    friends: list["User"] = dataclasses.field(default_factory=list)


@attrs.define
class Car:
    """A class of attrs."""

    wheels: int = 4


class Order(pydantic.BaseModel):
    """A model of pydantic."""

    rows: int = 3


class Raising:
    """Each way to look at it raises."""

    def __str__(self) -> str:
        raise RuntimeError("str")

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property  # type: ignore[misc]  # object's own can be set
    def __class__(self) -> Any:
        raise RuntimeError("class")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("iter")


class RaisingKeys(collections.UserDict[str, int]):
    """A mapping that cannot be read."""

    def keys(self) -> Any:
        """Refuse."""
        raise RuntimeError("keys")

    __iter__ = items = keys


class Endless:
    """Recurses until no stack is left."""

    def __repr__(self) -> str:
        return repr([self])


class RaisingError(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("str")


class NoText:
    """Returns something else than a text."""

    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


def cycle() -> list[Any]:
    """Return a list that holds itself, by way of a dict."""
    ring: list[Any] = []
    ring.append({"ring": ring})
    return ring


def deep(levels: int = 10_000) -> list[Any]:
    """Return lists inside each other."""
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def friends() -> User:
    """Return a dataclass that holds itself."""
    user = User()
    user.friends.append(user)
    return user


OBJECTS: dict[str, Callable[[], Any]] = {
    "cycle": cycle,
    "deep": deep,
    "deep tuples": lambda: tuple(deep(5_000)),
    "tuple keys": lambda: {(1, 2): 3, (): 4},
    "enum keys": lambda: {Colour.RED: 1},
    "bytes keys": lambda: {b"\xff": 1, b"a": 2, "a": 3},
    "keys equal as text": lambda: {1: "a", "1": "b", None: 2, "null": 3, 1.5: 4, "1.5": 5},
    "long key": lambda: {"k" * 2_000_000: 1},
    "wide integer": lambda: 2**64,
    "negative wide integer": lambda: -(2**63) - 1,
    "integer of many digits": lambda: 10**10_000,
    "nan": lambda: [float("nan"), float("inf"), -float("inf")],
    "lone surrogates": lambda: ["\ud800", {"\udfff": "\udc80"}],
    "nul": lambda: "a\0b",
    "line separators": lambda: "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "line breaks": lambda: "a\r\nb\n09:00:00.000 ERROR forged\n    │ forged",
    "ansi": lambda: "\x1b[31mred\x1b]0;title\x07\x9b31m",
    "bidi": lambda: "abc\u202egnp.exe\u2066",
    "bytes": lambda: [b"text", b"\xff\xfe", bytearray(b"x"), memoryview(b"y")],
    "dataclass": User,
    "dataclass in a ring": friends,
    "attrs": Car,
    "pydantic": Order,
    "numpy": lambda: [numpy.float32(1.5), numpy.int64(3), numpy.eye(2), numpy.datetime64("2024-01-01")],
    "large array": lambda: numpy.zeros(1_000_000),
    "time": lambda: [datetime(2024, 1, 2, tzinfo=UTC), datetime.max - datetime.min],
    "numbers": lambda: [Decimal("NaN"), Decimal("1.10"), 3 + 4j, Decimal("1E+999999")],
    "uuid": lambda: uuid.UUID(int=7),
    "path": lambda: Path("/tmp/\udcff"),
    "enum": lambda: Colour.RED,
    "error": lambda: ValueError("boom"),
    "error that fails": RaisingError,
    "raising": Raising,
    "raising class": lambda: type("Meta", (type,), {"__repr__": lambda _: 1 // 0})("Odd", (), {}),
    "raising keys": lambda: RaisingKeys(a=1),
    "raising at depth": lambda: {"a": [Raising(), {"b": Raising()}]},
    "no text": NoText,
    "endless": Endless,
    "proxy": lambda: type("Proxy", (), {"__getattr__": lambda me, _: me, "__call__": lambda me, *_: me})(),
    "set": lambda: {1, "a", (2, 3), frozenset({4})},
    "views": lambda: [{"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items(), range(3)],
    "functions": lambda: [len, cycle, Raising, json, "".join],
    "long text": lambda: "x" * 3_000_000,
    "many items": lambda: list(range(300_000)),
    "many keys": lambda: {str(number): number for number in range(200_000)},
    "empty": lambda: ["", [], {}, ()],
    "type": lambda: type,
    "frame": sys._getframe,
    "module": lambda: sys,
    "lock": io.StringIO,
}  # fmt: skip
WAYS: dict[str, Callable[[Any], object]] = {
    "message": log.info,
    "argument": lambda value: log.info("got %s %s", value, 1),
    "argument as repr": lambda value: log.info("got %r %s", value, 1),
    "argument by name": lambda value: log.info("got %(a)s", {"a": value}),
    "argument that does not fit": lambda value: log.info("got %d %d %d", value, 1),
    "extra": lambda value: log.info("got", extra={"x": value}),
    "extra at depth": lambda value: log.info("got", extra={"x": [{"a": (value,)}]}),
    "dict": lambda value: log.info({"a": value}),
    "field of a trace point": lambda value: log.info(TRACE("a -> b", x=value)),
    "error of a trace point": lambda value: log.info(TRACE("a -> FAILED", error=value)),
    "field of an event": lambda value: log.info(Event("got", x=value, message=value, seq=value)),
    "bound field": lambda value: _bound(value),
    "error": lambda value: log.info("got", exc_info=ValueError(value)),
}


def _bound(value: Any) -> None:
    with bind(x=value):
        log.info("got")


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_any_object_is_one_line_in_any_place(sinks: Sinks, make: Callable[[], Any]) -> None:
    """As message, argument, field or error: strict JSON, one record on the console, in fair time."""
    value = make()
    for way in WAYS.values():
        began = time.perf_counter()
        way(value)
        assert time.perf_counter() - began < 5
        assert sinks.one()["logger"] == "shop"


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_any_object_is_borne_by_spans(sinks: Sinks, make: Callable[[], Any]) -> None:
    """As a field of the start, of the end, and as what the error that ends it says."""
    with suppress(ValueError), span("save", logger=log, x=make()) as it:
        it.set(y=make())
        raise ValueError(make())

    start, end = map(read, sinks.lines())
    assert (start["event"], end["event"], end["status"]) == ("span_start", "span_end", "error")
    assert {"x", "y"} <= end.keys()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.binary() | st.floats(), inner),
        max_leaves=20,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_value_in_any_place(tmp_path_factory: pytest.TempPathFactory, value: JSON) -> None:
    """The same as a law; what is logged stays as it was."""
    sinks = Sinks(tmp_path_factory.mktemp("logs"))
    before = copy.deepcopy(value)
    for way in WAYS.values():
        way(value)
        sinks.one()

    assert repr(value) == repr(before)


def test_fifty_megabytes_are_borne(sinks: Sinks) -> None:
    """In a few seconds, cut to the longest line."""
    log.info("x" * 50_000_000)

    assert sinks.one()["message"].endswith("... <cut, 50000000 chars>")


def test_iterators_are_not_consumed(sinks: Sinks) -> None:
    """Whoever logs a generator still has all of it."""
    values = (number for number in itertools.count())
    for way in WAYS.values():
        way(values)
        sinks.one()

    assert next(values) == 0


def test_bad_arguments_are_kept(sinks: Sinks) -> None:
    """Message and arguments are shown, with what is wrong."""
    log.info("got %d rows", "many")
    log.info("got", 1, 2)
    log.info("got %s %s", "one")

    first, second, third = (read(line)["message"] for line in sinks.lines())
    assert first == "got %d rows ('many',) <not formatted: %d format: a real number is required, not str>"
    assert second.startswith("got (1, 2) <not formatted: ")
    assert third.startswith("got %s %s ('one',) <not formatted: ")


@pytest.mark.parametrize(
    "name", sorted(STANDARD_ATTRIBUTES | {"self", "session_id", "event", "exception", "_x"})
)
def test_any_name_may_be_a_field_of_ours(sinks: Sinks, name: str) -> None:
    """The API of this package never raises for a field's name, and loses none."""
    fields: dict[str, Any] = {name: "mine"}
    log.info(Event("order", **{key: fields[key] for key in fields if key != "self"}))
    log.info(TRACE("a -> b", **{key: fields[key] for key in fields if key != "self"}))
    with bind(**fields), span("save", logger=log, **{k: v for k, v in fields.items() if k not in SPAN_WORDS}):
        pass

    lines = [read(line) for line in sinks.lines()]
    assert len(lines) == 4
    if name not in ("self", "_x"):
        assert all("mine" in line.values() for line in lines)


SPAN_WORDS = {"level", "logger", "start", "self"}


def test_keys_of_extra_may_be_anything(sinks: Sinks) -> None:
    """What becomes equal as text is told apart, as is what an event says already."""
    log.info("got", extra={1: "a", "1": "b", (1, 2): "c", None: "d", Colour.RED: "e"})  # type: ignore[dict-item]
    log.info(TRACE("a -> b", user=1), extra={"user": 2})

    first, second = map(read, sinks.lines())
    assert (first["1"], first["1_2"], first["[1, 2]" if "[1, 2]" in first else "(1, 2)"]) == ("a", "b", "c")
    assert "d" in first.values()
    assert "e" in first.values()
    assert (second["user"], second["user_2"]) == (1, 2)


class Loud:
    """Logs when it is printed: itself, by ``way``."""

    def __init__(self, way: Callable[[Any], object]) -> None:
        """Log by ``way``."""
        self.way = way
        self.times = 0

    def __str__(self) -> str:
        self.times += 1
        self.way(self)
        return "loud"

    __repr__ = __str__


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_printing_that_logs_itself_ends_soon(sinks: Sinks, way: Callable[[Any], object]) -> None:
    """No growth from level to level, and every record that was begun is written."""
    loud = Loud(way)
    began = time.perf_counter()
    way(loud)

    assert loud.times < 1_000
    assert time.perf_counter() - began < 5
    assert len([read(line) for line in sinks.lines()]) == loud.times + 1
    assert sinks.console()


def test_a_slow_object_is_waited_for_and_not_for_ever(sinks: Sinks) -> None:
    """It is printed a few times, whatever the number of sinks."""
    times = []

    class Slow:
        def __repr__(self) -> str:
            times.append(1)
            time.sleep(0.02)
            return "slow"

    log.info("got %s", Slow(), extra={"x": Slow()})

    assert sinks.one()["x"] == "slow"
    assert len(times) <= 12


@pytest.mark.parametrize(
    "exc_info", [(1,), ("a", "b", "c"), (None,), (ValueError, "text", None), (ValueError,)]
)
def test_something_in_place_of_an_exception(sinks: Sinks, exc_info: Any) -> None:
    """The record is written, without the exception that there is not."""
    log.error("got", exc_info=exc_info)

    assert sinks.one()["message"] == "got"


class Broken(Event):
    """An event that forgot to call the constructor."""

    __slots__ = ()

    def __init__(self) -> None:
        """Leave everything out."""


@pytest.mark.parametrize("filters", [["context", "redact"], ["context"], []])
def test_an_event_that_fails_is_a_line_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], filters: list[str]
) -> None:
    """With our filters and without."""
    config = pipeline(tmp_path)
    config["handlers"]["session"]["filters"] = filters
    switch_on(config)
    log.info(Broken())

    (file,) = tmp_path.glob("*.jsonl")
    assert read(file.read_bytes())["logger"] == "shop"
    assert capfd.readouterr() == ("", "")


class Braces(logging.LogRecord):
    """A record that puts its arguments together in another way."""

    def getMessage(self) -> str:
        """Return the message by ``str.format``."""
        return str(self.msg).format(*self.args or ())


def test_records_of_a_class_of_the_program_are_asked(sinks: Sinks) -> None:
    """Its own getMessage says what the message is."""
    logging.setLogRecordFactory(Braces)
    log.info("{} of {}", 3, 4)

    assert sinks.one()["message"] == "3 of 4"


def test_fields_that_other_filters_exchange_are_kept(sinks: Sinks) -> None:
    """One that takes a field away and adds another, behind ours, is heard."""

    def exchange(record: logging.LogRecord) -> bool:
        record.__dict__["user_hash"] = hash(record.__dict__.pop("user"))
        return True

    log.handlers[0].addFilter(exchange)
    log.info("got", extra={"user": 7})

    assert read(sinks.lines()[0])["user_hash"] == 7


@pytest.mark.parametrize("most", [4_096, 65_536, 1_048_576])
def test_a_long_line_is_cut_and_says_so(tmp_path: Path, most: int) -> None:
    """It keeps every key, and each value that was cut tells its true size."""
    sinks = Sinks(tmp_path, max_line_bytes=most)
    big = {f"k{number}": "\u20ac" * 3_000_000 for number in range(5)}
    log.info("x" * 3_000_000, extra={**big, "raw": b"y" * 3_000_000, "user": 7})

    (line,) = sinks.lines()
    wire = read(line)
    assert len(line) <= most
    assert wire["user"] == 7
    assert wire["message"].endswith("... <cut, 3000000 chars>")
    assert wire["raw"].endswith("... <cut, 3000000 bytes>")
    assert all(wire[key].endswith("... <cut, 3000000 chars>") for key in big)


def test_more_keys_than_a_line_holds(tmp_path: Path) -> None:
    """Then keys are left out as well, and counted."""
    sinks = Sinks(tmp_path, max_line_bytes=65_536)
    log.info("x", extra={f"key_{number}": number for number in range(50_000)})

    (line,) = sinks.lines()
    assert len(line) <= 65_536
    assert read(line)["..."].startswith("<cut, 500")


def test_an_exception_is_data(sinks: Sinks) -> None:
    """Type, notes, causes, groups and frames of what failed, and the same as text."""
    try:
        try:
            raise ExceptionGroup("several", [ValueError("one"), OSError(2, "two")])
        except ExceptionGroup as error:
            error.add_note("noted")
            raise RuntimeError("whole") from error
    except RuntimeError:
        log.exception("failed")

    wire = sinks.one()
    cause = wire["exception"]["cause"]
    assert (wire["error_type"], wire["error_message"]) == ("RuntimeError", "whole")
    assert (cause["notes"], len(cause["group"])) == (["noted"], 2)
    assert wire["exception"]["frames"][-1]["source"] == 'raise RuntimeError("whole") from error'
    assert wire["traceback"].endswith("RuntimeError: whole")


def test_a_ring_of_causes_is_told_once(sinks: Sinks) -> None:
    """Errors that cause each other end."""
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    log.error("failed", exc_info=one)

    assert sinks.one()["exception"]["cause"]["cause"]["repeated"]


def test_locals_are_never_told(sinks: Sinks) -> None:
    """Neither names nor values of variables."""
    hidden_name = "hidden value".upper()
    try:
        raise ValueError("boom")
    except ValueError:
        log.exception("failed")
    del hidden_name

    (line,) = sinks.lines()
    assert b"HIDDEN VALUE" not in line


def test_what_is_said_cannot_be_taken_for_a_record(sinks: Sinks) -> None:
    """A message and an exception that imitate lines of the console stay behind the margin."""
    forged = "x\n09:00:00.000 ERROR shop  forged\n    │ forged\r09:00:00.000 x\x85y"
    log.error(forged, extra={"note": forged}, exc_info=ValueError(forged))

    first, *below = sinks.console()
    assert "forged" in first
    assert all(line.startswith("    │") for line in below)
    assert len(read(sinks.lines()[0])["message"]) == len(forged)


def test_raise_exceptions_changes_nothing(sinks: Sinks) -> None:
    """Neither what is written nor what is printed."""
    for raises in (True, False):
        logging.raiseExceptions = raises
        log.info("got %d %d", Raising(), 1)
        assert sinks.one()["message"].startswith("got %d")


def test_interrupts_pass(sinks: Sinks) -> None:
    """Ctrl-C inside __str__ ends the program, as it should."""

    class Interrupted:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.info("got %s", Interrupted())
    log.info("then")

    assert read(sinks.lines()[-1])["message"] == "then"
