"""picologging: the standard library's interface in C, text lines as at the floor.

Its formatter knows no ``extra``, so the fields are missing. With several threads it may never end.

LOCATION: benchmarks/peers/picologging.py
DEPENDENCIES: picologging
TRACE POINTS: none
"""

from typing import Any

import picologging

from benchmarks.contest import FACTS
from benchmarks.peers import Ask, Writer, calls, floor

DATE = "%Y-%m-%d %H:%M:%S,000"
"""Without a format of its own the C formatter leaves what happens to be in memory in place of the date."""


class _Ids(picologging.Filter):
    def filter(self, record: Any) -> bool:
        record.session_id = floor.session_id.get()
        record.trace_id = floor.trace_id.get()
        record.span_id = floor.span_id.get()
        return True


def _logger(ask: Ask) -> Any:
    to_file = picologging.FileHandler(str(ask.file), encoding="utf-8")
    to_file.setFormatter(picologging.Formatter(floor.TEXT, DATE))
    to_file.addFilter(_Ids())
    log = picologging.getLogger("bench")
    log.setLevel(picologging.INFO)
    log.addHandler(to_file)
    return log


def records(ask: Ask) -> Writer:
    """Take part in: enriched records, without their fields."""
    return Writer(calls.records(_logger(ask)), floor.read, floor.ids, wanted=FACTS)


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    return Writer(calls.disabled(_logger(ask)), floor.read, floor.ids)
