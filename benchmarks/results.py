"""What was measured, as values and as JSON.

LOCATION: benchmarks/results.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.contest import Measure, Tally
from benchmarks.figures import Spread, spread
from benchmarks.rounds import Round

PACKAGES = (
    "ote-logging", "orjson", "msgspec", "python-json-logger", "structlog", "loguru", "eliot", "picologging",
    "opentelemetry-sdk", "logfire", "prometheus_client", "ddsketch", "duckdb",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One peer on one work: its rounds and tallies, or the problem that kept it from finishing."""

    work: str
    peer: str
    measure: Measure
    rounds: tuple[Round, ...] = ()
    base_tally: Tally = field(default_factory=Tally)
    tally: Tally = field(default_factory=Tally)
    max_rss_mb: float = 0.0
    problem: str = ""

    @property
    def figure(self) -> Spread:
        """Return median and quartiles of the figures of the rounds; raises ValueError without rounds."""
        return spread([self.measure.figure(one.peer_s, one.base_s) for one in self.rounds])

    @property
    def peer_s(self) -> float:
        """Return the median seconds of one event of the peer."""
        return spread([one.peer_s for one in self.rounds]).middle

    @property
    def base_s(self) -> float:
        """Return the median seconds of one event of the base."""
        return spread([one.base_s for one in self.rounds]).middle

    def __add__(self, other: "Result") -> "Result":
        """Return both as one: the same work and peer, played in two processes."""
        return Result(
            self.work,
            self.peer,
            self.measure,
            self.rounds + other.rounds,
            self.base_tally + other.base_tally,
            self.tally + other.tally,
            max(self.max_rss_mb, other.max_rss_mb),
            self.problem or other.problem,
        )


@dataclass(frozen=True)
class Run:
    """All results of one run and the machine they come from."""

    machine: dict[str, Any]
    results: tuple[Result, ...]

    def find(self, work: str, peer: str) -> Result | None:
        """Return the finished result of ``peer`` on ``work``, or None."""
        same = (one for one in self.results if (one.work, one.peer) == (work, peer) and one.rounds)
        return next(same, None)


def machine() -> dict[str, Any]:
    """Return what the figures depend on: system, processor, Python and the versions of the packages."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": round(os.getloadavg()[0], 2),
        "packages": dict(_versions(PACKAGES)),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "not installed"


def to_data(result: Result) -> dict[str, Any]:
    """Return ``result`` as plain data for JSON."""
    data = asdict(result) | {"measure": result.measure.name}
    for side in ("base_tally", "tally"):
        data[side]["missing"] = sorted(data[side]["missing"])
    return data


def from_data(data: dict[str, Any]) -> Result:
    """Return the result that ``to_data`` made ``data`` of."""
    return Result(
        **data
        | {
            "measure": Measure[data["measure"]],
            "rounds": tuple(Round(**one) for one in data["rounds"]),
            "base_tally": _tally(data["base_tally"]),
            "tally": _tally(data["tally"]),
        }
    )


def _tally(data: dict[str, Any]) -> Tally:
    return Tally(**data | {"missing": frozenset(data["missing"])})


def save(run: Run, file: Path) -> None:
    """Write ``run`` to ``file`` as JSON, one result a line so that two files can be compared by eye."""
    lines = ",\n".join(json.dumps(to_data(one)) for one in run.results)
    text = f'{{"machine": {json.dumps(run.machine)},\n"results": [\n{lines}\n]}}\n'
    file.write_text(text, encoding="utf-8")


def load(file: Path) -> Run:
    """Return the run that ``save`` wrote to ``file``."""
    data = json.loads(file.read_text(encoding="utf-8"))
    return Run(data["machine"], tuple(from_data(one) for one in data["results"]))
