"""Implementations compared: the seeds' records, fair trials, and verdicts with their certainty."""

import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from ote_logging.errors import MissingExtraError
from ote_logging.evaluation.comparison import Comparison, ComparisonFramework


def double(case: int) -> int:
    """Work at once."""
    return 2 * case


def slow(case: int) -> int:
    """Take two milliseconds."""
    time.sleep(0.002)
    return 2 * case


def picky(case: int) -> int:
    """Refuse odd numbers."""
    if case % 2:
        raise ValueError(f"odd: {case}")
    return 2 * case


async def later(case: int) -> int:
    """Work on a loop."""
    await asyncio.sleep(0)
    return 2 * case


class Notebook:
    """An observer that notes what it is told, as a span would."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []

    @contextmanager
    def __call__(self, operation: str, /, **fields: Any) -> Iterator["Page"]:
        page = Page(operation=operation, **fields)
        self.noted.append(page.fields)
        try:
            yield page
        except BaseException as error:
            page.fields["error"] = repr(error)
            raise


class Page:
    """One observed trial."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def set(self, **fields: Any) -> None:
        """Note ``fields``."""
        self.fields.update(fields)


def test_records_are_those_of_the_seeds() -> None:
    """Implementation by implementation, case by case: the seeds' keys and values."""
    records = ComparisonFramework().compare([double, picky], [2, 3]).records

    shown = [[row["implementation"], row["test_case"], row["success"]] for row in records]
    assert shown == [
        ["double", "2", True],
        ["double", "3", True],
        ["picky", "2", True],
        ["picky", "3", False],
    ]
    assert (records[0]["result"], records[3]["error"]) == (4, "odd: 3")
    assert all(0 <= row["duration"] < 1 for row in records)


def test_a_failure_has_no_result_and_a_success_no_error() -> None:
    """As in the seeds, a record has one of the two keys."""
    records = ComparisonFramework().compare([picky], [2, 3]).records

    assert ["error" in row for row in records] == [False, True]
    assert ["result" in row for row in records] == [True, False]


def test_records_make_a_dataframe() -> None:
    """With pandas there, the records are a DataFrame with a row a trial."""
    frame = ComparisonFramework(repeats=3).compare([double, picky], [2, 4]).to_dataframe()

    assert type(frame).__name__ == "DataFrame"
    assert frame.groupby("implementation")["success"].sum().to_dict() == {"double": 6, "picky": 6}


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing pandas says what brings it; records are there all the same."""
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtraError, match="pandas"):
        ComparisonFramework().compare([double], [1]).to_dataframe()


def test_sync_and_async_compare_together() -> None:
    """A coroutine function, a partial of one and an object called as one are awaited."""

    class Service:
        async def __call__(self, case: int) -> int:
            return await later(case)

    records = ComparisonFramework().compare([double, later, partial(later), Service()], [5]).records

    assert [(row["implementation"], row["result"]) for row in records] == [
        ("double", 10), ("later", 10), ("later#2", 10), ("Service", 10),
    ]  # fmt: skip


def test_a_comparison_runs_inside_a_running_loop() -> None:
    """Called where a loop runs already, as in a notebook, async implementations still work."""

    async def notebook() -> Comparison:
        return ComparisonFramework().compare([later], [5])

    assert asyncio.run(notebook()).records[0]["result"] == 10


def test_a_coroutine_that_nobody_awaits_is_a_failure() -> None:
    """A plain function that returns a coroutine is told to be one, and no warning is left behind."""
    (record,) = ComparisonFramework().compare({"wrapped": lambda case: later(case)}, [1]).records

    assert "returned a coroutine" in record["error"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_trial_over_its_time_is_a_failure(is_async: bool) -> None:
    """A call that takes too long fails with that reason, and the others go on."""
    release = threading.Event()

    def stuck(case: int) -> None:
        if case:
            release.wait(5)

    async def stuck_async(case: int) -> None:
        await asyncio.sleep(5 * case)

    found = ComparisonFramework(timeout_s=0.05).compare([stuck_async if is_async else stuck], [1, 0])
    release.set()

    assert [row["success"] for row in found.records] == [False, True]
    assert (found.records[0]["error"], found.records[0]["error_type"]) == (
        "no result within 0.05 s",
        "TimeoutError",
    )
    assert 0.05 <= found.records[0]["duration"] < 1


def test_a_timeout_of_its_own_is_told_as_it_is() -> None:
    """An implementation that raises TimeoutError itself keeps its message."""

    async def gives_up(case: int) -> None:
        raise TimeoutError("the server is silent")

    (record,) = ComparisonFramework(timeout_s=5).compare([gives_up], [1]).records

    assert record["error"] == "the server is silent"


def test_an_interrupt_ends_the_comparison() -> None:
    """KeyboardInterrupt is no result."""

    def interrupted(case: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ComparisonFramework().compare([interrupted], [1])


def test_trials_alternate() -> None:
    """Every implementation has had its turn with a case before the next case begins."""
    calls: list[tuple[str, int]] = []
    first, second = (partial(lambda name, case: calls.append((name, case)), name) for name in "ab")

    ComparisonFramework(repeats=2).compare({"a": first, "b": second}, [1, 2])

    rounds = [calls[place : place + 2] for place in range(0, 8, 2)]
    assert [{case for _, case in turn} for turn in rounds] == [{1}, {2}, {1}, {2}]
    assert all({name for name, _ in turn} == {"a", "b"} for turn in rounds)


def test_warm_up_is_neither_timed_nor_observed() -> None:
    """Two rounds of warm-up are calls, not trials."""
    calls: list[int] = []
    observer = Notebook()

    found = ComparisonFramework(warmup=2, observer=observer).compare({"count": calls.append}, [7])

    assert (len(calls), len(found.records), len(observer.noted)) == (3, 1, 1)


@pytest.mark.parametrize("implementation", [picky, later], ids=["sync", "async"])
@pytest.mark.parametrize("timeout_s", [None, 5.0], ids=["no limit", "limit"])
def test_every_trial_is_observed(implementation: Any, timeout_s: float | None) -> None:
    """The observer is told implementation, case, repeat and score."""
    observer = Notebook()

    ComparisonFramework(
        observer=observer, timeout_s=timeout_s, score=lambda case, result: result / case
    ).compare({"it": implementation}, [2])

    assert observer.noted == [{"operation": "it", "test_case": "2", "repeat": 0, "score": 2.0}]


def test_an_observer_sees_the_failure() -> None:
    """The exception passes through the observer before it becomes a result."""
    observer = Notebook()

    ComparisonFramework(observer=observer).compare([picky], [3])

    assert observer.noted[0]["error"] == "ValueError('odd: 3')"


def test_what_is_measured_is_in_the_record() -> None:
    """Tokens and cost that measure() takes from a result stand beside the duration."""
    framework = ComparisonFramework(measure=lambda result: {"tokens_in": result, "cost_usd": 0.1})

    (record,) = framework.compare([double], [21]).records

    assert (record["tokens_in"], record["cost_usd"]) == (42, 0.1)


def test_a_score_that_fails_is_a_failure() -> None:
    """A result that cannot be scored is a failed trial with the reason."""
    (record,) = ComparisonFramework(score=lambda case, result: 1 / 0).compare([double], [1]).records

    assert (record["success"], record["error"]) == (False, "division by zero")


def test_memory_is_the_peak_of_a_call_of_its_own() -> None:
    """A megabyte held for a moment shows in the peak; tracing is off again afterwards."""
    import tracemalloc

    (record,) = (
        ComparisonFramework(memory=True).compare({"hoard": lambda case: len(bytes(case))}, [2**20]).records
    )

    assert 2**20 <= record["peak_memory_bytes"] < 2**21
    assert not tracemalloc.is_tracing()


def verdict(found: Comparison, aspect: str) -> Any:
    """The verdict of a comparison of two on ``aspect``."""
    return next(verdict for verdict in found.verdicts if verdict.aspect == aspect)


def test_the_faster_one_is_named_with_its_certainty() -> None:
    """Thirty pairs of microseconds against milliseconds: who, by how much, how sure."""
    found = verdict(ComparisonFramework(repeats=30).compare([slow, double], [1]), "duration")

    assert (found.better, found.pairs) == ("double", 30)
    assert found.p < 0.001
    assert "double is better than slow in 30 of 30 pairs" in str(found)
    assert "×" in str(found)


def test_few_pairs_give_no_verdict() -> None:
    """Nineteen pairs are too few, and it says so."""
    found = verdict(ComparisonFramework(repeats=19).compare([slow, double], [1]), "duration")

    assert (found.better, str(found)) == (
        None,
        "duration: too few pairs to tell slow from double (19, 20 needed)",
    )


def test_like_implementations_do_not_differ() -> None:
    """Equal success in all pairs is no difference."""
    found = verdict(ComparisonFramework(repeats=30).compare([picky, double], [2]), "success")

    assert found.better is None
    assert "do not differ with certainty" in str(found)


@pytest.mark.parametrize("aspect", ["success", "score"])
def test_success_and_score_have_their_own_verdicts(aspect: str) -> None:
    """One that never fails and scores higher is better at both."""
    framework = ComparisonFramework(repeats=30, score=lambda case, result: -abs(result - 2 * case))
    wrong = framework.compare({"double": double, "off": lambda case: 2 * case + 1}, [2])
    failing = framework.compare([double, picky], [3])

    assert verdict(wrong if aspect == "score" else failing, aspect).better == "double"


def test_a_comparison_prints_as_a_table() -> None:
    """A row an implementation, then the verdicts."""
    lines = str(ComparisonFramework(repeats=2).compare([double, picky], [2, 3])).splitlines()

    assert lines[0].split() == ["implementation", "trials", "success", "median"]
    assert lines[2].split()[:3] == ["picky", "4", "50.0%"]
    assert [line.split(":")[0] for line in lines[3:]] == ["duration", "success"]


def test_nothing_to_compare_is_an_empty_table() -> None:
    """No implementations or no cases give no trials and no error."""
    assert ComparisonFramework().compare([], [1]).records == []
    assert ComparisonFramework().compare([double], []).records == []
    assert str(ComparisonFramework().compare([], [])) == "nothing was compared"


def spending(tokens: int) -> Any:
    """An implementation whose result says what it used."""
    return lambda case: {"tokens_in": tokens * case, "tokens_out": 10, "cost_usd": tokens * case / 1e6}


def test_tokens_and_cost_have_verdicts_and_columns() -> None:
    """Who uses less is better, by how much, how sure; what nobody measured has no column."""
    framework = ComparisonFramework(measure=lambda result: result)

    found = framework.compare({"long": spending(400), "short": spending(200)}, range(1, 31))

    assert [verdict(found, aspect).better for aspect in ("tokens", "cost")] == ["short", "short"]
    assert verdict(found, "cost").ratio.value == pytest.approx(0.5)
    assert "cost: short is better than long in 30 of 30 pairs" in str(found)
    assert "×2 (95 %: 2 to 2)" in str(found)
    assert str(found).splitlines()[0].split()[-2:] == ["tokens", "cost"]
    assert "$0.0062" in str(found).splitlines()[1]


def test_what_was_measured_may_be_anything() -> None:
    """Texts, None, truths and NaN among the tokens are recorded, and not added up."""
    odd = iter([None, "many", float("nan"), True, 7])
    framework = ComparisonFramework(measure=lambda _: {"tokens_in": next(odd)})

    found = framework.compare([double], [1, 2, 3, 4, 5])

    assert found.summaries[0].mean_tokens == 7
    assert [row["success"] for row in found.records] == [True] * 5


def test_memory_is_asked_once_a_test_case() -> None:
    """Its verdict rests on so many pairs as there are cases, whatever the repeats."""
    implementations = {"hoard": lambda case: len(bytes(2**16 * case)), "thrifty": lambda case: case}

    found = ComparisonFramework(memory=True, repeats=3).compare(implementations, range(1, 31))

    assert verdict(found, "memory").pairs == 30
    assert verdict(found, "memory").better == "thrifty"


def test_many_questions_make_no_answer_by_chance() -> None:
    """Ten names of one implementation: 45 questions of the kind, and hardly ever one is answered."""
    chance = random.Random(2)
    names = {f"name{number}": lambda case: case for number in range(10)}

    answered = [
        any(verdict.better for verdict in found.verdicts if verdict.aspect == "score")
        for found in (
            ComparisonFramework(repeats=30, score=lambda *_: chance.random()).compare(names, [1])
            for _ in range(10)
        )
    ]

    assert sum(answered) <= 2


class Unprintable(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_what_cannot_be_printed_is_shown() -> None:
    """A test case and an error without text are results like others."""

    def failing(case: object) -> None:
        raise Unprintable

    (record,) = ComparisonFramework().compare([failing], [Unprintable()]).records

    assert "unprintable" in record["test_case"].lower()
    assert "unprintable" in record["error"].lower()
    assert record["error_type"] == "Unprintable"


def test_a_measure_hides_no_key() -> None:
    """What has the name of a key of the record carries a trailing underscore."""
    framework = ComparisonFramework(measure=lambda result: {"duration": 9, "tokens_in": 3})

    (record,) = framework.compare([double], [1]).records

    assert (record["duration"] < 1, record["duration_"], record["tokens_in"]) == (True, 9, 3)


def test_a_score_that_is_no_number_is_no_score() -> None:
    """NaN is recorded, and spoils neither mean nor verdict."""
    found = ComparisonFramework(score=lambda case, _: float("nan") if case == 1 else 3.0).compare(
        [double], [1, 2]
    )

    assert found.summaries[0].mean_score == 3.0
