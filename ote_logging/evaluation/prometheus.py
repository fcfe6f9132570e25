"""Metrics as Prometheus reads them: text exposition, and a collector for its client library.

Base units in the names, counters end in ``_total``, no timestamps, no ids as labels. An amount (tokens,
dollars ...) stands under the operation in which it was spent, under ``operation=""`` outside of any, so that
``sum()`` over the label is the whole. A duration up to 2 % above a bound may count under it.

LOCATION: ote_logging/evaluation/prometheus.py
DEPENDENCIES: metrics, operations, quantiles, errors; for Collector prometheus_client (extra ``prometheus``)
TRACE POINTS: families_of() - a fold becomes samples; exposition() - samples become text
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from ote_logging.errors import MissingExtraError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.operations import OperationMetrics
from ote_logging.evaluation.quantiles import RELATIVE_ERROR
from ote_logging.schema import STAGES

BOUNDS_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
)  # fmt: skip
"""Upper bounds of the histogram's buckets in seconds; one more holds what is above them."""

# The value of a bucket is within the error of all that is in it; a little more for adding floats.
_BOUND_SLACK: Final = 1 + RELATIVE_ERROR + 1e-9
_OUTSIDE: Final = ""
_LABEL_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
# An operation may be called anything; half a surrogate pair has no bytes.
_ERRORS: Final = "backslashreplace"


class Sample(NamedTuple):
    """One value; its name is that of the family and ``suffix``."""

    suffix: str
    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """All samples of one name, which is without ``_total``."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: list[Sample]


@dataclass(frozen=True)
class Surroundings:
    """What a handler knows besides its fold."""

    dropped: Mapping[str, int] = field(default_factory=dict)
    """Lost records by reason; what the fold has lost beyond them is told as ``reported``."""
    anomalies: Mapping[str, int] = field(default_factory=dict)
    """Anomalies that began, by kind."""
    handler_s: float | None = None
    """Seconds that counting has cost."""


class _Amount(NamedTuple):
    """How an amount of the fold (see ``operations.AMOUNTS``) is told, in ``scale`` of its units."""

    amount: str
    name: str
    help: str
    labels: Mapping[str, str] = {}
    scale: float = 1
    kind: Literal["counter", "gauge"] = "counter"


_AMOUNTS: Final = (
    _Amount("tokens_in", "ote_llm_tokens", "Tokens of language models.", {"direction": "input"}),
    _Amount("tokens_out", "ote_llm_tokens", "Tokens of language models.", {"direction": "output"}),
    _Amount("tokens_cached", "ote_llm_cached_tokens", "Input tokens that came from a cache of the model."),
    _Amount("cost_usd", "ote_llm_cost_usd", "Cost of language models in US dollars."),
    _Amount("unpriced", "ote_llm_unpriced", "Lines with tokens of a model that has no known price."),
    _Amount("api_calls", "ote_api_calls", "Calls of foreign interfaces."),
    _Amount("retries", "ote_retries", "Retries."),
    _Amount("cache_hits", "ote_cache_lookups", "Look-ups in caches of the program.", {"result": "hit"}),
    _Amount("cache_misses", "ote_cache_lookups", "Look-ups in caches of the program.", {"result": "miss"}),
    _Amount("bytes", "ote_operation_bytes", "Bytes written or read."),
    _Amount("cpu_ms", "ote_operation_cpu_seconds", "Processor time, where it was captured.", scale=1e-3),
    _Amount(
        "memory_growth_bytes", "ote_operation_memory_growth_bytes", "Growth of memory, where captured.",
        kind="gauge",
    ),
)  # fmt: skip


def exposition(metrics: PerformanceMetrics, surroundings: Surroundings | None = None) -> bytes:
    """Return ``metrics`` in the text format of Prometheus, UTF-8."""
    text = "".join(map(_text_of, families_of(metrics, surroundings or Surroundings())))
    return text.encode("utf-8", _ERRORS)


def families_of(metrics: PerformanceMetrics, surroundings: Surroundings) -> list[Family]:
    """Return what ``metrics`` and its ``surroundings`` say, families without samples left out."""
    called = {name: row for name, row in metrics.operations.items() if row.calls}
    found = [_outcomes(called), _error_types(called), _durations(called)]
    found += _amounts(metrics)
    found += _records(metrics, surroundings)
    return [family for family in found if family.samples]


def _outcomes(rows: Mapping[str, OperationMetrics]) -> Family:
    samples = [
        Sample("_total", {"operation": name, "outcome": outcome}, count)
        for name, row in rows.items()
        for outcome, count in (("success", row.successes), ("failure", row.failures))
    ]
    return Family("ote_operations", "counter", "Operations that ended, by outcome.", samples)


def _error_types(rows: Mapping[str, OperationMetrics]) -> Family:
    samples = [
        Sample("_total", {"operation": name, "error_type": kind}, count)
        for name, row in rows.items()
        for kind, count in row.error_types.items()
    ]
    return Family("ote_operation_errors", "counter", "Failures by type of error.", samples)


def _durations(rows: Mapping[str, OperationMetrics]) -> Family:
    samples = [sample for name, row in rows.items() if row.timed for sample in _histogram(name, row)]
    text = "Durations of operations in seconds."
    return Family("ote_operation_duration_seconds", "histogram", text, samples)


def _histogram(name: str, row: OperationMetrics) -> Iterator[Sample]:
    weighted = row.buckets.weighted()
    place = count = 0
    for bound_s in BOUNDS_S:
        # Texts round durations: what stands exactly on a bound lies under it, as elsewhere.
        highest_ms = bound_s * 1000 * _BOUND_SLACK
        while place < len(weighted) and weighted[place][0] <= highest_ms:
            count += weighted[place][1]
            place += 1
        yield Sample("_bucket", {"operation": name, "le": _number(bound_s)}, count)
    yield Sample("_bucket", {"operation": name, "le": "+Inf"}, row.timed)
    yield Sample("_sum", {"operation": name}, row.wall_ms / 1000)
    yield Sample("_count", {"operation": name}, row.timed)


def _amounts(metrics: PerformanceMetrics) -> list[Family]:
    families: dict[str, Family] = {}
    for told in _AMOUNTS:
        family = families.setdefault(told.name, Family(told.name, told.kind, told.help, []))
        suffix = "_total" if told.kind == "counter" else ""
        for operation, amount in _by_operation(metrics, told.amount).items():
            labels = {"operation": operation, **told.labels}
            family.samples.append(Sample(suffix, labels, amount * told.scale))
    return list(families.values())


def _by_operation(metrics: PerformanceMetrics, amount: str) -> dict[str, float]:
    """Return ``amount`` by operation, each line once: the rows of stages repeat what stands elsewhere."""
    total = metrics.totals[amount]
    if total is None:
        return {}
    sums = {name: row.sums.get(amount) for name, row in metrics.operations.items() if name not in STAGES}
    found = {name: value for name, value in sums.items() if value is not None}
    # Dollars are kept to 1e-12: what is left below that is of adding floats.
    outside = round(total - sum(found.values()), 12)
    return {**found, _OUTSIDE: outside} if outside else found


def _records(metrics: PerformanceMetrics, around: Surroundings) -> list[Family]:
    levels = sum((Counter(found) for found in metrics.records.values()), Counter[str]())
    dropped = dict(around.dropped)
    dropped["reported"] = max(metrics.lost - sum(around.dropped.values()), 0)
    seconds = {} if around.handler_s is None else {"": around.handler_s}
    return [
        _counter("ote_records", "Log records by level.", "level", levels),
        _counter("ote_records_dropped", "Log records that were lost, by reason.", "reason", dropped),
        _counter("ote_redactions", "Values that were redacted.", "", {"": metrics.redacted}),
        _counter("ote_anomalies", "Anomalies that began, by kind.", "kind", around.anomalies),
        _counter("ote_metrics_handler_seconds", "Time that counting has cost, by samples.", "", seconds),
    ]


def _counter(name: str, text: str, label: str, counts: Mapping[str, float]) -> Family:
    told = (({label: key} if label else {}, count) for key, count in sorted(counts.items()))
    return Family(name, "counter", text, [Sample("_total", labels, count) for labels, count in told])


def _text_of(family: Family) -> str:
    full = family.name + ("_total" if family.kind == "counter" else "")
    lines = [f"# HELP {full} {family.help}", f"# TYPE {full} {family.kind}"]
    for suffix, labels, value in family.samples:
        lines.append(f"{family.name}{suffix}{_labels(labels)} {_number(value)}")
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{value.translate(_LABEL_ESCAPES)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


class Collector:
    """What ``prometheus_client`` asks for metrics: ``REGISTRY.register(Collector(handler.families))``."""

    def __init__(self, families: Callable[[], Iterable[Family]]) -> None:
        """Ask ``families`` whenever metrics are wanted.

        Raises:
            MissingExtraError: ``prometheus_client`` is not installed; the extra ``prometheus`` brings it.
        """
        try:
            from prometheus_client.core import Metric
        except ImportError as error:
            raise MissingExtraError("prometheus-client", "prometheus") from error
        self._metric: Callable[..., Any] = Metric
        self._families = families

    def collect(self) -> Iterator[Any]:
        """Yield each family as a ``prometheus_client.Metric``."""
        for family in self._families():
            metric = self._metric(family.name, family.help, family.kind)
            for suffix, labels, value in family.samples:
                metric.add_sample(family.name + suffix, {k: _clean(v) for k, v in labels.items()}, value)
            yield metric


def _clean(text: str) -> str:
    return text.encode("utf-8", _ERRORS).decode("utf-8")
