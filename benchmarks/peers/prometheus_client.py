"""prometheus_client: a histogram and a counter by operation, fed from records as a program would.

LOCATION: benchmarks/peers/prometheus_client.py
DEPENDENCIES: prometheus_client
TRACE POINTS: none
"""

import logging

from prometheus_client import Counter, Histogram

from benchmarks.peers import Ask, Writer, floor


class _ToPrometheus(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.durations = Histogram("operation_seconds", "Duration of operations", ["operation"])
        self.outcomes = Counter("operations", "Operations by outcome", ["operation", "status"])

    def emit(self, record: logging.LogRecord) -> None:
        """Count one end of an operation."""
        values = vars(record)
        self.durations.labels(values["operation"]).observe(values["duration_ms"] / 1e3)
        self.outcomes.labels(values["operation"], values["status"]).inc()


def metrics(ask: Ask) -> Writer:
    """Take part in: metrics per record."""
    handler, record = _ToPrometheus(), ask.options["record"]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            handler.handle(record(number))

    return Writer(burst, floor.read)
