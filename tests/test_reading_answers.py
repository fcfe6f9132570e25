"""The seven questions: what a session answers of each component, with its evidence."""

import logging
import re
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
from ote_logging.reading.belonging import STAGES
from ote_logging.reading.excerpts import excerpt, excerpt_above
from ote_logging.reading.lineage import lineage
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
        try:
            raise ValueError("expected an indented block")
        except ValueError as e:
            line = e.__traceback__.tb_lineno
            log.error(f"TRACE: generate -> FAILED at {line} | Error: {e}")
            log.debug(f"TRACE: generate -> heal | attempt={attempt}")

    (found,) = answers(tmp_path)
    _, _, _, where, error, tried, why = found.answers

    assert (found.component, found.status) == ("todo_store", "failed")
    assert texts(where)[0].endswith(f"test_reading_answers.py:{line} in "
                                    "test_a_program_that_never_heard_of_us_is_answered")  # fmt: skip
    assert [(finding.text, finding.times) for finding in error.findings] == [
        ("expected an indented block", 2)
    ]
    assert texts(tried)[-1] == "TRACE: generate -> heal | attempt=2"
    assert texts(why) == [
        "it still failed after 2 attempts, the same error 2 times, expected an indented block"
    ]


def test_a_line_that_the_caller_has_not_is_not_taken_for_one_of_his(tmp_path):
    """A text tells a line of what was checked; the function that logs it begins further down."""
    Written(tmp_path)
    logging.getLogger("gen").error("TRACE: validate -> FAILED at 7 | component=a | error=bad")

    (place,) = answers(tmp_path)[0].answers[3].findings

    assert place.text.startswith("line 7, told by ")
    assert place.text.endswith("in test_a_line_that_the_caller_has_not_is_not_taken_for_one_of_his")


RESPONSE = "Here.\n```python\nimport time\n\ndef f():\ndef g():\n    pass\n```\n"


@pytest.mark.parametrize(
    ("line", "message", "response", "is_found"),
    [
        (4, "expected an indented block", RESPONSE, True),
        (3, "expected an indented block", RESPONSE, False),
        (1, "No module named 'nowhere'", "```python\nfrom nowhere import x\n```\n", True),
        (1, "No module named 'nowhere'", "```python\nfrom elsewhere import x\n```\n", False),
        (99, "bad", RESPONSE, False),
    ],
    ids=["the parser agrees", "it does not", "the name is there", "it is not", "no such line"],
)
def test_a_line_of_the_answer_is_shown_where_that_is_sure(tmp_path, line, message, response, is_found):
    """The code that the model wrote last, where it fails in the line that was told."""
    session = Session()
    session.add("llm_interaction", status="ok", fields={"component": "a", "response": response})
    failed = {"status": "error", "error_message": message, "line_number": line}
    session.add("trace_point", path=["validate"], fields={"component": "a"}, **failed)

    (place,) = asked(session, tmp_path)[0].answers[3].findings

    assert (place.text == f"line {line} of the code in the response") is is_found
    assert any(f"> {line} | " in content.text for content in place.contents) is is_found


def call(session, took_ms=0.5, **keys):
    """Add a call of a model that names no component."""
    prompt = keys.pop("prompt", "write it")
    session.add("llm_interaction", status="ok", duration_ms=took_ms, fields={"prompt": prompt}, **keys)


def point(session, component, *path, **keys):
    """Add a TRACE text that names a component."""
    session.add("trace_point", path=list(path or ("ask",)), fields={"component": component}, **keys)


def owners(session, tmp_path):
    """Return of which subjects prompts are told."""
    found = asked(session, tmp_path)
    return [(each.component, each.is_component) for each in found if each.answers[0].findings]


def test_a_call_between_two_texts_of_a_component_is_its_own(tmp_path):
    """Also where other threads tell of others meanwhile, and the answer says how that is known."""
    session = Session()
    point(session, "mailer")
    point(session, "todo_store", thread="other")
    call(session)
    point(session, "todo_store", thread="other")
    point(session, "mailer", "validate")

    assert owners(session, tmp_path) == [("mailer", True)]
    assert texts(answers(tmp_path, "mailer")[0].answers[0]) == [
        "model not recorded, mailer by the texts around it"
    ]


def test_a_call_belongs_where_it_began(tmp_path):
    """A text that came while it went on in the same thread is not one before it."""
    session = Session()
    point(session, "mailer")
    point(session, "todo_store")
    call(session, took_ms=1.5)
    point(session, "mailer")

    assert owners(session, tmp_path) == [("mailer", True)]


@pytest.mark.parametrize(
    ("before", "after", "prompt", "owner"),
    [
        ("mailer", "store", "write the mailer, please", ("mailer", True)),
        ("mailer", "store", "write the store.py", ("store", True)),
        ("mailer", "store", "write mailer and store", ("shop", False)),
        ("mailer", "store", "write it", ("shop", False)),
        ("mailer", None, "write it", ("shop", False)),
        (None, "store", "write the store", ("store", True)),
        ("mailer", None, "write rate_limiter", ("rate_limiter", True)),
        ("mailer", None, "keep it in a queue", ("shop", False)),
    ],
)
def test_a_call_between_two_components_is_told_by_its_prompt(tmp_path, before, after, prompt, owner):
    """By a name that stands in it and beside it, or by one that is no word; else nobody's."""
    session = Session()
    point(session, "rate_limiter", thread="other")
    point(session, "queue", thread="other")
    if before is not None:
        point(session, before)
    call(session, prompt=prompt, function="ask")
    if after is not None:
        point(session, after)

    assert owners(session, tmp_path) == [owner]


def test_a_last_call_is_that_of_the_text_before_it_in_its_function(tmp_path):
    """A program that ended in it told nothing afterwards."""
    session = Session()
    point(session, "mailer", function="call_llm")
    call(session, function="call_llm")

    assert owners(session, tmp_path) == [("mailer", True)]


def test_what_comes_after_the_end_of_a_component_is_not_its_own(tmp_path):
    """Its EVALUATION was told."""
    session = Session()
    point(session, "mailer", function="f")
    session.add("evaluation", status="ok", operation="generate", fields={"component": "mailer"}, function="f")
    call(session, function="f")

    assert owners(session, tmp_path) == [("shop", False)]


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ({"event": "evaluation", "operation": "generate", "status": "ok", "duration_ms": 60.0}, "healed"),
        ({"event": "evaluation", "operation": "generate", "status": "error"}, "failed"),
        ({"event": "evaluation", "operation": "other", "status": "ok", "duration_ms": 0.1}, "failed"),
        ({"event": "trace_point", "operation": "validate", "path": ["validate", "ok"]}, "healed"),
        ({"event": "trace_point", "operation": "save", "path": ["save", "ok"]}, "failed"),
        ({"event": "trace_point", "operation": "validate", "path": ["validate", "ask"]}, "failed"),
        ({"event": "span_end", "operation": "validate", "status": "ok", "duration_ms": 0.1}, "healed"),
        ({"event": "span_end", "operation": "ask", "status": "ok", "duration_ms": 0.1}, "failed"),
        ({"event": "span_end", "operation": "generate", "status": "ok", "duration_ms": 60.0}, "healed"),
        ({"event": "llm_interaction", "operation": "llm_interaction", "status": "ok"}, "failed"),
        ({"event": "validation", "operation": "validation", "status": "ok"}, "healed"),
    ],
)
def test_a_failure_told_by_text_stands_until_its_operation_goes_well(tmp_path, last, status):
    """That, one around it, or a check; another one that goes well says nothing of it."""
    session = Session()
    failed = {"operation": "validate", "status": "error", "error_message": "bad"}
    session.add("trace_point", path=["validate"], fields={"component": "a"}, **failed)
    for _ in range(9):
        session.add()
    told = {key: value for key, value in last.items() if key != "event"}
    session.add(last["event"], fields={"component": "a"}, **told)

    assert asked(session, tmp_path)[0].status == status


@pytest.mark.parametrize(
    ("began", "status"), [(0, "failed"), (6, "healed")], ids=["around it", "again after it"]
)
def test_the_end_of_a_stage_says_nothing_of_an_error_logged_inside(tmp_path, began, status):
    """``end_stage`` stands in a finally as often as not; the same stage, gone well later, does."""
    session = Session()
    failed = {"status": "error", "error_message": "bad", "level": "ERROR"}
    for number in range(10):
        if number == 3:
            session.add("generation_error", fields={"component": "a", "stage": "generate"}, **failed)
        session.add()
    session.end("a" * 16, "generate", duration_ms=11.0 - began, fields={"component": "a"})

    assert asked(session, tmp_path)[0].status == status


def test_an_error_is_told_by_what_says_it_exactly(tmp_path):
    """An evaluation that sums it up is none, and a text without an error does not head the component."""
    session = Session()
    failed = {"operation": "validate", "status": "error", "error_message": "bad"}
    session.add("trace_point", path=["validate"], fields={"component": "a"}, **failed)
    session.add("log", level="ERROR", message="giving up", fields={"component": "a"})
    session.add("evaluation", status="error", operation="generate", fields={"component": "a"})

    (found,) = asked(session, tmp_path)

    assert texts(found.answers[4]) == ["bad", "giving up"]
    assert found.error.text == "bad"


def test_a_conversation_is_shown_by_what_it_goes_on_with(tmp_path):
    """What the prompt before said is not said again; --full says everything."""
    session = Session()
    told = [{"role": "user", "content": "write it"}]
    more = [*told, {"role": "assistant", "content": "done\n" * 30}, {"role": "user", "content": "wrong"}]
    for prompt in (told, more):
        session.add("llm_interaction", status="ok", fields={"component": "a", "prompt": prompt})
    path = str(session.write(tmp_path / "session_a.jsonl"))
    short, full = (CliRunner().invoke(app, ["answers", path, *more]).output for more in ([], ["--full"]))

    assert short.count("│ write it") == 1
    assert "as the prompt before, 14 characters, and then" in short
    assert "│ wrong" in short
    assert full.count("│ write it") == 2


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
    assert lines[-2] == "3 components · 1 failed · 1 healed · 1 well"


def test_evidence_is_named_as_show_takes_it(folder):
    """The place behind a sentence, pasted, prints that event."""
    place = re.search(r"attempt 1: same error .*?(:\d+)  ", ote("answers", folder).replace("\n", " "))

    assert ote("show", folder, place[1]).startswith("healing")


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
    mail, other = (
        CliRunner().invoke(app, ["answers", str(folder), "--component", name]) for name in ("mail", "xyz")
    )

    assert (mail.exit_code, other.exit_code) == (1, 1)
    assert "the session tells of: mailer and 2 more" in mail.stderr
    assert "the session tells of: mailer, rate_limiter, todo_store" in other.stderr


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


@pytest.mark.parametrize("components", [1, 50, 2_500])
def test_many_events_are_answered_in_time(tmp_path, components):
    """Ten thousand take less than two seconds, however few or many components they are of."""
    session = Session()
    for number in range(2_500):
        fields = {"component": f"{{c{number % components}}}"}
        point(session, fields["component"])
        call(session)
        session.add("log", span_id=f"{number:016x}", operation="generate")
        session.add("validation", status="error", error_message="bad", line_number=2, fields=fields)
    path = session.write(tmp_path / "session_a.jsonl")
    began = time.process_time()

    assert [len(found.answers) for found in answers(path)] == [7] * components
    assert time.process_time() - began < 2
