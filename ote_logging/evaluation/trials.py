"""Run implementations with test cases, one trial at a time, and keep what each gave.

LOCATION: ote_logging/evaluation/trials.py
DEPENDENCIES: jsonable (what cannot be printed), attempts
TRACE POINTS: Trials.run() - one observed trial after the other
"""

import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from ote_logging.evaluation.attempts import Attempt, Caller, Observer, Outcome, unobserved
from ote_logging.jsonable import unprintable

_LONGEST: Final = 200

Implementations = Mapping[str, Callable[[Any], Any]]


@dataclass(frozen=True)
class Trial:
    """One call of one implementation with one test case."""

    implementation: str
    test_case: str
    pair: tuple[int, int]
    """Number of the test case and of the repeat: equal for the trials to compare."""
    outcome: Outcome
    peak_memory_bytes: int | None = None

    def as_record(self) -> dict[str, Any]:
        """Return the trial as a flat dict with ``result`` or ``error``, and what was measured besides."""
        outcome, error = self.outcome, self.outcome.error
        shown = (
            {"result": outcome.result}
            if error is None
            else {"error": _printed(error), "error_type": type(error).__name__}
        )
        more = {"score": outcome.score, "peak_memory_bytes": self.peak_memory_bytes}
        record = {
            "implementation": self.implementation,
            "test_case": self.test_case,
            "duration": outcome.duration_s,
            "success": outcome.success,
            **shown,
            "repeat": self.pair[1],
            **{name: value for name, value in more.items() if value is not None},
        }
        # What is measured may be called as it likes, and hides no key of ours.
        renamed = {f"{name}_" if name in record else name: value for name, value in outcome.measured.items()}
        return record | renamed


@dataclass(frozen=True)
class Trials:
    """How trials are run; see ComparisonFramework for the meaning of each."""

    repeats: int
    warmup: int
    timeout_s: float | None
    score: Callable[[Any, Any], float] | None
    measure: Callable[[Any], Mapping[str, Any]] | None
    memory: bool
    seed: int
    observer: Observer

    def run(self, implementations: Implementations, cases: Sequence[Any]) -> list[Trial]:
        """Return the trials by implementation, test case and repeat, whatever the order they ran in."""
        with Caller(self.timeout_s) as caller:
            self._warm_up(implementations, cases, caller)
            ran = [
                self._trial(name, implementations[name], cases[case], (case, repeat), caller)
                for name, case, repeat in self._order(list(implementations), len(cases))
            ]
            peaks = _peaks(implementations, cases, caller) if self.memory else {}
        places = {name: place for place, name in enumerate(implementations)}
        ran.sort(key=lambda trial: (places[trial.implementation], trial.pair))
        return [
            replace(trial, peak_memory_bytes=peaks.get((trial.implementation, trial.pair[0])))
            for trial in ran
        ]

    def _order(self, names: list[str], cases: int) -> Iterator[tuple[str, int, int]]:
        """Yield name, case and repeat: all names in turn, shuffled anew for each case and repeat."""
        random = Random(self.seed)
        for repeat in range(self.repeats):
            for case in range(cases):
                random.shuffle(names)
                yield from ((name, case, repeat) for name in names)

    def _warm_up(self, implementations: Implementations, cases: Sequence[Any], caller: Caller) -> None:
        for _ in range(self.warmup):
            for case in cases:
                for implementation in implementations.values():
                    caller.outcome(Attempt(implementation, case, unobserved("warm-up")))

    def _trial(
        self,
        name: str,
        implementation: Callable[[Any], Any],
        case: Any,
        pair: tuple[int, int],
        caller: Caller,
    ) -> Trial:
        shown = _printed(case)
        observed = self.observer(name, test_case=shown[:_LONGEST], repeat=pair[1])
        attempt = Attempt(implementation, case, observed, self.score, self.measure)
        return Trial(name, shown, pair, caller.outcome(attempt))


def _printed(value: object) -> str:
    try:
        return str(value)
    except Exception:  # of whoever wrote the test case or the error
        return unprintable(value)


def _peaks(
    implementations: Implementations, cases: Sequence[Any], caller: Caller
) -> dict[tuple[str, int], int]:
    """Call all once more, slowed by tracemalloc, and return the bytes at the peak of each."""
    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        return {
            (name, number): _peak(Attempt(implementation, case, unobserved("memory")), caller)
            for name, implementation in implementations.items()
            for number, case in enumerate(cases)
        }
    finally:
        if not was_tracing:
            tracemalloc.stop()


def _peak(attempt: Attempt, caller: Caller) -> int:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    caller.outcome(attempt)
    return max(tracemalloc.get_traced_memory()[1] - before, 0)
