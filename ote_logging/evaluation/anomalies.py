"""Find in metrics what is probably a bug: operations that fail or last too long.

LOCATION: ote_logging/evaluation/anomalies.py
DEPENDENCIES: none
TRACE POINTS: AnomalyDetector.detect_anomalies() - metrics give messages
"""

from collections.abc import Mapping
from typing import Any, Protocol

Figures = Mapping[str, Mapping[str, Any]]


class HasMetrics(Protocol):
    """Anything with the seeds' figures by operation."""

    @property
    def metrics(self) -> Figures:
        """By operation: count, failures, avg_time (seconds)."""


class AnomalyDetector:
    """Judges metrics by fixed thresholds; for an operation's own past see ``watch.AnomalyWatch``."""

    def __init__(self, *, error_rate: float = 0.1, slow_s: float = 5.0) -> None:
        """Set the part of failing calls and the mean seconds that are still well."""
        self.error_rate, self.slow_s = error_rate, slow_s

    def detect_anomalies(self, metrics: HasMetrics | Figures) -> list[str]:
        """Return a message for each threshold that an operation exceeds.

        Args:
            metrics: a fold, any object with ``.metrics``, or what that holds: by operation a mapping with
                count, failures and avg_time.
        """
        figures = metrics if isinstance(metrics, Mapping) else metrics.metrics
        return [message for operation, data in figures.items() for message in self._of(operation, data)]

    def _of(self, operation: str, data: Mapping[str, Any]) -> list[str]:
        found = []
        rate = data["failures"] / data["count"] if data["count"] else 0.0
        if rate > self.error_rate:
            limit = f"{self.error_rate * 100:g}%"
            found.append(f"⚠️  HIGH ERROR RATE in {operation}: {rate * 100:.1f}% (threshold: {limit})")
        if data["avg_time"] > self.slow_s:
            limit = f"{self.slow_s:g}s"
            found.append(f"🐌 SLOW OPERATION {operation}: {data['avg_time']:.2f}s (threshold: {limit})")
        return found
