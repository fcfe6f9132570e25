"""Write a small file whole: a reader sees the old one or the new one, never a part.

LOCATION: ote_logging/handlers/replacing.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put ``content`` at ``path``, with ``mode`` whatever the umask.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    with _beside(path, content, mode) as written:
        written.replace(path)


def add_file(folder: Path, stem: str, suffix: str, content: bytes, mode: int) -> Path:
    """Put ``content`` at the first of ``stem.suffix``, ``stem.1.suffix`` ... that is free; return its path.

    Raises:
        OSError: it cannot be written.
    """
    with _beside(folder / (stem + suffix), content, mode) as written:
        for number in count():
            path = folder / f"{stem}{f'.{number}' if number else ''}{suffix}"
            with suppress(FileExistsError):
                # Unlike a rename, a link leaves alone what another process has put there meanwhile.
                path.hardlink_to(written)
                return path
    raise FileExistsError(folder / stem)


@contextmanager
def _beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Write a file in the same folder, and remove it if it is still there at the end."""
    # Not the suffix of the whole file: who collects `*.prom` must not find this one.
    written = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(written, _FLAGS, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        yield written
    finally:
        with suppress(OSError):
            written.unlink()
