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

from ote_logging.config.building import Building, unique
from ote_logging.config.plan import Plan, names_in


def switch(plan: Plan, building: Building) -> None:
    """Put the handlers of ``building`` on the loggers of ``plan``, then close those that they replace."""
    # Whatever could fail comes first: a logger class of the program may refuse a name.
    settings = [_Setting(logging.getLogger(name), entry, building) for _, name, entry in plan.loggers()]
    with logging._lock:  # type: ignore[attr-defined]
        before = [*logging._handlers.values(), *_on_loggers()]  # type: ignore[attr-defined]
        building.keep()
        _register(building)
        _reset_others(settings, bool(plan.config["disable_existing_loggers"]))
        for setting in settings:
            setting.apply()
        in_force = [*_with_those_behind(_on_loggers()), *building.handlers.values()]
    _close({id(handler) for handler in before}.difference(map(id, in_force)))
    # Closing a handler takes its name out of the registry, also when a new one bears it by now.
    _register(building)


class _Setting:
    """What one logger gets."""

    def __init__(self, logger: logging.Logger, entry: dict[str, Any], building: Building) -> None:
        self.logger = logger
        self._entry = entry
        self._filters = building.filters(entry)
        self._handlers = unique(building.handlers[name] for name in names_in(entry.get("handlers")))

    def apply(self) -> None:
        """Set the logger, by assignments alone."""
        self.logger.filters = self._filters
        self.logger.handlers = self._handlers
        self.logger.disabled = False
        _set_levels(self.logger, self._entry)


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


def _reset_others(settings: list[_Setting], is_disabling: bool) -> None:
    """Do with loggers that are not named as dictConfig: reset children of named ones, disable others."""
    named = {setting.logger.name for setting in settings}
    for logger in _all_loggers():
        if logger.name in named or logger is logging.root:
            continue
        if any(logger.name.startswith(f"{name}.") for name in named - {"root"}):
            logger.handlers = []
            logger.propagate = True
            logger.setLevel(logging.NOTSET)
        else:
            logger.disabled = is_disabling


def _on_loggers() -> list[logging.Handler]:
    return [handler for logger in _all_loggers() for handler in logger.handlers]


def _all_loggers() -> Iterator[logging.Logger]:
    yield logging.root
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield logger


def _with_those_behind(handlers: list[logging.Handler]) -> list[logging.Handler]:
    """``handlers`` and those that they pass records to, however they hold them."""
    found = unique(handlers)
    known = set(map(id, found))
    for handler in found:
        behind = [held for held in _held(handler) if id(held) not in known]
        known.update(map(id, behind))
        found.extend(behind)
    return found


def _held(owner: logging.Handler) -> Iterator[logging.Handler]:
    listener = vars(owner).get("listener")
    for value in [*vars(owner).values(), getattr(listener, "handlers", None)]:
        items = value if isinstance(value, list | tuple) else [value]
        yield from (item for item in items if isinstance(item, logging.Handler))


def _close(handlers: set[int]) -> None:
    # The youngest first, as logging.shutdown does it: a buffer is emptied before what is behind it closes.
    for reference in reversed(logging._handlerList[:]):  # type: ignore[attr-defined]
        if (handler := reference()) is not None and id(handler) in handlers:
            try:
                _flush_and_close(handler)
            except Exception as error:  # anyone's handler; it is out of force, and the new ones are in it
                warnings.warn(f"closing {handler!r} failed: {error!r}", RuntimeWarning, stacklevel=4)


def _flush_and_close(handler: logging.Handler) -> None:
    try:
        handler.flush()
    finally:
        handler.close()
