"""What is known of a name, a text or a place: a program has few of them, and asks with every record.

LOCATION: ote_logging/remembered.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable, Hashable
from typing import Final, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_MOST: Final = 10_000
_MOST_IN_VAIN: Final = 10 * _MOST
_LONGEST: Final = 1_000


class Bounded(dict[K, T]):
    """A dict for up to 10,000 keys, whose users ask ``has_room()`` before they add one.

    Of more keys the first ones stay, which costs a program that has more of them the least, until ten times
    as many were turned away: it may have gone on to others.
    """

    def __init__(self) -> None:
        super().__init__()
        self._in_vain = 0

    def has_room(self) -> bool:
        """Whether a key may be added."""
        if len(self) < _MOST:
            return True
        self._in_vain += 1
        if self._in_vain <= _MOST_IN_VAIN:
            return False
        self._in_vain = 0
        self.clear()
        return True


class Remembered(Bounded[str, T]):
    """Answers by name: ``remembered[name]`` asks ``tell(name)`` once, and keeps names of 1,000 characters."""

    def __init__(self, tell: Callable[[str], T]) -> None:
        """Ask ``tell``."""
        super().__init__()
        self._tell = tell

    def __missing__(self, name: str) -> T:
        told = self._tell(name)
        if type(name) is str and len(name) <= _LONGEST and self.has_room():
            self[name] = told
        return told
