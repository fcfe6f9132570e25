"""One file a session: every record a line, appended by one write.

LOCATION: ote_logging/handlers/session.py
DEPENDENCIES: records (whose session it is), formatters.json (the line), handlers.appending (the file),
    handlers.parts (its path, where it has limits), handlers.losses (counts)
TRACE POINTS: SessionFileHandler.emit() - a record becomes a line of its session's file
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from ote_logging.context import Context
from ote_logging.formatters.json import JsonFormatter
from ote_logging.formatters.shortcut import Shortcut, shortcut_for
from ote_logging.handlers.appending import AppendedFile, OnePath, Place, Report
from ote_logging.handlers.forks import renew_in_children
from ote_logging.handlers.losses import Stats, Tally, loss_record
from ote_logging.handlers.naming import safe_name
from ote_logging.handlers.numbers import Numbers
from ote_logging.handlers.opening import AnyPath, make_folder
from ote_logging.records import context_of

if TYPE_CHECKING:
    from pathlib import Path

    from ote_logging.handlers.parts import Folder

_OPEN_FILES: Final = 128


class SessionFileHandler(logging.Handler):
    """Appends each record as one line to ``<directory>/session_<session id>.jsonl``.

    A record is in the kernel when the call returns: it survives the end of the process, however it ends. A
    loss of power is another matter, see ``fsync``. Several threads and processes may write one file. The
    folder is made with mode 0700, files with 0600. A file or folder that is moved or deleted is made anew
    within 0.1 s of records, and the lines that went into a deleted file meanwhile are written again.

    A line that cannot be written harms nobody: it is counted (``stats``), stderr gets a line at most every
    5 s, and the next line that can be written is followed by the event ``records_lost``.

    Args:
        directory: the folder, relative to the current one; made where it is missing.
        level: as of any handler.
        fsync: force lines to the disk ``always`` before the call returns, ``never`` (the system does it
            within about 30 s), or when that many seconds went by since it was last done.
        max_bytes: a session goes on in ``session_<id>.1.jsonl`` before its file grows larger than this.
        keep: limits by ``count`` of files, ``age_s`` and ``bytes`` in all; the oldest files go first, when a
            new one is begun.
        compress: pack full parts, and sessions that rested for an hour, to ``.jsonl.gz``.
        on_error: ``raise`` where the folder cannot be written from the start, or ``degrade``: go on, as if it
            had failed later.

    Raises:
        OSError: the folder cannot be made or written.
        ValueError: an option has no such value.
    """

    formatter: logging.Formatter

    changes: int = 0
    """How often formatter or filters were changed."""

    def __init__(
        self,
        directory: str | os.PathLike[str] = "logs",
        level: int | str = logging.NOTSET,
        *,
        fsync: Literal["never", "always"] | float = "never",
        max_bytes: int | None = None,
        keep: Mapping[str, float] | None = None,
        compress: bool = False,
        on_error: Literal["raise", "degrade"] = "raise",
    ) -> None:
        super().__init__(level)
        self._directory = os.path.abspath(directory)
        self._fsync_s = _interval(fsync)
        self._folder = self._limited(_positive(max_bytes), keep, compress)
        self._tally = Tally(self._directory)
        self._files: dict[str, AppendedFile] = {}
        self._numbers = Numbers()
        self.setFormatter(JsonFormatter())
        renew_in_children(self)
        self._switch_on(on_error)

    def _switch_on(self, on_error: str) -> None:
        if on_error not in ("raise", "degrade"):
            raise ValueError(f"on_error is {on_error!r}; it is raise or degrade")
        try:
            make_folder(self._directory)
            if not os.access(self._directory, os.W_OK | os.X_OK):
                raise PermissionError(f"{self._directory}: session files cannot be written here")
        except OSError as error:
            if on_error == "raise":
                raise
            self._tally.complain(error)

    def _limited(
        self, max_bytes: int | None, keep: Mapping[str, float] | None, is_packing: bool
    ) -> "Folder | None":
        """Return the folder where its files have limits or are packed, else None."""
        if max_bytes is None and keep is None and not is_packing:
            return None
        # Only now: with pathlib it takes 5 ms to import, and most sessions are one file without limits.
        from ote_logging.handlers.parts import Folder, Keep

        return Folder(self.directory, max_bytes, None if keep is None else Keep.of(keep), is_packing)

    @property
    def directory(self) -> "Path":
        """The folder of the session files, absolute."""
        return _path(self._directory)

    def path_of(self, session_id: str) -> "Path":
        """Return the file of a session, the part that is written now."""
        return _path(self._place(session_id).path())

    def _place(self, session_id: str) -> Place:
        if self._folder is not None:
            return self._folder.place(session_id)
        return OnePath(os.path.join(self._directory, f"session_{safe_name(session_id)}.jsonl"))

    def stats(self) -> Stats:
        """Return how many records were written and lost by this process, and for which reasons."""
        return self._tally.stats()

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Write lines by ``fmt``; the wire format where it is a JsonFormatter without options."""
        super().setFormatter(fmt)
        self._line = self._formatted_line
        if isinstance(fmt, JsonFormatter) and fmt.is_wire:
            self._line, self._encoded = fmt.line, fmt.encoded
        self._find_shortcut()

    def addFilter(self, filter: Any) -> None:
        """Add a filter."""
        super().addFilter(filter)
        self._find_shortcut()

    def removeFilter(self, filter: Any) -> None:
        """Take a filter off."""
        super().removeFilter(filter)
        self._find_shortcut()

    def _find_shortcut(self) -> None:
        self._shortcut = self.shortcut_behind([])
        self.changes += 1

    def shortcut_behind(self, filters: Sequence[Any]) -> Shortcut | None:
        """Return the short way of records that come here through ``filters``, if there is one."""
        # A filter that has seen a record lets it pass the second time.
        return shortcut_for(list(dict.fromkeys([*filters, *self.filters])), self.formatter)

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and write ``record``; without a lock, since one write is whole by itself."""
        wire = None
        if self._shortcut is not None:
            try:
                wire = self._shortcut(record)
                if wire is not None:
                    session_id = wire["session_id"]
                    file = self._files.get(session_id) or self._open(session_id)
                    wire["seq"] = next(file.numbers)
                    file.append(self._encoded(wire))
                    return True
            except Exception:
                if wire is not None:  # as in emit
                    self.handleError(record)
                    return True
                # It was not ordinary, and nothing has been done with it.
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
        except Exception:  # whatever a formatter of the program raises
            self.handleError(record)

    def prepare(self, record: logging.LogRecord) -> tuple[str, bytes] | None:
        """Return session and numbered line of ``record`` for ``append``, or None where it was lost."""
        try:
            session_id = context_of(record).session_id
            file = self._files.get(session_id) or self._open(session_id)
            return session_id, self._line(record, next(file.numbers))
        except Exception:  # as in emit
            self.handleError(record)
            return None

    def prepare_wire(self, wire: dict[str, Any]) -> tuple[str, bytes]:
        """Return session and numbered line of what a shortcut made of a record, for ``append``."""
        session_id: str = wire["session_id"]
        file = self._files.get(session_id) or self._open(session_id)
        wire["seq"] = next(file.numbers)
        return session_id, self._encoded(wire)

    def append(self, session_id: str, lines: bytes, records: int) -> None:
        """Append the lines of ``records`` prepared records to the file of a session."""
        (self._files.get(session_id) or self._open(session_id)).append(lines, records)

    def lose(self, session_id: str, reason: BaseException | str, records: int = 1) -> None:
        """Count prepared records of a session as lost."""
        (self._files.get(session_id) or self._open(session_id)).lose(reason, records)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count ``record`` as lost by the error that is being handled, whatever raiseExceptions says."""
        self.lose(context_of(record).session_id, sys.exc_info()[1] or "unknown")

    def close(self) -> None:
        """Settle and close every file; a record that comes later opens its file again."""
        for file in list(self._files.values()):
            file.settle()
        self._files.clear()
        super().close()

    def renew(self) -> None:
        """Begin anew in a forked child: its own numbers, nothing lost, files looked at."""
        self._numbers.renew()
        for session_id, file in self._files.items():
            file.renew(self._numbers.of(session_id, self._directory))

    def _open(self, session_id: str) -> AppendedFile:
        # No lock: a signal handler may log here as well. Of two new files the first one to be set is taken.
        place = self._place(session_id)
        numbers = self._numbers.of(session_id, place.path())
        file = AppendedFile(place, numbers, self._tally, self._reporter(session_id), self._fsync_s)
        file = self._files.setdefault(session_id, file)
        for oldest in list(self._files)[:-_OPEN_FILES]:
            closed = self._files.pop(oldest, None)
            if closed is not None:
                closed.settle()
                file.take_over(closed)
        return file

    def _reporter(self, session_id: str) -> Report:
        def report(reasons: Mapping[str, int], seq: int) -> bytes:
            record = loss_record(reasons, Context(session_id))
            try:
                return self._line(record, seq)
            except Exception:  # the formatter of the program is perhaps what lost the records
                return JsonFormatter().line(record, seq)

        return report

    def _formatted_line(self, record: logging.LogRecord, seq: int) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"


def _path(path: AnyPath) -> "Path":
    # Only where somebody asks: pathlib takes 3 ms to import, and writing needs none of it.
    from pathlib import Path

    return Path(path)


def _interval(fsync: object) -> float | None:
    """Return how many seconds may pass unsynced; None for any number of them."""
    if fsync in ("never", "always"):
        return None if fsync == "never" else 0.0
    if isinstance(fsync, bool) or not isinstance(fsync, int | float) or not fsync >= 0:
        raise ValueError(f"fsync is {fsync!r}; it is never, always or a number of seconds")
    return float(fsync)


def _positive(max_bytes: int | None) -> int | None:
    if max_bytes is None:
        return None
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
        raise ValueError(f"max_bytes is {max_bytes!r}; give a whole number above 0")
    return max_bytes
