"""The peers: a library a module, and one table that names them.

The protocol is small. A module has a function for each ability it takes part with: ``records``,
``disabled``, ``spans`` and so on, as the works name them. It takes an Ask and returns a Writer. An
ability that is not there is an AttributeError, a library that is not installed an ImportError; the
table says either and goes on.

LOCATION: benchmarks/peers/__init__.py
DEPENDENCIES: none (each peer imports its own library)
TRACE POINTS: none
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from logging import LogRecord
from pathlib import Path
from typing import Any

from benchmarks.contest import FACTS, FIELDS, Burst, Contender, Reader, Tally, count, nothing

PEERS: Mapping[str, tuple[str, str]] = {
    "ours": ("ours", ""),
    "floor": ("floor", ""),
    "pjl-json": ("python_json_logger", "json"),
    "pjl-orjson": ("python_json_logger", "orjson"),
    "pjl-msgspec": ("python_json_logger", "msgspec"),
    "structlog": ("structlog_native", ""),
    "structlog-stdlib": ("structlog_stdlib", ""),
    "loguru": ("loguru", ""),
    "eliot": ("eliot", ""),
    "picologging": ("picologging", ""),
    "otel-batch": ("opentelemetry", "batch"),
    "otel-simple": ("opentelemetry", "simple"),
    "otel-no-sdk": ("opentelemetry", "none"),
    "logfire": ("logfire", ""),
    "prometheus_client": ("prometheus_client", ""),
    "ddsketch": ("ddsketch", ""),
}
"""Name in the table of results -> module of this package, and which of its variants."""

SESSION = "5c1f0c3e-6a55-4c7e-9d7c-2f0c5a9b7d10"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
"""The ids that a peer writes which has none of its own."""

_NUMBER = re.compile(r"user alice saved (\d+) rows")


@dataclass(frozen=True)
class Ask:
    """What a work asks of a peer: a folder to write into, the variant, and options of the work."""

    folder: Path
    variant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Return the file for peers that write a single one."""
        return self.folder / "out.log"


@dataclass(frozen=True)
class Writer:
    """A peer, set up: ``burst`` does events, ``drain`` empties its queue, ``read`` understands a line.

    ``factory`` makes its records; None where it leaves that to the one that is set.
    """

    burst: Burst
    read: Reader
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    drain: Callable[[], None] = nothing
    wanted: Iterable[str] = FACTS
    factory: Callable[..., LogRecord] | None = None


def writer(peer: str, ability: str, folder: Path, **options: Any) -> Writer:
    """Return ``peer`` set up in ``folder`` for ``ability``.

    Raises:
        ImportError: its library is not installed.
        AttributeError: it has no such ability.
    """
    module, variant = PEERS[peer]
    folder.mkdir(parents=True, exist_ok=True)
    take_part: Callable[[Ask], Writer] = getattr(import_module(f"benchmarks.peers.{module}"), ability)
    return take_part(Ask(folder, variant, options))


def contender(made: Writer, folder: Path, drained: bool = True) -> Contender:
    """Return ``made`` as a contender; ``drained`` puts the emptying of its queue inside the time."""
    return Contender(
        _then(made.burst, made.drain) if drained and made.drain is not nothing else made.burst,
        made.around,
        made.drain,
        tally_of(made, folder),
        made.factory,
    )


def _then(burst: Burst, drain: Callable[[], None]) -> Burst:
    def drained(first: int, count: int) -> None:
        burst(first, count)
        drain()

    return drained


def tally_of(made: Writer, folder: Path) -> Callable[[int, int], Tally]:
    """Return the tally of what ``made`` adds to the files of ``folder``."""
    tail = Tail(folder)
    return lambda first, events: count(tail, made.read, range(first, first + events), made.wanted)


class Tail:
    """The lines that the files of a folder gained since the last look."""

    def __init__(self, folder: Path) -> None:
        """Begin with an empty folder."""
        self.folder = folder
        self.seen: dict[Path, int] = {}

    def __iter__(self) -> Iterator[bytes]:
        """Yield the new lines; the last one may lack its end."""
        for file in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            with file.open("rb") as lines:
                lines.seek(self.seen.get(file, 0))
                yield from lines
                self.seen[file] = lines.tell()


def number_in(message: object) -> int | None:
    """Return the number of the event that a message tells, None if it is another message."""
    found = _NUMBER.fullmatch(str(message))
    return int(found[1]) if found else None


def has_fields(data: Mapping[str, object]) -> bool | None:
    """Return True if ``data`` holds all fields with their values, else None: not told."""
    return True if all(data.get(name) == value for name, value in FIELDS.items()) else None
