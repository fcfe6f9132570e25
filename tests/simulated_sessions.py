"""Sessions of a program that is well, or that goes wrong from some call on, as lines with their times."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import pi, sin
from typing import Any

Line = tuple[float, dict[str, Any]]

ERRORS = ["KeyError", "TimeoutError", "ValueError"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong (a kind of the watch), in which operation, from which call of the session to which."""

    kind: str
    operation: str
    begin: int
    end: int


@dataclass(frozen=True)
class Operation:
    """An operation that is well: median, spread, part of slow misses of a cache, failures, steps."""

    name: str
    ms: float
    sigma: float
    misses: float = 0.0
    failing: float = 0.0
    steps: tuple[str, ...] = ()


PROGRAM = (
    Operation("load", 3.0, 0.6, misses=0.3),
    Operation("save", 20.0, 0.4, failing=0.01, steps=("validate", "encrypt", "store")),
    Operation("ask", 900.0, 0.7, failing=0.06),
)


_DAY_S = 86_400


def drawn_program(seed: int) -> tuple[Operation, ...]:
    """Draw 30 operations, steady or not; what is called more often stands there more often."""
    chance = random.Random(seed)
    found = []
    for number in range(30):
        operation = Operation(
            f"op{number}",
            ms=10 ** chance.uniform(-1, 2.5),
            sigma=chance.uniform(0.1, 0.9),
            misses=chance.choice([0.0, 0.0, 0.05, 0.3]),
            failing=chance.choice([0.0, 0.0, 0.001, 0.01, 0.06]),
            steps=chance.choice([(), ("read", "write"), ("read", "check", "change", "write")]),
        )
        found += [operation] * int(10 ** chance.uniform(0, 2))
    return tuple(found)


def session(
    seed: int,
    calls: int,
    *faults: Fault,
    per_s: float = 5.0,
    program: Sequence[Operation] = PROGRAM,
    tide: float = 0.0,
) -> Iterator[Line]:
    """Yield time and object of every line of ``calls`` calls, Poisson in time, ``tide`` more by day."""
    chance, now_s = random.Random(seed), 1_000_000.0
    for number in range(calls):
        operation = chance.choice(program)
        active = {fault.kind for fault in faults if fault.begin <= number < fault.end}
        rate = per_s * (1 + tide * sin(2 * pi * now_s / _DAY_S))
        now_s += chance.expovariate(rate * (8 if "burst" in active else 1))
        here = {fault.kind for fault in faults if fault.kind in active and fault.operation == operation.name}
        if "silence" not in here:
            yield from ((now_s, line) for line in call(chance, operation, here, f"{number:016x}"))


def call(chance: random.Random, operation: Operation, wrong: set[str], span: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of one call: its trace points, and its end."""
    head = {"level": "DEBUG", "logger": "app", "operation": operation.name, "span_id": span}
    failed = chance.random() < (0.4 if "high_error_rate" in wrong else 0.2 if "increased_error_rate" in wrong
                                else operation.failing)  # fmt: skip
    for step in steps(chance, operation, wrong, failed):
        yield {**head, "event": "trace_point", "path": [operation.name, step]}
    error = {"error_type": "DiskFull" if "new_error" in wrong else chance.choice(ERRORS)} if failed else {}
    yield {
        **head,
        **error,
        "event": "span_end",
        "status": "error" if failed else "ok",
        "duration_ms": duration_ms(chance, operation, wrong),
        "memory_growth_bytes": chance.gauss(0, 20_000) + (16_384 if "memory_growth" in wrong else 0),
    }


def duration_ms(chance: random.Random, operation: Operation, wrong: set[str]) -> float:
    """Draw a duration; of two kinds where there is a cache, longer where something is wrong."""
    ms = (
        operation.ms
        * (10 if chance.random() < operation.misses else 1)
        * chance.lognormvariate(0, operation.sigma)
    )
    return ms * (2 if "degradation" in wrong else 8 if "slow_operation" in wrong else 1)


def steps(chance: random.Random, operation: Operation, wrong: set[str], failed: bool) -> list[str]:
    """Draw the steps of a call: one is optional, a failing call takes the first ones only."""
    found = list(operation.steps)
    if found and chance.random() < 0.5:
        found.insert(1, "look_up")
    if "missing_step" in wrong:
        found.remove("encrypt")
    if "unusual_path" in wrong:
        found.append("retry")
    return found[: chance.randrange(3)] if failed else found
