"""``ote merge``: the metrics of several runs as one snapshot.

LOCATION: ote_logging/cli/merge.py
DEPENDENCIES: typer, reading (fold_all), screen, words, errors
TRACE POINTS: none
"""

import os
from collections.abc import Sequence

import typer

from ote_logging.cli.screen import print_json
from ote_logging.cli.words import counted
from ote_logging.errors import OteError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.reading import fold_all
from ote_logging.reading.folds import is_snapshot
from ote_logging.schema import dump


def write(parts: Sequence[str], output: str | None) -> None:
    """Write the sum of ``parts`` to the file ``output``, which is whole at any time, or print it."""
    if output is not None and os.path.exists(output) and not is_snapshot(output):
        # A shell gives "-o logs/*.jsonl" the first session as the file to write.
        raise OteError(f"{output} is there and is no snapshot; it is left as it is")
    total = fold_all(parts)
    if output is None:
        print_json(total.to_dict())
    else:
        _replace(output, dump(total.to_dict()))
        typer.echo(_summary(total, output), err=True)


def _replace(file: str, content: bytes) -> None:
    beside = f"{file}.{os.getpid()}.tmp"
    try:
        with open(beside, "wb") as opened:
            opened.write(content)
        os.replace(beside, file)
    except OSError as error:
        raise OteError(f"cannot write {file}: {error.strerror or error}") from error


def _summary(total: PerformanceMetrics, output: str) -> str:
    records = sum(sum(levels.values()) for levels in total.records.values())
    return f"{counted(records, 'record')}, {counted(len(total.operations), 'operation')} -> {output}"
