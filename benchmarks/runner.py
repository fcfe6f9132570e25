"""Start a process for each work and peer, wait for it within a limit, and gather what it measured.

LOCATION: benchmarks/runner.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest import Work
from benchmarks.results import Result, from_data
from benchmarks.works import WORKS


@dataclass(frozen=True)
class Plan:
    """How much to do: ``quick`` for a look, ``only`` to pick: ``WORK/PEER``, either part, or a topic."""

    quick: bool = False
    only: tuple[str, ...] = ()
    rounds: int | None = None
    scratch: Path = Path(tempfile.gettempdir()) / "ote-benchmarks"
    limit_s: float = 180.0

    def chosen(self) -> Iterator[tuple[Work, str]]:
        """Yield each work with each of its peers, as far as they are asked for."""
        for work in WORKS.values():
            for peer in work.peers:
                if not self.only or any(_picks(one, work.name, peer) for one in self.only):
                    yield work, peer

    def size(self, work: Work) -> tuple[int, int, int]:
        """Return processes, rounds in each, and events in a round."""
        if self.quick:
            return 1, self.rounds or 3, work.quick_events
        rounds = self.rounds or work.rounds
        processes = min(work.processes, rounds)
        return processes, -(-rounds // processes), work.events


def _picks(asked: str, work: str, peer: str) -> bool:
    name, _, who = asked.partition("/")
    return (not who or who == peer) and (not name or work == name or work.startswith(name + "."))


def run(plan: Plan) -> Iterator[Result]:
    """Yield the result of each work and peer that ``plan`` chooses, in the order of the table."""
    plan.scratch.mkdir(parents=True, exist_ok=True)
    for work, peer in plan.chosen():
        yield _result(plan, work, peer)


def _result(plan: Plan, work: Work, peer: str) -> Result:
    processes, rounds, events = plan.size(work)
    result = _turn(plan, work, peer, rounds, events)
    for _ in range(processes - 1):
        # What hung or failed once would do so again, and take as long.
        if not result.problem:
            result += _turn(plan, work, peer, rounds, events)
    return result


def _turn(plan: Plan, work: Work, peer: str, rounds: int, events: int) -> Result:
    with tempfile.TemporaryDirectory(dir=plan.scratch, prefix="turn-") as folder:
        result, complaints = Path(folder) / "result.json", Path(folder) / "complaints"
        words = [work.name, peer, folder, str(plan.scratch), str(rounds), str(events), str(result)]
        with complaints.open("wb") as stderr:
            ended = _process([sys.executable, "-m", "benchmarks.turn", *words], stderr.fileno(), plan.limit_s)
        if result.exists():
            return from_data(json.loads(result.read_text(encoding="utf-8")))
        reason = ended or "failed: " + _last_line(complaints.read_text(encoding="utf-8", errors="replace"))
        return Result(work.name, peer, work.measure, problem=reason)


def _process(command: list[str], stderr: int, limit_s: float) -> str:
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    process = subprocess.Popen(command, stdout=stderr, stderr=stderr, env=environment, start_new_session=True)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return f"hung: killed after {limit_s:g} s"
    finally:
        _end_group(process)
    return ""


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no word of why"
