"""Fold runs into metrics: sessions line by line, snapshots as they are, sets of either added up.

LOCATION: ote_logging/reading/folds.py
DEPENDENCIES: orjson, evaluation (metrics), entries (Reader), sessions (locate), errors
TRACE POINTS: fold_of() - files become one fold
"""

import os
import re
from collections.abc import Iterable, Sequence
from typing import Final

import orjson

from ote_logging.errors import ReadError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.reading.entries import Reader
from ote_logging.reading.sessions import locate

_SNAPSHOT: Final = ".json"
_BEGINNING: Final = b'{"kind":"ote_metrics"'


def is_snapshot(path: str) -> bool:
    """Return whether the file ``path`` holds metrics instead of lines: by its name, else as it begins."""
    return path.endswith(_SNAPSHOT) or _begins_as_one(path)


def _begins_as_one(path: str) -> bool:
    try:
        # Standard input is not looked into, nor a pipe: what is read there is gone.
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(_BEGINNING)) == _BEGINNING
    except OSError:  # who reads it will say so
        return False


def are_snapshots(name: str | os.PathLike[str]) -> bool:
    """Return whether ``name`` stands for snapshots of metrics, see ``is_snapshot``.

    Raises:
        ReadError: there is no such file, or ``name`` stands for sessions too, which would count twice.
    """
    found = set(map(is_snapshot, locate(name)))
    if len(found) > 1:
        raise ReadError(
            f"{name} matches sessions and snapshots: what both tell would count twice; "
            "write *.jsonl for the sessions or *.json for the snapshots"
        )
    return found == {True}


def fold_of(name: str | os.PathLike[str]) -> PerformanceMetrics:
    """Return the metrics of what ``name`` stands for: a snapshot, a session, a folder or a glob.

    Raises:
        ReadError: there is no such file, it cannot be read, or it is no snapshot.
    """
    if are_snapshots(name):
        return merged(map(_snapshot, locate(name)))
    fold = PerformanceMetrics()
    for batch in Reader(name).batches():
        for wire in batch:
            fold.add_line(wire)
    return fold


def fold_all(names: Sequence[str]) -> PerformanceMetrics:
    """Return the metrics of all ``names`` together.

    Raises:
        ReadError: as ``fold_of`` does, or a file or a session is named twice, which would count twice.
    """
    seen: set[str] = set()
    for path in (path for name in names for path in locate(name)):
        if os.path.realpath(path) in seen:
            raise ReadError(f"{path} is named twice, and would count twice")
        seen.add(os.path.realpath(path))
    if twice := _sessions_in(seen, "session_", ".jsonl") & _sessions_in(seen, "metrics_", ".json"):
        raise ReadError(
            f"session {min(twice)} is named by its lines and by its snapshot: it would count twice"
        )
    return merged(map(fold_of, names))


def _sessions_in(paths: Iterable[str], kind: str, ending: str) -> set[str]:
    """Return the sessions whose files of that ``kind`` are among ``paths``, by their names."""
    names = (os.path.basename(path).removesuffix(".gz") for path in paths)
    # metrics_x.1.json is of another process of the session x, session_x.1.jsonl another part of it.
    return {
        re.sub(r"\.\d+$", "", name.removeprefix(kind).removesuffix(ending))
        for name in names
        if name.startswith(kind) and name.endswith(ending)
    }


def merged(folds: Iterable[PerformanceMetrics]) -> PerformanceMetrics:
    """Return the sum of ``folds``."""
    total = PerformanceMetrics()
    for fold in folds:
        total.merge(fold)
    return total


def _snapshot(path: str) -> PerformanceMetrics:
    try:
        with open(path, "rb") as file:
            found = orjson.loads(file.read())
    except OSError as error:
        raise ReadError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ReadError(f"{path} is no snapshot of metrics: it is no JSON") from error
    if not isinstance(found, dict):
        raise ReadError(f"{path} is no snapshot of metrics: it holds a {type(found).__name__}")
    try:
        return PerformanceMetrics.from_dict(found)
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error
