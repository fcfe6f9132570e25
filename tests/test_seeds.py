"""Programs that were written before this package run as they stand, and all they ask for is recorded."""

import asyncio
import logging
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, UndefinedError
from written import Written

import ote_logging as ote_api
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.generation import GenerationLogger, OTELogger, SimpleGenerationLogger, observable
from ote_logging.schema import Entry, decode
from ote_logging.stages import (
    code_generation,
    file_write,
    healing,
    llm_interaction,
    template_render,
    validation,
)

TABLE = Path(__file__).parent.parent / "docs" / "generation.md"

USAGE = """
from autocoder_cc.observability.simple_generation_logger import SimpleGenerationLogger

# Create logger
logger = SimpleGenerationLogger()

# Log LLM interaction
logger.log_llm_interaction(
    component_name="todo_store",
    prompt="Generate a Store component...",
    response="class GeneratedStore_todo_store...",
    model="gpt-4",
    tokens_in=450,
    tokens_out=320
)

# Log validation error
logger.log_validation_error(
    component_name="todo_store",
    error_type="SyntaxError",
    error_message="unexpected EOF while parsing",
    line_number=178,
    code_context="async def cleanup(self):"
)

# Generate summary
summary = logger.generate_summary()
print(f"Total events: {summary['total_events']}")
print(f"Errors: {len(summary['errors'])}")
"""

DECORATORS = """
class Generator:
    @observable("llm_generation")
    def generate_with_llm(self, prompt):
        return llm.generate(prompt)

    @observable("template_render")
    def render_template(self, template, data):
        return template.render(data)

    @observable("llm_generation")
    async def generate_component(self, name, spec):
        return name, spec
"""

TIMED = '''
@observe("user_preference_save")
def save_preference(user_id: int, pref_type: str, value: str):
    """Save user preference with observable logging."""
    # Implementation
    pass
'''

TRACEABLE = """
def save_preference(self, user_id: int, pref_type: str, value: str):
    try:
        # TRACE POINT 1: Validation
        if not user_id:
            raise ValueError(
                "TRACE: save_preference -> validation_failed "
                "| user_id is required"
            )

        # TRACE POINT 2: Encryption
        if self._is_sensitive(pref_type):
            value = self.encryptor.encrypt(value)
            logger.debug(f"TRACE: save_preference -> encrypted {pref_type}")

        # TRACE POINT 3: Database save
        result = self.db.save(user_id, pref_type, value)
        logger.debug(f"TRACE: save_preference -> saved to DB")

        return result

    except Exception as e:
        logger.error(
            f"TRACE: save_preference -> FAILED at {e.__traceback__.tb_lineno} "
            f"| Error: {str(e)}"
        )
        raise
"""

COMPLETE = """
from typing import Dict, Any, Optional
from app.utils.ote_logger import OTELogger, observe
from app.utils.metrics import metrics_tracker
from datetime import datetime
import time

logger = OTELogger(__name__)

class UserPreferenceTool:
    def __init__(self, data_manager):
        logger.log_operation("preference_tool_init", timestamp=datetime.now())
        self.dm = data_manager
        self.encryptor = UserMemoryEncryptor()

    @observe("save_preference")
    def save(self, user_id: int, pref_type: str, value: str) -> Dict[str, Any]:
        start_time = time.time()
        success = False

        try:
            # TRACE POINT 1: Validation
            logger.debug(f"TRACE: save ARROW validate (user={user_id}, type={pref_type})")
            self._validate_input(user_id, pref_type, value)

            # TRACE POINT 2: Encryption check
            if self._is_sensitive(pref_type):
                logger.debug(f"TRACE: save ARROW encrypt ({pref_type})")
                value = self.encryptor.encrypt(value)

            # TRACE POINT 3: Database save
            logger.debug(f"TRACE: save ARROW database.save")
            result = self.dm.save_preference(user_id, pref_type, value)

            success = True

            return {
                "status": "success",
                "result": result,
                "timestamp": datetime.now().isoformat()
            }

        except Exception as e:
            logger.error(
                f"TRACE: save ARROW FAILED | "
                f"user={user_id} | type={pref_type} | "
                f"error={str(e)}"
            )
            raise

        finally:
            # EVALUATION: Record metrics
            duration = time.time() - start_time
            metrics_tracker.record("save_preference", duration, success)

            logger.debug(
                f"EVALUATION: save_preference | "
                f"duration={duration:.3f}s | "
                f"success={success}"
            )

    def _validate_input(self, user_id, pref_type, value):
        if not user_id:
            raise ValueError("user_id is required")

    def _is_sensitive(self, pref_type):
        return pref_type == "theme"
"""


class Model:
    """Whatever the examples call besides: a model, a template, a store, an encryptor."""

    def generate(self, prompt: str) -> str:
        return f"class {prompt}"

    def render(self, data: Any) -> str:
        return str(data)

    def encrypt(self, value: str) -> str:
        return value[::-1]

    def save(self, *what: Any) -> str:
        return "saved"

    save_preference = save

    def _is_sensitive(self, kind: str) -> bool:
        return kind == "theme"


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> PerformanceMetrics:
    """Puts what the examples import where they import it from."""
    figures = PerformanceMetrics()
    homes: dict[str, dict[str, Any]] = {
        "app.utils.ote_logger": {"OTELogger": OTELogger, "observe": ote_api.observe},
        "app.utils.metrics": {"metrics_tracker": figures},
        "autocoder_cc.observability.simple_generation_logger": {
            "SimpleGenerationLogger": SimpleGenerationLogger
        },
    }
    for name, offered in homes.items():
        for length in range(1, name.count(".") + 2):
            package = ".".join(name.split(".")[:length])
            monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
        sys.modules[name].__dict__.update(offered)
    return figures


def run(source: str, **given: Any) -> dict[str, Any]:
    """Run an example as a module; return its names."""
    names: dict[str, Any] = {"__name__": "app.example", **given}
    exec(compile(source, "example.py", "exec"), names)
    return names


def test_the_usage_example_runs_with_nothing_configured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tracker: PerformanceMetrics,
) -> None:
    """It prints its two lines, and leaves its three files, each with the keys that were promised."""
    monkeypatch.chdir(tmp_path)
    logging.root.handlers.clear()
    names = run(USAGE)
    folder = tmp_path / "generation_logs"
    asked = decode((folder / f"session_{names['logger'].session_id}.jsonl").read_bytes().splitlines()[0])
    (failed,) = [decode(path.read_bytes()) for path in folder.glob("validation_error_*_todo_store.json")]

    assert capsys.readouterr().out == "Total events: 2\nErrors: 1\n"
    assert len(list(folder.glob("llm_*_todo_store.json"))) == 1
    assert {name: asked.get(name) for name in ("event", "component", "model", "tokens_in", "tokens_out")} == {
        "event": "llm_interaction", "component": "todo_store", "model": "gpt-4", "tokens_in": 450,
        "tokens_out": 320,
    }  # fmt: skip
    assert (asked.get("prompt_length"), asked.get("response_length")) == (29, 34)
    assert (failed.event, failed.error_type, failed.line_number) == ("validation_error", "SyntaxError", 178)
    assert failed.code_context == "async def cleanup(self):"
    assert failed.session_id == asked.session_id


def test_the_usage_example_runs_under_a_configuration(ote: Written, tracker: PerformanceMetrics) -> None:
    """Its lines go where the configuration says, once."""
    run(USAGE, print=lambda *_: None)

    assert [entry.event for entry in ote.entries()] == ["llm_interaction", "validation"]


def test_the_promised_keys_of_both_lines_can_be_written(ote: Written) -> None:
    """Also those that the usage example does not give: duration and traceback."""
    logger = GenerationLogger()
    logger.log_llm_interaction("todo_store", "p", "r", "gpt-4", 450, 320, duration_ms=2340.5)
    logger.log_validation_error(
        "todo_store", "IndentationError", "expected an indented block", 178, "def a():\ndef b():",
        traceback="File component_logic_generator.py, line 1484...",
    )  # fmt: skip

    asked, failed = ote.entries()

    assert asked.duration_ms == 2340.5
    assert failed.traceback == "File component_logic_generator.py, line 1484..."
    assert failed.code_context == "def a():\ndef b():"


def test_the_decorators_run(ote: Written) -> None:
    """Methods and coroutines are operations under the names that they were given."""
    generator = run(DECORATORS, observable=observable, llm=Model())["Generator"]()

    assert generator.generate_with_llm("Todo") == "class Todo"
    assert generator.render_template(Model(), 7) == "7"
    assert asyncio.run(generator.generate_component("todo", {})) == ("todo", {})
    assert [entry.operation for entry in ote.entries(event="span_end")] == [
        "llm_generation", "template_render", "llm_generation",
    ]  # fmt: skip


def test_the_timed_function_runs(ote: Written) -> None:
    """It has a start and an end."""
    run(TIMED, observe=ote_api.observe)["save_preference"](7, "theme", "dark")

    assert ote.events() == [
        ("span_start", "user_preference_save"), ("span_end", "user_preference_save"),
    ]  # fmt: skip


def test_the_traceable_errors_are_understood(ote: Written) -> None:
    """Points and failure have path, status and the line that raised."""
    tool: Any = Model()
    tool.encryptor = tool.db = Model()
    save = run(TRACEABLE, logger=OTELogger("app.example"))["save_preference"]
    save(tool, 7, "theme", "dark")
    with pytest.raises(ValueError, match="user_id is required"):
        save(tool, 0, "theme", "dark")

    *points, failed = ote.entries(event="trace_point")

    assert [point.path for point in points] == [
        ["save_preference", "encrypted theme"], ["save_preference", "saved to DB"],
    ]  # fmt: skip
    assert (failed.status, failed.path, failed.line_number) == ("error", ["save_preference"], 6)


@pytest.mark.parametrize("arrow", ["→", "â†’", "->"], ids=["arrow", "arrow in cp1252", "ascii"])
def test_the_complete_example_runs(arrow: str, ote: Written, tracker: PerformanceMetrics) -> None:
    """Its operations, points and figures are all there, for one call that is well and one that fails."""
    names = run(COMPLETE.replace("ARROW", arrow), UserMemoryEncryptor=Model)
    tool = names["UserPreferenceTool"](Model())
    assert tool.save(7, "theme", "dark")["result"] == "saved"
    with pytest.raises(ValueError, match="user_id is required"):
        tool.save(0, "theme", "dark")

    steps = [point.path for point in ote.entries(event="trace_point")]
    ends = [(end.operation, end.status) for end in ote.entries(event="span_end")]

    assert ote.entries(event="preference_tool_init")[0].get("timestamp") is not None
    assert steps[:3] == [["save", "validate"], ["save", "encrypt (theme)"], ["save", "database.save"]]
    assert ("save_preference", "ok") in ends
    assert ("save_preference", "error") in ends
    assert len(ote.entries(event="evaluation")) == 2
    assert tracker.report()["save_preference"]["calls"] == 2


def pipeline_of_all_layers(folder: Path) -> None:
    """Run each layer once or twice, well and not, so that every row of the table has something to tell."""
    templates = Environment(loader=DictLoader({"store.j2": "class {{ name }}:\n{{ body.text }}\n"}))
    target = folder / "store.py"
    target.write_text("old = 1\n")
    with llm_interaction(
        "todo_store", prompt="Generate a store", system="Be brief", model="gpt-4", provider="openai",
        parameters={"temperature": 0}, tokens_in=450, tokens_out=320, tokens_cached=100, cost_usd=0.02,
        cache_hit=False, finish_reason="stop", error=ValueError("cut off"),
        responses=["class Todo", "class Store"], reasoning="a class will do", refusal="no more than that",
    ) as call:  # fmt: skip
        for number in range(2):
            try:
                with call.attempt():
                    if number == 0:
                        raise TimeoutError("no answer")
            except TimeoutError:
                continue
        list(call.stream(iter(["class ", "Todo"])))
        call.tool_call("search", {"query": "todo"}, ["found"])
    with template_render("todo_store", template="store.j2", template_path="templates/store.j2") as render:
        render.set(variables={"name": "Todo"}, before="class Old:\n", output="class Todo:\n    pass\n")
    with pytest.raises(UndefinedError), template_render("todo_store", template="store.j2"):
        templates.get_template("store.j2").render(name="Todo")
    with code_generation("todo_store", specification="a store", source="```...```") as made:
        made.set(code="import nowhere_to_be_found\nclass Todo:\n    def add(self): ...\n")
    with file_write("todo_store", target=target, content="new = 1\n"):
        target.write_text("new = 1\n")
    with validation("todo_store", validation_type="syntax", code="a\nb\n") as check:
        check.fail("expected an indented block", error_type="IndentationError", line_number=2)
    with healing("todo_store", error="expected an indented block", code="a\n") as heal:
        heal.attempt("b\n", error="expected an indented block")


@ote_api.observe("generate", resources=True)
def generate(folder: Path) -> None:
    pipeline_of_all_layers(folder)


def rows() -> list[tuple[str, str, list[str]]]:
    """Return what, event and keys of each row of the table in the documentation."""
    found = re.findall(r"^\| ([^|]+) \| ([a-z_]+) \| ([a-z0-9_, ]+) \|$", TABLE.read_text(), re.MULTILINE)
    return [(what, event, keys.split(", ")) for what, event, keys in found if event != "event"]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """What a session file holds after all layers ran under a plain dictConfig."""
    folder = tmp_path_factory.mktemp("pipeline")
    handlers, level = logging.root.handlers[:], logging.root.level
    written = Written(folder / "logs")
    generate(folder)
    for handler in logging.root.handlers:
        handler.close()
    logging.root.handlers[:], logging.root.level = handlers, level
    return written.entries()


@pytest.mark.parametrize(("what", "event", "keys"), rows(), ids=[what for what, _, _ in rows()])
def test_every_row_of_the_table_is_read_back(
    what: str, event: str, keys: list[str], captured: list[Entry]
) -> None:
    """What the table says is recorded stands on a line of that event, under that key."""
    lines = [entry for entry in captured if entry.event == event]

    assert lines
    assert [key for key in keys if all(line.get(key) is None for line in lines)] == []


def test_the_table_names_what_was_asked_for() -> None:
    """Every line of the five layers, and of what would be nice to have, has a row."""
    asked = """Exact prompt sent (full text); Model used and parameters; Token counts (input/output);
        Response received (full text); Response time; Any errors or retries; Template name/path used;
        Variables passed to template; Rendered output (before/after); Indentation levels;
        Any template errors; Input specification; Generated code (complete); Syntax validation results;
        AST parsing results; Line numbers of any errors; Target file path; Content being written;
        Pre-write validation results; Post-write verification; File permissions/ownership;
        Validation type (syntax/import/logic); Specific error messages; Error line numbers and context;
        Healing attempts; Final validation status; Costs; Generation timing; Memory usage; Retry attempts;
        Cache hits/misses"""

    assert {" ".join(line.split()) for line in asked.split(";")} <= {what for what, _, _ in rows()}
