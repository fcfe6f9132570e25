"""Take contents out of an event: what is left stands on the line, what is large in the store.

LOCATION: ote_logging/content/reduction.py
DEPENDENCIES: content (modes), events, records (REDACTED_BY), redaction, stages.base and contents,
    handlers: contents (the store), session (whose folder it is in)
TRACE POINTS: Reducer.of_record() - contents are taken out of an event
"""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ote_logging.content import SHOWN, Reduced, whole_of
from ote_logging.events import Event
from ote_logging.handlers.contents import ContentStore
from ote_logging.handlers.session import SessionFileHandler
from ote_logging.records import REDACTED_BY
from ote_logging.redaction import Redactor as DefaultRedactor
from ote_logging.stages.base import StageEvent, resolved, told_of
from ote_logging.stages.contents import Large, as_text, digest_of, exceeds, is_a, measures, size_of
from ote_logging.stages.names import CONTENTS, NESTED

if TYPE_CHECKING:
    from ote_logging.content import ContentFilter

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_HASHES: Final = ("_hash", "_hashes", "_part_hashes")


class Reducer:
    """What a ContentFilter takes contents out with, made when the first one comes."""

    def __init__(self, options: "ContentFilter") -> None:
        """Work by ``options``; large contents go beside the session."""
        self.options = options
        directory = options.directory or _directory_beside(options) or options.default_directory
        self.store = ContentStore(directory, options.keep)
        self.redactor = DefaultRedactor()

    def of_record(self, record: logging.LogRecord) -> Event:
        """Return the event of ``record``, which has one, without what is left out."""
        event: Any = whole_of(record.msg)
        return self.reduced(event, record.name, is_clean=record.__dict__.get(REDACTED_BY) is not None)

    def reduced(self, event: Event, logger: str, *, is_clean: bool) -> Event:
        """Return ``event``, logged by ``logger``, without what is left out; itself where nothing is.

        What is not ``is_clean`` loses its secrets by the usual rules before it is stored.
        """
        given = event.settled().given if isinstance(event, StageEvent) else event.fields
        reduction = _Reduction(self, logger, is_clean)
        keys = {name: value for name, value in event.keys.items() if not reduction.leaves_out(name, value)}
        if len(keys) == len(event.keys) and not any(map(reduction.leaves_out, given, given.values())):
            return event
        measured = event.measures if isinstance(event, StageEvent) else {**measures(given), **told_of(given)}
        fields = {**reduction.kept(given), **reduction.shown(measured, given)}
        return Reduced(event, keys, fields, self, logger)


class _Reduction:
    """What one filter leaves of the events of one logger."""

    def __init__(self, reducer: Reducer, logger: str, is_clean: bool) -> None:
        self._reducer = reducer
        self._logger = logger
        self._is_clean = is_clean

    def _mode(self, name: str) -> str:
        return self._reducer.options.modes.of(name, self._logger)

    def _is_long(self, value: Any, mode: str) -> bool:
        options = self._reducer.options
        return exceeds(value, options.inline_chars if mode == "full" else options.preview_chars)

    def leaves_out(self, name: str, value: Any) -> bool:
        """Tell whether not all of a field is kept."""
        if name in NESTED and is_a(value, list):
            items = [item.items() for item in value if is_a(item, Mapping)]
            return any(self.leaves_out(*pair) for pairs in items for pair in pairs)
        if name == "code_context":
            return self._mode(name) not in SHOWN
        if name not in CONTENTS or value is None:
            return False
        mode = self._mode(name)
        return mode not in SHOWN or self._is_long(value, mode)

    def kept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of fields."""
        return dict(
            pair
            for name, value in given.items()
            for pair in self._kept(name, value, given.get(f"{name}_hash"))
        )

    def shown(self, measured: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the measures less the hashes of contents of which nothing may be known."""
        hidden = [name for name in given if name in CONTENTS | NESTED and self._mode(name) == "none"]
        return {name: value for name, value in measured.items() if not _tells(name, hidden)}

    def _kept(self, name: str, value: Any, digest: object) -> Iterator[tuple[str, Any]]:
        if not self.leaves_out(name, value):
            yield name, resolved(value)
        elif name in NESTED:
            yield name, [self.kept(item) if is_a(item, Mapping) else item for item in value]
        elif self._mode(name) in SHOWN:
            if not (self._is_clean or type(value) is Large):
                value = Large(value, self._reducer.redactor)
            yield name, self._beginning(value)
            yield f"{name}_truncated", True
            if self._mode(name) == "full":
                # Also of contents that have no measures, or the line would not say where the whole is.
                yield f"{name}_hash", self._stored(value, digest)

    def _beginning(self, value: Any) -> str:
        chars = self._reducer.options.preview_chars
        return value.beginning(chars) if type(value) is Large else as_text(value)[:chars]

    def _stored(self, value: Any, known: object) -> str:
        """Store a content; return its hash: the one that is ``known``, by which other events name it."""
        digest = known if type(known) is str and _DIGEST.fullmatch(known) else digest_of(value)
        self._reducer.store.put(digest, lambda: as_text(resolved(value)), size_of(value))
        return digest


def _directory_beside(content_filter: logging.Filter) -> str | None:
    """Return the folder of the handler that a filter stands on, else of a session of the configuration.

    The filter of a queue comes before the queue knows what is behind it.
    """
    references: list[Any] = list(logging._handlerList)  # type: ignore[attr-defined]  # as logging.shutdown does
    alive = [handler for reference in references if (handler := reference()) is not None]
    own = [handler for handler in alive if content_filter in handler.filters]
    sessions = [handler for handler in alive if isinstance(handler, SessionFileHandler)]
    folders = [getattr(handler, "directory", None) for handler in (*own, *sessions[::-1])]
    return next((str(folder) for folder in folders if isinstance(folder, Path)), None)


_STEMS: Final = {"variables": "variable", "attempts": "attempt"}


def _tells(measure: str, hidden: list[str]) -> bool:
    """Tell whether ``measure`` is a hash of a hidden content."""
    return any(measure == _STEMS.get(name, name) + suffix for name in hidden for suffix in _HASHES)
