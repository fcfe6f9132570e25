"""A file that only grows, line by line, also under several processes.

LOCATION: ote_logging/handlers/appending.py
DEPENDENCIES: none
TRACE POINTS: AppendedFile.append() - a line reaches the kernel
"""

import os
from itertools import count
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class AppendedFile:
    """An open file; each line goes to its end by one ``os.write``, so that lines of others do not tear it.

    ``numbers`` gives the sequence numbers of the lines.

    Raises:
        OSError: the file cannot be opened, or is a symbolic link.
    """

    __slots__ = ("_descriptor", "numbers", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers = count(1)
        self._descriptor = os.open(path, _FLAGS, 0o600)
        self._end_torn_line()

    def append(self, line: bytes) -> None:
        """Append ``line``, which ends in a newline; it is in the kernel when this returns.

        Raises:
            OSError: it could not be written whole.
        """
        written = os.write(self._descriptor, line)
        while written < len(line):
            written += os.write(self._descriptor, line[written:])

    def close(self) -> None:
        """Close the descriptor; what was appended stays."""
        os.close(self._descriptor)

    def _end_torn_line(self) -> None:
        """Put a newline behind a line that a killed process left unfinished."""
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")
