"""GenerationLogger and OTELogger: methods for programs that were written against them."""

import json
import logging
import logging.config
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from written import Written, line_of

import ote_logging as ote_api
from ote_logging.generation import (
    GenerationEvent,
    GenerationLogger,
    OTELogger,
    SimpleGenerationLogger,
    observable,
)
from ote_logging.schema import Entry, decode
from ote_logging.stages import stage

KEY = "sk-proj-" + "Ab3dE6gH9jK2" * 4


def entries(logger: GenerationLogger) -> list[Entry]:
    """Return the entries of the session file that a logger wrote by itself."""
    path = logger.log_dir / f"session_{logger.session_id}.jsonl"
    return [decode(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def logger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GenerationLogger:
    """One with nothing configured, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    logging.root.handlers.clear()
    return GenerationLogger()


def test_the_simple_one_is_the_same_class() -> None:
    """Two names, one logger; and observable is observe."""
    assert SimpleGenerationLogger is GenerationLogger
    assert observable is ote_api.observe


def test_nothing_need_be_configured(logger: GenerationLogger, tmp_path: Path) -> None:
    """Session, interactions and validation errors are files in generation_logs."""
    logger.log_llm_interaction("todo_store", "p", "r", "gpt-4", 450, 320)
    logger.log_validation_error("todo_store", "SyntaxError", "unexpected EOF", 178, "async def cleanup():")

    names = sorted(path.name.split("_")[0] for path in (tmp_path / "generation_logs").iterdir())
    asked, failed = entries(logger)

    assert names == ["llm", "session", "validation"]
    assert (asked.event, asked.get("component"), asked.get("prompt_length")) == (
        "llm_interaction", "todo_store", 1,
    )  # fmt: skip
    assert (asked.get("tokens_in"), asked.get("tokens_out")) == (450, 320)
    assert (failed.event, failed.status, failed.line_number) == ("validation", "error", 178)


def test_without_a_handler_nothing_is_told_on_stderr(
    logger: GenerationLogger, capfd: pytest.CaptureFixture[str]
) -> None:
    """logging would print errors there, with all that is in them."""
    logger.log_validation_error("todo_store", "SyntaxError", KEY)

    assert capfd.readouterr().err == ""


def test_files_of_its_own_hold_no_secrets(logger: GenerationLogger) -> None:
    """What nobody configured is redacted all the same."""
    logger.log_llm_interaction("todo_store", f"key = '{KEY}'", KEY, "gpt-4")
    logger.log_validation_error("todo_store", "E", f"key = '{KEY}'")
    logger.flush()

    paths = [path for path in logger.log_dir.rglob("*") if path.is_file()]

    assert len(paths) == 3
    assert all(KEY not in path.read_text() for path in paths)


def test_records_name_the_caller(logger: GenerationLogger) -> None:
    """Logger, function and line are those of the program."""
    logger.log_llm_interaction("todo_store", "p")

    (line,) = entries(logger)

    assert (line.logger, line.function) == (__name__, "test_records_name_the_caller")
    assert line.line == line_of(test_records_name_the_caller, "logger.log_llm" + "_interaction")


def test_under_a_configuration_no_line_is_doubled(ote: Written, tmp_path: Path) -> None:
    """Where a session file is configured it gets each line, once, and there is no folder of its own."""
    logger = GenerationLogger()
    logger.log_llm_interaction("todo_store", "p")

    assert ote.one().session_id == logger.session_id
    assert not (tmp_path / "generation_logs").exists()
    assert not Path("generation_logs").exists()


def test_a_folder_that_was_given_is_written_besides(ote: Written, tmp_path: Path) -> None:
    """Who names a folder finds the files there; who names that of the session file gets no line twice."""
    other, same = GenerationLogger(tmp_path / "other"), GenerationLogger(ote.directory)
    other.log_llm_interaction("todo_store", "p")
    same.log_llm_interaction("todo_store", "p")

    assert len(entries(other)) == 1
    assert len(ote.entries()) == 2


def test_behind_a_queue_no_line_is_doubled(ote: Written, tmp_path: Path) -> None:
    """A session file that is reached through another handler counts."""

    class Behind(logging.Handler):
        handlers = tuple(logging.root.handlers)

        def emit(self, record: logging.LogRecord) -> None:
            for handler in self.handlers:
                handler.handle(record)

    logging.root.handlers[:] = [Behind()]
    GenerationLogger().log_llm_interaction("todo_store", "p")

    assert len(ote.entries()) == 1
    assert not Path("generation_logs").exists()


def test_each_has_a_session_of_its_own(ote: Written) -> None:
    """Two loggers are two runs; one that is given the id of the session that goes on joins it."""
    assert GenerationLogger().session_id != GenerationLogger().session_id
    with ote_api.session("nightly"), ote_api.span("generate", start=False):
        joined = GenerationLogger(session_id=ote_api.current().session_id)
        joined.log_llm_interaction("todo_store", "p")

    line, outer = ote.entries()

    assert (line.session_id, line.trace_id) == ("nightly", outer.trace_id)


def test_as_a_block_its_session_is_that_of_everything_inside(ote: Written) -> None:
    """What the program logs otherwise belongs to the same run."""
    with GenerationLogger() as logger, stage("assemble"):
        logging.getLogger(__name__).info("inside")
        logger.log_file_write("todo_store")

    inside, written, ended = ote.entries()

    assert {line.session_id for line in (inside, written, ended)} == {logger.session_id}
    assert written.span_id == ended.span_id


def test_a_stage_is_a_span_from_start_to_end(logger: GenerationLogger) -> None:
    """What is logged in between is inside of it; the timer is gone when it ends."""
    logger.start_stage("render", "todo_store", tries=1)
    assert list(logger.stage_timers) == ["render:todo_store"]
    logger.log_template_render("todo_store", "t.j2", {"x": 1}, "out")
    took_ms = logger.end_stage("render", component_name="todo_store", rows=3)

    begin, inside, end = entries(logger)

    assert (begin.event, begin.operation, end.event) == ("span_start", "render", "span_end")
    assert begin.span_id == inside.span_id == end.span_id
    assert (end.status, end.get("component"), end.get("rows")) == ("ok", "todo_store", 3)
    assert took_ms is not None
    assert took_ms >= 0
    assert logger.stage_timers == {}
    assert ote_api.current().span_id is None


def test_a_stage_may_be_open_twice(logger: GenerationLogger) -> None:
    """The one that was started last ends first; none is left open."""
    logger.start_stage("render")
    logger.start_stage("render")
    assert logger.end_stage("render") is not None
    assert list(logger.stage_timers) == ["render"]
    assert logger.end_stage("render") is not None

    outer, inner, *ends = entries(logger)

    assert [end.span_id for end in ends] == [inner.span_id, outer.span_id]
    assert inner.parent_id == outer.span_id
    assert ote_api.current().span_id is None


@pytest.mark.parametrize(("error", "kind"), [(ValueError("boom"), "ValueError"), ("boom", None)])
def test_a_stage_may_end_with_an_error(error: Any, kind: str | None, logger: GenerationLogger) -> None:
    """The record of the end says so, and the summary lists it."""
    logger.start_stage("render")
    logger.end_stage("render", error=error)

    end = entries(logger)[-1]
    (told,) = logger.generate_summary()["errors"]

    assert (end.status, end.error_message) == ("error", "boom")
    assert (told["stage"], told["error_message"], told.get("error_type")) == ("render", "boom", kind)


def test_an_end_without_a_start_does_nothing(logger: GenerationLogger) -> None:
    """A program may be wrong about its stages; it gets None."""
    assert logger.end_stage("never") is None
    assert not logger.log_dir.exists()


def test_an_error_has_its_whole_stack_trace(logger: GenerationLogger) -> None:
    """Given as an exception, or as text while one is handled."""
    try:
        raise ValueError("boom")
    except ValueError as error:
        logger.log_error("llm", error, "todo_store")
        logger.log_error("llm", "could not ask")

    for line in entries(logger):
        assert line.status == "error"
        assert line.exception is not None
        assert line.exception["type"] == "ValueError"
        assert line.get("stage") == "llm"


def test_a_validation_error_has_the_traceback_that_led_to_it(logger: GenerationLogger) -> None:
    """Its type, line and context are what was given, and are not taken from the exception."""
    try:
        compile("def f(", "todo_store.py", "exec")
    except SyntaxError:
        logger.log_validation_error("todo_store", "IndentationError", "no block", 178, "def cleanup():")

    (line,) = entries(logger)

    assert (line.error_type, line.line_number, line.code_context) == (
        "IndentationError", 178, "def cleanup():",
    )  # fmt: skip
    assert line.traceback is not None
    assert "SyntaxError" in line.traceback


def test_a_template_error_has_its_line(logger: GenerationLogger) -> None:
    """The exception of Jinja2 is understood."""
    try:
        Environment().from_string("a\n{% if %}")
    except Exception as error:
        logger.log_template_render("todo_store", "t.j2", error=error)

    assert entries(logger)[0].line_number == 2


def test_a_written_file_is_verified(logger: GenerationLogger, tmp_path: Path) -> None:
    """What stands on the disk is read back and compared with what was to be written."""
    path = tmp_path / "store.py"
    path.write_text("x = 1\n")
    logger.log_file_write("todo_store", path, "x = 1\n")
    logger.log_file_write("todo_store", path, "x = 2\n")

    good, bad = entries(logger)

    assert (good.get("verified"), good.status, good.get("size_bytes")) == (True, "ok", 6)
    assert (bad.get("verified"), bad.status, bad.level) == (False, "error", "ERROR")


def test_the_summary_adds_up(logger: GenerationLogger) -> None:
    """Events by name, errors as a list, components, stages, tokens and cost."""
    for cost in (0.25, 0.5):
        logger.log_llm_interaction("todo_store", "p", "r", "m", 10, 20, cost_usd=cost)
    logger.log_validation_error("todo_view", "E", "bad", 3)
    logger.start_stage("render")
    logger.end_stage("render")

    summary = logger.generate_summary()

    assert summary["total_events"] == 5
    assert summary["events"] == {"llm_interaction": 2, "validation": 1, "span_start": 1, "span_end": 1}
    assert summary["errors"] == [
        {"stage": "validation", "component": "todo_view", "status": "error", "error_type": "E",
         "error_message": "bad", "line_number": 3}
    ]  # fmt: skip
    assert (summary["tokens_in"], summary["tokens_out"], summary["cost_usd"]) == (20, 40, 0.75)
    assert summary["components"] == ["todo_store", "todo_view"]
    assert summary["stages"]["render"]["count"] == 1
    assert (summary["session_id"], summary["error_count"]) == (logger.session_id, 1)
    assert json.loads(json.dumps(summary)) == summary


def test_bound_fields_stand_on_its_records(ote: Written) -> None:
    """What is bound around a block is on every record of it, also on those of another session."""
    with ote_api.bind(user_id=7):
        GenerationLogger().log_llm_interaction("todo_store", "p")

    assert ote.one(event="llm_interaction").get("user_id") == 7


@pytest.mark.parametrize(
    "method", ["start_stage", "log_error", "log_llm_interaction", "log_template_render", "log_file_write"]
)
def test_fields_of_its_methods_may_have_any_name(method: str, ote: Written) -> None:
    """No name of a field raises."""
    logger = GenerationLogger()
    given = ["render", "boom"] if method == "log_error" else ["render"]
    getattr(logger, method)(*given, **{"self": 1, "name": 2, "message": 3, "level": 4})
    logger.end_stage("render", self=1)

    fields = ote.entries()[0].fields

    assert (fields["self"], fields["name"], fields["message"], fields["level"]) == (1, 2, 3, 4)


def test_what_is_remembered_holds_no_contents(logger: GenerationLogger) -> None:
    """A long run does not keep its prompts in memory."""
    logger.log_llm_interaction("todo_store", "the prompt", "the response", "gpt-4", 1, 2)

    assert logger.events == [
        GenerationEvent(
            "llm_interaction", "todo_store",
            {"model": "gpt-4", "tokens_in": 1, "tokens_out": 2, "status": "ok"}, None,
        )
    ]  # fmt: skip


def test_fields_of_any_name_are_kept(ote: Written) -> None:
    """No name raises in log_operation; a key of the line keeps its own value."""
    OTELogger(__name__).log_operation("save", timestamp=1, self=2, message=3, name=4, user_id=7)

    line = ote.one(event="save")

    assert (line.operation, line.level, line.logger) == ("save", "INFO", __name__)
    assert line.fields == {"timestamp": 1, "self": 2, "message": 3, "name": 4, "user_id": 7}


def test_inside_a_span_an_operation_does_not_rename_it(ote: Written) -> None:
    """The line belongs to the span; its event says what took place."""
    with ote_api.span("outer", start=False):
        OTELogger(__name__).log_operation("inner")

    line = ote.one(event="inner")

    assert line.operation == "outer"


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical", "exception"])
def test_an_ote_logger_has_the_methods_of_a_logger(method: str, ote: Written) -> None:
    """They report the caller's own line, and TRACE text is understood."""
    log = OTELogger(__name__)
    getattr(log, method)("TRACE: save -> validate (user=7)")

    line = ote.one(event="trace_point")

    assert (line.path, line.get("user")) == (["save", "validate"], 7)
    assert line.function == "test_an_ote_logger_has_the_methods_of_a_logger"


def test_an_ote_logger_records_figures() -> None:
    """``metrics`` is a PerformanceMetrics of its own."""
    log = OTELogger(__name__)
    log.metrics.record("save", 0.5, True)

    assert log.metrics.report()["save"]["calls"] == 1
