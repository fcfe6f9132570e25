"""A program's own pattern cannot hang the write path: what backtracks is refused when it is configured."""

import re
import time

import pytest

from ote_logging.errors import ConfigError
from ote_logging.filters import RedactFilter
from ote_logging.redaction.trial import slow_text

SLOW = {
    "nested": r"(a+)+$",
    "nested with an option": r"(\w+\s?)+$",
    "overlapping choices": r"(a|aa)+$",
    "equal choices": r"(\w|\d)+$",
    "nested behind a name": r"key=(?:[a-z]+)*!",
    "many options": r"(?:a?){25}a{25}",
    "three in a row": r"\d+\d+\d+x",
    "nested dots": r"(.*)*,",
    "quoted": r'(?:[^"]|\\")*"end',
    "blanks": r"(\s*\w*\s*)*z",
    "long unit": r"(aaaaaaaaa+)+$",
    "address": r"[\w.]+@x",
    "anything up to an end": r"secret: .*?end",
}
FAST = {
    "ticket": r"TCK-[0-9]{8}",
    "prefix and digits": r"CUST-\d+",
    "social security": r"\b\d{3}-\d{2}-\d{4}\b",
    "bank account": r"(?<!\w)[A-Z]{2}\d{2}(?: ?\d{4}){4}",
    "service key": r"acme_(?:live|test)_[A-Za-z0-9]{24,}",
    "two parts": r"sk_[a-z]+_\w+",
    "address": r"\d{1,3}(?:\.\d{1,3}){3}",
    "bounded e-mail": r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,200}\.[a-z]{2,10}",
    "hash": r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}",
    "hardware address": r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
    "card": r"(?:\d[ -]?){13,16}",
    "json": r'"ssn":\s*"[^"]*"',
    "word": r"internal-[^\s]+",
    "chinese": r"[\u4e00-\u9fff]{2,4}-\d{6}",
    "possessive": r"[\w.]{2,64}+:x",
    "look around": r"(?<=id=)\w+(?=;)",
    "group again": r"(['\"])token-\d+\1",
    "any case": r"(?i)employee [0-9]{4,}",
    "verbose": "(?x) emp - \\d{4}  # number of an employee",
}


@pytest.mark.parametrize("pattern", SLOW.values(), ids=SLOW)
def test_a_pattern_that_backtracks_is_refused_soon(pattern: str) -> None:
    """Exponential and quadratic patterns are refused in less than two seconds; the error says what to do."""
    start = time.thread_time()
    with pytest.raises(ConfigError, match=r"pattern 'mine'.*bound its repeats"):
        RedactFilter(patterns={"mine": pattern})

    assert time.thread_time() - start < 2


@pytest.mark.parametrize("pattern", FAST.values(), ids=FAST)
def test_a_usual_pattern_is_taken(pattern: str) -> None:
    """Patterns for ids, numbers and keys pass; none is refused for its looks."""
    assert slow_text(re.compile(pattern)) is None


def test_every_slow_pattern_is_named() -> None:
    """All problems of all patterns are told at once."""
    with pytest.raises(ConfigError) as error:
        RedactFilter(patterns={"one": r"(a+)+$", "two": r"TCK-\d{8}", "three": r"(b*)*c"})

    assert [rule in str(error.value) for rule in ("'one'", "'two'", "'three'")] == [True, False, True]
