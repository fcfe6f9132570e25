"""``ote config``: check a configuration without switching it on.

LOCATION: ote_logging/cli/config.py
DEPENDENCIES: typer, config (check), screen, words
TRACE POINTS: none
"""

from collections.abc import Iterable

import typer

from ote_logging.cli.screen import print_json
from ote_logging.cli.words import shortened
from ote_logging.config import check


def show(file: str, trust: Iterable[str], *, as_json: bool) -> bool:
    """Print the problems of ``file``, one a line, on standard error; return whether there are none."""
    problems = check(file, trust=trust)
    if as_json:
        print_json({"file": file, "problems": problems})
    elif not problems:
        typer.echo(f"{shortened(file)}: no problems")
    else:
        for problem in problems:
            typer.echo(shortened(problem), err=True)
    return not problems
