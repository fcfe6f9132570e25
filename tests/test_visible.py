"""What is not seen is made visible, and columns are counted as terminals do."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.visible import cells, fitted, visible

# Signs of category Cf that have a shape of their own: Arabic, Syriac, Kaithi and Egyptian ones.
_SHAPED = {*range(0x600, 0x606), *range(0x13430, 0x13440)} | {
    *map(ord, "\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[2J\x9b", r"\x1b[2J\x9b"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\u202eevil\u200b\ufeff", r"\u202eevil\u200b\ufeff"),
        ("\ud800\U000e0041", r"\ud800\U000e0041"),
        ("Grüße, 日本 ✅ ⏱️", "Grüße, 日本 ✅ ⏱️"),
    ],
    ids=["breaks", "escapes", "separators", "directions", "no characters", "letters"],
)
def test_what_is_not_seen_is_escaped(text, shown):
    """Controls, separators, directions and zero-width marks are shown; letters and signs stay."""
    assert visible(text) == shown


def test_no_unseen_category_is_forgotten():
    """Every control, separator, surrogate and shapeless format character of this Python is escaped."""
    everything = map(chr, set(range(sys.maxunicode + 1)) - _SHAPED)
    unseen = [each for each in everything if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]

    assert [each for each in unseen if visible(each) == each] == []


@given(st.text())
def test_a_visible_text_is_one_line_and_stays_as_it_is(text):
    """The result is one line in any encoding of Unicode, and visible itself."""
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert visible(shown.encode().decode()) == shown


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("✅ ", 3), ("⏱", 1), ("⏱️", 1)]
)
def test_columns_are_counted_as_terminals_do(text, columns):
    """Wide characters and emoji take two columns, combining ones none."""
    assert cells(text) == columns


@given(st.text(max_size=60).map(visible), st.integers(min_value=3, max_value=30))
def test_a_fitted_text_fills_its_columns(text, width):
    """Whatever the text, it takes exactly the columns it was given."""
    assert cells(fitted(text, width, "…")) == width
