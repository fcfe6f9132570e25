"""``ote demo``: a small pipeline, traced as it runs, then read back.

LOCATION: ote_logging/cli/demo.py
DEPENDENCIES: run (starts the program), tree and report (read it), context (names the session)
TRACE POINTS: none
"""

import os
import subprocess
from pathlib import Path

import typer

from ote_logging.cli import report, tree
from ote_logging.cli.run import command_line
from ote_logging.context import SESSION_VARIABLE, new_session_id

_PROGRAM = ("-m", "ote_logging.demo.pipeline")
_FOLDER = "logs"


def show() -> int:
    """Run the demonstration under the packaged configuration, print its tree and sums; return its status."""
    session_id = new_session_id()
    typer.echo("A pipeline lets a scripted model write three components, under the packaged logging.yaml:\n")
    environment = {**os.environ, SESSION_VARIABLE: session_id}
    status = subprocess.run(command_line(None, _PROGRAM), env=environment).returncode
    if status != 0:
        return status
    file = str(Path(_FOLDER) / f"session_{session_id}.jsonl")
    typer.echo("\nWhat happened, as a tree:\n")
    tree.show(file, every=False, most_lines=None)
    typer.echo("\nIn sum:\n")
    report.show(report.read(file, "total"), most_rows=None)
    typer.echo(f"\nEvery record is a JSON line in {file}. Next:\n")
    typer.echo(f"  ote find {_FOLDER} event=llm_interaction component=mailer    what was asked and answered")
    typer.echo(f"  ote find {_FOLDER} --errors                                  what failed, and where")
    typer.echo("  ote run your_program.py                                 your own program, unchanged")
    return 0
