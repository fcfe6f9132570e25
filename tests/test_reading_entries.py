"""Reading: bytes of any kind become entries, and nothing that is no entry goes uncounted."""

import gzip
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_lines import Session

from ote_logging.errors import ReadError
from ote_logging.reading import Reader, entries, read
from ote_logging.schema import Entry, encode

GOOD = encode(Entry.of({"n": 1}, timestamp="2026-11-22T10:00:00.000000Z", event="log"))


def reader_of(path: Path, data: bytes) -> Reader:
    path.write_bytes(data)
    return Reader(path)


def test_a_session_gives_back_its_entries(tmp_path):
    """What was written is read, in the order of the lines."""
    session = Session()
    session.start("a" * 16)
    session.add("order_placed", fields={"amount": 3, "status": "gift"})

    assert list(read(session.write(tmp_path / "s.jsonl"))) == session.entries


def test_an_empty_file_is_an_empty_session(tmp_path):
    """No bytes are no entries and no damage."""
    reader = reader_of(tmp_path / "s.jsonl", b"")

    assert list(reader) == []
    assert reader.damaged == reader.foreign == 0


@pytest.mark.parametrize(
    ("data", "found", "damaged", "foreign"),
    [
        pytest.param(GOOD + b"not json\n" + GOOD, 2, 1, 0, id="garbage"),
        pytest.param(GOOD + GOOD[:40], 1, 1, 0, id="torn last line"),
        pytest.param(GOOD[:40] + GOOD, 1, 1, 0, id="record glued behind a torn one"),
        pytest.param(b"\0" * 512 + GOOD, 1, 1, 0, id="zeros of a lost block"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, 1, 1, 0, id="byte order mark"),
        pytest.param(b'{"timestamp":"x"}\n[1]\n"text"\n7\n' + GOOD, 1, 0, 4, id="foreign JSON"),
        pytest.param(b'{"timestamp":1,"event":"log"}\n' + GOOD, 1, 0, 1, id="a time that is no text"),
        pytest.param(b"\n\r\n  \n" + GOOD.replace(b"\n", b"\r\n"), 1, 0, 0, id="blank lines and CRLF"),
        pytest.param(GOOD.rstrip() + b"," + GOOD, 1, 1, 0, id="two records on a line"),
        pytest.param(GOOD.rstrip(), 1, 0, 0, id="no last newline"),
        pytest.param(GOOD.replace(b'"n"', '"\u2028\x85"'.encode()), 1, 0, 0, id="newlines of Unicode"),
        pytest.param(b"[" * 100_000 + b"\n" + GOOD, 1, 1, 0, id="nested beyond reason"),
        pytest.param(b'{"' * 20_000 + b"\n" + GOOD, 1, 1, 0, id="many places to restart"),
    ],
)
def test_what_is_no_entry_is_counted_and_passed_over(tmp_path, data, found, damaged, foreign):
    """Damage and foreign lines cost themselves alone."""
    reader = reader_of(tmp_path / "s.jsonl", data)

    assert len(list(reader)) == found
    assert (reader.entries, reader.damaged, reader.foreign) == (found, damaged, foreign)


@given(
    pieces=st.lists(
        st.sampled_from([GOOD, GOOD[:30], b"\n", b'{"a":[1', b"]}\n", b'{"event":"x"}\n', b"\0"])
        | st.binary(max_size=40)
    )
)
def test_no_bytes_make_reading_raise_and_the_counts_add_up(tmp_path_factory, pieces):
    """Every line with something on it is an entry, damaged or foreign."""
    data = b"".join(pieces)
    reader = reader_of(tmp_path_factory.mktemp("any") / "s.jsonl", data)

    found = list(reader)

    lines = sum(bool(line.strip()) for line in data.split(b"\n")) if data[:2] != b"\x1f\x8b" else 0
    assert len(found) == reader.entries
    assert lines == 0 or reader.entries + reader.damaged + reader.foreign == lines + reader.recovered


@given(st.lists(st.sampled_from([GOOD, b'{"a":[{"b":1}\n', b'{"c":2}]}\n', b'{"a":1},{"b":2}\n', b"[]\n"])))
def test_lines_read_together_are_those_read_alone(lines):
    """Reading many lines at once is only faster: each line is judged by itself."""
    together, alone = entries._Decoder(), entries._Decoder()

    assert together.objects(b"".join(lines).rstrip(b"\n")) == [
        found for line in lines for found in alone.objects(line.rstrip(b"\n"))
    ]
    assert (together.damaged, together.foreign) == (alone.damaged, alone.foreign)


@pytest.mark.parametrize("name", ["s.jsonl.gz", "s.jsonl"])
def test_gzip_is_known_by_its_content(tmp_path, name):
    """Several members, zeros behind them, whatever the name: all is read."""
    reader = reader_of(tmp_path / name, gzip.compress(GOOD * 3) + gzip.compress(GOOD) + b"\0" * 10)

    assert len(list(reader)) == 4
    assert reader.damaged == 0


def test_a_cut_gzip_gives_what_it_holds(tmp_path):
    """A writer that was killed left no end of the stream; the records before are there."""
    session = Session()
    for number in range(2000):
        session.add(message=f"{number * 7919 % 2000}")
    packed = gzip.compress(b"".join(map(encode, session.entries)))

    found = list(reader_of(tmp_path / "s.jsonl.gz", packed[: len(packed) // 2]))

    assert 0 < len(found) < 2000
    assert found == session.entries[: len(found)]


def test_a_broken_gzip_is_counted_as_damage(tmp_path):
    """What cannot be unpacked is not passed over in silence."""
    packed = bytearray(gzip.compress(GOOD) + gzip.compress(GOOD))
    packed[len(packed) // 2 + 12] ^= 0xFF
    reader = reader_of(tmp_path / "s.jsonl.gz", bytes(packed))

    assert len(list(reader)) >= 1
    assert reader.damaged == 1


def test_lines_longer_than_a_block_are_read(tmp_path):
    """A line may be as long as the writer lets it be."""
    entry = Entry.of({"prompt": "x" * 1_000_000}, timestamp="2026-11-22T10:00:00Z", event="log")

    assert list(reader_of(tmp_path / "s.jsonl", encode(entry) * 2)) == [entry, entry]


def test_a_line_without_end_is_not_held(tmp_path, monkeypatch):
    """Beyond the longest line nothing is kept of it; it is one damaged line."""
    monkeypatch.setattr(entries, "_MOST_LINE_BYTES", 1 << 18)
    reader = reader_of(tmp_path / "s.jsonl", b'{"a":"' + b"x" * (1 << 20) + b'"}\n' + GOOD)

    assert len(list(reader)) == 1
    assert reader.damaged == 1


def test_standard_input_is_a_session(monkeypatch):
    """``-`` reads what comes through the pipe."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD * 2)))

    assert len(list(read("-"))) == 2


def test_counts_are_those_of_the_last_reading(tmp_path):
    """Reading again does not add up."""
    reader = reader_of(tmp_path / "s.jsonl", b"torn\n" + GOOD)

    assert [len(list(reader)), len(list(reader)), reader.damaged, reader.entries] == [1, 1, 1, 1]


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    """The error names the file and the system's reason."""
    reader = reader_of(tmp_path / "s.jsonl", GOOD)
    (tmp_path / "s.jsonl").unlink()

    with pytest.raises(ReadError, match=r"cannot read .*s\.jsonl: No such file"):
        list(reader)
