"""What a program wrote: the session files of a test, and where its functions stand."""

import inspect
import logging.config
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ote_logging.schema import Entry, decode


def pipeline(directory: Path) -> dict[str, Any]:
    """Return a configuration of the shipped kind, as YAML would give it to dictConfig, without a console."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "context": {"()": "ote_logging.filters.ContextFilter", "record_factory": True},
            "redact": {"()": "ote_logging.filters.RedactFilter"},
        },
        "formatters": {"json": {"()": "ote_logging.formatters.JsonFormatter"}},
        "handlers": {
            "session": {
                "class": "ote_logging.handlers.SessionFileHandler",
                "directory": str(directory),
                "formatter": "json",
                "filters": ["context", "redact"],
            }
        },
        "root": {"level": "DEBUG", "handlers": ["session"]},
        "loggers": {"asyncio": {"level": "WARNING"}},
    }


class Written:
    """The entries that a program has written to its session files, in the order of the lines."""

    def __init__(self, directory: Path) -> None:
        """Switch the pipeline on; its files are in ``directory``."""
        self.directory = directory
        logging.config.dictConfig(pipeline(directory))

    def lines(self) -> list[bytes]:
        """Return the lines of every session, newlines included."""
        files = sorted(self.directory.glob("session_*.jsonl"))
        return [line for file in files for line in file.read_bytes().splitlines(keepends=True)]

    def entries(self, **wanted: Any) -> list[Entry]:
        """Return the entries whose keys and fields are as ``wanted``; all where nothing is."""
        entries = map(decode, self.lines())
        return [e for e in entries if all(e.get(name) == value for name, value in wanted.items())]

    def one(self, **wanted: Any) -> Entry:
        """Return the only entry that is as ``wanted``."""
        found = self.entries(**wanted)
        assert len(found) == 1, f"{len(found)} entries are {wanted}"
        return found[0]

    def events(self) -> list[tuple[str, str | None]]:
        """Return event and operation of each entry."""
        return [(entry.event, entry.operation) for entry in self.entries()]


def line_of(function: Callable[..., Any], text: str) -> int:
    """Return the number of the only line of ``function`` that holds ``text``."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [first + number for number, line in enumerate(lines) if text in line]
    return found
