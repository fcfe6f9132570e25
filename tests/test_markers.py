"""Templates of trace texts: the arguments become fields as the text, read whole, would give them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ote_logging.markers import _plans, parse, told

WORDS = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.text("abcXYZ019é²", min_size=1, max_size=7)
    | st.sampled_from(["True", "None", "nan", "1e5", "FAILED", "error", "007"])
)
PIECES = st.sampled_from(
    [
        "TRACE: ", "save", " -> ", "→", " | ", "kind=", "rows=", "error=", "Error: ", "(", ")", ", ",
        "FAILED at ", "FAILED", "%s", "%d", "%.3f", "%5d", " ", "%%", "success=", "EVALUATION: ", "duration=",
    ]
)  # fmt: skip
TEMPLATES = st.lists(PIECES, max_size=9).map(lambda pieces: "TRACE: save -> " + "".join(pieces))
USUAL = [
    "TRACE: save -> encrypt | kind=%s | rows=%d",
    "TRACE: save → validate (user=%s, ratio=%.3f)",
    "🔍 TRACE: save -> done | 7 of 9 | rows=%d",
]


@given(TEMPLATES | st.sampled_from(USUAL), st.lists(WORDS, min_size=9, max_size=9))
@settings(max_examples=1000, deadline=None)
def test_a_template_gives_what_its_text_gives(template: str, words: list[object]) -> None:
    """Keys, fields, their order and their types."""
    args = tuple(words[: template.replace("%%", "").count("%")])
    try:
        message = template % args
    except (TypeError, ValueError, OverflowError):
        return
    made, read = told(template, args, message), parse(message)

    assert repr(_parts(made)) == repr(_parts(read))


def _parts(event: object) -> object:
    names = ("event", "text", "keys", "fields")
    return None if event is None else (type(event), [getattr(event, name) for name in names])


@pytest.mark.parametrize("template", USUAL)
def test_usual_templates_have_a_plan(template: str) -> None:
    """Else the law above would say nothing."""
    assert _plans[template] is not None


@pytest.mark.parametrize(
    "template",
    [
        "TRACE: %s -> save", "TRACE: save -> FAILED at %d", "TRACE: save -> x | error=%s",
        "TRACE: save | k%d=1",
        "TRACE: save -> x | rows=%5d", "EVALUATION: save | success=%s", "saved %d", "TRACE: a | k=%(k)s",
        "TRACE: a | k=%s kB",
    ],
)  # fmt: skip
def test_what_an_argument_changes_is_read_from_the_text(template: str) -> None:
    """Paths, errors, names of fields, parts of a value, and what is no trace point."""
    assert _plans[template] is None
