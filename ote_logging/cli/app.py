"""Put the commands together, and say every error in one line.

Exit status: 0 when all is well, 1 for an error, 2 for a wrong command line, 130 when interrupted, 141
when the reader of a pipe has gone, as a program has that the signal ended.

LOCATION: ote_logging/cli/app.py
DEPENDENCIES: typer, errors, visible, commands
TRACE POINTS: none
"""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from ote_logging.cli import commands
from ote_logging.cli.run import Verbatim
from ote_logging.errors import OteError
from ote_logging.visible import visible

# Typer carries click beside it or, in later versions, inside: its error classes are reached by way of it.
_CommandError: type[Exception] = typer.BadParameter.__mro__[2]


class _Commands(TyperGroup):
    """The group of all commands; errors leave it as one line and a status, never as a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **options: Any) -> Any:
        """Run a command line; exits unless ``standalone_mode`` is off."""
        try:
            status = super().main(*args, **{**options, "standalone_mode": False})
        except _CommandError as error:
            status = _say_usage(error)
        except typer.Abort:
            status = 130
        if standalone_mode:
            sys.exit(status or 0)
        return status

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was chosen."""
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except OteError as error:
            _say(str(error))
            raise typer.Exit(1) from None
        except BrokenPipeError:
            _drop_output()
            raise typer.Exit(141) from None
        return status


def _say(text: str) -> None:
    for line in text.splitlines():
        typer.echo(f"ote: {visible(line)}", err=True)


def _say_usage(error: Any) -> int:
    help_for = error.ctx.command_path if getattr(error, "ctx", None) else "ote"
    _say(f"{' '.join(error.format_message().split()).removesuffix('.')}. See {help_for} --help")
    return int(error.exit_code)


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not complain when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Commands,
    help="Read what a program logged: trees of operations, sums, single records.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in commands.ALL:
    app.command()(command)
app.command(cls=Verbatim)(commands.run)


def run(arguments: list[str] | None = None) -> None:
    """Run the command line, that of the process unless ``arguments`` are given, and exit."""
    app(args=(sys.argv[1:] if arguments is None else arguments) or ["--help"], prog_name="ote")
