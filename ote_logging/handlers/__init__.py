"""Handlers: one sink, one file.

A name is imported when it is first asked for: few programs need all of them.

LOCATION: ote_logging/handlers/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import a handler when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    handler = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return handler


def __dir__() -> list[str]:
    """Return the promised names besides those that are there."""
    return sorted({*globals(), *__all__})
