"""What is known of a name or a text, asked once and kept: a program has few, and asks with every record.

LOCATION: ote_logging/remembered.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_MOST: Final = 10_000
_LONGEST: Final = 1_000


class Remembered(dict[str, T]):
    """Answers by name: ``remembered[name]`` asks ``tell(name)`` once.

    10,000 names of up to 1,000 characters are kept; the next one makes it begin anew.
    """

    def __init__(self, tell: Callable[[str], T]) -> None:
        """Ask ``tell``."""
        super().__init__()
        self._tell = tell

    def __missing__(self, name: str) -> T:
        told = self._tell(name)
        if type(name) is str and len(name) <= _LONGEST:
            self.keep(name, told)
        return told

    def keep(self, name: str, told: T) -> None:
        """Answer ``told`` for ``name`` from now on."""
        if len(self) >= _MOST:
            self.clear()
        self[name] = told
