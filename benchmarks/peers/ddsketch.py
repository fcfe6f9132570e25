"""ddsketch: a sketch of durations and a count by operation, fed from records as a program would.

LOCATION: benchmarks/peers/ddsketch.py
DEPENDENCIES: ddsketch
TRACE POINTS: none
"""

import logging
from collections import Counter, defaultdict

from ddsketch import DDSketch

from benchmarks.peers import Ask, Writer, floor


class _ToSketches(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.durations: defaultdict[str, DDSketch] = defaultdict(DDSketch)
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one end of an operation."""
        values = vars(record)
        self.durations[values["operation"]].add(values["duration_ms"])
        self.outcomes[values["operation"], values["status"]] += 1


def metrics(ask: Ask) -> Writer:
    """Take part in: metrics per record."""
    handler, record = _ToSketches(), ask.options["record"]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            handler.handle(record(number))

    return Writer(burst, floor.read)
