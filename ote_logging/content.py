"""How much of what was said, given and made is written: whole, its beginning, its hash, or nothing.

    filters:
      content:
        (): ote_logging.content.ContentFilter
        content: full            # full | preview | hash | none
        directory: logs          # where large contents go: that of the sessions

It stands last among the filters of a handler. Whatever the mode, a line says how long a content is
(``prompt_length``) and, unless the mode is none, which (``prompt_hash``).

LOCATION: ote_logging/content.py
DEPENDENCIES: events, records (REDACTED_BY), redaction, stages.base and contents, handlers.contents (store)
TRACE POINTS: ContentFilter.filter() - contents are taken out of an event
"""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ote_logging.errors import ConfigError
from ote_logging.events import Event, Redactor
from ote_logging.handlers.contents import ContentStore
from ote_logging.handlers.parts import Keep
from ote_logging.records import REDACTED_BY
from ote_logging.redaction import Redactor as DefaultRedactor
from ote_logging.stages.base import NESTED, StageEvent, resolved
from ote_logging.stages.contents import (
    CONTENTS,
    LARGE_CHARS,
    Large,
    as_text,
    digest_of,
    is_a,
    length_of,
    measures,
)

MODES: Final = ("full", "preview", "hash", "none")
"""How much is kept, the most first."""

_SHOWN: Final = ("full", "preview")
_HASHES: Final = ("_hash", "_hashes", "_part_hashes")


@dataclass(frozen=True)
class Modes:
    """Which mode governs a field of a logger's events; of field and logger the one that keeps less."""

    default: str
    fields: Mapping[str, str]
    loggers: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse what is no mode, all at once."""
        told = {"content": self.default}
        told.update({f"fields: {name}": mode for name, mode in self.fields.items()})
        told.update({f"loggers: {name}": mode for name, mode in self.loggers.items()})
        unknown = [place for place, mode in told.items() if mode not in MODES]
        if unknown:
            known = ", ".join(MODES)
            raise ConfigError([f"{place} is {told[place]!r}; it is one of {known}" for place in unknown])

    def of(self, field: str, logger: str) -> str:
        """Return the mode of ``field`` in events of ``logger``."""
        given = [mode for mode in (self.fields.get(field), self._of_logger(logger)) if mode]
        return max(given, key=MODES.index) if given else self.default

    def _of_logger(self, logger: str) -> str | None:
        """Return the mode of ``logger``, or that of the nearest above it that has one."""
        while logger and self.loggers:
            if logger in self.loggers:
                return self.loggers[logger]
            logger = logger.rpartition(".")[0]
        return None


class _Reduced(Event):
    """An event without some of its contents; ``whole`` is as it was."""

    __slots__ = ("_filter", "_logger", "whole")

    def __init__(
        self,
        whole: Event,
        keys: Mapping[str, Any],
        fields: Mapping[str, Any],
        made_by: "ContentFilter",
        logger: str,
    ) -> None:
        self.event, self.text = whole.event, ""
        self.keys, self.fields = keys, fields
        self.whole = whole
        self._filter, self._logger = made_by, logger

    def __str__(self) -> str:
        return str(self.whole)

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        within = self.whole.within(ids)
        return {name: value for name, value in within.items() if name in self.keys or name in ids}

    def redacted(self, redactor: Redactor) -> Event:
        """Return the same without secrets: contents are taken out anew, for they may be shown in part."""
        whole = self.whole.redacted(redactor)
        return self if whole is self.whole else self._filter.reduced(whole, self._logger, is_clean=True)


def whole_of(message: object) -> object:
    """Return ``message`` as it was before a ContentFilter of another handler took contents out of it."""
    return message.whole if isinstance(message, _Reduced) else message


class ContentFilter(logging.Filter):
    """Leaves of the contents of events what the mode says; all else of them stays.

    ``full``: everything; a content above ``inline_chars`` is stored once, as ``<directory>/content/<hash>``,
    and the line has its beginning and ``prompt_truncated: true``. ``preview``: the beginning. ``hash``: hash
    and length. ``none``: the length alone. Contents are prompt, system, response, specification, source,
    code, variables, before, output, diff, content, and those inside of attempts and tool calls; the source
    line of an error, ``code_context``, goes with ``hash`` and ``none``.

    What an earlier handler's filter has taken out, this one finds again. A handler without such a filter,
    behind one that has it, sees what that one left.

    Args:
        content: the mode of every content.
        fields: modes of fields by name, such as ``{response: hash}``.
        loggers: modes of loggers by name, and of those below them; with ``fields`` the one that keeps less
            counts.
        inline_chars: how long a content may be to stand in the line.
        preview_chars: how long a beginning is.
        directory: the folder of the sessions.
        keep: limits of the store by ``count``, ``age_s`` and ``bytes``; the oldest go first.

    Raises:
        ConfigError: an option has no such value.
    """

    def __init__(
        self,
        *,
        content: str = "full",
        fields: Mapping[str, str] | None = None,
        loggers: Mapping[str, str] | None = None,
        inline_chars: int = LARGE_CHARS,
        preview_chars: int = 500,
        directory: str | os.PathLike[str] = "logs",
        keep: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.modes = Modes(content, dict(fields or {}), dict(loggers or {}))
        self.inline_chars = _count("inline_chars", inline_chars)
        self.preview_chars = _count("preview_chars", preview_chars)
        self.store = ContentStore(directory, None if keep is None else _kept(keep))
        self.redactor = DefaultRedactor()
        self.failures = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Take contents out of the event of ``record``; let it pass. One that fails loses all its fields."""
        if not issubclass(type(record.msg), Event):
            return True
        event: Any = whole_of(record.msg)
        try:
            is_clean = record.__dict__.get(REDACTED_BY) is not None
            record.msg = self.reduced(event, record.name, is_clean=is_clean)
        except Exception:  # contents may be objects with code of their own
            self.failures += 1
            record.msg = Event(event.event, str(event))
        return True

    def reduced(self, event: Event, logger: str, *, is_clean: bool) -> Event:
        """Return ``event``, logged by ``logger``, without what is left out; itself where nothing is.

        What is not ``is_clean`` loses its secrets by the usual rules before it is stored.
        """
        given = event.settled().given if isinstance(event, StageEvent) else event.fields
        reduction = _Reduction(self, logger, is_clean)
        keys = {name: value for name, value in event.keys.items() if not reduction.leaves_out(name, value)}
        if len(keys) == len(event.keys) and not any(map(reduction.leaves_out, given, given.values())):
            return event
        measured = event.measures if isinstance(event, StageEvent) else measures(given)
        fields = {**reduction.kept(given), **reduction.shown(measured, given)}
        return _Reduced(event, keys, fields, self, logger)


class _Reduction:
    """What one filter leaves of the events of one logger."""

    def __init__(self, options: ContentFilter, logger: str, is_clean: bool) -> None:
        self._options = options
        self._logger = logger
        self._is_clean = is_clean

    def _mode(self, name: str) -> str:
        return self._options.modes.of(name, self._logger)

    def _is_long(self, value: Any, mode: str) -> bool:
        options = self._options
        return length_of(value) > (options.inline_chars if mode == "full" else options.preview_chars)

    def leaves_out(self, name: str, value: Any) -> bool:
        """Tell whether not all of a field is kept."""
        if name in NESTED and is_a(value, list):
            items = [item.items() for item in value if is_a(item, Mapping)]
            return any(self.leaves_out(*pair) for pairs in items for pair in pairs)
        if name == "code_context":
            return self._mode(name) not in _SHOWN
        if name not in CONTENTS or value is None:
            return False
        mode = self._mode(name)
        return mode not in _SHOWN or self._is_long(value, mode)

    def kept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of fields."""
        return dict(pair for name, value in given.items() for pair in self._kept(name, value))

    def shown(self, measured: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the measures less the hashes of contents of which nothing may be known."""
        hidden = [name for name in given if name in CONTENTS | NESTED and self._mode(name) == "none"]
        return {name: value for name, value in measured.items() if not _tells(name, hidden)}

    def _kept(self, name: str, value: Any) -> Iterator[tuple[str, Any]]:
        if not self.leaves_out(name, value):
            yield name, resolved(value)
        elif name in NESTED:
            yield name, [self.kept(item) if is_a(item, Mapping) else item for item in value]
        elif self._mode(name) in _SHOWN:
            yield name, self._beginning(name, value)
            yield f"{name}_truncated", True

    def _beginning(self, name: str, value: Any) -> str:
        if not (self._is_clean or type(value) is Large):
            value = Large(value, self._options.redactor)
        if self._mode(name) == "full":
            digest, length = digest_of(value), length_of(value)
            self._options.store.put(digest, lambda: as_text(resolved(value)), length)
        chars = self._options.preview_chars
        return value.beginning(chars) if type(value) is Large else as_text(value)[:chars]


def _count(name: str, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ConfigError([f"{name} is {number!r}; give a whole number, 0 or more"])
    return number


def _kept(keep: Mapping[str, float]) -> Keep:
    try:
        return Keep.of(keep)
    except ValueError as error:
        raise ConfigError([str(error)]) from None


_STEMS: Final = {"variables": "variable", "attempts": "attempt"}


def _tells(measure: str, hidden: list[str]) -> bool:
    """Tell whether ``measure`` is a hash of a hidden content."""
    return any(measure == _STEMS.get(name, name) + suffix for name in hidden for suffix in _HASHES)
