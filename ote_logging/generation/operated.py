"""OTELogger: the logger of a module, with a method for operations.

LOCATION: ote_logging/generation/operated.py
DEPENDENCIES: events; evaluation.metrics (figures that the program records)
TRACE POINTS: OTELogger.log_operation() - an operation took place
"""

import logging
from collections.abc import Mapping
from typing import Any

from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.events import Event


class _Operated(Event):
    """Something took place; outside of a span it is the operation."""

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        return {"operation": self.event, **ids}


class OTELogger:
    """The logger of a module, with ``log_operation``.

    ``logger`` is the ``logging.Logger``; all its methods (``debug``, ``info``, ``error``, ``exception`` ...)
    are methods of this too, and report the caller's own line. ``metrics`` is for the program to record in:
    ``log.metrics.record("save", 0.12, True)``.
    """

    def __init__(self, name: str) -> None:
        self.logger = logging.getLogger(name)
        self.metrics = PerformanceMetrics()

    def log_operation(self, operation: str, /, **fields: Any) -> None:
        """Log at INFO that ``operation`` took place: an event of that name, with fields of any name."""
        self.logger.info(_Operated(operation, "", **fields), stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        if name == "logger":
            # A copy that is being made has none yet.
            raise AttributeError(name)
        return getattr(self.logger, name)
