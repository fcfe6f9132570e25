"""What a change did: two runs, work by work.

LOCATION: benchmarks/comparison.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.contest import Measure
from benchmarks.figures import Spread, differ
from benchmarks.results import Run


@dataclass(frozen=True)
class Change:
    """One peer on one work, before and after."""

    work: str
    peer: str
    measure: Measure
    old: Spread
    new: Spread

    @property
    def percent(self) -> float:
        """Return the change of the median in percent of the old one."""
        return (self.new.middle / self.old.middle - 1) * 100 if self.old.middle else 0.0

    @property
    def verdict(self) -> str:
        """Return better or worse if the quartiles are apart and the change is above 3 percent, else same."""
        if not differ(self.old, self.new):
            return "same"
        return "better" if self.new.middle < self.old.middle else "worse"


def changes(old: Run, new: Run) -> Iterator[Change]:
    """Yield the change of each work and peer that finished in both runs."""
    for after in new.results:
        before = old.find(after.work, after.peer)
        if before and after.rounds:
            yield Change(after.work, after.peer, after.measure, before.figure, after.figure)
