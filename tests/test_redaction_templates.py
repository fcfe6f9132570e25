"""A template that is cleared holds no secret, whatever words its arguments are."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ote_logging.redaction import Redactor
from ote_logging.redaction.templates import Templates

WORDS = st.one_of(
    st.integers(),
    st.floats(allow_nan=True),
    st.booleans(),
    st.none(),
    st.text("abcXYZ019é", min_size=1, max_size=7),
    st.sampled_from(["Bearer", "basic", "token", "api", "key", "pwd", "secret", "auth", "pass", "cookie"]),
)
PIECES = st.sampled_from(
    [
        " ", ", ", ": ", " | ", "\n", "=", ":", "|", "(", ")", "'", '"', "{", "}", "[", "]", "/", "-", "--",
        "->", ".", "<", ">", "</", "://", "@", "?", "&", "%%", "\\", "_", "+", "user", "key", "token",
        "password", "kind=", "rows", "api", "Bearer ", "Basic ", "--password ", "sk-", "https://", "name",
        "value", "ms",
    ]
)  # fmt: skip
HOLES = st.sampled_from(["%s", "%d", "%r", "%5.2f"])
TEMPLATES = st.lists(PIECES | HOLES, min_size=1, max_size=9).map("".join)


@given(TEMPLATES, st.lists(WORDS, min_size=9, max_size=9))
@settings(max_examples=1500, deadline=None)
def test_what_is_cleared_holds_no_secret(template: str, args: list[object]) -> None:
    """Filled with any words, the rules find nothing in it that is not there to be found."""
    redactor = Redactor(environ={})
    _ = redactor.templates[template]
    for count in range(1, 9 * redactor.templates[template]):
        with suppress(TypeError, ValueError, OverflowError):
            text = template % tuple(args[:count])
            assert redactor.are_words(tuple(args))
            assert redactor.text(text) is text


CLEARED = [
    "user %s saved %d rows", "save -> encrypt | kind=%s | rows=%d", "TRACE: save -> check (user=%d, kind=%s)",
    "took %.3fs", "%dms, %d%% done, %d left", "GET /items/%s?page=%d", "<%s>", "x=%s, y=%s",
]  # fmt: skip
NOT_CLEARED = {
    "a secret name": "password=%s",
    "a name from outside": "%s=%s",
    "the first word of a name": "%s key=%s",
    "a token in pieces": "sk-%s-%s",
    "pieces that touch": "%s%s%s",
    "a header": "Authorization: Bearer %s",
    "an element": "<%s>%s</%s>",
    "a pair": "('%s', '%s')",
    "an address": "https://%s:%s@host",
    "an escape": "%%3D%s",
    "by name": "%(user)s",
    "as Python writes it": "%r",
    "no arguments": "saved",
    "too many": " ".join(["%s"] * 9),
}


@pytest.mark.parametrize("template", CLEARED)
def test_usual_templates_are_cleared(template: str) -> None:
    """Else the law above would say nothing."""
    templates = Redactor(environ={}).templates

    assert [templates[template], templates[template]] == [False, True]


@pytest.mark.parametrize("template", NOT_CLEARED.values(), ids=NOT_CLEARED)
def test_what_an_argument_could_complete_is_not_cleared(template: str) -> None:
    """Nor what introduces a secret, or what an argument could introduce."""
    templates = Redactor(environ={}).templates

    assert [templates[template], templates[template]] == [False, False]


@pytest.mark.parametrize(
    "redactor",
    [
        Redactor(environ={}, patterns={"card": r"\d{16}"}),
        Redactor(environ={}, email=True),
        Redactor(environ={}, custom=lambda text: text),
        Redactor(environ={"PIN_SECRET": "12345678"}),
    ],
    ids=["patterns", "email", "custom", "a number in the environment"],
)
def test_rules_of_the_program_see_every_text(redactor: Redactor) -> None:
    """What they look for may be a number or a short word."""
    assert [redactor.templates["card %d"], redactor.templates["card %d"]] == [False, False]


def test_templates_that_do_not_come_again_are_not_looked_at() -> None:
    """A program that makes a template of each message does not pay for it, nor pile them up."""
    asked: list[str] = []
    templates = Templates(lambda text: bool(asked.append(text)))
    for number in range(25_000):
        assert not templates[f"order {number} of %s"]

    assert asked == []
    assert len(templates) == 0
    assert len(templates._met) <= 10_000
