"""Observability, traceability and evaluation inside standard-library logging.

    import logging, ote_logging as ote

    ote.configure("logging.yaml")
    log = logging.getLogger(__name__)

    with ote.span("save_preference", user_id=7):
        log.debug("TRACE: save -> validate")

What writes comes at once; what is switched on or reads comes when it is first asked for, so that a
program which only logs pays for no more.

LOCATION: ote_logging/__init__.py
DEPENDENCIES: every module whose names it promises
TRACE POINTS: none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ote_logging.context import bind, carry, current, session
from ote_logging.errors import ConfigError, MissingExtraError, OteError, ReadError
from ote_logging.events import TRACE, Event
from ote_logging.spans import observe, span

if TYPE_CHECKING:
    from ote_logging.config import configure
    from ote_logging.filters import ContextFilter, RedactFilter
    from ote_logging.formatters import JsonFormatter, TraceFormatter
    from ote_logging.handlers import QueueHandler, SessionFileHandler

__all__ = [
    "TRACE",
    "ConfigError",
    "ContextFilter",
    "Event",
    "JsonFormatter",
    "MissingExtraError",
    "OteError",
    "QueueHandler",
    "ReadError",
    "RedactFilter",
    "SessionFileHandler",
    "TraceFormatter",
    "bind",
    "carry",
    "configure",
    "current",
    "observe",
    "session",
    "span",
]

_LATER = {
    "ContextFilter": "filters",
    "JsonFormatter": "formatters",
    "QueueHandler": "handlers",
    "RedactFilter": "filters",
    "SessionFileHandler": "handlers",
    "TraceFormatter": "formatters",
    "configure": "config",
}


def __getattr__(name: str) -> Any:
    """Import a name of ``_LATER`` when it is first asked for (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the promised names besides those that are there."""
    return sorted({*globals(), *__all__})
