"""The seven questions: what a session answers of each component, with its evidence."""

import logging
import time
from contextlib import suppress

import generation_program as program
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_lines import Session
from typer.testing import CliRunner
from written import Written

from ote_logging.cli.app import app
from ote_logging.errors import ReadError
from ote_logging.reading.answers import QUESTIONS, answers
from ote_logging.reading.excerpts import excerpt, excerpt_above
from ote_logging.reading.lineage import lineage
from ote_logging.reading.subjects import STAGES
from ote_logging.schema import KEYS, dump

ERROR = {"status": "error", "error_type": "SyntaxError", "error_message": "bad", "line_number": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The session of a pipeline with a component that failed, one that was healed, one that was well."""
    folder = tmp_path_factory.mktemp("run") / "logs"
    program.run(folder)
    return folder


def of(folder, component):
    """Return the seven answers about ``component``."""
    (found,) = answers(folder, component)
    return found.answers


def texts(answer):
    """Return the sentences of an answer."""
    return [finding.text for finding in answer.findings]


def contents(answer):
    """Return the texts of all contents of an answer."""
    return [content.text for finding in answer.findings for content in finding.contents]


def asked(session, tmp_path, component=None):
    """Return the answers about the entries of ``session``."""
    return answers(session.write(tmp_path / "session_a.jsonl"), component)


def test_the_worst_comes_first(folder):
    """Failed, healed, well; each with the seven questions."""
    found = answers(folder)

    assert [(each.component, each.status) for each in found] == [
        ("mailer", "failed"),
        ("rate_limiter", "healed"),
        ("todo_store", "well"),
    ]
    assert [answer.question for answer in found[0].answers] == list(QUESTIONS)


def test_all_seven_are_answered_for_what_failed(folder):
    """By findings, none by advice."""
    found = of(folder, "mailer")

    assert [bool(answer.findings) for answer in found] == [True] * 7
    assert [answer.advice for answer in found] == [None] * 7


def test_prompts_and_responses_are_told_exactly(folder):
    """As they were sent and as they came."""
    prompt, response = of(folder, "todo_store")[:2]

    assert contents(prompt) == ["Write todo_store."]
    assert contents(response) == [f"Here:\n```python\n{program.TODO_STORE}```"]
    assert texts(prompt) == ["scripted, 5 tokens in"]
    assert texts(response)[0].startswith("finish_reason stop, 7 tokens out")


def test_what_became_of_a_response_is_told_by_differences(folder):
    """Taken out, healed, rendered, written: each with what it changed of what it was made of."""
    steps = of(folder, "rate_limiter")[2]

    assert [text.partition(" /")[0] for text in texts(steps)] == [
        "code taken out: from the response",
        "code taken out: from the response",
        "healing attempt 1: from the code before",
        "rendered by component.j2: from the code of healing attempt 1",
        "written to",
    ]
    assert "+        self.started = None" in contents(steps)[2]
    assert contents(steps)[3].startswith("@@ -1 +1,2 @@\n+# rate_limiter\n import time")


def test_the_place_is_drawn_with_a_caret(folder):
    """File or code, line, the lines around it."""
    places = of(folder, "rate_limiter")[3]

    assert texts(places) == ["line 6 of the code", "line 6 of the code, syntax"]
    assert "> 6 |     async def setup(self):\n          ^" in contents(places)[0]


def test_an_exception_of_the_check_is_not_taken_for_a_line_of_the_code(folder):
    """Its line is that of the program that raised it."""
    places = of(folder, "mailer")[3]

    assert texts(places)[1].startswith("raised by the check itself, ")
    assert "generation_program.py:" in texts(places)[1]


def test_a_template_fails_in_its_own_line(tmp_path):
    """Rather than in the program that rendered it."""
    session = Session()
    fields = {"component": "a", "template": "store.j2", "template_line": 3}
    failed = {"status": "error", "error_message": "no name", "line_number": 3, "code_context": "{{ name }}"}
    session.add("template_render", fields=fields, **failed)

    (place,) = asked(session, tmp_path)[0].answers[3].findings

    assert (place.text, place.contents[0].text) == (
        "line 3 of template store.j2",
        "> 3 | {{ name }}\n      ^",
    )


def test_the_exact_error_has_its_traceback(folder):
    """Type, message, traceback; the same error is told once, and counted."""
    last = of(folder, "mailer")[4].findings[-1]

    assert last.text == "ModuleNotFoundError: No module named 'nowhere_at_all'"
    assert last.times == 2
    assert last.contents[-1].text.startswith("Traceback (most recent call last):")


def test_healing_is_told_by_attempt_and_reason(folder):
    """Each attempt with its verdict and difference; why it ended."""
    attempts, reason = of(folder, "mailer")[5:]

    assert texts(attempts)[0].startswith("attempt 1: same error as before healing")
    assert contents(attempts) == [
        "@@ -1,4 +1,4 @@\n-from nowhere_at_all import Base\n+from nowhere_at_all import  Base\n"
        " \n \n class Mailer(Base):"
    ]
    assert texts(reason) == ["the same error again after 1 of 1 attempts, verdicts: same error"]


def test_what_was_well_or_healed_says_so(folder):
    """In place of a finding, without advice."""
    well, healed = of(folder, "todo_store"), of(folder, "rate_limiter")

    assert [answer.remark for answer in well[3:]] == [
        "Nothing failed, 1 validation passed.",
        "Nothing failed, 1 validation passed.",
        "Nothing had to be healed.",
        "It did not fail.",
    ]
    assert healed[6].remark == "It did not fail: fixed after 1 attempt."


def test_evidence_names_the_line_of_the_file(folder):
    """The line that it names holds the record, also behind lines that are none."""
    for answer in of(folder, "mailer"):
        for finding in answer.findings:
            with open(finding.evidence.path, "rb") as file:
                line = file.readlines()[finding.evidence.number - 1]
            assert orjson.loads(line) == finding.evidence.entry.wire


def test_lines_that_are_none_count(tmp_path):
    """Damaged, foreign and empty lines shift nothing."""
    session = Session()
    session.add("validation", fields={"component": "a"}, **ERROR)
    path = session.write(tmp_path / "session_a.jsonl")
    path.write_bytes(b'{"torn\n\n{"a": 1}\n' + path.read_bytes())

    (found,) = answers(path)

    assert found.answers[4].findings[0].evidence.number == 4


def test_a_large_content_comes_from_the_store(tmp_path):
    """The line keeps ten characters of it; the answer tells the whole, the diffs too."""
    program.run(tmp_path / "logs", inline_chars=20)

    prompt, response, steps = of(tmp_path / "logs", "rate_limiter")[:3]

    assert contents(response)[0] == f"Here:\n```python\n{program.BROKEN}```"
    assert contents(prompt)[1].startswith("expected an indented block")
    assert "-```python" in contents(steps)[0]


def test_a_content_that_nobody_kept_is_measured(tmp_path):
    """Hash and length are told where the mode keeps no more."""
    session = Session()
    session.add("llm_interaction", fields={"component": "a", "prompt_hash": "a" * 64, "prompt_length": 9})

    (content,) = asked(session, tmp_path)[0].answers[0].findings[0].contents

    assert (content.text, content.digest, content.length, content.is_whole) == (None, "a" * 64, 9, False)


def test_what_was_not_recorded_is_said_with_the_call(tmp_path):
    """One that would record it, for this component."""
    session = Session()
    session.add("validation", fields={"component": "a"}, **ERROR)

    found = asked(session, tmp_path)[0].answers

    assert found[0].remark == "Not recorded."
    assert found[0].advice.startswith('with llm_interaction("a", prompt=prompt')
    assert [answer.advice is None for answer in found] == [False, False, False, True, True, False, False]


def test_a_program_that_never_heard_of_us_is_answered(tmp_path):
    """From TRACE texts and exceptions: where, what, what was tried, and that it did not help."""
    Written(tmp_path)
    log = logging.getLogger("gen")
    log.debug("TRACE: generate -> ask (component=todo_store)")
    for attempt in (1, 2):
        log.error("TRACE: generate -> FAILED at 178 | Error: expected an indented block")
        log.debug(f"TRACE: generate -> heal | attempt={attempt}")

    (found,) = answers(tmp_path)
    _, _, _, where, error, tried, why = found.answers

    assert (found.component, found.status) == ("todo_store", "failed")
    assert texts(where)[0].endswith("test_reading_answers.py:178 in "
                                    "test_a_program_that_never_heard_of_us_is_answered")  # fmt: skip
    assert [(finding.text, finding.times) for finding in error.findings] == [
        ("expected an indented block", 2)
    ]
    assert texts(tried)[-1] == "TRACE: generate -> heal | attempt=2"
    assert texts(why) == [
        "it still failed after 2 attempts, the same error 2 times, expected an indented block"
    ]


def test_a_failure_without_a_component_is_that_of_its_operation(tmp_path):
    """Told once, though the operations around it pass it on."""
    session = Session()
    raised = {
        "type": "ValueError",
        "frames": [{"file": "/a.py", "line": 9, "function": "f", "source": "x()"}],
    }
    failed = {"status": "error", "error_type": "ValueError", "error_message": "boom"}
    session.end("b" * 16, "inner", parent_id="a" * 16, exception=raised, **failed)
    session.end("a" * 16, "outer", **failed)

    (found,) = asked(session, tmp_path)

    assert (found.component, found.is_component) == ("inner", False)
    assert texts(found.answers[3]) == ["/a.py:9 in f"]


def test_a_record_belongs_to_the_component_of_the_span_around_it(tmp_path):
    """However deep it lies, and though the span tells its component at the end alone."""
    session = Session()
    session.add("llm_interaction", span_id="c" * 16, parent_id="b" * 16, fields={"prompt": "hi"})
    session.end("b" * 16, "inner", parent_id="a" * 16)
    session.end("a" * 16, "generate", fields={"component": "mailer"})

    (found,) = asked(session, tmp_path)

    assert found.component == "mailer"
    assert contents(found.answers[0]) == ["hi"]


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([("validation", "error"), ("validation", "ok")], "healed"),
        ([("validation", "error"), ("code_generation", "ok")], "failed"),
        ([("healing", "error"), ("file_write", "ok")], "failed"),
        ([("validation", "error"), ("file_write", "ok")], "healed"),
        ([("llm_interaction", "error"), ("llm_interaction", "ok")], "healed"),
        ([("file_write", "ok"), ("span_end", "error")], "failed"),
        ([("validation", "ok")], "well"),
    ],
)
def test_a_failure_stands_until_it_is_made_good(tmp_path, events, status):
    """By a stage as far along as the one that failed, not by an earlier one."""
    session = Session()
    for event, outcome in events:
        session.add(event, status=outcome, fields={"component": "a"})

    assert asked(session, tmp_path)[0].status == status


def test_a_caret_stands_below_the_column():
    """Tabs take four columns; without a column it stands below the first letter."""
    assert excerpt("if x:\n\tpass", 2, 4).splitlines()[1:] == ["> 2 |     pass", "            ^"]
    assert excerpt("a", 2) is None
    assert excerpt_above("def f():\nreturn 1", 178).splitlines() == [
        "  177 | def f():",
        "> 178 | return 1",
        "        ^",
    ]


def ote(*arguments, columns=""):
    """Run a command that ends well and return its output."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": str(columns), "NO_COLOR": "1"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("columns", [60, 100])
def test_what_is_printed_fits_the_terminal(folder, columns):
    """Every line of it, and all seven questions of each component are there."""
    lines = ote("answers", folder, columns=columns).splitlines()

    assert max(map(len, lines)) <= columns
    assert sum(line.endswith("Why did healing fail?") or "7 Why" in line for line in lines) == 3
    assert lines[-1] == "3 components · 1 failed · 1 healed · 1 well"


def test_full_leaves_nothing_out(folder):
    """Short shows the first lines and where the rest is."""
    short, full = ote("answers", folder), ote("answers", folder, "--full", "--component", "rate_limiter")

    assert "more line" in short
    assert "more line" not in full
    assert all(line in full for line in program.FIXED.splitlines())


def test_json_tells_everything(folder):
    """The same as the functions, as JSON values."""
    told = orjson.loads(ote("answers", folder, "--json"))

    assert told["left_out"] == 0
    assert told["components"] == [each.to_dict() for each in answers(folder)]


def test_a_session_without_any_component_says_so(tmp_path):
    """Ordinary messages alone leave nothing to answer."""
    session = Session()
    session.add("log", message="hello")
    lines = ote("answers", session.write(tmp_path / "session_a.jsonl")).splitlines()

    assert lines[-2:] == [
        "Nothing failed, and nothing that names a component or asks a model was recorded.",
        "0 components",
    ]


def test_an_unknown_component_is_an_error_that_names_the_others(folder):
    """Rather than nothing at all."""
    done = CliRunner().invoke(app, ["answers", str(folder), "--component", "mail"])

    assert done.exit_code == 1
    assert "the session tells of: mailer, rate_limiter, todo_store" in done.stderr


FIELDS = [
    "component", "prompt", "prompt_hash", "prompt_truncated", "response", "code", "code_hash", "attempts",
    "attempt_hashes", "errors", "variable_hashes", "parameters", "tokens_in", "target", "content",
    "content_hash", "before", "output", "diff", "number", "verdict", "syntax", "frames",
]  # fmt: skip
ODD_KEYS = st.sampled_from([*sorted(KEYS.keys() - {"timestamp", "event"}), *FIELDS])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9) | st.just("f" * 64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_KEYS, inner, max_size=3),
    max_leaves=4,
)
EVENTS = st.sampled_from(["span_end", "log", "trace_point", *STAGES])
LINES = st.lists(st.tuples(EVENTS, st.dictionaries(ODD_KEYS, JUNK, max_size=8)), min_size=1, max_size=6)


@given(lines=LINES)
def test_no_line_is_too_odd_to_be_answered(tmp_path_factory, lines):
    """Whatever stands under whichever key: another program, another version, somebody's own fields."""
    path = tmp_path_factory.mktemp("odd") / "session_a.jsonl"
    wires = [
        {"timestamp": "2026-11-22T10:00:00.000000Z", "target": "a.py", **keys, "event": event}
        for event, keys in lines
    ]
    path.write_bytes(b"".join(map(dump, wires)))

    for found in answers(path):
        dump(found.to_dict())
    with suppress(ReadError):
        lineage(path, "a.py")


def test_many_events_are_answered_in_time(tmp_path):
    """Ten thousand events take less than two seconds; a hundred thousand were measured to take two."""
    session = Session()
    for number in range(5_000):
        session.add(
            "llm_interaction", fields={"component": f"c{number % 50}", "prompt": "p", "response": "r"}
        )
        session.add("log", span_id=f"{number:016x}", operation="generate")
    path = session.write(tmp_path / "session_a.jsonl")
    began = time.perf_counter()

    assert len(answers(path)[0].answers) == 7
    assert time.perf_counter() - began < 2
