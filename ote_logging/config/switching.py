"""Put built handlers in force in one step, then close those that they replaced.

A logger that the configuration names gets the handlers and filters listed there and no others, as with
dictConfig; so do the children of such a logger, which are reset. Every other logger keeps what it has, and
its handlers stay open, where dictConfig closes the handlers of the whole process.

LOCATION: ote_logging/config/switching.py
DEPENDENCIES: config.building, config.plan
TRACE POINTS: none
"""

import logging
import warnings
from collections.abc import Iterator
from typing import Any

from ote_logging.config.building import Building
from ote_logging.config.plan import Plan, names_in


def switch(plan: Plan, building: Building) -> None:
    """Put the handlers of ``building`` on the loggers of ``plan``; nothing in here can fail half way."""
    # A logger class of the program may refuse a name: ask for all loggers before any is changed.
    named = {name: logging.getLogger(name) for _, name, _ in plan.loggers()}
    with logging._lock:  # type: ignore[attr-defined]
        replaced = set(logging._handlers.values())  # type: ignore[attr-defined]
        replaced.update(handler for logger in _all_loggers() for handler in logger.handlers)
        building.keep()
        _register(building)
        _reset_others(set(named), bool(plan.config["disable_existing_loggers"]))
        for _, name, entry in plan.loggers():
            _set_up(named[name], entry, building)
        in_force = {handler for logger in _all_loggers() for handler in _with_those_behind(logger.handlers)}
    _close(replaced - in_force - set(building.handlers.values()))
    # Closing a handler takes its name out of the registry, also when a new one bears it by now.
    _register(building)


def change(plan: Plan) -> None:
    """Set the levels and ``propagate`` of an incremental configuration; all else stays."""
    for name, entry in plan.entries("handlers").items():
        _set_levels(logging._handlers[name], entry)  # type: ignore[attr-defined]
    for _, name, entry in plan.loggers():
        _set_levels(logging.getLogger(name), entry)


def _set_levels(target: logging.Handler | logging.Logger, entry: dict[str, Any]) -> None:
    if entry.get("level") is not None:
        target.setLevel(entry["level"])
    if isinstance(target, logging.Logger) and entry.get("propagate") is not None:
        target.propagate = bool(entry["propagate"])


def _register(building: Building) -> None:
    for name, handler in building.handlers.items():
        handler.name = name


def _set_up(logger: logging.Logger, entry: dict[str, Any], building: Building) -> None:
    logger.filters = building.filters(entry)
    logger.handlers = list(dict.fromkeys(building.handlers[name] for name in names_in(entry.get("handlers"))))
    logger.disabled = False
    _set_levels(logger, entry)


def _reset_others(named: set[str], is_disabling: bool) -> None:
    """Do with loggers that are not named as dictConfig: reset children of named ones, disable others."""
    for logger in _all_loggers():
        if logger.name in named or logger is logging.root:
            continue
        if any(logger.name.startswith(f"{name}.") for name in named if name):
            logger.handlers = []
            logger.propagate = True
            logger.setLevel(logging.NOTSET)
        else:
            logger.disabled = is_disabling


def _all_loggers() -> Iterator[logging.Logger]:
    yield logging.root
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield logger


def _with_those_behind(handlers: list[logging.Handler]) -> Iterator[logging.Handler]:
    """``handlers`` and those that they pass records to, however they hold them."""
    waiting = list(handlers)
    seen: set[logging.Handler] = set()
    while waiting:
        handler = waiting.pop()
        if handler not in seen:
            seen.add(handler)
            waiting.extend(_held(handler))
            yield handler


def _held(owner: logging.Handler) -> Iterator[logging.Handler]:
    listener = getattr(owner, "listener", None)
    for value in [*vars(owner).values(), getattr(listener, "handlers", None)]:
        items = value if isinstance(value, list | tuple) else [value]
        yield from (item for item in items if isinstance(item, logging.Handler))


def _close(handlers: set[logging.Handler]) -> None:
    # The youngest first, as logging.shutdown does it: a buffer is emptied before what is behind it closes.
    for reference in reversed(logging._handlerList[:]):  # type: ignore[attr-defined]
        if (handler := reference()) in handlers:
            try:
                _flush_and_close(handler)
            except Exception as error:  # anyone's handler; it is out of force, and the new ones are in it
                warnings.warn(f"closing {handler!r} failed: {error!r}", RuntimeWarning, stacklevel=4)


def _flush_and_close(handler: logging.Handler) -> None:
    try:
        handler.flush()
    finally:
        handler.close()
