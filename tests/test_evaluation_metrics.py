"""The fold: what is counted where, and that parts add up to the whole."""

import json
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.errors import ReadError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OTHER, OperationMetrics
from ote_logging.evaluation.quantiles import LogBuckets
from ote_logging.schema import Entry

Wire = dict[str, Any]


def end(operation: object = "save", ms: object = 12.5, status: str = "ok", **carried: Any) -> Wire:
    """The object of a span_end line."""
    head = {"level": "INFO", "logger": "app", "event": "span_end", "operation": operation}
    return {**head, "duration_ms": ms, "status": status, **carried}


def folded(*lines: Wire, **options: Any) -> PerformanceMetrics:
    """The fold of ``lines``."""
    fold = PerformanceMetrics(**options)
    for line in lines:
        fold.add_line(line)
    return fold


durations = st.floats(min_value=0.001, max_value=1e9)
amounts = st.fixed_dictionaries(
    {},
    optional={
        "cpu_ms": durations,
        "active_ms": durations,
        "memory_growth_bytes": st.integers(-(10**9), 10**9),
        "tokens_in": st.integers(0, 10**6),
        "tokens_out": st.integers(0, 10**6),
        "cost_usd": st.floats(0, 10),
        "cache_hit": st.booleans(),
        "retries": st.integers(0, 5),
        "size_bytes": st.integers(0, 10**7),
    },
)
names = st.sampled_from(["save", "load", "encrypt"])
ends = st.builds(
    lambda operation, ms, status, error, carried: end(operation, ms, status, error_type=error, **carried),
    names, durations, st.sampled_from(["ok", "error"]), st.sampled_from(["KeyError", "OSError"]), amounts,
)  # fmt: skip
stages = st.builds(
    lambda event, operation, ms, carried: {**end(operation, ms), "event": event, **carried},
    st.sampled_from(["llm_interaction", "file_write", "validation"]), names, durations, amounts,
)  # fmt: skip
points = st.builds(
    lambda path: {"level": "DEBUG", "logger": "app", "event": "trace_point", "path": path},
    st.lists(names, min_size=1, max_size=3),
)
messages = st.builds(
    lambda level, text: {"level": level, "logger": "db", "event": "log", "message": text},
    st.sampled_from(["INFO", "ERROR"]), st.text(max_size=9),
)  # fmt: skip
evaluations = st.builds(lambda line: {**line, "event": "evaluation"}, ends)
sessions = st.lists(ends | stages | evaluations | points | messages, max_size=40)


@given(parts=st.lists(sessions, min_size=1, max_size=4))
def test_merged_parts_equal_the_whole(parts: list[list[Wire]]) -> None:
    """Folding parts apart and merging them gives the very figures of folding all lines at once."""
    merged = PerformanceMetrics()
    for part in parts:
        merged.merge(folded(*part))

    assert merged == folded(*(line for part in parts for line in part))


@given(lines=sessions, data=st.data())
def test_order_does_not_matter(lines: list[Wire], data: st.DataObject) -> None:
    """The same lines in another order give the same figures, to the last digit."""
    assert folded(*data.draw(st.permutations(lines))) == folded(*lines)


@given(lines=sessions)
def test_a_snapshot_comes_back_whole(lines: list[Wire]) -> None:
    """A fold survives its way through JSON text."""
    fold = folded(*lines)

    assert PerformanceMetrics.from_dict(json.loads(json.dumps(fold.to_dict()))) == fold


@given(values=st.lists(durations, min_size=1, max_size=300), q=st.sampled_from([0, 0.5, 0.9, 0.95, 0.99, 1]))
def test_a_quantile_errs_by_one_percent_at_most(values: list[float], q: float) -> None:
    """Every quantile lies within 1 % of the one that numpy takes from all values."""
    exact = float(np.quantile(values, q, method="lower"))

    found = folded(*(end(ms=ms) for ms in values)).operations["save"].quantile_ms(q)

    assert found == pytest.approx(exact, rel=0.0101, abs=2e-6)


@pytest.mark.parametrize("q", [0.01, 0.5, 0.9, 0.95, 0.99])
def test_the_buckets_are_those_of_ddsketch(q: float) -> None:
    """The reference implementation of the idea gives the same answers to ten digits."""
    ours, reference = LogBuckets(), DDSketch(0.01)
    for value in np.random.default_rng(7).lognormal(3, 2, 5_000):
        ours.add(float(value))
        reference.add(float(value))

    assert ours.quantile_ms(q) == pytest.approx(reference.get_quantile_value(q), rel=1e-10)


def test_record_speaks_as_in_the_seeds() -> None:
    """record() takes seconds; metrics and report() have the keys and texts of the seeds."""
    fold = PerformanceMetrics()
    fold.record("save", 0.1, True)
    fold.record("save", 0.146, success=False)

    assert fold.metrics["save"] == {
        "count": 2, "total_time": 0.246, "successes": 1, "failures": 1, "avg_time": 0.123,
    }  # fmt: skip
    shown = fold.report()["save"]
    texts = [shown[key] for key in ("calls", "avg_time", "success_rate", "total_time")]
    assert texts == [2, "0.123s", "50.0%", "0.246s"]


def test_an_unknown_operation_has_zeros() -> None:
    """Reading the metrics of what was never called gives zeros, as the seeds' defaultdict does."""
    assert PerformanceMetrics().metrics["never"]["count"] == 0


def test_add_and_record_and_add_end_are_one_fold() -> None:
    """An entry, a call by hand and the parts of an end are counted alike."""
    by_entry, by_hand, by_parts = PerformanceMetrics(), PerformanceMetrics(), PerformanceMetrics()
    by_entry.add(Entry(end(ms=250.0)))
    by_hand.record("save", 0.25, True)
    by_parts.add_end("save", 250.0)

    assert by_entry.operations["save"].to_dict() == by_hand.operations["save"].to_dict()
    assert by_parts == by_hand


unusual = st.sampled_from([0.0, -1.0, 1e-5, 1e-3, 1e12, 1e300, inf, nan])


@given(values=st.lists(durations | unusual, min_size=1))
def test_many_ends_are_counted_as_each(values: list[float]) -> None:
    """Ends given together have the figures of the same ends given one by one, whatever their durations."""
    together, apart = PerformanceMetrics(), PerformanceMetrics()
    together.add_ends("save", values)
    for value in values:
        apart.add_end("save", value)

    assert together == apart


def test_many_ends_fill_more_than_four_bytes() -> None:
    """A bucket that has counted 2**32 calls goes on counting, many at once as well."""
    row = OperationMetrics()
    row.buckets.add(12.5, 2**32 - 1)

    row.add_durations([12.5, 12.5])

    assert row.timed == 2**32 + 1


def test_time_inside_leaves_out_what_a_generator_waited() -> None:
    """A generator open for 100 ms and active for 30 has 30 ms inside; a function's time is all inside."""
    row = folded(end(ms=100.0, active_ms=30.0), end(ms=10.0)).operations["save"]

    assert (row.wall_ms, row.inside_ms) == (110.0, 40.0)


@pytest.mark.parametrize(
    ("carried", "name", "total"),
    [
        ({"cpu_ms": 1.5}, "cpu_ms", 3.0),
        ({"memory_growth_bytes": -4096}, "memory_growth_bytes", -8192),
        ({"api_calls": 3}, "api_calls", 6),
        ({"tokens_cached": 7}, "tokens_cached", 14),
        ({"cost_usd": 0.0002595}, "cost_usd", 0.000519),
        ({"retries": 2}, "retries", 4),
        ({"cache_hit": True}, "cache_hits", 2),
        ({"cache_hit": False}, "cache_misses", 2),
        ({"cache_misses": 5}, "cache_misses", 10),
        ({"size_bytes": 80}, "bytes", 160),
        ({"bytes": 81}, "bytes", 162),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_a_line_carries_is_added_up(carried: Wire, name: str, total: float) -> None:
    """Each amount on two lines is their sum, in the unit of its name; in the row and in the totals."""
    fold = folded(end(**carried), end(**carried))

    assert fold.report()["save"][name] == pytest.approx(total)
    assert fold.totals[name] == pytest.approx(total)


def test_what_no_line_carried_is_none() -> None:
    """An amount that nobody recorded is unknown, not 0."""
    assert folded(end()).report()["save"]["tokens_in"] is None


def test_a_stage_is_a_call_of_its_own_and_charges_the_operation_around_it() -> None:
    """The tokens of an LLM call stand under llm_interaction and under generate, once in the totals."""
    fold = folded({**end("generate", 900.0, tokens_in=450), "event": "llm_interaction"}, end("generate"))

    found = {name: (row["calls"], row["tokens_in"], row["api_calls"]) for name, row in fold.report().items()}
    assert found == {"llm_interaction": (1, 450, 1), "generate": (1, 450, 1)}
    assert fold.totals["tokens_in"] == 450


def evaluation(**carried: Any) -> Wire:
    """The object of the line of an EVALUATION marker."""
    return {**end(**carried), "event": "evaluation"}


def test_an_evaluation_is_a_call() -> None:
    """The marker EVALUATION alone counts as a span end does."""
    fold = folded(evaluation(), evaluation(status="error"))

    assert fold.metrics["save"]["count"] == 2
    assert (fold.report()["save"]["failures"], fold.operations["save"].mean_ms) == (1, 12.5)


def test_an_evaluation_beside_an_end_is_the_same_call() -> None:
    """A program that writes END and EVALUATION has one call, with what either line carries."""
    lines = [evaluation(tokens_in=5), end(), evaluation(tokens_in=5), end()]

    row = folded(*lines).report()["save"]

    assert (row["calls"], row["tokens_in"]) == (2, 10)


def test_tokens_without_a_price_are_counted_not_free() -> None:
    """A call whose price nobody knows leaves the cost unknown and adds to unpriced."""
    row = folded(end(model="mine", tokens_in=5)).report()["save"]

    assert (row["cost_usd"], row["unpriced"]) == (None, 1)


def test_failures_have_types_of_error() -> None:
    """A failed end counts under the type of its error, the most frequent first."""
    lines = [end(status="error", error_type=name) for name in ("KeyError", "OSError", "OSError")]

    row = folded(*lines, end()).report()["save"]

    assert list(row["error_types"].items()) == [("OSError", 2), ("KeyError", 1)]
    assert (row["failures"], row["success_rate"]) == (3, "25.0%")


def test_types_of_error_are_bounded() -> None:
    """An operation that fails in ever new ways keeps 16 of them, the rest under __other__."""
    row = folded(*(end(status="error", error_type=f"E{n}") for n in range(100))).report()["save"]

    assert len(row["error_types"]) == 17
    assert row["error_types"][OTHER] == 84


def test_a_failure_told_by_inner_and_outer_span_is_one() -> None:
    """The outer span repeats type and message; only the fingerprint of the inner one is listed."""
    text = {"error_type": "KeyError", "error_message": "no user 7"}
    inner = end("encrypt", status="error", exception={"fingerprint": "f00d"}, **text)

    failures = folded(inner, end("save", status="error", **text)).failures

    assert [(failure.key, times) for failure, times in failures.items()] == [("f00d", 1)]


def test_a_logged_error_is_a_failure_without_its_details() -> None:
    """Messages at ERROR that differ in numbers, quoted texts and paths are one failure."""
    lines = [
        {"level": "ERROR", "logger": "db", "event": "log", "message": f"no user {n} in '{n}' at /srv/{n}"}
        for n in range(3)
    ]

    assert {failure.key: times for failure, times in folded(*lines).failures.items()} == {
        "no user # in '…' at /…": 3
    }


def test_operations_are_bounded_and_nothing_is_lost() -> None:
    """Beyond the bound all goes to __other__, which says so, and calls still add up."""
    fold = folded(*(end(f"user-{n}") for n in range(30)), max_operations=10)

    report = fold.report()

    assert len(report) == 11
    assert report[OTHER]["calls"] == 20
    assert report[OTHER]["note"] == "all operations beyond the first 10"


def test_merging_keeps_the_bound() -> None:
    """Two full tables merge into one full table and __other__."""
    fold, more = (folded(*(end(f"{side}{n}") for n in range(10)), max_operations=10) for side in "ab")
    fold.merge(more)

    assert (len(fold.operations), fold.operations[OTHER].calls) == (11, 10)


def test_records_are_counted_by_logger_and_level() -> None:
    """Every line counts, whatever its event."""
    message = {"level": "DEBUG", "logger": "db", "event": "log", "message": "x"}

    assert folded(end(), message, message).records == {"app": {"INFO": 1}, "db": {"DEBUG": 2}}


def test_lost_records_are_added_up() -> None:
    """What a writer says it lost is part of the figures."""
    line = {"level": "WARNING", "logger": "ote", "event": "records_lost", "lost": 3}

    assert folded(line, line).lost == 6


@pytest.mark.parametrize("ms", [None, "12", float("nan"), float("inf"), True, [1], 10**400], ids=repr)
def test_a_duration_that_is_none_is_a_call_without_time(ms: object) -> None:
    """A foreign line with an odd duration counts as a call and disturbs no figure."""
    row = folded(end(ms=ms), end(ms=8.0)).report()["save"]

    assert (row["calls"], row["mean_ms"], row["max_ms"]) == (2, 8.0, 8.0)


@pytest.mark.parametrize(("ms", "shown"), [(-3.0, 0.0), (0, 0.0), (1e-5, 1e-5), (1e12, 1e12)])
def test_extreme_durations_are_kept(ms: float, shown: float) -> None:
    """Nothing, less than a microsecond and thirty years have exact extremes and a median between them."""
    row = folded(end(ms=ms)).report()["save"]

    assert (row["min_ms"], row["p50_ms"], row["max_ms"]) == (shown, shown, shown)


odd: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.just({})
)
keys = st.sampled_from(
    [
        "level", "logger", "event", "operation", "status", "duration_ms", "path", "exception", "error_type",
        "error_message", "message", "tokens_in", "cost_usd", "active_ms", "cache_hit", "size_bytes",
        "lost", "model", "timestamp",
    ]
)  # fmt: skip


@given(
    wire=st.dictionaries(keys, odd),
    event=st.sampled_from(["span_end", "llm_interaction", "trace_point", "records_lost", "log", "own"]),
)
def test_no_line_makes_the_fold_raise(wire: Wire, event: str) -> None:
    """Whatever stands in the keys, counting the line does not raise, and the result has a report."""
    fold = folded({**wire, "event": event})

    assert json.dumps(fold.to_dict())
    assert isinstance(fold.report(), dict)


def test_a_bucket_counts_beyond_four_bytes() -> None:
    """A count over 2**32 is exact."""
    buckets = LogBuckets()
    buckets.add(5.0, 2**32 - 1)
    buckets.add(5.0, 2**32)

    assert len(buckets) == 2**33 - 1


def test_an_operation_takes_six_kilobytes_at_most() -> None:
    """A snapshot with times from 10 microseconds to a minute, failures and amounts stays below 6 kB."""
    times = np.random.default_rng(1).lognormal(3, 1.5, 20_000).clip(0.01, 60_000)
    fold = folded(*(end(ms=float(ms), tokens_in=9) for ms in times))
    row = fold.operations["save"]

    assert len(json.dumps(row.to_dict(), separators=(",", ":"))) < 6_000
    assert row.buckets.counts.itemsize * len(row.buckets.counts) < 6_000


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "this is None, version None"),
        ({"kind": "ote_metrics", "version": 99}, "version 99"),
        ({"kind": "ote_metrics", "version": 1, "operations": 3}, "damaged"),
    ],
    ids=["no snapshot", "a later one", "damaged"],
)
def test_what_is_no_snapshot_is_refused(found: Wire, message: str) -> None:
    """A file that is no snapshot of this version is named, not half read."""
    with pytest.raises(ReadError, match=message):
        PerformanceMetrics.from_dict(found)
