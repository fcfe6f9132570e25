"""Every error that this package raises on purpose.

    OteError
    ├── ConfigError      a configuration that was refused; nothing of it is in force
    ├── ReadError        a session that cannot be found or opened
    └── MissingExtraError  a feature whose optional dependency is not installed

The write path raises none of them into a program: see ``handlers``.

LOCATION: ote_logging/errors.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Sequence


class OteError(Exception):
    """Base of all errors of this package; catch it to catch them all."""


class ConfigError(OteError):
    """A configuration was refused; the one in force stays in force.

    ``problems`` holds every problem found, each one line: ``file:line: what was met; what to do``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep ``problems`` (at least one) and show them one a line."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class ReadError(OteError):
    """A session was asked for that is not there, or that cannot be opened or read."""


class MissingExtraError(OteError, ImportError):
    """A feature needs a package that is not installed; ``extra`` names what brings it."""

    def __init__(self, package: str, extra: str) -> None:
        """Say which ``package`` is missing and that ``pip install 'ote-logging[extra]'`` cures it."""
        super().__init__(f"{package} is not installed; it comes with: pip install 'ote-logging[{extra}]'")
        self.package = package
        self.extra = extra
