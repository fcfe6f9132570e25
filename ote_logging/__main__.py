"""``ote`` and ``python -m ote_logging``: the command line, or one line that says what it needs.

LOCATION: ote_logging/__main__.py
DEPENDENCIES: cli (extra ``cli``), errors
TRACE POINTS: none
"""

import sys

from ote_logging.errors import MissingExtraError


def main() -> None:
    """Run the command line of this process and exit with its status."""
    try:
        import typer  # noqa: F401  # asked for here, so that an error inside our own modules stays what it is
    except ImportError:
        sys.exit(f"ote: {MissingExtraError('typer', 'cli')}")
    from ote_logging.cli.app import run

    run()


if __name__ == "__main__":
    main()
