"""The stages as blocks: spans with one record, which is the event of the stage."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, UndefinedError
from written import Written, line_of

import ote_logging as ote_api
from ote_logging.stages import (
    check_code,
    code_generation,
    file_write,
    healing,
    llm_interaction,
    stage,
    template_render,
    validation,
)
from ote_logging.stages.contents import digest_of

BLOCKS = [
    (llm_interaction, "llm_interaction"),
    (template_render, "template_render"),
    (code_generation, "code_generation"),
    (file_write, "file_write"),
    (validation, "validation"),
]


@pytest.mark.parametrize(("block", "event"), BLOCKS)
def test_a_stage_is_a_span_with_one_record(block: Any, event: str, ote: Written) -> None:
    """It has ids, its parent, a duration and a status, and names the caller's own line."""
    with ote_api.span("generate", start=False), block("todo_store", n=1) as it:
        it.set(m=2)

    line, outer = ote.entries()

    assert (line.event, line.operation, line.get("component")) == (event, event, "todo_store")
    assert (line.parent_id, line.trace_id) == (outer.span_id, outer.trace_id)
    assert line.span_id not in (None, outer.span_id)
    assert line.get("parent_operation") == "generate"
    assert (line.status, line.get("n"), line.get("m")) == ("ok", 1, 2)
    assert line.duration_ms is not None
    assert line.line == line_of(test_a_stage_is_a_span_with_one_record, "block(" + '"todo_store"')
    assert (line.logger, line.function) == (__name__, "test_a_stage_is_a_span_with_one_record")


@pytest.mark.parametrize(("block", "event"), BLOCKS)
def test_a_stage_that_raises_is_recorded_and_the_exception_passes(
    block: Any, event: str, ote: Written
) -> None:
    """The record has the exception, at ERROR; the program gets the same object."""
    boom = ValueError("boom")
    with pytest.raises(ValueError, match="boom") as raised, block("todo_store"):
        raise boom

    line = ote.one(event=event)

    assert raised.value is boom
    assert (line.level, line.status, line.error_type) == ("ERROR", "error", "ValueError")
    assert line.exception is not None


@pytest.mark.parametrize(("block", "event"), BLOCKS)
def test_a_stage_is_an_async_block_as_well(block: Any, event: str, ote: Written) -> None:
    """``async with`` writes the same record."""

    async def run() -> None:
        async with block("todo_store") as it:
            it.set(n=1)

    asyncio.run(run())

    assert ote.one(event=event).get("n") == 1


@pytest.mark.parametrize("block", [block for block, _ in BLOCKS] + [healing])
def test_a_stage_below_the_level_of_its_logger_does_nothing(block: Any, ote: Written) -> None:
    """Nothing is written, and nothing looked at."""
    logging.getLogger(__name__).setLevel(logging.WARNING)
    with block("todo_store", code="def f(:", target="/nowhere/at/all") as it:
        it.set(output="x")

    assert ote.entries() == []


def test_any_other_stage_is_a_span_by_its_name(ote: Written) -> None:
    """``stage("name")`` writes a span_end of that operation, and a span_start where that is wanted."""
    with stage("assemble", "todo_store", start=True):
        pass

    begin, end = ote.entries()

    assert (begin.event, begin.operation) == ("span_start", "assemble")
    assert (end.event, end.operation, end.get("component")) == ("span_end", "assemble", "todo_store")


def test_every_attempt_has_its_own_outcome(ote: Written) -> None:
    """Two that failed and one that did not: three attempts with number, time and error, two retries."""
    with llm_interaction("todo_store", prompt="p") as call:
        for number in range(3):
            try:
                with call.attempt(wait_ms=number):
                    if number < 2:
                        raise TimeoutError(f"no answer {number}")
            except TimeoutError:
                continue

    line = ote.one(event="llm_interaction")
    attempts = line.get("attempts")

    assert [attempt["status"] for attempt in attempts] == ["error", "error", "ok"]
    assert [attempt["number"] for attempt in attempts] == [1, 2, 3]
    assert attempts[1]["error_message"] == "no answer 1"
    assert attempts[2]["wait_ms"] == 2
    assert (line.get("retries"), line.status) == (2, "ok")


def test_tool_calls_are_kept_in_order(ote: Written) -> None:
    """Name, arguments and result of each; what is an object is shown as data."""
    with llm_interaction("todo_store") as call:
        call.tool_call("search", {"query": "todo"}, ["found"])
        call.tool_call("now")

    assert ote.one(event="llm_interaction").get("tool_calls") == [
        {"name": "search", "arguments": {"query": "todo"}, "result": ["found"]},
        {"name": "now"},
    ]


def test_an_error_that_is_set_makes_the_stage_fail(ote: Written) -> None:
    """A program that catches its own errors may tell them; the stage is no success then."""
    with llm_interaction("todo_store") as call:
        call.set(error=ValueError("empty answer"))

    line = ote.one(event="llm_interaction")

    assert (line.level, line.status, line.error_message) == ("ERROR", "error", "empty answer")


def test_a_render_that_raises_names_the_line_of_the_template(ote: Written) -> None:
    """``template_line`` is the line of the template, whatever line of Python raised."""
    template = Environment(undefined=StrictUndefined).from_string("a\n\n{{ missing.name }}\n")
    with pytest.raises(UndefinedError), template_render("todo_store", template="store.j2"):
        template.render()

    line = ote.one(event="template_render")

    assert line.get("template_line") == 3
    assert line.error_type == "jinja2.exceptions.UndefinedError"


def test_code_is_checked_when_the_block_ends(ote: Written) -> None:
    """A code that does not parse makes the stage fail, without any exception."""
    with code_generation("todo_store", specification="a store") as made:
        made.set(code="def f(:\n    pass\n")

    line = ote.one(event="code_generation")

    assert (line.level, line.status, line.line_number) == ("ERROR", "error", 1)
    assert line.get("code_hash") == digest_of("def f(:\n    pass\n")


def test_a_written_file_is_read_back(tmp_path: Path, ote: Written) -> None:
    """Size, hash, permissions and owner are those of the file; it is verified against the content."""
    target = tmp_path / "store.py"
    with file_write("todo_store", target=target, content="x = 1\n"):
        target.write_text("x = 1\n")
        target.chmod(0o640)

    line = ote.one(event="file_write")

    assert line.get("target") == str(target)
    assert (line.get("replaced"), line.get("writable"), line.get("verified")) == (False, True, True)
    assert (line.get("size_bytes"), line.get("sha256")) == (6, digest_of("x = 1\n"))
    assert line.get("content_hash") == line.get("sha256")
    assert line.get("mode") == "0640"
    assert line.get("owner") == target.owner()


def test_a_replaced_file_gives_a_diff(tmp_path: Path, ote: Written) -> None:
    """What stood there before is kept, with what changed."""
    target = tmp_path / "store.py"
    target.write_text("x = 1\n")
    with file_write("todo_store", target=target, content="x = 2\n"):
        target.write_text("x = 2\n")

    line = ote.one(event="file_write")

    assert line.get("replaced") is True
    assert line.get("before_hash") == digest_of("x = 1\n")
    assert line.get("diff").splitlines()[-2:] == ["-x = 1", "+x = 2"]


def test_a_file_that_holds_something_else_is_an_error(tmp_path: Path, ote: Written) -> None:
    """What was read back is compared, not what was meant."""
    target = tmp_path / "store.py"
    with file_write("todo_store", target=target, content="x = 1\n"):
        target.write_text("x = ")

    line = ote.one(event="file_write")

    assert (line.get("verified"), line.status, line.error_type) == (False, "error", "VerificationError")


def test_a_file_that_was_not_written_is_an_error(tmp_path: Path, ote: Written) -> None:
    """A block that writes nothing where something was to be written does not go well."""
    with file_write("todo_store", target=tmp_path / "never.py", content="x"):
        pass

    assert ote.one(event="file_write").error_type == "VerificationError"


def test_a_target_that_is_no_file_hurts_nobody(tmp_path: Path, ote: Written) -> None:
    """A pipe is not read, which would wait for a writer for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with file_write("todo_store", target=pipe):
        pass

    assert ote.one(event="file_write").status == "ok"


def test_a_validation_fails_without_an_exception(ote: Written) -> None:
    """The first error gives the keys, all of them are listed."""
    with validation("todo_store", validation_type="logic") as check:
        check.fail("no cleanup", error_type="MissingMethod", line_number=178, code_context="class A:")
        check.fail(ValueError("and this"))

    line = ote.one(event="validation")

    assert (line.status, line.level, line.get("validation_type")) == ("error", "ERROR", "logic")
    assert (line.error_type, line.error_message) == ("MissingMethod", "no cleanup")
    assert (line.line_number, line.code_context) == (178, "class A:")
    assert [error["error_message"] for error in line.get("errors")] == ["no cleanup", "and this"]


def test_findings_of_a_check_are_errors_of_a_validation(ote: Written) -> None:
    """What ``check_code`` finds can be handed on as it is."""
    code = "import nowhere_to_be_found\n"
    with validation("todo_store", validation_type="import", code=code) as check:
        found = check_code(code)
        assert found is not None
        check.fail(*found.errors)

    line = ote.one(event="validation")

    assert (line.error_type, line.line_number) == ("ModuleNotFoundError", 1)
    assert line.error_message == "no module named 'nowhere_to_be_found'"


def test_healing_tells_what_each_attempt_changed_and_what_came_of_it(ote: Written) -> None:
    """The same error is known again by its words, a new one is told apart, a fixed one ends it well."""
    first = {"error_type": "SyntaxError", "error_message": "bad token at 17"}
    with healing("todo_store", error=first, code="a\n") as heal:
        verdicts = [
            heal.attempt("b\n", error={"error_type": "SyntaxError", "error_message": "bad token at 99"}),
            heal.attempt("c\n", error="no module named 'x'"),
            heal.attempt("d\n"),
        ]

    line = ote.one(event="healing")
    attempts = line.get("attempts")

    assert verdicts == ["same_error", "new_error", "fixed"]
    assert [attempt["number"] for attempt in attempts] == [1, 2, 3]
    assert attempts[0]["diff"].splitlines()[-2:] == ["-a", "+b"]
    assert attempts[0]["same_as_attempt"] == 0
    assert (line.status, line.get("verdict"), line.get("reason")) == ("ok", "fixed", "fixed after 3 attempts")
    assert line.get("before_hash") == digest_of("a\n")
    assert line.get("attempt_hashes") == [digest_of(code) for code in ("b\n", "c\n", "d\n")]
    assert line.get("code_hash") == digest_of("d\n")


def test_healing_that_fails_says_why_it_ended(ote: Written) -> None:
    """The last error gives the keys; the reason counts the attempts and what they led to."""
    with healing("todo_store", error="no end", code="a", max_attempts=2) as heal:
        heal.attempt("b", error="no end")
        heal.attempt("c", error="no end")

    line = ote.one(event="healing")

    assert (line.status, line.level, line.error_message) == ("error", "ERROR", "no end")
    assert line.get("reason") == "the same error again after 2 of 2 attempts"


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        ("give up", "out of money"),
        ("nothing", "nothing was attempted"),
        ("raise", "KeyError after 0 attempts"),
    ],
)
def test_healing_may_end_otherwise(leave: str, reason: str, ote: Written) -> None:
    """The program's own reason, no attempt at all, an exception."""
    try:
        with healing("todo_store", error="no end", code="a") as heal:
            if leave == "give up":
                heal.give_up("out of money")
            if leave == "raise":
                raise KeyError("gone")
    except KeyError:
        pass

    assert ote.one(event="healing").get("reason") == reason


@pytest.mark.parametrize("code", [None, 7, b"x", ["a"]], ids=repr)
def test_an_attempt_that_gave_no_text_is_recorded_too(code: Any, ote: Written) -> None:
    """A program may hand on whatever its model gave; it gets a verdict, and no exception."""
    with healing("todo_store", error="bad", code=code) as heal:
        assert heal.attempt(code, error="bad") == "same_error"

    assert ote.one(event="healing").get("attempts")[0]["number"] == 1


@pytest.mark.parametrize("target", [7, b"x", "a\0b", object()], ids=repr)
def test_a_target_that_is_no_path_hurts_nobody(target: Any, ote: Written) -> None:
    """What cannot be looked at says so."""
    with file_write("todo_store", target=target, content="x"):
        pass

    assert ote.one(event="file_write").get("look_error") or ote.one().status == "error"


@pytest.mark.parametrize("block", [llm_interaction, healing, validation, file_write])
def test_fields_of_any_kind_hurt_nobody(block: Any, ote: Written) -> None:
    """Lists that are none, set by a program by mistake, cost their own finding alone."""
    with block("todo_store", attempts=7, errors=8, tool_calls=9, target=10):
        pass

    (line,) = ote.entries()

    assert line.get("parent_operation") is None
    assert line.duration_ms is not None


def test_one_value_has_one_hash_in_all_stages(tmp_path: Path, ote: Written) -> None:
    """Response, extracted code, render, healed code and written file are linked by equal hashes."""
    prompt, response, code, healed = "write it", "```\na = 1\n```", "a = 1\n", "a = 2\n"
    target = tmp_path / "store.py"
    with llm_interaction("todo_store", prompt=prompt, response=response):
        pass
    with code_generation("todo_store", source=response, code=code):
        pass
    with healing("todo_store", code=code) as heal:
        heal.attempt(healed)
    with template_render("todo_store", variables={"code": healed}, output=healed):
        pass
    with file_write("todo_store", target=target, content=healed):
        target.write_text(healed)

    asked, made, mended, rendered, written = ote.entries()

    assert made.get("source_hash") == asked.get("response_hash")
    assert mended.get("before_hash") == made.get("code_hash")
    assert rendered.get("variable_hashes")["code"] == mended.get("code_hash")
    assert written.get("content_hash") == rendered.get("output_hash") == written.get("sha256")


def test_facts_may_have_any_name(ote: Written) -> None:
    """Attempts, errors and tool calls take facts under names that their methods use themselves."""
    with llm_interaction("todo_store") as call:
        with call.attempt(self=1):
            pass
        call.tool_call("f", self=2, name=3)
    with validation("todo_store") as check:
        check.fail("bad", self=4)
    with healing("todo_store", code="a") as heal:
        heal.attempt("b", self=5, code=6)

    asked, checked, mended = ote.entries()

    assert asked.get("attempts")[0]["self"] == 1
    assert asked.get("tool_calls") == [{"name": 3, "self": 2}]
    assert checked.get("errors")[0]["self"] == 4
    assert (mended.get("attempts")[0]["self"], mended.get("code")) == (5, "b")
