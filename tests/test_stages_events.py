"""The events of the stages: what they write, what they find out of their contents."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError
from written import Written

from ote_logging.events import Event
from ote_logging.jsonable import jsonable
from ote_logging.redaction import Redactor
from ote_logging.stages import (
    CodeGeneration,
    FileWrite,
    Healing,
    LLMInteraction,
    TemplateRender,
    Validation,
)
from ote_logging.stages.base import StageEvent
from ote_logging.stages.contents import (
    LARGE_CHARS,
    Large,
    digest_of,
    is_large,
    length_of,
    pieces_of,
    texts_of,
)

log = logging.getLogger(__name__)

KINDS = [LLMInteraction, TemplateRender, CodeGeneration, FileWrite, Validation, Healing]
KEY = "sk-proj-" + "Ab3dE6gH9jK2" * 4


def test_an_interaction_keeps_what_was_said_whole(ote: Written) -> None:
    """Prompt and response stand on the line with length and hash, beside model, tokens and outcome."""
    log.info(
        LLMInteraction(
            "todo_store", prompt="Généré", response="class A: ...", model="gpt-4", tokens_in=450,
            tokens_out=320, duration_ms=2340.5,
        )
    )  # fmt: skip

    line = ote.one(event="llm_interaction")

    assert line.get("prompt") == "Généré"
    assert line.get("response") == "class A: ..."
    assert (line.get("prompt_length"), line.get("response_length")) == (6, 12)
    assert line.get("prompt_hash") == digest_of("Généré")
    assert (line.get("component"), line.get("model")) == ("todo_store", "gpt-4")
    assert (line.get("tokens_in"), line.get("tokens_out")) == (450, 320)
    assert (line.status, line.duration_ms) == ("ok", 2340.5)
    assert line.message == "llm_interaction todo_store: gpt-4, 450 tokens_in, 320 tokens_out, 2340.5 ms"


@pytest.mark.parametrize("kind", KINDS)
def test_fields_may_have_any_name(kind: type[StageEvent], ote: Written) -> None:
    """No name of a field raises, not even those of parameters, attributes and keys of the line."""
    fields: dict[str, Any] = {"self": 1, "given": 2, "fields": 3, "event": 4, "message": 5, "timestamp": 6}
    make: Any = kind
    log.info(make("todo_store", **fields))

    (line,) = ote.entries()

    assert {name: line.fields[name] for name in fields} == fields


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_becomes_the_keys_of_the_line(kind: type[StageEvent], ote: Written) -> None:
    """An exception gives status, type, message, line and traceback, whatever the stage."""
    try:
        raise ValueError("boom")
    except ValueError as error:
        make: Any = kind
        log.error(make("todo_store", error=error))

    (line,) = ote.entries()

    assert (line.status, line.error_type, line.error_message) == ("error", "ValueError", "boom")
    assert line.code_context == 'raise ValueError("boom")'
    assert isinstance(line.line_number, int)
    assert line.traceback is not None
    assert line.traceback.endswith("ValueError: boom")
    assert " FAILED todo_store" in line.message


def test_messages_are_measured_by_what_they_say(ote: Written) -> None:
    """Of messages the texts count, and each of them has its hash, so that a rendered one is found again."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
    ]
    log.info(LLMInteraction(prompt=messages))

    line = ote.one(event="llm_interaction")

    assert line.get("prompt") == messages
    assert line.get("prompt_length") == len("be brief" + "hello")
    assert line.get("prompt_part_hashes") == [digest_of("be brief"), digest_of("hello")]


def test_attempts_are_counted_as_retries() -> None:
    """Three attempts are two retries; a number that was given stays."""
    tries = [{"number": number} for number in (1, 2, 3)]

    assert LLMInteraction(attempts=tries).fields["retries"] == 2
    assert LLMInteraction(attempts=tries, retries=7).fields["retries"] == 7


def test_what_is_not_known_is_left_out() -> None:
    """None is no value of a field; zero and False are."""
    event = LLMInteraction("todo_store", model=None, tokens_cached=0, cache_hit=False)

    assert dict(event.fields) == {"component": "todo_store", "tokens_cached": 0, "cache_hit": False}


def test_nothing_is_looked_at_before_a_handler_asks() -> None:
    """An event that nobody writes has not parsed its code."""
    event = CodeGeneration(code="def f(: pass")

    assert "syntax_ok" not in event.given
    assert event.keys["error_type"] == "SyntaxError"
    assert event.fields["syntax_ok"] is False


def test_a_content_that_fails_to_be_looked_at_is_told(ote: Written) -> None:
    """An object whose code raises costs its finding, not the event."""

    log.info(TemplateRender("todo_store", template=Rude()))

    assert ote.one(event="template_render").get("look_error") == "no"


def test_code_that_does_not_parse_is_an_error(ote: Written) -> None:
    """The line names type, message, number and the source with the line before it."""
    code = "async def setup(self):\n    pass\nasync def cleanup(self)\n    pass\n"
    log.info(CodeGeneration("todo_store", code=code))

    line = ote.one(event="code_generation")

    assert (line.status, line.error_type, line.error_message) == ("error", "SyntaxError", "expected ':'")
    assert line.line_number == 3
    assert line.code_context == "    pass\nasync def cleanup(self)"
    assert line.get("syntax_ok") is False


def test_code_tells_what_it_defines_and_imports(ote: Written) -> None:
    """Functions, classes and imports are listed, and modules that do not exist are named."""
    code = "import os.path\nfrom observability import X\nclass A:\n    def f(self): ...\ndef g(): ...\n"
    log.info(CodeGeneration("todo_store", specification={"name": "todo"}, source="```...```", code=code))

    line = ote.one(event="code_generation")

    assert line.get("functions") == ["A.f", "g"]
    assert line.get("classes") == ["A"]
    assert line.get("imports") == ["os.path", "observability"]
    assert line.get("missing_imports") == ["observability"]
    assert (line.error_type, line.line_number) == ("ModuleNotFoundError", 2)
    assert line.get("specification") == {"name": "todo"}
    assert line.get("source_hash") == digest_of("```...```")
    assert line.get("syntax_ok") is True


def test_code_of_another_language_is_not_parsed() -> None:
    """What is no Python is no error of Python."""
    event = CodeGeneration(code="fn main() {}", language="rust")

    assert event.keys["status"] == "ok"
    assert "syntax_ok" not in event.fields


def test_the_check_is_of_the_code_that_was_made() -> None:
    """A secret in the code is hidden, and does not make valid code invalid."""
    event = CodeGeneration(code=f"api_key = '{KEY}'\n").redacted(Redactor())

    assert KEY not in str(event.fields)
    assert event.fields["syntax_ok"] is True
    assert event.keys["status"] == "ok"


def test_a_render_tells_what_changed_and_how_it_is_indented(ote: Written) -> None:
    """The diff stands between before and output; indents are counted."""
    log.info(
        TemplateRender(
            "todo_store", template="store.j2", variables={"name": "todo"}, before="a\nb\n",
            output="a\n    b\n",
        )
    )  # fmt: skip

    line = ote.one(event="template_render")

    assert line.get("diff").splitlines()[-2:] == ["-b", "+    b"]
    levels = {"0": 1, "4": 1}
    assert line.get("indentation") == {"levels": levels, "deepest": 4, "tabs": False, "mixed": False}
    assert line.get("variables") == {"name": "todo"}
    assert line.get("variable_hashes") == {"name": digest_of("todo")}
    assert line.get("template") == "store.j2"


@pytest.mark.parametrize(
    ("source", "line", "context"),
    [
        ("a\n{% if %}\n", 2, "a\n{% if %}"),
        ("a\nb\n{{ missing.name }}\n", 3, None),
        ("{{ 1 / 0 }}\n", 1, None),
    ],
    ids=["syntax", "undefined", "its own code"],
)
def test_an_error_of_jinja_has_the_line_of_the_template(source: str, line: int, context: str | None) -> None:
    """Whether it does not parse, lacks a variable or raises: the number is that of the template."""
    environment = Environment(undefined=StrictUndefined, loader=DictLoader({"t": source}))
    try:
        environment.get_template("t").render()
    except (TemplateError, ZeroDivisionError) as error:
        keys = TemplateRender(template="t", error=error).keys

    assert keys["line_number"] == line
    assert context is None or keys["code_context"] == context


def test_a_template_object_gives_its_name_and_path(tmp_path: Path) -> None:
    """What has a name and a file name, as a Jinja2 Template does, is known by them."""
    template = Environment(loader=DictLoader({"store.j2": "x"})).get_template("store.j2")

    assert TemplateRender(template=template).fields["template"] == "store.j2"


def test_a_validation_error_finds_its_context_in_the_code() -> None:
    """The line number is that of the code that was checked; its source is taken from there."""
    event = Validation("todo_store", validation_type="logic", code="a\nb\nc\n", error="no end", line_number=2)

    assert event.keys["code_context"] == "a\nb"
    assert event.keys["status"] == "error"
    assert len(event.fields["error_fingerprint"]) == 16


def test_healing_that_did_not_fix_is_an_error() -> None:
    """The verdict of the last attempt decides."""
    assert Healing("x", verdict="same_error").keys["status"] == "error"
    assert Healing("x", verdict="fixed").keys["status"] == "ok"


def test_a_long_content_is_cleaned_when_it_is_read() -> None:
    """Redacting an event with a prompt of 2 MB leaves it to its reader to clean it, and nothing leaks."""
    prompt = f"x = 1\nkey = '{KEY}'\n" * 25_000
    event = LLMInteraction(prompt=prompt)
    redacted = event.redacted(Redactor())

    assert isinstance(redacted, LLMInteraction)
    assert isinstance(redacted.given["prompt"], Large)
    assert KEY not in redacted.given["prompt"].beginning(100)
    assert KEY not in redacted.given["prompt"].cleaned()


def test_a_long_structure_is_copied() -> None:
    """Who appends to its messages afterwards does not change what was logged."""
    messages = [{"role": "user", "content": "x" * (LARGE_CHARS + 1)}]
    held = Large(messages, Redactor())
    messages.append({"role": "user", "content": "more"})

    assert len(held.cleaned()) == 1
    assert held.length == LARGE_CHARS + 1


def test_two_redactors_both_clean() -> None:
    """A long content passes the rules of every filter that it has met."""
    text = "alpha beta " * LARGE_CHARS
    held = Large(text, Redactor(patterns={"a": "alpha"})).redacted(Redactor(patterns={"b": "beta"}))

    assert held.beginning(40).startswith("[REDACTED:a] [REDACTED:b]")


def test_an_event_without_secrets_is_itself() -> None:
    """Redaction makes no copy where there is nothing to hide, also not of lists of attempts."""
    event = Healing("x", attempts=[{"number": 1, "code": "a", "verdict": "fixed"}])

    assert event.redacted(Redactor()) is event


def test_secrets_inside_attempts_are_hidden() -> None:
    """What stands in a nested code is as visible as what stands beside it."""
    attempts = [{"number": 1, "code": f"key = '{KEY}'", "verdict": "fixed"}]
    redacted: Event = Healing("x", attempts=attempts).redacted(Redactor())

    assert KEY not in str(redacted.fields)
    assert attempts[0]["code"] == f"key = '{KEY}'"


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner), max_leaves=20))
def test_any_content_has_length_and_hash(value: Any) -> None:
    """Whatever is given as a content can be measured, and equal ones have equal hashes."""
    assert length_of(value) >= 0
    assert digest_of(value) == digest_of(value)
    assert len(digest_of(value)) == 64
    assert not is_large(value)


class Rude:
    """An object of a program at its worst."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")


ANYTHING = st.recursive(
    st.none() | st.text(max_size=5) | st.integers() | st.floats() | st.binary(max_size=4) | st.builds(Rude),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "error_message", "line_number", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    "component", "prompt", "system", "parameters", "response", "tokens_in", "attempts", "tool_calls",
    "template", "variables", "before", "output", "specification", "source", "code", "known_modules",
    "target", "content", "size_bytes", "validation_type", "errors", "verdict", "reason", "status",
    "duration_ms", "error", "error_type", "error_message", "line_number", "code_context", "traceback",
]  # fmt: skip


@given(kind=st.sampled_from(KINDS), fields=st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=5))
def test_whatever_a_field_holds_nothing_raises(kind: type[StageEvent], fields: dict[str, Any]) -> None:
    """Text, keys, fields and redaction can be had of any event, and it can be encoded."""
    event = kind.of(fields)

    for each in (event, event.redacted(Redactor())):
        assert str(each).startswith(kind.of({}).event)
        assert "status" in each.within({})
        assert orjson.dumps(jsonable(dict(each.fields)))


def test_messages_may_be_objects_of_a_client() -> None:
    """A history may hold the answers of a client as they came."""
    said = SimpleNamespace(role="assistant", content=[SimpleNamespace(type="text", text="hello")])

    assert texts_of([said, {"role": "user", "content": "there"}]) == ["hello", "there"]


@given(st.lists(st.text(max_size=5)))
def test_the_texts_of_messages_come_in_order(texts: list[str]) -> None:
    """Texts are found as they were said, one after the other."""
    assert texts_of([{"role": "user", "content": text} for text in texts]) == texts


@given(st.lists(st.sampled_from(["x = 1\n", "a:\n", "\n", "key = '" + KEY + "'\n", "w" * 3_000 + "\n", "("])))
def test_a_text_in_pieces_is_cleaned_as_a_whole(lines: list[str]) -> None:
    """Where a long text is cut to be cleaned makes no difference to what comes out."""
    text = "".join(lines) * 8
    clean = Redactor()

    assert "".join(pieces_of(text)) == text
    assert "".join(map(clean.text, pieces_of(text))) == clean.text(text)


def test_long_texts_inside_of_a_structure_are_cleaned() -> None:
    """In their place, whatever their length; what stands under a secret name is hidden whole."""
    long = "x = 1\n" * 5_000 + f"key = '{KEY}'\n"
    held = Large([{"role": "user", "content": [long, KEY]}, {"password": long}], Redactor())
    cleaned = held.cleaned()

    assert cleaned[0]["content"][0] == Redactor().text(long)
    assert cleaned[1] == {"password": "[REDACTED:key]"}
    assert KEY not in str(cleaned)


def test_a_key_of_many_lines_is_never_cut() -> None:
    """A private key stays in one piece, wherever it stands."""
    pem = "-----BEGIN PRIVATE KEY-----\n" + "Ab3dE6gH9jK2\n" * 200 + "-----END PRIVATE KEY-----\n"
    for lead in range(15_000, 16_500, 100):
        text = "x" * lead + "\n" + pem + "y = 1\n" * 10_000
        assert sum("PRIVATE KEY" in piece for piece in pieces_of(text)) == 1
