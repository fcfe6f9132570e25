"""One file a session: every record a line, appended by one write.

LOCATION: ote_logging/handlers/session.py
DEPENDENCIES: records (whose session it is), formatters.json (the line), handlers.appending (the file)
TRACE POINTS: SessionFileHandler.emit() - a record becomes a line of its session's file
"""

import logging
import os
import threading
from pathlib import Path
from typing import Final

from ote_logging.formatters.json import JsonFormatter
from ote_logging.handlers.appending import AppendedFile
from ote_logging.handlers.naming import safe_name
from ote_logging.records import context_of

_OPEN_FILES: Final = 64


class SessionFileHandler(logging.Handler):
    """Appends each record as one line to ``<directory>/session_<session id>.jsonl``.

    A record is in the kernel when the call returns. Several threads and processes may write one file. The
    folder is made with mode 0700, files with 0600.

    Args:
        directory: the folder, relative to the current one; made where it is missing.
        level: as of any handler.

    Raises:
        OSError: the folder cannot be made or written.
    """

    formatter: logging.Formatter

    def __init__(self, directory: str | os.PathLike[str] = "logs", level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.directory = Path(directory).absolute()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise PermissionError(f"{self.directory}: session files cannot be written here")
        self._files: dict[str, AppendedFile] = {}
        self._opening = threading.Lock()
        self.setFormatter(JsonFormatter())

    def path_of(self, session_id: str) -> Path:
        """Return the file of a session."""
        return self.directory / f"session_{safe_name(session_id)}.jsonl"

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Write lines by ``fmt``; the wire format where it is a JsonFormatter without options."""
        super().setFormatter(fmt)
        self._line = fmt.line if isinstance(fmt, JsonFormatter) and fmt.is_wire else self._formatted_line

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and write ``record``; without a lock, since one write is whole by itself."""
        kept: bool | logging.LogRecord = self.filter(record)
        if kept:
            # From Python 3.12 on a filter may return another record in place of this one.
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Append ``record`` to the file of its session."""
        try:
            session_id = context_of(record).session_id
            file = self._files.get(session_id) or self._open(session_id)
            file.append(self._line(record, next(file.numbers)))
        except Exception:  # the disk, and whatever a formatter of the program raises
            self.handleError(record)

    def close(self) -> None:
        """Close every file; a record that comes later opens its file again."""
        with self._opening:
            while self._files:
                self._files.popitem()[1].close()
        super().close()

    def _open(self, session_id: str) -> AppendedFile:
        with self._opening:
            file = self._files.get(session_id)
            if file is None:
                while len(self._files) >= _OPEN_FILES:
                    self._files.pop(next(iter(self._files))).close()
                file = self._files[session_id] = AppendedFile(self.path_of(session_id))
            return file

    def _formatted_line(self, record: logging.LogRecord, seq: int) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"
