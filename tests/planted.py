"""Sessions in which one fault is planted, and which of the findings are true."""

from functools import cache

from simulated_sessions import Fault, Line, session

from ote_logging.evaluation.watch import AnomalyWatch, Finding

PLANTED = {
    "slow_operation": "ask",
    "high_error_rate": "save",
    "degradation": "load",
    "increased_error_rate": "save",
    "memory_growth": "save",
    "new_error": "ask",
    "missing_step": "save",
    "unusual_path": "save",
    "burst": "session",
    "silence": "save",
}
"""The operation in which each kind of fault is planted."""

IMPLIED = {
    "slow_operation": {"degradation"},
    "high_error_rate": {"increased_error_rate"},
    "increased_error_rate": {"high_error_rate"},
}
"""What a planted fault is besides: a fault of eight times the duration is a degradation too."""


def planted(kind: str, seed: int = 0) -> list[Line]:
    """A session of 9,000 calls with a fault from call 5,000 to 7,000."""
    return list(session(seed, 9_000, Fault(kind, PLANTED[kind], 5_000, 7_000)))


def watched(lines: list[Line], watch: AnomalyWatch | None = None) -> list[Finding]:
    """What a watch finds in ``lines``."""
    watch = watch or AnomalyWatch()
    return [found for at_s, line in lines for found in watch.add_line(line, at_s)]


def while_wrong(lines: list[Line]) -> tuple[float, float]:
    """The times of the first and of the last call with the fault, or next to it where there is none."""
    times = [at_s for at_s, line in lines if 5_000 <= int(line["span_id"], 16) < 7_000]
    return times[0], times[-1]


@cache
def found_in(kind: str, seed: int) -> tuple[tuple[Finding, bool], ...]:
    """What is found in the session with the planted fault, each with whether it is true.

    True is what has the kind of the fault, or one implied, in its operation (anywhere for a burst), and
    begins while the fault lasts.
    """
    lines = planted(kind, seed)
    first_s, last_s = while_wrong(lines)
    kinds = {kind, *IMPLIED.get(kind, ())}
    return tuple(
        (found, (kind == "burst" or found.operation == PLANTED[kind])
         and found.kind in kinds and first_s <= found.since_s <= last_s)
        for found in watched(lines)
    )  # fmt: skip
