"""``ote replay``: a recorded session, sent through another configuration.

LOCATION: ote_logging/cli/replay.py
DEPENDENCIES: typer, replay, words
TRACE POINTS: none
"""

from collections.abc import Iterable
from dataclasses import asdict

import typer

from ote_logging.cli.screen import print_json
from ote_logging.cli.words import counted
from ote_logging.reading import Reader
from ote_logging.replay import Replayed, replay


def run(session: str, config: str, speed: float | None, trust: Iterable[str], *, as_json: bool) -> None:
    """Replay ``session``; how much it was goes to standard error, or as JSON to standard output."""
    reader = Reader(session)
    replayed = replay(reader, config, speed=speed, trust=trust)
    if as_json:
        print_json({**asdict(replayed), "damaged": reader.damaged, "foreign": reader.foreign})
    else:
        typer.echo(_summary(reader, replayed), err=True)


def _summary(reader: Reader, replayed: Replayed) -> str:
    passed_over = [
        said
        for number, said in (
            (replayed.filtered, f"{replayed.filtered:,} below the level of their logger"),
            (replayed.untimed, f"{replayed.untimed:,} without a time"),
            (reader.damaged, counted(reader.damaged, "damaged line")),
            (reader.foreign, counted(reader.foreign, "foreign line")),
        )
        if number
    ]
    return "; ".join([f"{counted(replayed.sent, 'record')} replayed", *passed_over])
