"""Places in a program, and records that name them as their caller.

LOCATION: ote_logging/sites.py
DEPENDENCIES: none
TRACE POINTS: new_record() - a span's event becomes a record
"""

import logging
import os
import sys
import threading
import time
from types import FrameType
from typing import Any, Final

Site = tuple[str, int, str]
"""Source file, line and function."""

_MAX_SITES: Final = 10_000
_known: Final[dict[tuple[Site, str, int], dict[str, Any]]] = {}
_make_record: Final = logging.Logger.makeRecord
_new: Final = logging.LogRecord.__new__


def site_of(frame: FrameType) -> Site:
    """Return where ``frame`` stands."""
    code = frame.f_code
    return code.co_filename, frame.f_lineno, code.co_name


def new_record(logger: logging.Logger, level: int, site: Site, message: object) -> logging.LogRecord:
    """Return the record that ``logger`` makes for ``message`` when it is called at ``site``.

    A program's own record factory and loggers make it themselves. Else it is a copy of the first one from
    this place, with the moment written anew: 0.9 us in place of 2.5 us.
    """
    if logging.getLogRecordFactory() is not logging.LogRecord or type(logger).makeRecord is not _make_record:
        return _made(logger, level, site, message)
    known = _known.get((site, logger.name, level))
    if known is None:
        return _first(logger, level, site, message)
    record = _new(logging.LogRecord)
    attributes = record.__dict__
    attributes.update(known)
    attributes["msg"] = message
    attributes["created"] = created = time.time()
    attributes["msecs"] = int(created % 1 * 1000) + 0.0
    attributes["relativeCreated"] = known["relativeCreated"] + (created - known["created"]) * 1000
    if logging.logThreads:
        attributes["thread"] = threading.get_ident()
        attributes["threadName"] = threading.current_thread().name
    if logging.logProcesses:
        attributes["process"] = os.getpid()
    processes = sys.modules.get("multiprocessing")
    if processes is not None and logging.logMultiprocessing:
        attributes["processName"] = processes.current_process().name
    if "taskName" in known:
        attributes["taskName"] = task_name()
    return record


def task_name() -> str | None:
    """Return the name of the asyncio task that is running here, if there is one."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    task = asyncio.current_task()
    return None if task is None else task.get_name()


def _made(logger: logging.Logger, level: int, site: Site, message: object) -> logging.LogRecord:
    file, line, function = site
    return logger.makeRecord(logger.name, level, file, line, message, (), None, function)


def _first(logger: logging.Logger, level: int, site: Site, message: object) -> logging.LogRecord:
    record = _made(logger, level, site, message)
    if len(_known) >= _MAX_SITES:
        _known.clear()
    _known[site, logger.name, level] = {**record.__dict__, "msg": None}
    return record
