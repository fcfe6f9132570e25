"""Where the records of a GenerationLogger go: to the handlers that are configured, else to files of its own.

LOCATION: ote_logging/generation/sinks.py
DEPENDENCIES: content, filters, handlers: session and artifacts; context and records (whose they are)
TRACE POINTS: Route.handle() - a record goes its way
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ote_logging import context
from ote_logging.content import ContentFilter
from ote_logging.context import Context
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.handlers.artifacts import ArtifactHandler
from ote_logging.handlers.session import SessionFileHandler
from ote_logging.records import CONTEXT, attribute_name, mark


class Sinks:
    """The handlers of a GenerationLogger that nobody configured; made when they are first needed."""

    def __init__(self, folder: Path, is_given: bool) -> None:
        self._folder = folder.absolute()
        self._is_given = is_given
        self._handlers: list[logging.Handler] = []

    def of(self, logger: logging.Logger) -> list[logging.Handler]:
        """Return the handlers that write beside those of ``logger``."""
        folders = [each.directory for each in _session_handlers(logger)]
        if self._folder in folders or (folders and not self._is_given):
            return []
        if not self._handlers:
            self._handlers = self._made()
        return self._handlers

    def flush(self) -> None:
        """Wait until everything is written that they have."""
        for handler in self._handlers:
            handler.flush()

    def _made(self) -> list[logging.Handler]:
        handlers = [
            SessionFileHandler(self._folder, on_error="degrade"),
            ArtifactHandler(self._folder),
        ]
        redact = RedactFilter()
        content = ContentFilter(directory=self._folder)
        for handler, filters in zip(handlers, ([content], []), strict=True):
            for each in (ContextFilter(), redact, *filters):
                handler.addFilter(each)
        return list(handlers)


def _session_handlers(logger: logging.Logger | None) -> Iterator[SessionFileHandler]:
    """Yield the SessionFileHandlers that records of ``logger`` reach, also behind a queue."""
    while logger is not None:
        for handler in logger.handlers:
            yield from _among(handler)
        logger = logger.parent if logger.propagate else None


def _among(handler: Any) -> Iterator[SessionFileHandler]:
    if isinstance(handler, SessionFileHandler):
        yield handler
    behind = getattr(handler, "handlers", ())
    for each in behind if isinstance(behind, list | tuple) else ():
        yield from _among(each)


class Route(logging.Logger):
    """The logger of a module, for records of one session that are written whatever its level."""

    def __init__(self, logger: logging.Logger, session_id: str, sinks: Sinks) -> None:
        super().__init__(logger.name)
        self._logger = logger
        self._session_id = session_id
        self._sinks = sinks

    def handle(self, record: logging.LogRecord) -> None:
        """Say whose ``record`` is, and give it to all that write it."""
        if CONTEXT not in record.__dict__:
            self._mark(record.__dict__)
        sinks = self._sinks.of(self._logger)
        # Filters write on the record that they see; those of the sinks are not those of other handlers.
        copy = logging.makeLogRecord(record.__dict__) if sinks else record
        for sink in sinks:
            sink.handle(copy)
        # Without any handler logging would write errors to stderr, with their secrets.
        if self._logger.isEnabledFor(record.levelno) and (self._logger.hasHandlers() or not sinks):
            self._logger.handle(record)

    def _mark(self, attributes: dict[str, Any]) -> None:
        """Write on a record's ``attributes`` what a ContextFilter would, for the session of this route."""
        current = context.current()
        is_mine = current.session_id == self._session_id
        for name, value in current.fields.items():
            attributes.setdefault(attribute_name(name), value)
        mark(attributes, current if is_mine else Context(self._session_id, current.fields))
