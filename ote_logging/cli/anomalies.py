"""``ote anomalies``: what was wrong in a session, when it began and when it was over.

LOCATION: ote_logging/cli/anomalies.py
DEPENDENCIES: evaluation (watch), reading (Reader, fold_of), screen, words
TRACE POINTS: none
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from ote_logging.cli.screen import BOLD, DIM, GREEN, YELLOW, Part, Screen, print_json
from ote_logging.cli.words import counted, moment, shortened
from ote_logging.errors import ReadError
from ote_logging.evaluation.watch import AnomalyWatch, Finding, WatchOptions
from ote_logging.reading import Reader, fold_of
from ote_logging.reading.folds import are_snapshots


class Search:
    """The findings in a session, as its lines tell them, and how many of its lines were none."""

    def __init__(self, session: str, baseline: str | None, slow_s: float, error_rate: float) -> None:
        """Compare with the session's own past, or with ``baseline``, a run that was well.

        Raises:
            ReadError: there is no such session or baseline, or ``session`` is a snapshot.
        """
        if are_snapshots(session):
            raise ReadError(
                f"{session}: a snapshot has sums and no course; ote compare tells it from another one"
            )
        self.reader = Reader(session)
        known = None if baseline is None else fold_of(baseline)
        self._watch = AnomalyWatch(WatchOptions(slow_s=slow_s, error_rate=error_rate), baseline=known)

    def __iter__(self) -> Iterator[Finding]:
        for batch in self.reader.batches():
            for wire in batch:
                yield from self._watch.add_line(wire)


def show(search: Search) -> int:
    """Print each finding as a line, and how many there were; return how many began."""
    screen, kinds = Screen(), Counter[str]()
    for finding in search:
        began = finding.state == "open"
        kinds[finding.kind] += began
        screen.line(
            Part(moment(_timestamp(finding.at_s)), DIM),
            Part("  " + shortened(finding.message), YELLOW if began else GREEN),
        )
    told = ", ".join(
        f"{number:,} {kind.replace('_', ' ')}" for kind, number in sorted(kinds.items()) if number
    )
    total, among = kinds.total(), counted(search.reader.entries, "record")
    told = f"{counted(total, 'anomaly', 'anomalies')} in {among}" + (f": {told}" if told else "")
    screen.line(Part(told, BOLD))
    if passed := search.reader.damaged + search.reader.foreign:
        screen.line(Part(f"{counted(passed, 'line')} passed over", YELLOW))
    return total


def show_json(search: Search) -> int:
    """Print each finding as a JSON object; return how many began."""
    began = 0
    for finding in search:
        began += finding.state == "open"
        print_json({**finding.fields, "message": finding.message})
    return began


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
