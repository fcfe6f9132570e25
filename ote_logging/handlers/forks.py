"""Give a forked child its own locks, counts and queues: those of the parent may be held by a lost thread.

LOCATION: ote_logging/handlers/forks.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import os
from typing import Final, Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """What holds state that a forked child must not share."""

    def renew(self) -> None:
        """Begin anew in a child: new locks, no thread, nothing counted. Must neither log nor wait."""


_alive: Final[WeakSet[Renewable]] = WeakSet()


def renew_in_children(owner: Renewable) -> None:
    """Call ``owner.renew()`` in every forked child, as long as ``owner`` lives."""
    _alive.add(owner)


def _renew_all() -> None:
    for owner in list(_alive):
        owner.renew()


os.register_at_fork(after_in_child=_renew_all)
