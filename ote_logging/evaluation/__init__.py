"""Evaluation: figures, comparisons and anomalies from the lines that are there anyway.

LOCATION: ote_logging/evaluation/
DEPENDENCIES: metrics
TRACE POINTS: none
"""

from ote_logging.evaluation.metrics import PerformanceMetrics

__all__ = ["PerformanceMetrics"]
