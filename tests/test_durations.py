"""Durations for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.durations import duration_text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0 µs"),
        (0.00034, "0.34 µs"),
        (0.34, "340 µs"),
        (0.9994, "999 µs"),
        (0.9996, "1.00 ms"),
        (12.34, "12.3 ms"),
        (999.6, "1.00 s"),
        (1250, "1.25 s"),
        (59_949, "59.9 s"),
        (59_960, "1 min 00 s"),
        (125_000, "2 min 05 s"),
        (3_599_600, "1 h 00 min"),
        (3_720_000, "1 h 02 min"),
        (86_399_000, "1 d 00 h"),
        (273_600_000, "3 d 04 h"),
        (-1250, "-1.25 s"),
        (float("nan"), "?"),
        (float("inf"), "?"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(duration_ms, text):
    """Three digits in the unit that suits, also where rounding leads to the next one."""
    assert duration_text(duration_ms) == text


def test_plain_ascii_is_had_on_request():
    """With ``ascii`` the micro sign is a letter."""
    assert duration_text(0.34, ascii=True) == "340 us"


@given(st.floats(min_value=0, max_value=59_000))
def test_no_duration_below_a_minute_is_longer_than_seven_cells(duration_ms):
    """Columns can be made for it: three digits, a point, a blank and the unit."""
    assert len(duration_text(duration_ms)) <= 7
