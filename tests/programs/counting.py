"""Count what was written against what an independent handler saw, record by record.

The independent handler is the standard library's own FileHandler, beside ours on the root. Both name a
record by process, level, logger and line of code, so that two losses cannot cancel each other.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# Lines without the mark are tracebacks, which logging.Formatter adds below.
MARK = "record\t"
RECORD = MARK + "%(process)d\t%(levelname)s\t%(name)s\t%(lineno)d"

Names = Counter[tuple[str, ...]]


def configuration(shipped: Path, folder: Path) -> str:
    """Return the shipped YAML, writing to ``folder``, with the independent handler beside ours."""
    plan: dict[str, Any] = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    plan["handlers"]["session"]["directory"] = str(folder / "logs")
    plan["formatters"]["counted"] = {"format": RECORD}
    plan["handlers"]["counted"] = {
        "class": "logging.FileHandler",
        "filename": str(folder / "counted.txt"),
        "formatter": "counted",
    }
    plan["root"]["handlers"].append("counted")
    return yaml.safe_dump(plan)


@dataclass
class Counts:
    """What one run left behind: ``lines`` by us, ``records`` by the independent handler."""

    lines: Names = field(default_factory=Counter)
    records: Names = field(default_factory=Counter)
    seqs: dict[str, list[int]] = field(default_factory=dict)
    damaged: int = 0

    @classmethod
    def of(cls, folder: Path) -> "Counts":
        """Read both files of ``folder``."""
        counts = cls()
        for file in folder.glob("logs/session_*.jsonl"):
            for line in file.read_bytes().splitlines():
                counts._add(line)
        counted = folder / "counted.txt"
        if counted.exists():
            lines = counted.read_text(encoding="utf-8").split("\n")
            counts.records.update(tuple(line.split("\t")[1:]) for line in lines if line.startswith(MARK))
        return counts

    def _add(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            name = (str(entry["pid"]), entry["level"], entry["logger"], str(entry["line"]))
        except (ValueError, KeyError):
            self.damaged += 1
            return
        self.lines[name] += 1
        self.seqs.setdefault(name[0], []).append(entry["seq"])

    def problems(self) -> list[str]:
        """Return a sentence for each difference; nothing where every record became one line."""
        lost, added = self.records - self.lines, self.lines - self.records
        found = [f"{count} not written: {' '.join(name)}" for name, count in lost.items()]
        found += [f"{count} too many: {' '.join(name)}" for name, count in added.items()]
        if self.damaged:
            found.append(f"{self.damaged} damaged lines")
        for pid, seqs in self.seqs.items():
            if sorted(seqs) != list(range(1, len(seqs) + 1)):
                found.append(f"seq of process {pid} is not 1 to {len(seqs)}, its highest is {max(seqs)}")
        return found
