"""Filters, to be put on handlers: who a record belongs to, and what it must not say.

A filter on a logger does not see the records of its children; one on a handler sees all that are written.

LOCATION: ote_logging/filters.py
DEPENDENCIES: context (ids), redaction (rules), records (names on a record), tracebacks (exceptions as data)
TRACE POINTS: ContextFilter.filter() - a record gets its ids; RedactFilter.filter() - it loses its secrets
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ote_logging.context import current
from ote_logging.events import Event
from ote_logging.records import (
    CONTEXT,
    EXCEPTION,
    ID_ATTRIBUTES,
    REDACTED_BY,
    STANDARD_COUNT,
    Remembered,
    added_to,
    attribute_name,
    field_name,
    has_words_apart,
    mark,
    message_of,
)
from ote_logging.redaction import Redactor
from ote_logging.tracebacks import describe, render

_ATOMS: Final = frozenset({int, float, bool, type(None)})


class ContextFilter(logging.Filter):
    """Puts the ids, the operation and the bound fields of the caller's context on records.

    On every library's records, for every formatter: ``%(session_id)s``, ``%(trace_id)s``, ``%(span_id)s``,
    ``%(parent_id)s`` and ``%(operation)s`` are empty text where there is none. An ``extra`` of the caller
    that is called so keeps its value under ``trace_id_``.
    """

    def __init__(self) -> None:
        """Take records of every logger."""
        super().__init__()

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark ``record`` with the context of the caller, once; let it pass."""
        attributes = record.__dict__
        if CONTEXT in attributes:
            return True
        context = current()
        if len(attributes) != STANDARD_COUNT and not attributes.keys().isdisjoint(ID_ATTRIBUTES):
            _move_aside(attributes)
        if context.fields:
            for name, value in context.fields.items():
                attributes.setdefault(attribute_name(name), value)
        mark(attributes, context)
        return True


def _move_aside(attributes: dict[str, Any]) -> None:
    for name in ID_ATTRIBUTES & attributes.keys():
        attributes[attribute_name(name)] = attributes.pop(name)


class RedactFilter(logging.Filter):
    """Replaces secrets in a record by ``[REDACTED:rule]``: message, arguments, fields, exception, stack.

    Whatever formatter the handler has then sees the clean record; the caller's objects stay as they are.
    A handler of which this filter is not a part, and that comes earlier, sees the record as it was logged.

    Args:
        keys: names of fields whose values are secrets, besides the usual ones.
        patterns: rules of your own by name, regular expressions of what is a secret in any text.
        allow: names of fields that are never redacted.
        email: redact e-mail addresses as well.
        custom: called on each text after the rules; what it returns is written.

    Raises:
        ConfigError: a pattern is no regular expression, or an option is of the wrong kind.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        patterns: Mapping[str, str] | None = None,
        allow: Iterable[str] = (),
        email: bool = False,
        custom: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self.redactor = Redactor(keys=keys, patterns=patterns or {}, allow=allow, email=email, custom=custom)
        self._needs_look = Remembered(self._needs_look_at)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean ``record``, once; let it pass."""
        attributes = record.__dict__
        if attributes.get(REDACTED_BY) is self:
            return True
        attributes[REDACTED_BY] = self
        message, args = record.msg, record.args
        if type(message) is not str:
            self._clean_object(record, message)
        elif not (args and has_words_apart[message] and self.redactor.are_words(args)):
            self._clean_text(record)
        needs_look = self._needs_look
        for attribute, value in added_to(record):
            always = needs_look[attribute]
            if always or (always is False and type(value) not in _ATOMS):
                self._clean_field(attributes, attribute, value)
        if record.exc_info or record.exc_text or record.stack_info:
            self._clean_exception(record)
        return True

    def _needs_look_at(self, attribute: str) -> bool | None:
        """Whether any value of ``attribute`` may be a secret; None where it is no field."""
        name = field_name(attribute)
        return self.redactor.is_secret_key(name) if name else None

    def _clean_object(self, record: logging.LogRecord, message: object) -> None:
        # Not isinstance(): it asks the object for __class__, which may raise.
        if issubclass(type(message), Event):
            record.msg = message.redacted(self.redactor)  # type: ignore[attr-defined]  # shown above
        elif issubclass(type(message), Mapping):
            # python-json-logger takes a mapping for fields.
            record.msg = self.redactor.value("", message)
        else:
            self._clean_text(record)

    def _clean_text(self, record: logging.LogRecord) -> None:
        text = message_of(record)
        clean = self.redactor.text(text)
        if clean is not text:
            record.msg, record.args = clean, None

    def _clean_field(self, attributes: dict[str, Any], attribute: str, value: object) -> None:
        clean = self.redactor.value(field_name(attribute), value)
        if clean is not value:
            attributes[attribute] = clean

    def _clean_exception(self, record: logging.LogRecord) -> None:
        redact = self.redactor.text
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._clean_error(record, error)

    def _clean_error(self, record: logging.LogRecord, error: BaseException) -> None:
        has_secret = False

        def clean(text: str) -> str:
            nonlocal has_secret
            cleaned = self.redactor.text(text)
            has_secret = has_secret or cleaned is not text
            return cleaned

        described = record.__dict__[EXCEPTION] = describe(error, clean=clean)
        if has_secret:
            # A formatter that writes the exception itself would write the secret.
            record.exc_text, record.exc_info = render(described), None
