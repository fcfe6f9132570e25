"""Say where a failure happened: the line that raised, as far as the record tells.

LOCATION: ote_logging/reading/where.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A line of a source file."""

    file: str
    line: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def short(self) -> str:
        """The place without the folders of its file."""
        return str(self._replace(file=os.path.basename(self.file)))


def where(wire: Mapping[str, Any]) -> Place | None:
    """Return where the failure that the line ``wire`` tells of happened, None where nothing says so.

    That is the innermost frame of the exception; without one the caller's file, at ``line_number``
    where the failure is one of running code, at the caller's own line otherwise.
    """
    frame = _innermost_frame(wire.get("exception"))
    if frame is not None:
        return _place(frame.get("file"), frame.get("line"))
    # The line number of a validation error counts in the text that was validated, not in a source file.
    line = None if wire.get("event") == "validation" else wire.get("line_number")
    return _place(wire.get("file"), wire.get("line") if line is None else line)


def _innermost_frame(exception: Any) -> Mapping[str, Any] | None:
    frames = exception.get("frames") if isinstance(exception, Mapping) else None
    last = frames[-1] if isinstance(frames, list) and frames else None
    return last if isinstance(last, Mapping) else None


def _place(file: Any, line: Any) -> Place | None:
    return Place(file, line if isinstance(line, int) else None) if isinstance(file, str) else None
