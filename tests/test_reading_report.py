"""Reading: the sums of a session."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_lines import SESSION, Session

from ote_logging.reading import Reader, report

FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}


@pytest.fixture
def session():
    return Session()


def test_operations_are_summed(session):
    """Calls, failures and times of each, the heaviest first; numbers stay numbers."""
    session.end("a" * 16, "save", duration_ms=2.0)
    session.end("b" * 16, "save", duration_ms=4.0, **FAILED)
    session.end("c" * 16, "load", duration_ms=7.0)

    load, save = report(session.entries).operations

    assert (load.name, load.calls, load.failures) == ("load", 1, 0)
    assert (save.calls, save.failures, save.total_ms, save.mean_ms, save.max_ms) == (2, 1, 6.0, 3.0, 4.0)


def test_errors_are_counted_by_type_and_place(session):
    """The innermost frame is the place; what outer spans pass on or records repeat counts once."""
    raised = {"type": "ValueError", "frames": [{"file": "/b.py", "line": 41}]}
    for number in range(2):
        session.end(f"b{number:015}", "encrypt", parent_id="a" * 16, exception=raised, **FAILED)
        session.add("log", span_id="a" * 16, operation="save", exception=raised, **FAILED)
        session.end("a" * 16, "save", parent_id="9" * 16, **FAILED)
        session.end("9" * 16, "request", **FAILED)
    session.add(level="ERROR", message="no connection")

    first, second = report(session.entries).errors

    assert (first.type, str(first.where), first.message, first.count) == ("ValueError", "/b.py:41", "boom", 2)
    assert (second.type, str(second.where), second.message) == (
        None,
        "/srv/shop/orders.py:17",
        "no connection",
    )


def test_records_are_counted_by_logger_and_level(session):
    """Each record once, whatever its event."""
    session.start("a" * 16)
    session.add(level="WARNING", logger="shop.db")
    session.add(level="DEBUG", logger="shop.db")

    sums = report(session.entries)

    assert sums.loggers == {"shop": {"INFO": 1}, "shop.db": {"WARNING": 1, "DEBUG": 1}}
    assert (sums.records, sums.levels) == (3, {"INFO": 1, "WARNING": 1, "DEBUG": 1})


def test_what_was_running_is_told(session):
    """A start without an end, of a span or of a text, with its age at the last record of its process."""
    session.start("a" * 16, "request")
    session.start("b" * 16, "save")
    session.add("span_start", operation="old")
    session.end("b" * 16, "save")

    request, old = report(session.entries).unfinished

    assert (request.operation, request.running_ms, str(request.where)) == (
        "request",
        3.0,
        "/srv/shop/orders.py:17",
    )
    assert (old.operation, old.span_id, old.running_ms) == ("old", None, 1.0)


def test_gaps_in_the_numbers_are_lost_records(session):
    """Per process, whatever the order in which threads wrote."""
    for _ in range(8):
        session.add(pid=41)
        session.add(pid=42)
    kept = [entry for entry in session.entries if entry.pid == 42 or entry.seq not in (1, 4, 5)]
    kept.sort(key=lambda entry: -entry.seq)

    first, second = report(kept).processes

    assert {first.pid: first.gaps, second.pid: second.gaps} == {41: [(1, 1), (4, 5)], 42: []}
    assert report(kept).missing == 3


def test_the_time_range_and_the_sessions_are_told(session):
    """From the earliest to the latest record of all processes."""
    session.add()
    session.add(session_id="other", pid=42)
    session.add()

    sums = report(reversed(session.entries))

    assert (sums.first, sums.last) == (session.entries[0].timestamp, session.entries[2].timestamp)
    assert (sums.duration_ms, set(sums.sessions)) == (2.0, {SESSION, "other"})


def test_a_reader_tells_of_its_damaged_lines(session, tmp_path):
    """Read from a file, the report is the same, and knows what was passed over."""
    for number in range(500):
        session.end(f"{number:016x}", "save")
    path = session.write(tmp_path / "s.jsonl")
    path.write_bytes(path.read_bytes() + b'{"torn\n[]\n')

    sums = report(Reader(path))

    assert (sums.damaged, sums.foreign) == (1, 1)
    assert sums.operations == report(session.entries).operations
    assert sums.processes == report(session.entries).processes


def test_nothing_at_all_is_a_report_too():
    """An empty session has no times and no tables."""
    sums = report([])

    assert (sums.records, sums.first, sums.duration_ms, sums.operations) == (0, None, None, [])


def test_a_report_is_json(session):
    """Everything, places and derived sums included, survives the encoder."""
    session.start("a" * 16)
    session.end("b" * 16, **FAILED)

    found = orjson.loads(orjson.dumps(report(session.entries).to_dict()))

    assert found["errors"][0]["where"] == {"file": "/srv/shop/orders.py", "line": 17}
    assert (found["sessions"], found["missing"], found["levels"]) == ([SESSION], 0, {"INFO": 1, "ERROR": 1})


@pytest.mark.parametrize("wrong", [7, ["x"], {"a": 1}, None, True, "text"])
@pytest.mark.parametrize(
    "key", ["span_id", "parent_id", "seq", "duration_ms", "operation", "exception", "pid", "level", "logger",
            "session_id", "error_type", "error_message", "file", "line", "status"],
)  # fmt: skip
def test_a_key_of_the_wrong_type_does_no_harm(session, key, wrong):
    """Lines of other programs are counted for what they tell."""
    session.start("a" * 16)
    session.end("a" * 16, parent_id="b" * 16, **FAILED)
    for entry in session.entries:
        entry.wire[key] = wrong

    assert report(session.entries).records == 2


@given(st.permutations(range(1, 12)), st.sets(st.integers(1, 11)))
def test_gaps_are_what_is_missing_below_the_highest_number(order, lost):
    """In any order, and when a number comes twice."""
    session = Session()
    kept = [seq for seq in order if seq not in lost]
    for seq in kept + kept[:3]:
        session.add(seq=seq)

    gaps = [gap for process in report(session.entries).processes for gap in process.gaps]

    missing = [seq for first, last in gaps for seq in range(first, last + 1)]
    assert missing == [seq for seq in range(1, max(kept, default=0)) if seq not in kept]
