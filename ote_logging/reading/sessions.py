"""Find the files of a session: what SESSION means wherever a user or a program names one.

A file (with its rotated parts), a folder (its newest session), a glob (everything that it matches) or
``-`` for standard input. The parts of a session are ``session_<id>.jsonl``, ``session_<id>.1.jsonl``,
``session_<id>.2.jsonl`` and so on, each perhaps with ``.gz``; they are given in this order.

LOCATION: ote_logging/reading/sessions.py
DEPENDENCIES: errors
TRACE POINTS: locate() - a name becomes files
"""

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ote_logging.errors import ReadError

STDIN: Final = "-"

_PART: Final = re.compile(r"(session_.+?)(?:\.(\d{1,9}))?\.jsonl(\.gz)?")


def locate(session: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the paths that ``session`` stands for, in the order in which they were written.

    Raises:
        ReadError: there is no such file or folder, the folder holds no session, the glob matches nothing.
    """
    name = os.fspath(session)
    if name == STDIN:
        return (STDIN,)
    if os.path.isdir(name):
        return _newest_in(name)
    if os.path.exists(name):
        return _with_rotated_parts(name)
    if glob.has_magic(name):
        return _matching(name)
    raise ReadError(f"no such file or folder: {name}")


def _newest_in(folder: str) -> tuple[str, ...]:
    sessions = _by_session(_files_in(folder))
    if not sessions:
        raise ReadError(
            f"no session in {folder}: no file there is called session_*.jsonl or session_*.jsonl.gz"
        )
    newest = max(sessions.values(), key=lambda parts: max(map(_changed_ns, parts.values())))
    return tuple(newest[number] for number in sorted(newest))


def _with_rotated_parts(file: str) -> tuple[str, ...]:
    found = _PART.fullmatch(os.path.basename(file))
    if found is None or found[2]:
        return (file,)
    parts = _by_session(_files_in(os.path.dirname(file))).get(found[1], {})
    return (file, *(parts[number] for number in sorted(parts) if number))


def _matching(pattern: str) -> tuple[str, ...]:
    matches = sorted(glob.glob(pattern, recursive=True), key=_place)
    if not matches:
        raise ReadError(f"nothing matches {pattern}")
    folders = [match for match in matches if os.path.isdir(match)]
    if len(folders) == len(matches):
        return tuple(part for folder in folders for part in _newest_in(folder))
    return tuple(match for match in matches if match not in folders)


def _files_in(folder: str) -> list[str]:
    try:
        return [str(path) for path in Path(folder).iterdir() if path.is_file()]
    except OSError as error:
        raise ReadError(f"cannot list {folder or '.'}: {error.strerror}") from error


def _by_session(files: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return the parts of each session among ``files``: by its name, then by their numbers."""
    parts: dict[str, dict[int, str]] = {}
    # A part that is there plain and packed is being packed this moment: the plain one is whole, and stays.
    for file in sorted(files, reverse=True):
        found = _PART.fullmatch(os.path.basename(file))
        if found:
            parts.setdefault(found[1], {})[int(found[2] or 0)] = file
    return parts


def _place(file: str) -> tuple[str, int, str]:
    """Where ``file`` stands in a sorted list: by folder and session, then by the number of the part."""
    folder, base = os.path.split(file)
    found = _PART.fullmatch(base)
    return (os.path.join(folder, found[1]), int(found[2] or 0), base) if found else (file, 0, base)


def _changed_ns(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:  # removed since it was listed; opening the newest one will say so
        return 0
