"""Text for Prometheus: accepted by the parser of its client library, and its sums are those of the fold."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ote_logging.errors import MissingExtraError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.prometheus import BOUNDS_S, Collector, Surroundings, exposition, families_of
from ote_logging.schema import STAGES

Wire = dict[str, Any]


def end(operation: str = "save", ms: float = 12.5, **carried: Any) -> Wire:
    """The object of a span_end line."""
    head = {"level": "INFO", "logger": "app", "event": "span_end", "operation": operation}
    return {**head, "duration_ms": ms, "status": "ok", **carried}


def folded(*lines: Wire) -> PerformanceMetrics:
    """The fold of ``lines``."""
    fold = PerformanceMetrics()
    for line in lines:
        fold.add_line(line)
    return fold


def samples(text: bytes, name: str) -> dict[tuple[str, ...], float]:
    """The samples called ``name`` as Prometheus's client reads them, by the values of their labels."""
    families = text_string_to_metric_families(text.decode())
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in found}


def test_an_exposition_reads_as_expected() -> None:
    """One operation gives these lines, no more than a page, without times and ids."""
    fold = folded(end(ms=1500.0), end(ms=3.0, status="error", error_type="KeyError", trace_id="f" * 32))

    lines = exposition(fold, Surroundings(handler_s=0.5)).decode().splitlines()

    assert lines[:7] == [
        "# HELP ote_operations_total Operations that ended, by outcome.",
        "# TYPE ote_operations_total counter",
        'ote_operations_total{operation="save",outcome="success"} 1',
        'ote_operations_total{operation="save",outcome="failure"} 1',
        "# HELP ote_operation_errors_total Failures by type of error.",
        "# TYPE ote_operation_errors_total counter",
        'ote_operation_errors_total{operation="save",error_type="KeyError"} 1',
    ]
    assert 'ote_operation_duration_seconds_bucket{operation="save",le="0.005"} 1' in lines
    assert 'ote_operation_duration_seconds_bucket{operation="save",le="2.5"} 2' in lines
    assert 'ote_operation_duration_seconds_sum{operation="save"} 1.503' in lines
    assert lines[-1] == "ote_metrics_handler_seconds_total 0.5"


def test_an_empty_fold_says_what_it_can() -> None:
    """Before anything is counted the text is valid, and its counters stand at 0."""
    text = exposition(PerformanceMetrics())

    assert samples(text, "ote_redactions_total") == {(): 0}
    assert samples(text, "ote_records_dropped_total") == {("reported",): 0}


@given(name=st.text(st.characters(blacklist_categories=["Cs"]), max_size=12))
def test_any_operation_comes_back(name: str) -> None:
    """Quotes, newlines and backslashes in a name are escaped as the parser unescapes them."""
    text = exposition(folded(end(name)))

    assert (name, "success") in samples(text, "ote_operations_total")


def test_half_a_character_is_shown() -> None:
    """A lone surrogate has no UTF-8; it is shown, and the rest of the text stays."""
    assert b'operation="\\udc80"' in exposition(folded(end("\udc80")))


@given(durations=st.lists(st.floats(0.01, 1e6), max_size=30))
def test_a_histogram_is_cumulative_and_whole(durations: list[float]) -> None:
    """Buckets never fall, the last one is the count, and the sum is that of the durations."""
    text = exposition(folded(*(end(ms=ms) for ms in durations)))
    buckets = list(samples(text, "ote_operation_duration_seconds_bucket").values())

    assert buckets == sorted(buckets)
    assert buckets[-1:] == ([float(len(durations))] if durations else [])
    if durations:
        (total,) = samples(text, "ote_operation_duration_seconds_sum").values()
        assert total == pytest.approx(sum(durations) / 1000, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seconds", BOUNDS_S)
def test_a_bound_belongs_to_its_bucket(seconds: float) -> None:
    """What stands on a bound is counted under it, what is 3 % above is not."""
    text = exposition(folded(end(ms=seconds * 1000), end(ms=seconds * 1030)))
    buckets = samples(text, "ote_operation_duration_seconds_bucket")

    assert buckets["save", f"{seconds:g}"] == 1


calls = st.builds(
    lambda event, around, tokens, cost: {
        **end(around or "save"), "event": event, **({"operation": around} if around else {}),
        "tokens_in": tokens, "tokens_out": 1, "cost_usd": cost,
    },
    st.sampled_from(["llm_interaction", "span_end"]), st.sampled_from(["ask", "answer", None]),
    st.integers(0, 10**6), st.floats(0, 10),
)  # fmt: skip


@given(lines=st.lists(calls, max_size=20))
def test_amounts_sum_to_the_totals(lines: list[Wire]) -> None:
    """A token stands under one operation, though the fold keeps it for its stage as well."""
    fold = folded(*lines)
    tokens = samples(exposition(fold), "ote_llm_tokens_total")
    cost = samples(exposition(fold), "ote_llm_cost_usd_total")

    assert sum(tokens.values()) == (fold.totals["tokens_in"] or 0) + (fold.totals["tokens_out"] or 0)
    assert sum(cost.values()) == pytest.approx(fold.totals["cost_usd"] or 0, abs=1e-9)
    assert {operation for operation, _ in tokens}.isdisjoint(STAGES)


def test_surroundings_are_told() -> None:
    """Losses by reason, what the fold has lost beyond them, and anomalies by kind."""
    fold = folded(end())
    fold.lost = 7
    text = exposition(fold, Surroundings({"ENOSPC": 5}, {"burst": 2}))

    assert samples(text, "ote_records_dropped_total") == {("ENOSPC",): 5, ("reported",): 2}
    assert samples(text, "ote_anomalies_total") == {("burst",): 2}


def test_the_collector_tells_the_same() -> None:
    """The client library's own text has the very samples of ours."""
    fold = folded(end(), end("größe", tokens_in=3), end(ms=7, status="error", error_type='a"b'))
    registry = CollectorRegistry()
    registry.register(Collector(lambda: families_of(fold, Surroundings())))

    theirs = list(text_string_to_metric_families(generate_latest(registry).decode()))
    ours = list(text_string_to_metric_families(exposition(fold).decode()))

    assert [(f.name, f.type, f.samples) for f in theirs] == [(f.name, f.type, f.samples) for f in ours]


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without prometheus_client the error says what to install."""
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)

    with pytest.raises(MissingExtraError, match=r"ote-logging\[prometheus\]"):
        Collector(list)
