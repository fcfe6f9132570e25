"""Anomalies: the seeds' messages, and a watch that finds planted faults and leaves healthy sessions alone."""

import sys
from datetime import UTC, datetime
from itertools import chain
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import PLANTED, found_in, planted, watched, while_wrong
from simulated_sessions import Fault, Line, session

from ote_logging.evaluation.anomalies import AnomalyDetector
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.watch import KINDS, AnomalyWatch, Finding, WatchOptions


def end(ms: float = 10.0, *, operation: str = "save", failed: bool = False, **more: Any) -> dict[str, Any]:
    """The object of a span_end line."""
    status = "error" if failed else "ok"
    return {"event": "span_end", "operation": operation, "status": status, "duration_ms": ms, **more}


def test_the_messages_are_those_of_the_seeds() -> None:
    """A failing and a slow operation give the seeds' sentences, to the letter."""
    metrics = PerformanceMetrics()
    for success in (True, True, True, False):
        metrics.record("save", 6.0, success)

    assert AnomalyDetector().detect_anomalies(metrics) == [
        "⚠️  HIGH ERROR RATE in save: 25.0% (threshold: 10%)",
        "🐌 SLOW OPERATION save: 6.00s (threshold: 5s)",
    ]


@pytest.mark.parametrize(
    "shape", [lambda figures: figures, lambda figures: type("M", (), {"metrics": figures})()]
)
def test_the_seeds_own_figures_are_judged(shape: Any) -> None:
    """A plain dict of dicts, bare or as .metrics of any object, is judged as well."""
    figures = {"save": {"count": 10, "failures": 2, "avg_time": 0.1, "successes": 8, "total_time": 1.0}}

    assert AnomalyDetector().detect_anomalies(shape(figures)) == [
        "⚠️  HIGH ERROR RATE in save: 20.0% (threshold: 10%)"
    ]


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5.0), (0, 0.0)], ids=["at the thresholds", "all well"])
def test_what_is_at_its_threshold_is_well(failures: int, seconds: float) -> None:
    """Ten per cent and five seconds are not above the thresholds."""
    figures = {"save": {"count": 10, "failures": failures, "avg_time": seconds}}

    assert AnomalyDetector().detect_anomalies(figures) == []


def test_an_operation_without_calls_is_well() -> None:
    """No calls, no division by zero."""
    assert AnomalyDetector().detect_anomalies({"save": {"count": 0, "failures": 0, "avg_time": 0}}) == []


def test_thresholds_are_options_and_stand_in_the_message() -> None:
    """Other thresholds judge otherwise and say so."""
    figures = {"save": {"count": 100, "failures": 2, "avg_time": 0.3}}

    assert AnomalyDetector(error_rate=0.015, slow_s=0.25).detect_anomalies(figures) == [
        "⚠️  HIGH ERROR RATE in save: 2.0% (threshold: 1.5%)",
        "🐌 SLOW OPERATION save: 0.30s (threshold: 0.25s)",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_fault_is_told_once_and_resolved(kind: str) -> None:
    """It opens while the fault lasts, once, and resolves once it is over; a new error just opens."""
    _, last_s = while_wrong(planted(kind))
    found = [
        found for found, _ in found_in(kind, 0) if (found.kind, found.operation) == (kind, PLANTED[kind])
    ]

    opened, *resolved = found

    assert (opened, True) in found_in(kind, 0)
    assert [finding.state for finding in resolved] == ([] if kind == "new_error" else ["resolved"])
    assert all(finding.at_s > last_s for finding in resolved)


def test_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    """In three sessions a kind every planted fault is found, and nothing is told that is not there."""
    table = [f"\n{'planted':22}{'recall':>8}{'precision':>11}"]
    for kind in KINDS:
        sessions = [found_in(kind, seed) for seed in range(3)]
        opened = [(found, true) for found, true in chain(*sessions) if found.state == "open"]
        hits = sum(any(true and found.kind == kind for found, true in session) for session in sessions)
        trues = sum(true for _, true in opened)
        table.append(f"{kind:22}{hits / 3:8.0%}{trues / len(opened):11.0%}")
        assert (hits, trues) == (3, len(opened)), table[-1]
    with capsys.disabled():
        sys.stdout.write("\n".join(table) + "\n")


def test_a_healthy_session_has_no_findings() -> None:
    """Ten sessions of 9,000 calls, with a cache, failures, an optional step and noise, are left alone."""
    assert [found for seed in range(10) for found in watched(list(session(seed, 9_000)))] == []


def fold_of(lines: list[Line]) -> PerformanceMetrics:
    """The fold of the lines."""
    fold = PerformanceMetrics()
    for _, line in lines:
        fold.add_line(line)
    return fold


def test_a_baseline_finds_what_was_wrong_from_the_start() -> None:
    """A session that is slow throughout has nothing to compare with, except the good run before."""
    slow = list(session(2, 3_000, Fault("degradation", "load", 0, 3_000)))

    against_baseline = watched(slow, AnomalyWatch(baseline=fold_of(list(session(1, 3_000)))))

    assert watched(slow) == []
    assert [(found.kind, found.operation) for found in against_baseline] == [("degradation", "load")]


def test_a_failure_unknown_to_the_baseline_is_told_at_once() -> None:
    """One look suffices where the baseline says which failures are known; it is told once."""
    watch = AnomalyWatch(baseline=fold_of([(0.0, end(failed=True, error_type="KeyError"))]))

    first, second, known = (
        watch.add_line(end(failed=True, error_type=name), 1.0)
        for name in ("DiskFull", "DiskFull", "KeyError")
    )

    assert [found.message for found in first] == ["⚠️  NEW ERROR in save: DiskFull"]
    assert (second, known) == ([], [])


def failing(watch: AnomalyWatch, seconds: int, *, failed: bool) -> list[Finding]:
    """What ten calls a second give."""
    begin = watch._now_s
    return watched([(begin + n / 10, end(failed=failed)) for n in range(1, 10 * seconds + 1)], watch)


def test_what_does_not_last_is_not_told() -> None:
    """With 'for' of 30 s, failures of 10 s are passed over and failures of 60 s are told after 30."""
    watch = AnomalyWatch(WatchOptions(for_s={"high_error_rate": 30.0}, kinds=frozenset({"high_error_rate"})))

    short = (
        failing(watch, 60, failed=False) + failing(watch, 10, failed=True) + failing(watch, 60, failed=False)
    )
    (told,) = failing(watch, 60, failed=True)

    assert short == []
    assert 30 <= told.at_s <= told.since_s + 32


def test_what_is_open_can_be_asked() -> None:
    """While it lasts an anomaly is listed as open, with its fields for an event."""
    watch = AnomalyWatch(WatchOptions(kinds=frozenset({"high_error_rate"})))

    failing(watch, 20, failed=True)

    (found,) = watch.open
    assert found.message == "⚠️  HIGH ERROR RATE in save: 100.0% (threshold: 10%)"
    assert (found.fields["kind"], found.fields["value"], "message" in found.fields) == (
        "high_error_rate",
        1.0,
        False,
    )


def test_only_the_kinds_asked_for_are_told() -> None:
    """A watch for silences says nothing of errors."""
    watch = AnomalyWatch(WatchOptions(kinds=frozenset({"silence"})))

    assert watched(planted("high_error_rate"), watch) == []


def test_a_silence_is_told_while_it_lasts() -> None:
    """Without any line, the passing of time alone tells it; the next call resolves it."""
    watch = AnomalyWatch()
    lines = [(1000.0 + n, end()) for n in range(400)]
    watched(lines, watch)

    quiet, silent = watch.advance(1_410.0), watch.advance(1_480.0)
    again = watch.add_line(end(), 1_500.0)

    assert quiet == []
    assert [(found.kind, found.operation) for found in silent] == [
        ("silence", "session"),
        ("silence", "save"),
    ]
    assert {found.state for found in again} == {"resolved"}


def test_a_clock_that_is_set_back_blinds_nobody() -> None:
    """An hour back in the midst of it: what comes then is counted by time again, and a silence is told."""
    watch = AnomalyWatch()
    before = [(10_000.0 + n, end()) for n in range(300)]
    after = [(6_700.0 + n, end()) for n in range(300)]

    found = watched(before + after, watch)
    silent = watch.advance(7_100.0)

    assert found == []
    assert [(f.kind, f.operation, f.since_s) for f in silent] == [
        ("silence", "session", 7_100.0),
        ("silence", "save", 7_100.0),
    ]


def test_what_lasts_while_the_clock_is_set_lasts_as_long() -> None:
    """With 'for' of 30 s, failures are told after 30 s though the clock goes back by an hour meanwhile."""
    watch = AnomalyWatch(WatchOptions(for_s={"high_error_rate": 30.0}, kinds=frozenset({"high_error_rate"})))
    failing(watch, 60, failed=False)
    failing(watch, 20, failed=True)
    begin = watch._now_s - 3_600

    told = watched([(begin + n / 10, end(failed=True)) for n in range(200)], watch)
    over = watched([(begin + 20 + n / 10, end()) for n in range(600)], watch)

    assert [finding.state for finding in told + over] == ["open", "resolved"]
    assert 30 <= float(over[0].message.split()[3]) <= 90


def test_lines_that_come_late_are_no_other_clock() -> None:
    """Lines of several processes, each up to 30 s behind the others, raise no alarm of traffic."""
    lines = [(10_000.0 + n - (n % 3) * 15, end(operation=f"of {n % 3}")) for n in range(3_000)]

    assert watched(lines) == []


def test_ten_thousand_operations_cost_no_more_each() -> None:
    """An operation beyond the bound costs what one below it costs, a few times at most."""
    few, many = AnomalyWatch(), AnomalyWatch()
    names = [f"user-{n}" for n in range(10_000)]

    def seconds(watch: AnomalyWatch, operations: list[str]) -> float:
        lines = [end(operation=name) for name in operations]
        for line in lines:
            watch.add_line(line, 1.0)
        began = process_time()
        for line in lines:
            watch.add_line(line, 1.0)
        return process_time() - began

    assert seconds(many, names) < 4 * seconds(few, names[:10] * 1_000)


def test_times_are_read_from_the_lines() -> None:
    """Without a time given, the timestamps give the same findings."""
    lines = planted("silence")
    stamped = [
        {**line, "timestamp": datetime.fromtimestamp(at_s, UTC).isoformat(timespec="microseconds")}
        for at_s, line in lines
    ]
    watch = AnomalyWatch()

    read = [found for line in stamped for found in watch.add_line(line)]

    given_times = watched(lines)
    assert [found.message for found in read] == [found.message for found in given_times] != []
    assert [found.at_s for found in read] == pytest.approx([found.at_s for found in given_times])


def test_old_programs_have_paths_too() -> None:
    """Text markers without spans: the points between two ends of an operation are its path."""
    watch, lines = AnomalyWatch(), []
    for n in range(500):
        points = ["validate", "encrypt", "store"] if n < 400 else ["validate", "store"]
        lines += [{"event": "trace_point", "path": ["save", step]} for step in points] + [end()]

    found = watched([(float(n), line) for n, line in enumerate(lines)], watch)

    assert [(f.kind, f.subject, f.state) for f in found] == [("missing_step", "encrypt", "open")]


@pytest.mark.parametrize("ends", [[], ["span_end"]], ids=["alone", "beside ends"])
def test_evaluations_are_calls_unless_there_are_ends(ends: list[str]) -> None:
    """EVALUATION markers that fail are told; beside ends that do not, they are the same calls told again."""
    watch = AnomalyWatch(WatchOptions(kinds=frozenset({"high_error_rate"})))
    lines = [{**end(failed=event == "evaluation"), "event": event} for event in [*ends, "evaluation"] * 100]

    found = watched([(float(n), line) for n, line in enumerate(lines)], watch)

    assert [finding.kind for finding in found] == ([] if ends else ["high_error_rate"])


def test_a_span_below_is_a_step() -> None:
    """An operation that no longer calls another one misses a step."""
    lines = []
    for n in range(500):
        child = end(operation="encrypt", span_id=f"c{n}", parent_id=f"p{n}")
        lines += ([child] if n < 400 else []) + [end(span_id=f"p{n}")]

    found = watched([(n / 10, line) for n, line in enumerate(lines)])

    assert [(f.kind, f.operation, f.subject) for f in found][:1] == [("missing_step", "save", "encrypt")]


def test_memory_is_bounded() -> None:
    """Ever new operations, runs that never end and ever new failures leave bounded tables."""
    watch = AnomalyWatch(WatchOptions(max_operations=10))
    for n in range(5_000):
        watch.add_line({"event": "trace_point", "path": ["x", "y"], "span_id": f"{n:016x}"}, float(n))
        watch.add_line(end(operation=f"user-{n}", failed=True, error_type=f"E{chr(65 + n)}"), float(n))

    assert len(watch._operations) == 11
    assert len(watch._runs._steps) <= 1_000
    assert len(watch._errors._known) + len(watch._errors._seen) <= 3_000


odd: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.just({})
)
keys = st.sampled_from(
    ["operation", "status", "duration_ms", "path", "span_id", "parent_id", "error_type", "exception", "level",
     "timestamp", "memory_growth_bytes", "pid", "thread"]
)  # fmt: skip


@given(
    lines=st.lists(st.dictionaries(keys, odd)),
    event=st.sampled_from(["span_end", "llm_interaction", "trace_point", "log"]),
)
def test_no_line_makes_the_watch_raise(lines: list[dict[str, Any]], event: str) -> None:
    """Whatever stands in the keys, watching the line does not raise."""
    watch = AnomalyWatch()

    assert [found for line in lines for found in watch.add_line({**line, "event": event})] == []
