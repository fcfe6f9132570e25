"""``ote run``: a program in place of this process, switched on.

LOCATION: ote_logging/cli/run.py
DEPENDENCIES: runner, which the new process executes
TRACE POINTS: none
"""

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from typer.core import TyperCommand


class Verbatim(TyperCommand):
    """A command that leaves what follows its own options as it is: it belongs to the program."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read our options; the first word that is none of them begins the program's command line."""
        place = 0
        while place < len(args) and args[place].startswith("--") and args[place] != "--":
            place += 2 if args[place] == "--config" else 1
        return super().parse_args(ctx, [*args[:place], "--", *args[place:]])


def command_line(config: str | None, command: Sequence[str]) -> list[str]:
    """Return what starts ``command``, a program or "-m" first, under ``config`` or the packaged file."""
    return [sys.executable, "-m", "ote_logging.runner", config or "", *command]


def replace_process(config: str | None, command: Sequence[str]) -> NoReturn:
    """Run ``command`` in place of this process: its exit status and its signals are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command_line(config, command))
