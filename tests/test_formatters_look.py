"""Colour, width and signs are chosen as people expect of a terminal program."""

import io
import sys

import pytest

from ote_logging.formatters.look import ASCII, EMOJI, Look, takes_marks, wants_colour, width_of
from ote_logging.visible import cells


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "PYTHON_COLORS": "1"}, sys.version_info >= (3, 13)),
        ({"FORCE_COLOR": "1", "PYTHON_COLORS": "0"}, sys.version_info < (3, 13)),
        ({"PYTHON_COLORS": "yes"}, True),
    ],
    ids=str,
)
def test_the_environment_decides_in_the_order_of_cpython(environ, expected):
    """PYTHON_COLORS from 3.13 on, then NO_COLOR, FORCE_COLOR, TERM=dumb; empty ones say nothing."""
    assert wants_colour(Terminal(), environ) is expected


@pytest.mark.parametrize("stream", [io.StringIO(), None, object()], ids=["text", "none", "any object"])
def test_what_is_no_terminal_gets_no_colour_unless_forced(stream):
    """A stream that is no terminal, or cannot tell, is written plainly."""
    assert not wants_colour(stream, {})
    assert wants_colour(stream, {"FORCE_COLOR": "1"})


@pytest.mark.parametrize(
    ("columns", "width"), [("60", 60), ("", 100), ("0", 100), ("wide", 100), ("99999999", 100)]
)
def test_the_width_is_that_of_columns_or_a_hundred(columns, width):
    """COLUMNS is believed where it is a sensible number; a stream without terminal has a hundred."""
    assert width_of(io.StringIO(), {"COLUMNS": columns}) == width


def test_an_encoding_without_the_signs_gets_ascii():
    """Streams in Latin-1 or of an unknown encoding cannot take the signs; UTF-8 and text streams can."""
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    unicode = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")

    assert [takes_marks(each) for each in (latin, unicode, io.StringIO(), None)] == [False, True, True, True]


@pytest.mark.parametrize("marks", [EMOJI, ASCII], ids=["emoji", "ascii"])
def test_signs_of_an_edge_and_guides_are_three_columns(marks):
    """START, END and FAILED close the line that their span draws beside what is inside it."""
    edges = (marks.start, marks.end, marks.failed, marks.guide, marks.deeper)

    assert {cells(each) for each in edges} == {3}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("shop.orders", "shop.orders   "),
        ("shop.stages.language", "s.s.language  "),
        ("shop.stages.language_model", "language_model"),
        ("shop.a_name_that_goes_on", "a_name_that_g…"),
        ("", "              "),
        ("日本語日本語日本語", "日本語日本語… "),
        ("a\nb", r"a\nb          "),
    ],
)
def test_a_logger_has_one_column_whatever_its_name(name, shown):
    """The nearest that fits: the name, its packages as initials, its last part, the beginning of that."""
    look = Look(is_coloured=False, is_ascii=False, width=100)

    assert look.logger(name) == shown
    assert cells(shown) == look.logger_width


@pytest.mark.parametrize(
    ("name", "number", "shown"),
    [
        ("DEBUG", 10, "\x1b[2mDEBUG\x1b[0m"),
        ("INFO", 20, "\x1b[32mINFO \x1b[0m"),
        ("WARNING", 30, "\x1b[33mWARN \x1b[0m"),
        ("NOTICE", 35, "\x1b[33mNOTIC\x1b[0m"),
        ("ERROR", 40, "\x1b[31mERROR\x1b[0m"),
        ("CRITICAL", 50, "\x1b[1;31mCRIT \x1b[0m"),
    ],
)
def test_a_level_is_five_columns_in_its_colour(name, number, shown):
    """Known levels have short names, others their beginning; the colour follows the number."""
    look = Look(is_coloured=True, is_ascii=False, width=100)

    assert look.level(name, number) == shown
