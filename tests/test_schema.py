"""The line: what is written is what is read."""

import json
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ote_logging.schema import EVENTS, KEYS, Entry, decode, encode, field_name, wire_key

DOCUMENTED = [
    "timestamp", "level", "logger", "message", "event", "session_id", "seq", "pid",
    "trace_id", "span_id", "parent_id", "operation", "path", "status", "duration_ms", "error_type",
    "error_message", "line_number", "code_context", "traceback", "exception", "file", "line", "function",
    "thread", "task",
]  # fmt: skip

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)  # fmt: skip
any_names = texts | st.sampled_from([*KEYS, *(key + "_" for key in KEYS), "_", "__"])


def test_the_table_is_the_documented_one() -> None:
    """No key more, no key less."""
    assert list(KEYS) == DOCUMENTED


def test_each_key_says_what_it_holds() -> None:
    """The table documents itself, and Entry has an attribute for each key."""
    assert all(KEYS.values())
    assert all(hasattr(Entry, key) for key in KEYS)


def test_names_of_events_are_snake_case() -> None:
    """As those of keys."""
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in (*EVENTS, *KEYS))


@given(any_names)
@example("status")
@example("status_")
@example("status__")
@example("_")
def test_a_field_gets_its_name_back(name: str) -> None:
    """A field on the wire never hides a key of the table, and reading takes the mark off again."""
    assert wire_key(name) not in KEYS
    assert field_name(wire_key(name)) == name


@given(any_names, any_names)
def test_two_fields_never_share_a_key(one: str, other: str) -> None:
    """Distinct names stand under distinct keys."""
    assert (wire_key(one) == wire_key(other)) == (one == other)


@given(st.dictionaries(any_names, values), st.dictionaries(st.sampled_from(list(KEYS)), values))
def test_an_entry_survives_its_line(fields: dict[str, Any], keys: dict[str, Any]) -> None:
    """``decode(encode(entry)) == entry``, and the fields have their own names again."""
    entry = Entry.of(fields, **keys)
    line = encode(entry)

    assert decode(line) == entry
    assert decode(line).fields == fields
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "value",
    ["x" * 2_000_000, list(range(50_000)), {str(n): n for n in range(50_000)}, [[[[[[[[[[[[1]]]]]]]]]]]],
     {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}],
    ids=["text", "list", "object", "deep list", "deep object"],
)  # fmt: skip
def test_a_large_entry_survives_its_line(value: object) -> None:
    """An entry that was read is written again whole: the limits are those of the writer of a record."""
    entry = Entry.of({"value": value})

    assert decode(encode(entry)) == entry


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 2**64, -(2**63) - 1, 10**5000,
     "\ud800", {1: 2}, {1: 2, "1": 3}, {(1,): 2},
     b"\xff", {1, 2}, object(), Path("x"), ValueError("x"), "\u2028\x00\x1b[31m", {"\ud800": 1}],
    ids=["nan", "inf", "-inf", "wide", "wide negative", "huge", "surrogate", "int key", "equal keys",
         "tuple key", "bytes", "set", "object", "path", "exception", "controls", "surrogate key"],
)  # fmt: skip
def test_what_is_no_json_is_shown(value: object) -> None:
    """Whatever a field holds, the line is one strict JSON object that three readers accept, and not null."""
    line = encode(Entry.of({"value": value}))

    for read in (json.loads, orjson.loads, msgspec.json.decode):
        assert read(line)["value"] is not None
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"[1]", b"null", b"7", b'{"a": 1', b"\xff", b"{'a': 1}", b'{"a": NaN}']
)
def test_what_is_no_entry_raises(line: bytes) -> None:
    """A reader is told, with the one error that it expects."""
    with pytest.raises(ValueError, match=r"."):
        decode(line)


def test_an_entry_speaks_by_the_names_of_its_keys() -> None:
    """Absent keys are None; fields are asked for by their own names."""
    entry = decode(b'{"event":"span_end","status":"ok","status_":"new","rows":3}\n')

    assert (entry.event, entry.status, entry.trace_id) == ("span_end", "ok", None)
    assert entry.fields == {"status": "new", "rows": 3}
    assert (entry.get("rows"), entry.get("status"), entry.get("colour", "none")) == (3, "ok", "none")


def test_entries_are_equal_when_their_lines_are() -> None:
    """Order of keys aside; and an entry is equal to nothing else."""
    assert Entry({"event": "log", "a": 1}) == Entry({"a": 1, "event": "log"}) != Entry({"event": "log"})
    assert Entry({"a": 1}) != {"a": 1}


def test_a_timestamp_is_seconds_since_the_epoch() -> None:
    """RFC 3339 in UTC with microseconds."""
    assert Entry.of(timestamp="2024-11-12T10:00:00.250000Z").time_s == 1731405600.25
