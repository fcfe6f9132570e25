"""Handlers: one sink, one file.

A name is imported when it is first asked for: few programs need all of them.

LOCATION: ote_logging/handlers/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from typing import TYPE_CHECKING

from ote_logging.late import late_names

if TYPE_CHECKING:
    from ote_logging.handlers.anomalies import AnomalyHandler
    from ote_logging.handlers.artifacts import ArtifactHandler
    from ote_logging.handlers.metrics import MetricsHandler
    from ote_logging.handlers.observers import ObserverHandler
    from ote_logging.handlers.queue import QueueHandler
    from ote_logging.handlers.session import SessionFileHandler

__all__ = [
    "AnomalyHandler",
    "ArtifactHandler",
    "MetricsHandler",
    "ObserverHandler",
    "QueueHandler",
    "SessionFileHandler",
]

_MODULES = {
    "AnomalyHandler": "anomalies",
    "ArtifactHandler": "artifacts",
    "MetricsHandler": "metrics",
    "ObserverHandler": "observers",
    "QueueHandler": "queue",
    "SessionFileHandler": "session",
}

__getattr__, __dir__ = late_names(__name__, _MODULES)
