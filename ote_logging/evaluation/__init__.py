"""Evaluation: figures, comparisons and anomalies from the lines that are there anyway.

Names are loaded when they are first asked for: a handler that folds metrics pays for no event loop.

LOCATION: ote_logging/evaluation/
DEPENDENCIES: metrics, comparison, anomalies
TRACE POINTS: none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

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


def __getattr__(name: str) -> Any:
    """Return the public class called ``name`` from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
