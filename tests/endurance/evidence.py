"""What the attacks share: reading what is left of the lines, and a verdict.

LOCATION: tests/endurance/evidence.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GZIP = b"\x1f\x8b"
LARGE = "x" * 200_000


class Evidence:
    """The lines of all session files in a folder, whole or not."""

    def __init__(self, *files: Path) -> None:
        self.entries: list[dict[str, Any]] = []
        self.damaged = 0
        self.damages: list[str] = []
        for file in files:
            with file.open("rb") as start:
                is_packed = start.read(2) == GZIP
            with gzip.open(file) if is_packed else file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    self._take(line, f"{file.name}:{number}")

    @classmethod
    def of(cls, folder: Path) -> "Evidence":
        """Read every file of ``folder`` and below that holds lines."""
        return cls(*sorted(path for path in folder.rglob("*") if path.suffix in (".jsonl", ".gz", ".moved")))

    def _take(self, line: bytes, place: str) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            self.damaged += 1
            self.damages.append(f"{place}: {line[:80]!r}...{line[-80:]!r}")
            return
        # Some lines are a megabyte long, and an attack may leave as many as there is memory.
        entry["message"] = entry["message"].split(" ", 1)[0]
        self.entries.append(entry)

    def found(self) -> Counter[str]:
        """Return how often each record of the program is there: by the first word of its message."""
        return Counter(entry["message"] for entry in self.entries if entry["event"] == "log")

    def told_lost(self) -> int:
        """Return how many lost records the lines tell of."""
        return sum(entry["lost"] for entry in self.entries if entry["event"] == "records_lost")

    def gaps(self) -> int:
        """Return how many numbers are missing between 1 and the last of each process and session."""
        numbers: dict[tuple[int, str], set[int]] = {}
        for entry in self.entries:
            numbers.setdefault((entry["pid"], entry["session_id"]), set()).add(entry["seq"])
        return sum(max(seen) - len(seen) for seen in numbers.values())


class Verdict:
    """Collects what is wrong, and says it."""

    def __init__(self) -> None:
        self.failed = False

    def expect(self, is_so: bool, text: str) -> None:
        """Print ``text`` with a mark that tells whether it holds."""
        self.failed |= not is_so
        sys.stdout.write(f"{'ok    ' if is_so else 'BROKEN'} {text}\n")
        sys.stdout.flush()

    def tell(self, text: str) -> None:
        """Print a figure that is neither good nor bad."""
        sys.stdout.write(f"       {text}\n")
        sys.stdout.flush()

    def all_there(self, wanted: Iterable[str], evidence: Evidence, what: str) -> None:
        """Expect every record of ``wanted`` once."""
        found = evidence.found()
        wanted = list(wanted)
        missing = [record for record in wanted if not found[record]]
        twice = [record for record, times in found.items() if times > 1]
        self.expect(not missing, f"{what}: of {len(wanted):,} records {len(missing)} missing {missing[:3]}")
        self.expect(not twice, f"{what}: {len(twice)} twice {twice[:3]}")

    def status(self) -> int:
        """Return the exit status: 1 where anything was broken."""
        return int(self.failed)


def parser_of(text: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows ``text`` as it stands, and knows where to work."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where to make a folder to work in; the system's own otherwise")
    return parser


@contextmanager
def folder_in(place: str | None) -> Iterator[Path]:
    """Give a new folder below ``place`` and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="ote_", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
