"""Prove files clean: hold what was written against the rules of redaction.

Each line is looked at as text and, where it is JSON, value by value under its name. One line of at most
64 MiB is held at a time; what a longer one holds is looked at in pieces.

LOCATION: ote_logging/reading/scan.py
DEPENDENCIES: orjson, redaction (the rules), errors
TRACE POINTS: scan() - a line is looked at
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import orjson

from ote_logging.errors import ReadError
from ote_logging.redaction import Redactor

_ENDINGS: Final = (".jsonl", ".json", ".log", ".gz")
_MOST_LINE_BYTES: Final = 1 << 26


class Leak(NamedTuple):
    """Where a secret stands and which rule knows it; never the secret."""

    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.rule}"


def files_in(path: str | os.PathLike[str]) -> list[str]:
    """Return ``path``, or the .jsonl, .json, .log and .gz files of a folder and those below it, sorted.

    Raises:
        ReadError: there is no such file or folder.
    """
    root = Path(path)
    if root.is_dir():
        found = (file for file in root.rglob("*") if file.name.endswith(_ENDINGS))
        return sorted(str(file) for file in found if file.is_file())
    if not root.exists():
        raise ReadError(f"no such file or folder: {root}")
    return [str(root)]


def scan(file: str, redactor: Redactor) -> Iterator[Leak]:
    """Yield the leaks of ``file``, each rule once a line, by the rules of ``redactor``.

    Raises:
        ReadError: the file cannot be read, or is a damaged gzip.
    """
    try:
        with _opened(file) as lines:
            number = 0
            while line := lines.readline(_MOST_LINE_BYTES):
                number += 1
                for rule in sorted(_rules_in(line, redactor)):
                    yield Leak(file, number, rule)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"cannot read {file}: {error}") from error


def _opened(file: str) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.endswith(".gz") else open(file, "rb")


def _rules_in(line: bytes, redactor: Redactor) -> set[str]:
    text = line.decode("utf-8", "replace")
    rules = {finding.rule for finding in redactor.find(text)}
    try:
        value = orjson.loads(line)
    except ValueError:
        return rules
    return rules | set(_rules_of("", value, redactor))


def _rules_of(name: str, value: Any, redactor: Redactor) -> Iterator[str]:
    """Yield the rules that know ``value``, or what it holds, under ``name``; a stack of its own for depth."""
    waiting = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if redactor.value(name, value) is value:
            continue
        if isinstance(value, dict):
            waiting += value.items()
            waiting += (("", key) for key in value)
        elif isinstance(value, list):
            waiting += (("", each) for each in value)
        elif isinstance(value, str) and (found := [each.rule for each in redactor.find(value)]):
            yield from found
        else:
            yield "key"
