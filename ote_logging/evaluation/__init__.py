"""Evaluation: figures, comparisons and anomalies from the lines that are there anyway.

Names are loaded when they are first asked for: a handler that folds metrics pays for no event loop.

LOCATION: ote_logging/evaluation/
DEPENDENCIES: metrics, comparison, anomalies
TRACE POINTS: none
"""

from typing import TYPE_CHECKING, Final

from ote_logging.late import late_names

if TYPE_CHECKING:
    from ote_logging.evaluation.anomalies import AnomalyDetector
    from ote_logging.evaluation.comparison import ComparisonFramework
    from ote_logging.evaluation.metrics import PerformanceMetrics

__all__ = ["AnomalyDetector", "ComparisonFramework", "PerformanceMetrics"]

_HOME: Final = {
    "AnomalyDetector": "anomalies",
    "ComparisonFramework": "comparison",
    "PerformanceMetrics": "metrics",
}

__getattr__, __dir__ = late_names(__name__, _HOME)
