"""How much of what was said, given and made is written: whole, its beginning, its hash, or nothing.

    filters:
      content:
        (): ote_logging.content.ContentFilter
        content: full            # full | preview | hash | none

It stands last among the filters of a handler. Whatever the mode, a line says how long a content is
(``prompt_length``) and, unless the mode is none, which (``prompt_hash``).

Here are the switch and the test whether an event has any content; what takes contents out is imported with
the first that has one, so that a program without a pipeline pays nothing for the switch.

LOCATION: ote_logging/content/
DEPENDENCIES: errors, events, stages.names; when there is a content: content.reduction; handlers.parts (Keep)
TRACE POINTS: ContentFilter.filter() - contents are taken out of an event
"""

import logging
import os
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ote_logging.errors import ConfigError
from ote_logging.events import Event, Redactor, tells_its_fields
from ote_logging.stages.names import CONTENTS, LARGE_CHARS, NESTED

if TYPE_CHECKING:
    from ote_logging.content.reduction import Reducer
    from ote_logging.handlers.contents import ContentStore
    from ote_logging.handlers.parts import Keep

MODES: Final = ("full", "preview", "hash", "none")
"""How much is kept, the most first."""

SHOWN: Final = ("full", "preview")
"""The modes that leave something of a content on the line."""

_GOVERNED: Final = CONTENTS | NESTED
_OR_CONTEXT: Final = _GOVERNED | {"code_context"}
_PLAIN_FIELDS: Final = (dict, MappingProxyType)
_ASKED: Final = ("__getattribute__", "keys", "fields")
_ATOMS: Final = frozenset({int, float, bool, type(None)})


class Modes:
    """Which mode governs a field of a logger's events; of field and logger the one that keeps less."""

    def __init__(self, default: str, fields: Mapping[str, str], loggers: Mapping[str, str]) -> None:
        """Refuse what is no mode, all at once."""
        told = {"content": default}
        told.update({f"fields: {name}": mode for name, mode in fields.items()})
        told.update({f"loggers: {name}": mode for name, mode in loggers.items()})
        unknown = [place for place, mode in told.items() if mode not in MODES]
        if unknown:
            known = ", ".join(MODES)
            raise ConfigError([f"{place} is {told[place]!r}; it is one of {known}" for place in unknown])
        self._default, self._fields, self._loggers = default, fields, loggers
        self.are_full = set(told.values()) == {"full"}
        """Whether everything is kept, of any field and logger."""

    def of(self, field: str, logger: str) -> str:
        """Return the mode of ``field`` in events of ``logger``."""
        given = [mode for mode in (self._fields.get(field), self._of_logger(logger)) if mode]
        return max(given, key=MODES.index) if given else self._default

    def _of_logger(self, logger: str) -> str | None:
        """Return the mode of ``logger``, or that of the nearest above it that has one."""
        while logger and self._loggers:
            if logger in self._loggers:
                return self._loggers[logger]
            logger = logger.rpartition(".")[0]
        return None


class Reduced(Event):
    """An event without some of its contents; ``whole`` is as it was."""

    __slots__ = ("_logger", "_made_by", "whole")

    def __init__(
        self,
        whole: Event,
        keys: Mapping[str, Any],
        fields: Mapping[str, Any],
        made_by: "Reducer",
        logger: str,
    ) -> None:
        self.event, self.text = whole.event, ""
        self.keys, self.fields = keys, fields
        self.whole = whole
        self._made_by, self._logger = made_by, logger

    def __str__(self) -> str:
        kind: type[Event] = type(self.whole)
        made_of_fields: type = kind
        if not (tells_its_fields(made_of_fields) and _keeps_its_fields(made_of_fields)):
            # The text of a stage shows no content; that of a class of the program is its own.
            return str(self.whole)
        shown = object.__new__(kind)
        for name in kind._PARTS:
            setattr(shown, name, getattr(self.whole, name))
        shown.fields = {name: self.fields[name] for name in self.whole.fields if name in self.fields}
        return str(shown)

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the keys of the line, less those that are left out."""
        within = self.whole.within(ids)
        return {name: value for name, value in within.items() if name in self.keys or name in ids}

    def redacted(self, redactor: Redactor) -> Event:
        """Return the same without secrets: contents are taken out anew, for they may be shown in part."""
        whole = self.whole.redacted(redactor)
        return self if whole is self.whole else self._made_by.reduced(whole, self._logger, is_clean=True)


def whole_of(message: object) -> object:
    """Return ``message`` as it was before a ContentFilter of another handler took contents out of it."""
    return message.whole if isinstance(message, Reduced) else message


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
        directory: the folder of the sessions; that of the handler that the filter stands on where it has one,
            else ``logs``.
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
        directory: str | os.PathLike[str] | None = None,
        keep: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.modes = Modes(content, dict(fields or {}), dict(loggers or {}))
        self.inline_chars = _count("inline_chars", inline_chars)
        self.preview_chars = _count("preview_chars", preview_chars)
        # Now: the program may go elsewhere before the first content comes.
        self.directory = None if directory is None else os.path.abspath(directory)
        self.default_directory = os.path.abspath("logs")
        self.keep = None if keep is None else _kept(keep)
        self.failures = 0
        self._made: Reducer | None = None

    def governs(self, kind: type) -> frozenset[str] | None:
        """Return the names of the fields that ``filter`` may touch in events of a class; None for any."""
        if not _keeps_its_fields(kind) or (kind is Event and not self.modes.are_full):
            return None
        return _GOVERNED if self.modes.are_full else _OR_CONTEXT

    def spares(self, event: Event, logger: str) -> bool:
        """Whether ``filter`` would leave a record of ``logger`` with this event as it is; costs 0.2 us.

        False where that cannot be told so fast. A record without an event is always left.
        """
        kind: type = type(event)
        if not _keeps_its_fields(kind):
            return False
        fields = event.fields
        if type(fields) not in _PLAIN_FIELDS:
            return False
        if not self.modes.are_full:
            return _OR_CONTEXT.isdisjoint(fields) and "code_context" not in event.keys
        return _GOVERNED.isdisjoint(fields) or all(map(self._is_small, fields, fields.values()))

    def _is_small(self, name: str, value: object) -> bool:
        """Whether a field stands on the line in full mode, told without a look inside of it."""
        if type(value) is str:
            return len(value) <= self.inline_chars or name not in _GOVERNED
        return type(value) in _ATOMS or name not in _GOVERNED

    def filter(self, record: logging.LogRecord) -> bool:
        """Take contents out of the event of ``record``; let it pass. One that fails loses all its fields."""
        event: Any = record.msg
        if not issubclass(type(event), Event) or self.spares(event, record.name):
            return True
        try:
            record.msg = self._reducer.of_record(record)
        except Exception:  # contents may be objects with code of their own
            self.failures += 1
            record.msg = Event(event.event, str(event))
        return True

    @property
    def store(self) -> "ContentStore":
        """Where large contents are kept."""
        return self._reducer.store

    @property
    def _reducer(self) -> "Reducer":
        if self._made is None:
            # Only now: with the stages it takes 20 ms to import.
            from ote_logging.content.reduction import Reducer

            self._made = Reducer(self)
        return self._made


@lru_cache(maxsize=256)
def _keeps_its_fields(kind: type) -> bool:
    """Whether the fields of an event of this class are there when asked, and no code of a program runs.

    Those of a stage are not: it finds them out.
    """
    owners = [next(each for each in kind.__mro__ if name in vars(each)) for name in _ASKED]
    is_ours = owners[1].__module__.startswith("ote_logging.")
    is_plain = owners[0] is object and owners[2] is Event
    return is_plain and is_ours and kind is not Reduced


def _count(name: str, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ConfigError([f"{name} is {number!r}; give a whole number, 0 or more"])
    return number


def _kept(keep: Mapping[str, float]) -> "Keep":
    # Only where there are limits: with pathlib it takes 5 ms to import.
    from ote_logging.handlers.parts import Keep

    try:
        return Keep.of(keep)
    except ValueError as error:
        raise ConfigError([str(error)]) from None
