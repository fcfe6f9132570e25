"""``ote scan``: prove that files hold no secret.

LOCATION: ote_logging/cli/scan.py
DEPENDENCIES: typer, reading.scan, redaction (the rules), words
TRACE POINTS: none
"""

import typer

from ote_logging.cli.words import counted
from ote_logging.reading.scan import files_in, scan
from ote_logging.redaction import Redactor
from ote_logging.visible import visible


def show(path: str) -> bool:
    """Print file:line:rule of each leak below ``path``; return whether there is none."""
    redactor, files, leaks = Redactor(), files_in(path), 0
    for file in files:
        for leak in scan(file, redactor):
            leaks += 1
            typer.echo(visible(str(leak)))
    typer.echo(f"{counted(leaks, 'leak')} in {counted(len(files), 'file')}", err=bool(leaks))
    return not leaks
