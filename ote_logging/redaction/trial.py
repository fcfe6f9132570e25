"""Try a program's own pattern on texts made against it, before a record does.

A pattern such as ``(\\w+\\s?)+$`` takes seconds for forty characters, and `re` cannot be interrupted: a
program would hang. Its form alone does not tell, so it is measured: for every repeat, texts are built on
which it has most to do, of one size after another. The sizes grow by so little that even the worst pattern is
found out before it takes long, and only the time of this thread counts.

LOCATION: ote_logging/redaction/trial.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from time import thread_time
from typing import Any, Final

_CHARACTERS: Final = 32_768
# One second for the 400,000 characters of a large prompt; a short text may always take some milliseconds.
_SECONDS_A_CHARACTER: Final = 2.5e-6
_LEAST_SECONDS: Final = 0.005
_MOST_SECONDS: Final = 0.2
# What takes less than this for a character looks linear: its text may be doubled.
_FAST: Final = 50e-9
# From this size on, what does not grow faster than the text does not begin to.
_SETTLED: Final = 6000
_GROWTH: Final = 1.2
_MOST_TEXTS: Final = 60
# Fewer repetitions than this hurt nobody.
_MANY: Final = 16
# What no class of a usual pattern has in it: it makes a match fail at its end.
_END: Final = "\0"
_POOL: Final = "a0A _-.@/:=\n,;é"
_CATEGORIES: Final = {
    "DIGIT": "0",
    "NOT_DIGIT": "a",
    "SPACE": " ",
    "NOT_SPACE": "a",
    "WORD": "a0",
    "NOT_WORD": "-",
}


def slow_text(pattern: re.Pattern[str]) -> tuple[float, int] | None:
    """Return seconds and characters of a text for which ``pattern`` takes too long; None where there is none.

    Too long is a second for 400,000 characters, told by texts of 32,768 at most, where the time grows faster
    than the text: a machine that is slow makes no pattern slow.
    """
    for start, pump in islice(dict.fromkeys(_attacks(pattern)), _MOST_TEXTS):
        found = _trial(pattern, start, pump)
        if found:
            return found
    return None


def _trial(pattern: re.Pattern[str], start: str, pump: str) -> tuple[float, int] | None:
    times, before = 1, [(0, 0.0)]
    while times * len(pump) <= _CHARACTERS:
        text = start + pump * times + _END
        length = len(text)
        # Twice, for the first may have met cold caches.
        took = min(_seconds(pattern, text), _seconds(pattern, text))
        is_growing = _is_growing(before, length, took)
        is_long = took > max(_LEAST_SECONDS, _SECONDS_A_CHARACTER * length)
        if is_long and (is_growing or took > _MOST_SECONDS):
            return took, length
        if length > _SETTLED and not is_growing:
            return None
        before.append((length, took))
        times = times * 2 if took < _FAST * length and times > _MANY else int(times * _GROWTH) + 1
    return None


def _is_growing(before: list[tuple[int, float]], length: int, took: float) -> bool:
    """Whether a character takes more than twice as long as in a text of a quarter of the length."""
    shorter, then = max(each for each in before if each[0] <= length / 4)
    return took * shorter > 2 * then * length or not shorter


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    began = thread_time()
    for _ in pattern.finditer(text):
        pass
    return thread_time() - began


def _attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield beginnings and what is to be repeated behind them, for each repeat of ``pattern``."""
    # The only reader of patterns there is; `re` has had it under this name since 3.11.
    from re import _parser  # type: ignore[attr-defined]

    for before, body in _repeats("", _parser.parse(pattern.pattern, pattern.flags)):
        for pump in filter(None, dict.fromkeys(_examples(body))):
            yield before, pump
            if before:
                yield "", before + pump


def _repeats(before: str, parsed: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what comes before each long repeat, as an example, and what is repeated."""
    for operation, argument in parsed:
        for part in _parts(str(operation), argument):
            yield from _repeats(before, part)
        if str(operation).endswith("_REPEAT") and argument[1] >= _MANY:
            yield before, argument[2]
        before += next(_example(str(operation), argument), "")


def _parts(operation: str, argument: Any) -> list[Any]:
    """Return the patterns within one part of a pattern."""
    if operation == "BRANCH":
        return list(argument[1])
    if operation == "SUBPATTERN":
        return [argument[3]]
    if operation.endswith("_REPEAT"):
        return [argument[2]]
    if operation in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    return [argument] if operation == "ATOMIC_GROUP" else []


def _examples(parsed: Iterable[Any]) -> Iterator[str]:
    """Yield texts that match: every part by its first example, and one after the other by each of its own."""
    parts = [list(_example(str(operation), argument)) or [""] for operation, argument in parsed]
    yield "".join(part[0] for part in parts)
    for place, part in enumerate(parts):
        for other in part[1:]:
            yield "".join([*(p[0] for p in parts[:place]), other, *(p[0] for p in parts[place + 1 :])])


def _example(operation: str, argument: Any) -> Iterator[str]:
    if operation == "LITERAL":
        yield chr(argument)
    elif operation in ("ANY", "NOT_LITERAL"):
        yield next(letter for letter in _POOL if letter != "\n" and ord(letter) != argument)
    elif operation == "IN":
        yield from _members(argument)
    elif operation.endswith("_REPEAT"):
        least, _, body = argument
        yield from (text * max(1, least) for text in _examples(body))
    elif operation in ("BRANCH", "SUBPATTERN", "ATOMIC_GROUP"):
        for part in _parts(operation, argument):
            yield from _examples(part)


def _members(choices: Iterable[Any]) -> Iterator[str]:
    """Yield some characters of a class, one of each of its parts."""
    parts = [(str(operation), argument) for operation, argument in choices]
    if parts[0][0] == "NEGATE":
        excluded = set(_members(choices[1:])) if len(parts) > 1 else set()  # type: ignore[index]  # a list
        yield from islice((letter for letter in _POOL if letter not in excluded), 3)
        return
    for operation, argument in parts:
        if operation == "LITERAL":
            yield chr(argument)
        elif operation == "RANGE":
            yield chr(argument[0])
        elif operation == "CATEGORY":
            yield from _CATEGORIES.get(str(argument).removeprefix("CATEGORY_").removeprefix("UNI_"), "a")
