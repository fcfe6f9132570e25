"""Lineage: a written file, followed back to its prompts; single things, found by their ids."""

import generation_program as program
import orjson
import pytest
from reading_lines import Session
from typer.testing import CliRunner

from ote_logging.cli.app import app
from ote_logging.cli.lineage import split_place
from ote_logging.errors import ReadError
from ote_logging.reading.contents import digest_of
from ote_logging.reading.lineage import lineage
from ote_logging.reading.single import find_one


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The session of a pipeline, with the files that it wrote in ``out``."""
    folder = tmp_path_factory.mktemp("run") / "logs"
    program.run(folder)
    return folder


def steps(found):
    """Return what was made on the way, and in which line of it the line stands."""
    return [(origin.what, origin.line) for origin in found.origins]


def test_a_file_leads_back_to_its_prompts(folder):
    """By hashes alone: written, rendered, healed, taken out, answered."""
    found = lineage(folder, "rate_limiter.py")

    assert [what for what, _ in steps(found)] == [
        "written",
        "rendered",
        "healed, attempt 1",
        "taken out as code",
        "answered by the model",
        "taken out as code",
        "answered by the model",
    ]
    assert {origin.link for origin in found.origins[1:]} == {"hash"}
    assert [each.record.entry.get("prompt") for each in found.prompts][-1] == "Write rate_limiter."


@pytest.mark.parametrize(
    ("line", "text", "first"),
    [
        (1, "# rate_limiter", "rendered"),
        (7, "        self.started = None", "answered by the model"),
        (5, "class RateLimiter:", "answered by the model"),
    ],
)
def test_a_line_leads_back_to_where_it_first_stood(folder, line, text, first):
    """Each step tells its own number of it, or that it has no such line."""
    found = lineage(folder, "out/rate_limiter.py", line)

    assert found.text == text
    assert found.first_with_line.what == first


def test_a_line_that_healing_brought_is_not_in_the_first_answer(folder):
    """The second prompt is where it came from."""
    found = lineage(folder, "rate_limiter.py", 7)

    assert [line for what, line in steps(found) if what == "answered by the model"] == [8, None]


@pytest.mark.parametrize("how", ["target", "end", "content"])
def test_a_file_is_known_by_name_or_by_what_it_holds(folder, tmp_path, how):
    """Its whole path, the end of it, or a copy of the file."""
    written = folder / "out" / "todo_store.py"
    copy = tmp_path / "elsewhere.py"
    copy.write_bytes(written.read_bytes())
    name = {"target": str(written), "end": "out/todo_store.py", "content": str(copy)}[how]

    assert lineage(folder, name).target == str(written)


def test_without_hashes_the_component_leads_on_and_says_so(tmp_path):
    """The last thing that was made for it before."""
    session = Session()
    session.add("llm_interaction", fields={"component": "a", "prompt": "p", "response": "some text"})
    session.add("llm_interaction", fields={"component": "b", "prompt": "q", "response": "other"})
    session.add("file_write", fields={"component": "a", "target": "a.py", "content": "text"})

    found = lineage(session.write(tmp_path / "session_a.jsonl"), "a.py")

    assert [(each.what, each.link) for each in found.origins] == [
        ("written", "start"),
        ("answered by the model", "component"),
    ]


def test_a_rendered_prompt_leads_on_to_what_it_was_rendered_of(tmp_path):
    """The hash of a part of the prompt is that of the render's output."""
    session, digest = Session(), digest_of
    session.add("template_render", fields={"output": "Write a.", "output_hash": digest("Write a.")})
    prompt = {"prompt": [{"role": "user", "content": "Write a."}], "prompt_part_hashes": [digest("Write a.")]}
    session.add("llm_interaction", fields={**prompt, "response": "code", "response_hash": digest("code")})
    session.add("file_write", fields={"target": "a.py", "content": "code", "content_hash": digest("code")})

    found = lineage(session.write(tmp_path / "session_a.jsonl"), "a.py")

    assert [what for what, _ in steps(found)] == ["written", "answered by the model", "rendered"]


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("nothing.py", None, "the session tells of no write of nothing.py; files written: "),
        ("todo_store.py", 99, "what was written has 4 lines; there is no line 99"),
    ],
)
def test_what_is_not_there_is_an_error(folder, file, line, said):
    """It says what is there."""
    with pytest.raises(ReadError, match=said):
        lineage(folder, file, line)


def ote(*arguments):
    """Run a command that ends well and return its output."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100", "NO_COLOR": "1"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_shows_the_way_and_the_prompts(folder):
    """With the number of the line in each step."""
    lines = ote("lineage", folder, "todo_store.py:2").splitlines()

    assert lines[1] == "  class TodoStore:"
    assert [line.split()[-2:] for line in lines[3:5]] == [["line", "2"], ["line", "2"]]
    assert "its line 3, first here" in lines[6]
    assert "      │ Write todo_store." in lines
    assert lines[-1] == "4 steps · 1 prompt"


def test_the_command_gives_json(folder):
    """The same as the function."""
    told = orjson.loads(ote("lineage", folder, "todo_store.py:2", "--json"))

    assert told == lineage(folder, "todo_store.py", 2).to_dict()


@pytest.mark.parametrize(
    ("place", "file", "line"),
    [("a.py:12", "a.py", 12), ("a.py", "a.py", None), ("c:/a.py", "c:/a.py", None), (":3", ":3", None)],
)
def test_a_place_is_a_file_and_perhaps_a_line(place, file, line):
    """What is no number belongs to the name."""
    assert split_place(place) == (file, line)


def test_an_event_is_found_by_number_or_span(folder):
    """A span id may be cut short."""
    (by_number,) = find_one(folder, "2").records
    (by_span,) = find_one(folder, by_number.entry.span_id[:8]).records

    (by_line,) = find_one(folder, ":2").records

    assert by_number.entry.event == "llm_interaction"
    assert by_line.entry == by_number.entry
    assert by_span.entry == by_number.entry


def test_a_content_is_found_by_its_hash(folder):
    """In a line, with all records that tell of it."""
    found = find_one(folder, digest_of(program.TODO_STORE)[:10])

    assert found.content.text == program.TODO_STORE
    assert [record.entry.event for record in found.records] == ["code_generation", "validation"]


def test_a_stored_content_is_found_though_no_line_is_left(tmp_path):
    """By the name of its file."""
    digest = digest_of("whole")
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / digest).write_text("whole")

    assert find_one(Session().write(tmp_path / "session_a.jsonl"), digest[:12]).content.text == "whole"


@pytest.mark.parametrize("id", ["999", "ffff", "abcdefabcdef"])
def test_an_id_that_nothing_has_is_an_error(folder, id):
    """Also one that is too short to mean anything."""
    with pytest.raises(ReadError, match=f"nothing has the id {id}"):
        find_one(folder, id)


def test_the_command_shows_an_event_whole(folder):
    """Short values beside their keys, long ones below; as JSON the entry as it stands."""
    shown = ote("show", folder, "2")
    told = orjson.loads(ote("show", folder, "2", "--json"))

    assert "  model  scripted" in shown.splitlines()
    assert told["records"][0]["entry"]["prompt"] == "Write todo_store."
    assert told["content"] is None
