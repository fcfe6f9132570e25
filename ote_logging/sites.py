"""Places in a program, and the records that are made there: each a copy of the first one.

A place logs the same again and again: of a record's attributes only the message and the moment are new.
A copy takes 0.8 us less than ``LogRecord.__init__`` and has the same attributes in the same order.

LOCATION: ote_logging/sites.py
DEPENDENCIES: remembered
TRACE POINTS: make_record() - a call becomes a record; copy_of() - a record is copied
"""

import logging
import os
import sys
from collections.abc import Mapping
from threading import current_thread, get_ident
from time import time
from types import FrameType
from typing import Any, Final
from weakref import finalize

from ote_logging.remembered import Bounded

Site = tuple[str, int, str]
"""Source file, line and function."""

First = dict[str, Any]
"""The attributes of the first record of a place, but for what only that one said."""

_firsts: Final[Bounded[tuple[str, int, str, int], First]] = Bounded()
_make_record: Final = logging.Logger.makeRecord
_RECORD: Final = logging.LogRecord
_new: Final = logging.LogRecord.__new__
_level_names: Final = logging._levelToName
_HAS_TASKS: Final = hasattr(logging, "logAsyncioTasks")
_modules: Final = sys.modules
_NOT_OF_A_PLACE: Final[dict[str, Any]] = {
    "msg": None, "args": (), "exc_info": None, "exc_text": None, "stack_info": None, "taskName": None
}  # fmt: skip
# What no program hands over as a mapping that the message takes its arguments from.
_NO_MAPPINGS: Final = frozenset({str, int, float, bool, type(None)})

# The copies name the process of the first record.
os.register_at_fork(after_in_child=_firsts.clear)


def site_of(frame: FrameType) -> Site:
    """Return where ``frame`` stands."""
    code = frame.f_code
    return code.co_filename, frame.f_lineno, code.co_name


def make_record(
    name: str,
    level: int,
    pathname: str,
    lineno: int,
    msg: object,
    args: Any,
    exc_info: Any,
    func: str | None = None,
    sinfo: str | None = None,
    **kwargs: Any,
) -> logging.LogRecord:
    """Return what ``logging.LogRecord`` makes of the same arguments: a record factory."""
    first = _firsts.get((pathname, lineno, name, level))
    if first is None or first["funcName"] != func or not _is_as_ever(first, level):
        record = _RECORD(name, level, pathname, lineno, msg, args, exc_info, func, sinfo, **kwargs)
        if _firsts.has_room():
            _remember(record)
        return record
    record = copy_of(first, msg)
    if args:
        is_mapping = len(args) == 1 and type(args[0]) not in _NO_MAPPINGS and isinstance(args[0], Mapping)
        record.args = args[0] if is_mapping and args[0] else args
    if exc_info:
        record.exc_info = exc_info
    if sinfo:
        record.stack_info = sinfo
    return record


def first_at(logger: logging.Logger, level: int, site: Site) -> First | None:
    """Return the first record that ``logger`` made at ``site``, for ``copy_of``.

    None where the program makes records in its own way, by a factory, a class of loggers or a flag, or where
    it has more places than are remembered.
    """
    factory = logging.getLogRecordFactory()
    if (factory is not make_record and factory is not _RECORD) or type(logger).makeRecord is not _make_record:
        return None
    file, line, function = site
    first = _firsts.get((file, line, logger.name, level))
    if first is None or first["funcName"] != function:
        if not _firsts.has_room():
            return None
        first = _remember(_RECORD(logger.name, level, file, line, None, (), None, function))
    return first if _is_as_ever(first, level) else None


def new_record(logger: logging.Logger, level: int, site: Site, message: object) -> logging.LogRecord:
    """Return the record that ``logger`` makes for ``message`` when it is called at ``site``."""
    first = first_at(logger, level, site)
    if first is None:
        file, line, function = site
        return logger.makeRecord(logger.name, level, file, line, message, (), None, function)
    return copy_of(first, message)


def copy_of(first: First, message: object) -> logging.LogRecord:
    """Return a record like ``first`` for ``message``, made by this thread, now."""
    record = _new(_RECORD)
    # Quicker than to fill the dict that is there, on every Python.
    record.__dict__ = attributes = first.copy()
    attributes["msg"] = message
    attributes["created"] = created = time()
    attributes["msecs"] = created % 1 * 1000 // 1
    attributes["relativeCreated"] = first["relativeCreated"] + (created - first["created"]) * 1000
    attributes["thread"] = get_ident()
    attributes["threadName"] = current_thread().name
    if "multiprocessing" in _modules:
        attributes["processName"] = _modules["multiprocessing"].current_process().name
    if _HAS_TASKS:
        attributes["taskName"] = task_name()
    return record


def _is_as_ever(first: First, level: int) -> bool:
    """Whether the level is called as before, and threads, processes and tasks are still to be named."""
    return (
        first["levelname"] == _level_names.get(level)
        and logging.logThreads
        and logging.logProcesses
        and logging.logMultiprocessing
        and (not _HAS_TASKS or logging.logAsyncioTasks)  # type: ignore[attr-defined]  # from Python 3.12 on
    )


def _remember(record: logging.LogRecord) -> First:
    first = _roomy({name: _NOT_OF_A_PLACE.get(name, value) for name, value in record.__dict__.items()})
    if logging.logProcesses and logging.logMultiprocessing:
        _firsts[record.pathname, record.lineno, record.name, record.levelno] = first
    return first


def make_records_for(owner: object) -> None:
    """Make ``make_record`` the process's record factory while ``owner`` lives.

    A factory that the program has set stays. One that it sets later, and that calls the one it found,
    calls ours.
    """
    if logging.getLogRecordFactory() is logging.LogRecord:
        logging.setLogRecordFactory(make_record)
    _owners.add(id(owner))
    finalize(owner, _leave, id(owner)).atexit = False


_owners: Final[set[int]] = set()


def _leave(owner: int) -> None:
    _owners.discard(owner)
    if not _owners and logging.getLogRecordFactory() is make_record:
        logging.setLogRecordFactory(logging.LogRecord)


def task_name() -> str | None:
    """Return the name of the asyncio task that is running here, if there is one."""
    asyncio = _modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    task = asyncio.current_task()
    return None if task is None else task.get_name()


def _roomy(attributes: First) -> First:
    """Return ``attributes`` with room for what callers add: copies, as large as they are, need not grow."""
    size = sys.getsizeof(attributes)
    added: list[str] = []
    while sys.getsizeof(attributes) == size:
        added.append(str(len(added)))
        attributes[added[-1]] = None
    for name in added:
        del attributes[name]
    return attributes
