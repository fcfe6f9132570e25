"""Any object becomes plain JSON values: nothing raises, nothing is changed, what is cut says so."""

import array
import collections
import copy
import dataclasses
import enum
import json
import logging
import math
import pathlib
import threading
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import attrs
import msgspec
import numpy
import orjson
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.jsonable import Limits, jsonable, key_of, qualified_name, text_of


class Colour(enum.Enum):
    """A member whose value is no JSON value as it stands."""

    RED = (255, 0, 0)


class Level(enum.IntEnum):
    """A member that is a number as well."""

    HIGH = 3


class Word(enum.StrEnum):
    """A member that is a text as well."""

    YES = "yes"


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: int


@dataclasses.dataclass
class User:
    """A dataclass that hides a field from its repr."""

    name: str
    lock: Any = None
    password: str = dataclasses.field(default="hunter2", repr=False)


@attrs.define
class Car:
    """The same, with attrs."""

    wheels: int = 4
    key: str = attrs.field(default="hunter2", repr=False)


class Order(pydantic.BaseModel):
    """The same, with pydantic."""

    rows: int = 3
    card: str = pydantic.Field(default="hunter2", repr=False)
    pin: pydantic.SecretStr = pydantic.SecretStr("hunter2")


class Packet(msgspec.Struct):
    """A struct of msgspec."""

    size: int = 9


class Hooked:
    """Says itself how it appears in logs."""

    def __init__(self, shown: object) -> None:
        self.shown = shown

    def __ote__(self) -> object:
        return self.shown


class HidingText(str):
    """A text that prints itself as stars."""

    def __str__(self) -> str:
        return "***"


class Broken:
    """Raises whatever it is asked."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("no")

    __str__ = __repr__ = __hash__ = __len__ = __iter__ = __getattr__ = __getitem__ = keys = _refuse
    __eq__ = __bool__ = __lt__ = _refuse
    __class__ = property(_refuse)


class BrokenMapping(Broken, Mapping):  # type: ignore[type-arg]
    """A mapping whose every method raises."""

    __getitem__ = __iter__ = __len__ = Broken._refuse


class BrokenHook(Broken):
    """Its own hook raises; its attributes may hold a secret."""

    __ote__ = Broken._refuse


class BrokenList(list):  # type: ignore[type-arg]
    """A list whose methods raise, but which has items."""

    __len__ = __iter__ = __repr__ = __str__ = Broken._refuse


class BrokenMeta(type):
    """A class whose own attributes and hash raise."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError("no")

    def __hash__(cls) -> int:
        raise RuntimeError("no")


def of_broken_class() -> object:
    """Return an object of such a class, which pytest could not even look at."""

    class OfBrokenMeta(metaclass=BrokenMeta):
        pass

    return OfBrokenMeta()


class Recursive:
    """Printing it never ends."""

    def __str__(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return repr(self)


class BrokenError(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError("no")


def nested(depth: int) -> list[Any]:
    """Return a list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def counting() -> Iterator[int]:
    """Never ends, and tells when it was consumed."""
    number = 0
    while True:
        yield number
        number += 1


HOSTILE: list[Callable[[], object]] = [
    Broken,
    BrokenMapping,
    BrokenHook,
    lambda: BrokenList([1]),
    of_broken_class,
    lambda: type(of_broken_class()),
    Recursive,
    BrokenError,
    lambda: Hooked(Broken()),
    lambda: nested(10_000),
    threading.Lock,
    counting,
    lambda: memoryview(b"abcd")[::2],
    lambda: 10**9_000,
    lambda: User("a", Broken()),
    lambda: collections.defaultdict(set, {(1, "2"): {3}}),
    lambda: types.MappingProxyType({b"\xff": 1j}),
]


def scalars() -> st.SearchStrategy[Any]:
    """Draw single values of every kind, surrogates and infinities among them."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(st.characters()),
        st.binary(),
        st.decimals(),
        st.datetimes(),
        st.timedeltas(),
        st.uuids(),
        st.sampled_from([*Colour, *Level, *Word, User("x"), Point(1, 2), ValueError("x"), len, "..."]),
        st.sampled_from(HOSTILE).map(lambda make: [make()]),
    )


def hashables() -> st.SearchStrategy[Any]:
    """Draw keys, some of them equal as text."""
    plain = st.one_of(
        st.integers(0, 3), st.sampled_from(["0", "1", "...", "\udc80", "1_2", None, 1.0, Colour.RED])
    )
    return st.one_of(plain, st.text(), st.binary(max_size=3), st.tuples(plain, plain))


def anything() -> st.SearchStrategy[Any]:
    """Draw values nested in containers."""
    return st.recursive(
        scalars(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=6),
            st.lists(inner, max_size=6).map(tuple),
            st.lists(inner, max_size=6).map(collections.deque),
            st.dictionaries(hashables(), inner, max_size=6),
            st.sets(hashables(), max_size=6),
            inner.map(Hooked),
        ),
        max_leaves=25,
    )


def limits() -> st.SearchStrategy[Limits]:
    """Draw limits so narrow that they meet."""
    return st.builds(
        Limits,
        depth=st.integers(1, 5),
        items=st.integers(1, 5),
        chars=st.integers(64, 99),
        size=st.integers(1, 900),
    )


def encoded(value: object) -> list[object]:
    """Return what three strict encoders write, read again."""
    texts = [orjson.dumps(value), msgspec.json.encode(value), json.dumps(value, allow_nan=False).encode()]
    return [json.loads(text) for text in texts]


@given(anything())
def test_every_encoder_accepts_what_comes_out(value: object) -> None:
    """Whatever goes in, orjson, msgspec and json write the same strict JSON."""
    plain = jsonable(value)

    assert encoded(plain) == [plain] * 3


@given(anything(), limits())
def test_plain_values_stay_as_they_are(value: object, narrow: Limits) -> None:
    """A second pass changes nothing, also where the first one cut."""
    plain = jsonable(value, narrow)

    assert encoded(plain)[0] == plain
    assert jsonable(plain, narrow) == plain


@given(anything(), limits())
def test_text_is_bounded(value: object, narrow: Limits) -> None:
    """A text for people never raises, is no longer than asked and can be encoded."""
    text = text_of(value, narrow)

    assert type(text) is str
    assert len(text) <= narrow.chars
    assert text.encode().decode() == text


@given(
    st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_the_callers_object_is_untouched(value: object) -> None:
    """Containers are new ones; those of the caller are neither changed nor given back."""
    before = copy.deepcopy(value)
    plain = jsonable(value)

    assert value == before
    assert not isinstance(value, list | dict) or plain is not value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        (1 << 20_000, "<int, 20001 bits>"),
        ("a\udc80b", "a\\udc80b"),
        ("\0\u2028\x1b[0m", "\0\u2028\x1b[0m"),
        ("é".encode(), "é"),
        (b"ab\xff", "ab\\xff"),
        (bytearray(b"ab"), "ab"),
        (memoryview(b"abcd")[::2], "ac"),
        (Decimal("1.10"), "1.10"),
        (Fraction(1, 3), "1/3"),
        (1j, "1j"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (datetime(2024, 1, 2, 3, 4, 5, 6, UTC), "2024-01-02T03:04:05.000006+00:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(minutes=1.5), 90.0),
        (Colour.RED, [255, 0, 0]),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (ValueError("boom"), "ValueError: boom"),
        (ValueError(), "ValueError"),
        (json.JSONDecodeError("bad", "x", 0), "json.decoder.JSONDecodeError: bad: line 1 column 1 (char 0)"),
        (dict, "dict"),
        (json.dumps, "json.dumps"),
        (Decimal, "decimal.Decimal"),
        (range(10**12), "range(0, 1000000000000)"),
        (HidingText("hunter2"), "***"),
        (BrokenError(), f"{__name__}.BrokenError: BrokenError()"),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_single_values(value: object, plain: object) -> None:
    """Each kind of value has one plain form."""
    shown = jsonable(value)

    assert shown == plain
    assert type(shown) is type(plain)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        ({10, 9, 1}, [1, 9, 10]),
        (frozenset("cab"), ["a", "b", "c"]),
        (collections.deque([1, 2], maxlen=2), [1, 2]),
        (array.array("i", [1, 2]), [1, 2]),
        ({1: 2}.keys(), [1]),
        ({1: 2}.values(), [2]),
        ({1: 2}.items(), [[1, 2]]),
        (BrokenList([1]), [1]),
        (Point(1, 2), {"x": 1, "y": 2}),
        (collections.Counter("aa"), {"a": 2}),
        (collections.ChainMap({"a": 1}), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (User("ann", b"x"), {"name": "ann", "lock": "x"}),
        (Car(), {"wheels": 4}),
        (Order(), {"rows": 3, "pin": "**********"}),
        (Packet(), {"size": 9}),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_containers(value: object, plain: object) -> None:
    """Sequences become lists, mappings and records dicts; what a class hides from its repr stays hidden."""
    assert jsonable(value) == plain


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (numpy.float32(1.5), 1.5),
        (numpy.int64(3), 3),
        (numpy.bool_(True), True),
        (numpy.float64("nan"), "NaN"),
        (numpy.array(5), 5),
        (numpy.arange(3), [0, 1, 2]),
        (numpy.zeros((2, 1)), [[0.0], [0.0]]),
        (numpy.datetime64("2024-01-02T03:04:05.000000006"), "2024-01-02T03:04:05.000000006"),
        (numpy.timedelta64(1500, "ms"), 1.5),
        (numpy.array(["a", "b"]), ["a", "b"]),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_numpy_values(value: object, plain: object) -> None:
    """Numbers and arrays of numpy are numbers and lists of Python."""
    shown = jsonable(value)

    assert shown == plain
    assert type(shown) is type(plain)


def test_a_large_array_is_read_only_as_far_as_it_is_kept() -> None:
    """Of ten million rows the first are taken, and the mark tells the true size."""
    plain = jsonable(numpy.zeros(10_000_000), Limits(items=3))

    assert plain == [0.0, 0.0, "... <cut, 10000000 items>"]


def test_keys_become_text_of_their_own() -> None:
    """Keys that are equal as text are numbered; none is lost."""
    value = {"1": "a", 1: "b", (1, 2): "c", None: "d", False: "e", b"k": "f", Level.HIGH: "g", "1_2": "h"}

    assert jsonable(value) == {
        "1": "a", "1_2": "b", "(1, 2)": "c", "null": "d", "false": "e", "k": "f", "3": "g", "1_2_2": "h",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", "a"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        (Colour.RED, "Colour.RED"),
        ("\udc80", "\\udc80"),
        (HidingText("None"), "***"),
        (collections.UserString("None"), "None"),
    ],
)
def test_key_of(key: object, text: str) -> None:
    """A key is named as JSON names it."""
    assert key_of(key) == text


def test_a_cycle_is_marked() -> None:
    """What contains itself is shown once."""
    ring: dict[str, Any] = {"a": 1}
    ring["self"] = [ring]

    assert jsonable(ring) == {"a": 1, "self": ["<cycle dict>"]}


def test_what_appears_twice_is_no_cycle() -> None:
    """The same list beside itself is shown both times."""
    shared = [1]

    assert jsonable([shared, shared]) == [[1], [1]]


def test_depth_is_cut_with_its_size() -> None:
    """Below the last level a container is a mark."""
    assert jsonable([[1, 2], []], Limits(depth=1)) == ["<cut, list of 2 items>", []]


def test_items_are_cut_with_their_number() -> None:
    """The mark takes the last place, so that a container never exceeds its limit."""
    assert jsonable([1, 2, 3], Limits(items=2)) == [1, "... <cut, 3 items>"]
    assert jsonable({"a": 1, "b": 2, "c": 3}, Limits(items=2)) == {"a": 1, "...": "<cut, 3 items>"}


@pytest.mark.parametrize(("value", "unit"), [("x" * 500, "chars"), (b"x" * 500, "bytes")])
def test_texts_are_cut_with_their_length(value: object, unit: str) -> None:
    """A text that is cut tells how long it was."""
    plain = jsonable(value, Limits(chars=100))

    assert isinstance(plain, str)
    assert len(plain) == 100
    assert plain.endswith(f"x... <cut, 500 {unit}>")


def test_shared_lists_do_not_multiply() -> None:
    """A thousand times a thousand times a thousand is bounded as a whole."""
    value: Any = "x"
    for _ in range(10):
        value = [value] * 1_000

    assert len(orjson.dumps(jsonable(value))) < 5_000_000


def test_fifty_megabytes_are_not_copied() -> None:
    """Of a huge text only what is kept is touched; the rest is told by its length."""
    plain = jsonable({"text": "x" * 50_000_000})

    assert isinstance(plain, dict)
    assert str(plain["text"]).endswith("... <cut, 50000000 chars>")
    assert len(str(plain["text"])) == Limits().chars


def test_iterators_are_not_consumed() -> None:
    """A generator is shown, not run."""
    numbers = counting()

    assert str(jsonable(numbers)).startswith("<generator object counting")
    assert next(numbers) == 0


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: getattr(make, "__name__", "made"))
def test_hostile_objects(make: Callable[[], object]) -> None:
    """Objects that raise, recurse or lie give a plain value, alone and inside others."""
    value = make()
    plain = jsonable({"value": value, "after": 1})

    assert isinstance(plain, dict)
    assert plain["after"] == 1
    assert encoded(plain)[0] == plain
    assert type(text_of(value)) is str


def test_unprintable_objects_keep_the_name_of_their_class() -> None:
    """The last resort names the class."""
    assert jsonable(Broken()) == "<unprintable Broken>"
    assert text_of(Broken()) == "<unprintable Broken>"


def test_a_hook_says_how_an_object_appears() -> None:
    """What ``__ote__`` returns is made plain in turn; when it fails nothing else is tried."""
    assert jsonable(Hooked({1: math.nan})) == {"1": "NaN"}
    assert jsonable(BrokenHook()) == "<unprintable BrokenHook>"


def test_a_hook_that_returns_itself_ends() -> None:
    """A hook that leads back to its object is a cycle."""
    hooked = Hooked(None)
    hooked.shown = [hooked]

    assert jsonable(hooked) == ["<cycle Hooked>"]


def test_one_field_that_cannot_be_read_leaves_the_others() -> None:
    """A field that raises says so in its own place."""
    user = User("ann")
    del user.lock

    class Other(User):
        lock = property(lambda self: 1 / 0)

    other = Other.__new__(Other)
    other.name = "bob"

    assert jsonable(user) == {"name": "ann", "lock": None}
    assert jsonable(other) == {"name": "bob", "lock": "<unreadable: ZeroDivisionError>"}


def test_interrupts_pass() -> None:
    """What is no Exception is not ours to keep."""

    class Interrupting:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jsonable([Interrupting()])


def test_printing_that_logs_itself_ends_soon() -> None:
    """An object that is printed again while it is printed does not multiply."""
    printed = []

    class Chatty:
        def __str__(self) -> str:
            printed.append(1)
            return str(jsonable([Chatty(), Chatty(), Chatty()]))

    jsonable([Chatty(), Chatty(), Chatty()])

    assert len(printed) == 3 + 9


def test_near_the_end_of_the_stack() -> None:
    """With hardly any stack left something plain still comes out."""

    def sink(depth: int) -> None:
        shown.append(jsonable({"a": [User("x")]}))
        sink(depth + 1)

    shown: list[object] = []
    with pytest.raises(RecursionError):
        sink(0)

    assert encoded(shown)[0] == shown


def test_text_of_prints_as_str_does() -> None:
    """Ordinary values are shown as ``str`` shows them."""
    for value in (1, 1.5, None, True, [1, "a"], {"a": (1,)}, Decimal(1), b"x", HidingText("x"), logging):
        assert text_of(value) == str(value)


def test_text_of_what_str_refuses() -> None:
    """A container that str() cannot print is shown as its plain values."""
    assert text_of([1, Broken()]) == "[1, '<unprintable Broken>']"
    assert text_of(list(range(5)), Limits(items=2)) == "[0, '... <cut, 5 items>']"
    assert text_of([list(range(99))], Limits(items=2, size=99)) == "[[0, '... <cut, 99 items>']]"


def test_many_equal_keys_are_all_kept() -> None:
    """A thousand keys that are equal as text are a thousand keys still."""

    class Same:
        def __str__(self) -> str:
            return "same"

    plain = jsonable({Same(): number for number in range(1_000)})

    assert isinstance(plain, dict)
    assert list(plain.values()) == list(range(1_000))
    assert list(plain)[:3] == ["same", "same_2", "same_3"]


@pytest.mark.parametrize("narrow", [{"depth": 0}, {"items": 0}, {"chars": 63}, {"size": 0}])
def test_limits_leave_room_for_a_mark(narrow: dict[str, int]) -> None:
    """Limits that no mark fits into are refused."""
    with pytest.raises(ValueError, match="start at 1"):
        Limits(**narrow)


def test_qualified_names() -> None:
    """Names carry their module unless they are built in."""
    assert qualified_name(KeyError) == "KeyError"
    assert qualified_name(json.JSONDecodeError) == "json.decoder.JSONDecodeError"
