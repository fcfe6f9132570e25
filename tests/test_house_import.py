"""Importing the package changes nothing that logging, warnings, signals or hooks share with the program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

# Prints the names of the global things that are other objects, or other values, after the import.
COMPARE = """
import importlib, json, logging, logging.config, logging.handlers, signal, sys, threading, warnings

classes = (
    logging.Logger, logging.RootLogger, logging.LoggerAdapter, logging.LogRecord, logging.Manager,
    logging.Filter, logging.Filterer, logging.Formatter, logging.Handler, logging.StreamHandler,
    logging.FileHandler, logging.PlaceHolder, logging.handlers.QueueHandler, logging.handlers.QueueListener,
    logging.config.DictConfigurator,
)

def state():
    holders = [logging, logging.config, logging.handlers, warnings, *classes]
    found = {f"{place.__name__}.{name}": id(held) for place in holders for name, held in vars(place).items()}
    found |= {f"root.{name}": repr(value) for name, value in vars(logging.root).items()}
    found |= {f"manager.{name}": id(value) for name, value in vars(logging.root.manager).items()}
    values = logging._levelToName, logging._nameToLevel, list(logging._handlers), logging._handlerList
    found["levels and handlers"] = repr(values)
    found["switches"] = repr([logging.raiseExceptions, logging.root.manager.disable, warnings.filters])
    found["factory"] = repr((logging.getLogRecordFactory(), logging.getLoggerClass(), logging.lastResort))
    found["hooks"] = repr((sys.excepthook, threading.excepthook, sys.unraisablehook, sys.displayhook))
    found["signals"] = repr({number: signal.getsignal(number) for number in signal.valid_signals()})
    found["streams"] = repr((sys.stdout, sys.stderr, sys.gettrace(), sys.getprofile()))
    found["threads"] = repr(threading.enumerate())
    return found

before = state()
for name in sys.argv[1:]:
    importlib.import_module(name)
after = state()
print(json.dumps(sorted(name for name in {*before, *after} if before.get(name) != after.get(name))))
"""


def _modules() -> list[str]:
    """Return every module of the package that is there to be imported."""
    files = sorted((PROJECT / "ote_logging").rglob("*.py"))
    names = [".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith(".__main__")]


@pytest.mark.parametrize("modules", [["ote_logging"], _modules()], ids=["the package", "every module of it"])
def test_importing_changes_no_global(modules):
    """Classes, factory, level names, handlers, hooks, signals, warnings: each is the object it was."""
    output = subprocess.check_output([sys.executable, "-c", COMPARE, *modules], cwd=PROJECT, text=True)

    assert json.loads(output) == []


@pytest.mark.parametrize("heavy", ["asyncio", "rich", "typer", "yaml", "pythonjsonlogger", "logging.config"])
def test_a_program_that_only_logs_pays_for_no_more(heavy):
    """The package alone imports nothing that only configuring, reading or the command line needs."""
    code = f"import sys, ote_logging; print({heavy!r} in sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)

    assert output == "False\n"
