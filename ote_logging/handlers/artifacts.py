"""One file for each model interaction and each validation error, for people who look with an editor.

LOCATION: ote_logging/handlers/artifacts.py
DEPENDENCIES: content (whole_of), formatters.wire (the object), handlers: background, contents, losses, naming
TRACE POINTS: ArtifactHandler.emit() - an event becomes a file
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from ote_logging.content import ContentFilter, whole_of
from ote_logging.context import new_session_id
from ote_logging.events import Event
from ote_logging.formatters.wire import wire_of
from ote_logging.handlers.background import Background
from ote_logging.handlers.contents import write_new
from ote_logging.handlers.losses import Stats, Tally
from ote_logging.handlers.naming import safe_name
from ote_logging.jsonable import Limits, jsonable
from ote_logging.schema import wire_key
from ote_logging.stages.base import StageEvent
from ote_logging.stages.contents import size_of
from ote_logging.stages.names import CONTENTS, LARGE_CHARS

_UNCUT: Final = Limits(chars=2**31, size=2**31, items=10_000_000)
_OPTIONS: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_NAMELESS: Final = "component"


class ArtifactHandler(logging.Handler):
    """Writes ``llm_<uuid>_<component>.json`` for each ``llm_interaction`` and
    ``validation_error_<uuid>_<component>.json`` for each ``validation`` that failed.

    The uuid is the file's own. The object is that of the line, its contents uncut; that of a validation error
    has the ``event`` ``validation_error``, where the line says ``validation``. Files are made exclusively,
    with mode 0600, and never changed. Without a ContentFilter of its own this handler writes contents whole,
    whatever the filter of another one has left of them. What cannot be written is counted, see ``stats``.

    Args:
        directory: the folder, relative to the current one; made where it is missing.
        level: as of any handler.
    """

    def __init__(self, directory: str | os.PathLike[str] = "logs", level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.directory = Path(directory).absolute()
        self._tally = Tally(str(self.directory))
        self._background = Background()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the file of ``record``, where it has one; a large one soon, in another thread."""
        try:
            event = self._event_of(record)
            kind = _kind_of(event) if isinstance(event, Event) else None
            if kind is not None:
                self._write(record, event, kind)
        except Exception:  # fields may be objects with code of their own
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count ``record`` as lost by the error that is being handled, whatever raiseExceptions says."""
        self._tally.lose(sys.exc_info()[1] or "unknown")

    def stats(self) -> Stats:
        """Return how many files were written and lost by this process, and for which reasons."""
        return self._tally.stats()

    def flush(self) -> None:
        """Wait until every file is written, at most 30 s."""
        self._background.flush()

    def close(self) -> None:
        """Write what waits."""
        self.flush()
        super().close()

    def _event_of(self, record: logging.LogRecord) -> Any:
        has_filter = any(isinstance(each, ContentFilter) for each in self.filters)
        return record.msg if has_filter else whole_of(record.msg)

    def _write(self, record: logging.LogRecord, event: Event, kind: str) -> None:
        copy = logging.makeLogRecord({**record.__dict__, "msg": event})
        given = event.given if isinstance(event, StageEvent) else event.fields
        chars = sum(size_of(value) for name, value in given.items() if name in CONTENTS)
        if chars > LARGE_CHARS:
            self._background.do(lambda: self._make(copy, event, kind), chars)
        else:
            self._make(copy, event, kind)

    def _make(self, record: logging.LogRecord, event: Event, kind: str) -> None:
        try:
            path = self.directory / _file_name(kind, event.fields.get("component"))
            write_new(path, orjson.dumps(_object_of(record, event, kind), option=_OPTIONS))
            self._tally.written += 1
        except Exception as error:  # the disk, and what cleans large contents
            self._tally.lose(error)


def _kind_of(event: Event) -> str | None:
    """Return how the file of ``event`` begins, None where it has none."""
    if event.event == "llm_interaction":
        return "llm"
    is_failed = event.event == "validation" and event.keys.get("status") == "error"
    return "validation_error" if is_failed else None


def _file_name(kind: str, component: object) -> str:
    name = safe_name(component) if isinstance(component, str) and component else _NAMELESS
    return f"{kind}_{new_session_id()}_{name}.json"


def _object_of(record: logging.LogRecord, event: Event, kind: str) -> Any:
    wire = wire_of(record)
    # It counts the lines of a session; this is none.
    del wire["seq"]
    wire.update((wire_key(name), value) for name, value in event.fields.items() if name in CONTENTS)
    if kind == "validation_error":
        wire["event"] = kind
    return jsonable(wire, _UNCUT)
