"""Send a recorded session through any configuration: a new formatter, other redaction, metrics, observers.

Each entry becomes a LogRecord that says what the recorded one said: ids, times, caller, fields, exception.
Its ``seq`` is new where it is written again.

LOCATION: ote_logging/replay.py
DEPENDENCIES: config, reading (Reader), records (names on a record), context, events, schema
TRACE POINTS: record_of() - an entry becomes a record; replay() - a record is handled again
"""

import asyncio  # noqa: F401 - a task's name is written only by a process that has asyncio
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ote_logging.config import configure, load
from ote_logging.context import Context
from ote_logging.errors import ConfigError
from ote_logging.events import Event
from ote_logging.markers import parse
from ote_logging.reading import Reader
from ote_logging.reading.contents import whole_entry
from ote_logging.reading.numbered import numbered
from ote_logging.records import EXCEPTION, ID_ATTRIBUTES, attribute_name, field_name, mark
from ote_logging.schema import KEYS, Entry

_DEFAULT_FOLDER: Final = "logs"
# What a record says by its own attributes; all else of the table its event does.
_OF_RECORD: Final = frozenset(
    {
        "timestamp", "level", "logger", "message", "event", "seq", "pid", "file", "line", "function",
        "thread", "task", "exception",
    }
) | ID_ATTRIBUTES  # fmt: skip
_OF_EXCEPTION: Final = ("error_type", "error_message", "line_number", "code_context", "traceback")


@dataclass
class Replayed:
    """What became of the entries of a session."""

    sent: int = 0
    filtered: int = 0
    """Below the level of their logger in the new configuration."""
    untimed: int = 0
    """Without a time that is one; they are not sent."""


def replay(
    session: str | os.PathLike[str] | Reader,
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    speed: float | None = None,
    trust: Iterable[str] = (),
) -> Replayed:
    """Put the configuration ``source`` in force and send every entry of ``session`` through it.

    With ``speed`` the records follow each other as they did, so many times as fast; else without waiting.
    When this returns, all handlers are flushed.

    Raises:
        ConfigError: ``source`` is refused, or would write into the folder that is read.
        ReadError: there is no such session, or a file of it cannot be read.
        ValueError: ``speed`` is not above 0.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed is {speed}; give a number above 0")
    reader = session if isinstance(session, Reader) else Reader(session)
    refuse_own_folder(reader, source)
    configure(source, trust=trust)
    # Whole, for another redaction must see what the store has, and another folder have it too.
    replayed = send(_paced(map(whole_entry, numbered(reader)), speed))
    _flush_all()
    return replayed


def send(entries: Iterable[Entry]) -> Replayed:
    """Send ``entries`` through the configuration in force."""
    replayed = Replayed()
    for entry in entries:
        try:
            record = record_of(entry)
        except ValueError:
            replayed.untimed += 1
            continue
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
            replayed.sent += 1
        else:
            replayed.filtered += 1
    return replayed


def record_of(entry: Entry) -> logging.LogRecord:
    """Return a record of which ``formatters.wire.wire_of`` makes the line of ``entry`` again, ``seq`` aside.

    Raises:
        ValueError: the timestamp of ``entry`` is no time.
    """
    record = logging.makeLogRecord(_standard_attributes(entry))
    if isinstance(entry.wire.get("exception"), dict):
        record.__dict__[EXCEPTION] = entry.wire["exception"]
        record.exc_text = entry.traceback
    if _is_plain(entry):
        _fill(record, entry)
    else:
        record.msg = _Recorded.of(entry)
    mark(record.__dict__, _context_of(entry))
    return record


def _fill(record: logging.LogRecord, entry: Entry) -> None:
    """Put message and fields of an ordinary ``entry`` on ``record``, as ``extra`` does."""
    record.msg = str(entry.wire.get("message", ""))
    record.exc_text = entry.traceback
    for name, value in entry.fields.items():
        if name == "stack_info" and value and isinstance(value, str):
            record.stack_info = value
        else:
            record.__dict__[attribute_name(name)] = value


class _Recorded(Event):
    """An event as a line tells it, its text whatever that was."""

    __slots__ = ()

    @classmethod
    def of(cls, entry: Entry) -> "_Recorded":
        """Return the event of ``entry``."""
        event = cls(entry.event, str(entry.wire.get("message", "")))
        event.fields = entry.fields
        event.keys = {
            key: value for key, value in entry.wire.items() if key in KEYS and key not in _OF_RECORD
        }
        if entry.operation is not None:
            event.keys["operation"] = entry.operation
        return event

    def __str__(self) -> str:
        return self.text


def _is_plain(entry: Entry) -> bool:
    """Whether an ordinary message with extras says all of ``entry``."""
    if entry.event != "log" or parse(str(entry.message)) is not None:
        return False
    others = entry.wire.keys() & KEYS.keys() - _OF_RECORD
    if not others <= (set(_OF_EXCEPTION) if "exception" in entry.wire else {"traceback"}):
        return False
    return all(field_name(attribute_name(name)) == name for name in entry.fields)


def _standard_attributes(entry: Entry) -> dict[str, Any]:
    created = entry.time_s
    level = str(entry.level or "INFO")
    file = str(entry.file or "")
    return {
        "name": str(entry.logger or "root"),
        "levelname": level,
        "levelno": _number_of(level),
        "created": created,
        "msecs": int(created % 1 * 1000) + 0.0,
        "process": entry.pid,
        "pathname": file,
        "filename": os.path.basename(file),
        "module": Path(file).stem,
        "lineno": entry.line,
        "funcName": entry.function,
        "threadName": entry.thread,
        "taskName": entry.task,
    }


def _number_of(level: str) -> int:
    known = logging.getLevelNamesMapping().get(level)
    if known is not None:
        return known
    # The name that logging gives to a level without one.
    number = level.removeprefix("Level ")
    return int(number) if number.isdecimal() else logging.INFO


def _context_of(entry: Entry) -> Context:
    context = Context(str(entry.wire.get("session_id", "")))
    ids = {name: value for name in ID_ATTRIBUTES if isinstance(value := entry.wire.get(name), str)}
    for name, value in ids.items():
        setattr(context, name, value)
    context.keys = ids
    return context


def _paced(entries: Iterable[Entry], speed: float | None) -> Iterator[Entry]:
    """Yield ``entries`` as far apart as they were, ``speed`` times as fast."""
    if speed is None:
        yield from entries
        return
    began = time.monotonic()
    first: float | None = None
    for entry in entries:
        moment = _moment(entry)
        first = moment if first is None else first
        if moment is not None and first is not None:
            time.sleep(max(0.0, began + (moment - first) / speed - time.monotonic()))
        yield entry


def _moment(entry: Entry) -> float | None:
    try:
        return datetime.fromisoformat(entry.timestamp).timestamp()
    except ValueError:
        return None


def refuse_own_folder(reader: Reader, source: str | os.PathLike[str] | Mapping[str, Any]) -> None:
    """Refuse a configuration that would write into the folder of the session that it is to be given.

    Raises:
        ConfigError: a handler of ``source`` has that folder.
    """
    read = {Path(path).resolve().parent for path in reader.paths}
    problems = [
        f"{name}: it would write into {folder}, which is read; give it another directory"
        for name, folder in _folders(load(source))
        if folder in read
    ]
    if problems:
        raise ConfigError(problems)


def _folders(config: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    handlers = config.get("handlers")
    for name, handler in handlers.items() if isinstance(handlers, dict) else ():
        options = handler if isinstance(handler, dict) else {}
        if "filename" in options:
            yield f"handler {name}", Path(str(options["filename"])).resolve().parent
        elif "directory" in options or str(options.get("class", "")).endswith("SessionFileHandler"):
            yield f"handler {name}", Path(str(options.get("directory", _DEFAULT_FOLDER))).resolve()


def _flush_all() -> None:
    for reference in list(logging._handlerList):  # type: ignore[attr-defined]  # as logging.shutdown does
        handler = reference()
        if handler is not None:
            handler.flush()
