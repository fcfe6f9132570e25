"""Lines of a session for the tests of the reading side, as the writing side would write them."""

from itertools import count
from pathlib import Path
from typing import Any

from ote_logging.schema import Entry, encode

SESSION = "0b9f6b1e-4a40-4d3e-9df1-8b1f2ad64f21"


class Session:
    """Makes entries one after the other, a millisecond apart, numbered by process."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._time_ms = count()
        self._seqs: dict[int, count[int]] = {}

    def add(
        self, event: str = "log", *, fields: dict[str, Any] | None = None, pid: int = 41, **keys: Any
    ) -> Entry:
        """Append an entry; ``keys`` of the table win over those that every record has."""
        milliseconds = next(self._time_ms)
        known = {
            "timestamp": f"2026-11-22T10:{milliseconds // 60_000:02}:{milliseconds // 1000 % 60:02}."
            f"{milliseconds % 1000:03}000Z",
            "level": "INFO",
            "logger": "shop",
            "message": event,
            "event": event,
            "session_id": SESSION,
            "seq": next(self._seqs.setdefault(pid, count(1))),
            "pid": pid,
            "file": "/srv/shop/orders.py",
            "line": 17,
            "thread": "MainThread",
        }
        entry = Entry.of(fields, **{**known, **keys})
        self.entries.append(entry)
        return entry

    def start(self, span_id: str, operation: str = "save", **keys: Any) -> Entry:
        """Append the start of a span."""
        return self.add("span_start", span_id=span_id, operation=operation, **keys)

    def end(self, span_id: str, operation: str = "save", **keys: Any) -> Entry:
        """Append the end of a span that went well, unless ``keys`` say otherwise."""
        return self.add(
            "span_end",
            **{"span_id": span_id, "operation": operation, "status": "ok", "duration_ms": 2.0, **keys},
        )

    def write(self, path: Path) -> Path:
        """Write all entries to ``path``."""
        path.write_bytes(b"".join(map(encode, self.entries)))
        return path
