"""Filters, to be put on handlers: who a record belongs to, and what it must not say.

A filter on a logger does not see the records of its children; one on a handler sees all that are written.

LOCATION: ote_logging/filters.py
DEPENDENCIES: context (ids), redaction (rules), records (names on a record), tracebacks (exceptions as data)
TRACE POINTS: ContextFilter.filter() - a record gets its ids; RedactFilter.filter() - it loses its secrets
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ote_logging.context import Context, current
from ote_logging.events import Event, tells_its_fields
from ote_logging.jsonable import asked, text_of
from ote_logging.late import late_pattern
from ote_logging.records import (
    CONTEXT,
    EXCEPTION,
    ID_ATTRIBUTES,
    REDACTED_BY,
    STANDARD_COUNT,
    added_to,
    attribute_name,
    cuts_arguments,
    error_of,
    field_name,
    formatted,
    mark,
    message_of,
    rename,
    task_of,
)
from ote_logging.redaction import Redactor
from ote_logging.remembered import Remembered
from ote_logging.sites import make_records_for
from ote_logging.tracebacks import describe, render

_ATOMS: Final = frozenset({int, float, bool, type(None)})
_NO_ERROR: Final = (None, None, None)
_NAMES: Final = ("name", "threadName", "processName", "pathname", "filename", "module", "funcName")
_WITHHELD: Final = "[REDACTED:error]"
_PLACEHOLDER: Final = late_pattern(r"%(?:\(\w*\))?[^%a-zA-Z]*[a-zA-Z]")
# Stands for an argument; in itself it is no secret.
_ANY_ARGUMENT: Final = "x9Kq27Lm4Rw"


class ContextFilter(logging.Filter):
    """Puts the ids, the operation and the bound fields of the caller's context on records.

    On every library's records, for every formatter: ``%(session_id)s``, ``%(trace_id)s``, ``%(span_id)s``,
    ``%(parent_id)s`` and ``%(operation)s`` are empty text where there is none. An ``extra`` of the caller
    that is called so keeps its value under ``trace_id_``.

    Args:
        record_factory: make ``sites.make_record`` the record factory of the process, where the program has
            set none: records are the same, and made in a third of the time. It goes with this filter.
    """

    def __init__(self, *, record_factory: bool = False) -> None:
        super().__init__()
        if record_factory:
            make_records_for(self)

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
        redacted_by = attributes.get(REDACTED_BY)
        mark(attributes, context)
        if redacted_by is not None:
            # That filter stood before this one, and has not seen what is bound.
            redacted_by.filter(record)
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
        patterns: rules of your own by name, regular expressions of what is a secret in any text. Each is
            tried on texts made against it: one that takes more than linear time is refused.
        allow: names of fields that are never redacted.
        email: redact e-mail addresses as well.
        custom: called on each text after the rules; what it returns is written.

    Raises:
        ConfigError: a pattern is no regular expression or too slow, or an option is of the wrong kind.
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
        self._names = Remembered(self.redactor.text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean ``record``, once; let it pass."""
        attributes = record.__dict__
        if attributes.get(REDACTED_BY) is self:
            return True
        attributes[REDACTED_BY] = self
        try:
            message, args = record.msg, record.args
            if type(message) is not str:
                self._clean_object(record, message)
            elif not (args and self.redactor.templates[message] and self.redactor.are_words(args)):
                self._clean_text(record)
            self._clean_names(record)
            self._clean_context(attributes)
            self._clean_fields(record)
            if record.exc_info or record.exc_text or record.stack_info or EXCEPTION in attributes:
                self._clean_exception(record)
        except Exception:  # an event or an exception of a class of the program
            self._withhold(record)
        return True

    def _withhold(self, record: logging.LogRecord) -> None:
        """Put a marker wherever something of the program stands that could not be looked at."""
        self.redactor.failures += 1
        attributes = record.__dict__
        record.msg, record.args = _WITHHELD, None
        record.exc_info = record.exc_text = record.stack_info = None
        attributes.pop(EXCEPTION, None)
        for attribute, _ in list(added_to(record)):
            if self._needs_look[attribute] is not None:
                attributes[attribute] = _WITHHELD

    def _needs_look_at(self, attribute: str) -> bool | None:
        """Whether any value of ``attribute`` may be a secret; None where it is ours."""
        name = field_name(attribute) or _private_name(attribute)
        if not name:
            return None
        return self.redactor.is_secret_key(name) or self.redactor.text(name) is not name

    def _clean_object(self, record: logging.LogRecord, message: object) -> None:
        # Not isinstance(): it asks the object for __class__, which may raise.
        if issubclass(type(message), Event):
            record.msg = self._clean_event(message)  # type: ignore[arg-type]  # shown above
            return
        if issubclass(type(message), Mapping):
            # python-json-logger takes a mapping for fields.
            record.msg = self.redactor.value("", message)
            if not record.args:
                return
        self._clean_text(record)

    def _clean_event(self, event: Event) -> Event:
        clean = event.redacted(self.redactor)
        kind: type = type(event)
        if tells_its_fields(kind):
            return clean
        text = text_of(clean)
        clean_text = self.redactor.text(text)
        if clean_text is text:
            return clean
        plain = Event(event.event, clean_text)
        plain.keys, plain.fields = clean.keys, clean.fields
        return plain

    def _clean_text(self, record: logging.LogRecord) -> None:
        if record.args:
            self._clean_arguments(record)
        text = message_of(record)
        clean = self.redactor.text(text)
        if clean is not text:
            record.msg, record.args = clean, None

    def _clean_arguments(self, record: logging.LogRecord) -> None:
        """Clean what the text of the message would not show, or not beside its name."""
        args, template = record.args, record.msg
        if issubclass(type(args), Mapping) or (type(template) is str and cuts_arguments[template]):
            record.args = self.redactor.value("", args)  # type: ignore[assignment]  # of the same shape
        try:
            formatted(record)
        except Exception:  # arguments that do not fit stand behind the message, away from their names
            introduced = _PLACEHOLDER.sub(_ANY_ARGUMENT, text_of(template))
            if self.redactor.text(introduced) is not introduced:
                record.args = (self.redactor.hide(),)

    def _clean_names(self, record: logging.LogRecord) -> None:
        """Clean what threads, tasks, loggers, folders and the like are called."""
        attributes, names = record.__dict__, self._names
        for attribute in _NAMES:
            name = attributes.get(attribute)
            if type(name) is str and names[name] is not name:
                attributes[attribute] = names[name]
        if "asyncio" in sys.modules and (task := task_of(record)) is not None and names[task] is not task:
            attributes["taskName"] = names[task]

    def _clean_context(self, attributes: dict[str, Any]) -> None:
        """Clean the ids that a program gives itself: of a session, and of an operation, perhaps a URL."""
        context: Context | None = attributes.get(CONTEXT)
        if context is None:
            return
        names, changed = self._names, {}
        for key in ("session_id", "operation"):
            name = getattr(context, key)
            if name is not None and names[name] is not name:
                changed[key] = names[name]
        if changed:
            attributes[CONTEXT] = context.renamed(changed)
            attributes.update(changed)

    def _clean_fields(self, record: logging.LogRecord) -> None:
        attributes, needs_look = record.__dict__, self._needs_look
        secret_names = []
        for attribute, value in added_to(record):
            always = needs_look[attribute]
            if always or (always is False and type(value) not in _ATOMS):
                self._clean_field(attributes, attribute, value)
            if always:
                secret_names.append(attribute)
        for attribute in secret_names:
            name = self.redactor.text(text_of(attribute))
            if name != attribute:
                rename(attributes, attribute, name)

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
        error = error_of(record)
        if error is not None:
            self._clean_error(record, error)
        elif record.exc_info and record.exc_info != _NO_ERROR:
            record.exc_info = None  # no exception, but something of the program
        elif EXCEPTION in record.__dict__:
            # A queue, or another filter, has told it as data.
            record.__dict__[EXCEPTION] = self.redactor.value("", record.__dict__[EXCEPTION])

    def _clean_error(self, record: logging.LogRecord, error: BaseException) -> None:
        described = record.__dict__[EXCEPTION] = describe(error, clean=self.redactor.text)
        if self._has_secret(error):
            # A formatter that writes the exception itself would write the secret.
            record.exc_text, record.exc_info = render(described), None

    def _has_secret(self, error: BaseException) -> bool:
        """Whether Python's own text of ``error``, longer than ours, holds a secret or cannot be had."""
        try:
            text = asked(lambda: "".join(traceback.format_exception(error)))
        except Exception:  # the exception's own methods
            return True
        return self.redactor.text(text) is not text


def _private_name(attribute: str) -> str:
    """Return the name of what a program keeps on a record for itself, "" where it is a name of ours."""
    return attribute if attribute[:1] == "_" and not attribute.startswith("_ote_") else ""
