"""Fixtures for every test: logging as it was before, and the shipped kind of pipeline."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from written import Written

# A machine that is busy with something else is no failure of a law.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


def _state_of(logger: logging.Logger) -> dict[str, Any]:
    return {
        "level": logger.level,
        "propagate": logger.propagate,
        "disabled": logger.disabled,
        "handlers": list(logger.handlers),
        "filters": list(logger.filters),
    }


def _loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]


def _handlers() -> set[logging.Handler]:
    return {handler for logger in _loggers() for handler in logger.handlers}


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Put the global state of logging back after each test; close the handlers that the test made."""
    states = {logger: _state_of(logger) for logger in _loggers()}
    handlers = _handlers()
    factory, logger_class = logging.getLogRecordFactory(), logging.getLoggerClass()
    disabled, raises = logging.root.manager.disable, logging.raiseExceptions
    yield
    for handler in _handlers() - handlers:
        handler.close()
    for logger in _loggers():
        logger.__dict__.update(states.get(logger) or _state_of(logging.Logger(logger.name)))
    logging.setLogRecordFactory(factory)
    logging.setLoggerClass(logger_class)
    logging.raiseExceptions = raises
    logging.disable(disabled)  # forgets besides which levels each logger has answered for


@pytest.fixture
def ote(tmp_path: Path) -> Written:
    """The shipped kind of pipeline, switched on by plain dictConfig; gives back what was written."""
    return Written(tmp_path / "logs")
