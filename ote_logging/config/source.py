"""Read the source of a configuration, a YAML file or a mapping, into plain values.

LOCATION: ote_logging/config/source.py
DEPENDENCIES: config.environment, config.problems, config.yaml_source
TRACE POINTS: none
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from ote_logging.config.environment import substitute
from ote_logging.config.problems import BROKEN, Path, Problems, kind_of, nearest

Source = str | os.PathLike[str] | Mapping[str, Any] | None

PACKAGED: Final = "logging.yaml"
MAX_DEPTH: Final = 40


def read(source: Source) -> tuple[Any, Problems]:
    """The values of ``source`` with its environment variables in place, and what is wrong with them so far.

    What cannot be read at all is ``BROKEN``.
    """
    if isinstance(source, Mapping):
        problems = Problems("mapping")
        return substitute(_copied(source, (), problems), problems), problems
    if not isinstance(source, str | os.PathLike | None):
        raise TypeError(f"a configuration is a path, a mapping or None, not {type(source).__name__}")
    problems = Problems(PACKAGED if source is None else os.fspath(source))
    try:
        data = _packaged() if source is None else _file(source)
    except (OSError, ValueError) as error:
        _tell_unreadable(source, error, problems)
        return BROKEN, problems
    # PyYAML costs 10 ms to import; a program that configures by a mapping does without it.
    from ote_logging.config.yaml_source import parse

    values, literal = parse(data, problems)
    return substitute(_mapping(values, problems), problems, literal), problems


def _mapping(values: Any, problems: Problems) -> Any:
    if values is not BROKEN and not isinstance(values, dict):
        problems.add((), f"the file holds {kind_of(values)}, not a mapping", "begin it with: version: 1")
        return BROKEN
    return values


def _packaged() -> bytes:
    # importlib.resources does the same and costs 7 ms to import.
    folder = os.path.dirname(os.path.dirname(__file__))
    data: bytes = __loader__.get_data(os.path.join(folder, PACKAGED))  # type: ignore[name-defined]
    return data


def _file(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes; one more than the limit tells that it is too large."""
    from ote_logging.config.yaml_source import MAX_BYTES

    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _tell_unreadable(source: Any, error: Exception, problems: Problems) -> None:
    reason = getattr(error, "strerror", None) or str(error)
    folder, name = os.path.split(os.fspath(source)) if source is not None else ("", PACKAGED)
    cure = "name a readable YAML file"
    if isinstance(error, FileNotFoundError) and (match := _neighbour(folder, name)):
        cure = f"did you mean {os.path.join(folder, match)!r}?"
    problems.add((), f"cannot be read: {reason}", cure)


def _neighbour(folder: str, name: str) -> str | None:
    try:
        return nearest(name, os.listdir(folder or "."))
    except OSError:
        return None


def _copied(value: Any, path: Path, problems: Problems) -> Any:
    """A copy of the caller's mappings and lists, so that nothing below can change them."""
    if len(path) > MAX_DEPTH:
        problems.add(path[:3], f"nested deeper than {MAX_DEPTH} levels", "make it flatter")
        return BROKEN
    if isinstance(value, Mapping):
        return {key: _copied(item, (*path, key), problems) for key, item in value.items()}
    if type(value) is list:
        return [_copied(item, (*path, index), problems) for index, item in enumerate(value)]
    return value
