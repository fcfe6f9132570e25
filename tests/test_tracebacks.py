"""Exceptions become data, and the data becomes the text that Python prints."""

import json
import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ote_logging.jsonable import Limits, jsonable
from ote_logging.spans import observe
from ote_logging.tracebacks import TracebackLimits, describe, fingerprint, render, summary, summary_of


class SaveError(Exception):
    """An error of a program."""


def caught(function: Callable[..., object], *args: object) -> Exception:
    """Return what ``function`` raises."""
    try:
        function(*args)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def fail(message: object = "boom") -> None:
    """Raise in a line that tests can name."""
    raise ValueError(message)  # the line


def chained() -> None:
    """Raise from a cause."""
    try:
        fail("first")
    except ValueError as error:
        raise SaveError("second") from error


def in_handler() -> None:
    """Raise while another error is handled."""
    try:
        fail("first")
    except ValueError:
        raise SaveError("second")  # noqa: B904 - the implicit context is what is tested


def hidden() -> None:
    """Raise with the context hidden."""
    try:
        fail("first")
    except ValueError:
        raise SaveError("second") from None


def noted() -> None:
    """Raise with notes, one of several lines."""
    error = SaveError("many\nlines")
    error.add_note("one")
    error.add_note("two\nthree")
    raise error


def recurse(depth: int) -> None:
    """Raise below ``depth`` equal frames."""
    if depth:
        recurse(depth - 1)
    else:
        fail()


def grouped() -> None:
    """Raise a group in a group, with a chain inside."""
    inner = ExceptionGroup("inner", [caught(fail, "a"), caught(noted)])
    raise ExceptionGroup("outer", [KeyError("k"), caught(chained), inner])


def group_in_the_middle() -> None:
    """Raise a group whose last member is none, below an error that it caused."""
    try:
        raise BaseExceptionGroup("outer", [ExceptionGroup("inner", [KeyError()]), caught(fail)])
    except BaseExceptionGroup as error:
        raise SaveError("after") from error


def syntax() -> None:
    """Raise a SyntaxError."""
    compile("x = 1\n  a b", "page.py", "exec")


def empty() -> None:
    """Raise an error without a message."""
    raise SaveError


ORDINARY = [fail, chained, in_handler, hidden, noted, grouped, group_in_the_middle, syntax, empty]


def printed(error: BaseException) -> str:
    """Return what Python prints, without the marks below the source."""
    lines = "".join(traceback.format_exception(error)).split("\n")
    return "\n".join(line for line in lines if not re.fullmatch(r"[ |]*[~^]+[~^ ]*", line))


@pytest.mark.parametrize("function", ORDINARY)
def test_the_text_is_that_of_python(function: Callable[[], None]) -> None:
    """Chains, notes, groups and syntax errors are rendered as Python prints them."""
    error = caught(function)

    assert render(describe(error)) + "\n" == printed(error)


@pytest.mark.parametrize("depth", [3, 4, 30])
def test_a_recursion_is_counted_as_python_counts_it(depth: int) -> None:
    """Equal frames are printed three times, then counted."""
    error = caught(recurse, depth)

    assert render(describe(error)) + "\n" == printed(error)


@pytest.mark.parametrize("function", ORDINARY)
def test_encoders_accept_the_data(function: Callable[[], None]) -> None:
    """The data is plain JSON, and gives the same text after a round trip."""
    told = describe(caught(function))

    assert orjson.loads(orjson.dumps(told)) == msgspec.json.decode(msgspec.json.encode(told)) == told
    assert render(json.loads(json.dumps(told, allow_nan=False))) == render(told)


def test_the_shape_of_the_data() -> None:
    """An error tells its class, message, frames and fingerprint, and nothing that it has not."""
    told: Any = describe(caught(fail))

    assert list(told) == ["type", "message", "frames", "fingerprint"]
    assert (told["type"], told["message"]) == ("ValueError", "boom")
    assert told["frames"][-1] == {
        "file": __file__,
        "function": "fail",
        "line": fail.__code__.co_firstlineno + 2,
        "source": "raise ValueError(message)  # the line",
    }


def test_types_are_qualified() -> None:
    """The class is named with its module."""
    assert describe(caught(empty))["type"] == f"{__name__}.SaveError"


def test_cause_and_context() -> None:
    """The cause wins over the context; a hidden context is told as hidden."""
    cause: Any = describe(caught(chained))
    context: Any = describe(caught(in_handler))
    suppressed: Any = describe(caught(hidden))

    assert (cause["cause"]["message"], "context" in cause) == ("first", False)
    assert (context["context"]["message"], "suppressed" in context) == ("first", False)
    assert (suppressed["context"]["message"], suppressed["suppressed"]) == ("first", True)


def test_groups_and_notes() -> None:
    """Members of a group have the shape of errors; notes are a list."""
    told: Any = describe(caught(grouped))

    assert [member["type"] for member in told["group"]] == [
        "KeyError",
        f"{__name__}.SaveError",
        "ExceptionGroup",
    ]
    assert told["group"][2]["group"][1]["notes"] == ["one", "two\nthree"]


def test_a_syntax_error_tells_its_place() -> None:
    """The place is in the text that was compiled, not in a frame."""
    told: Any = describe(caught(syntax))

    assert told["message"] == "unexpected indent"
    assert (told["syntax"]["file"], told["syntax"]["line"], told["syntax"]["text"]) == ("page.py", 2, "  a b")


def test_a_summary_names_the_line_that_raised() -> None:
    """The innermost frame counts, not the one that caught."""
    assert summary(caught(fail)) == {
        "error_type": "ValueError",
        "error_message": "boom",
        "line_number": fail.__code__.co_firstlineno + 2,
        "code_context": "raise ValueError(message)  # the line",
    }


def test_a_summary_of_a_syntax_error_names_its_own_place() -> None:
    """The line and text are those of the source that was wrong."""
    flat = summary(caught(syntax))

    assert (flat["line_number"], flat["code_context"]) == (2, "a b")


def test_a_summary_without_a_traceback_has_no_line() -> None:
    """An error that was never raised has no place."""
    assert summary(KeyError("x")) == {"error_type": "KeyError", "error_message": "'x'"}


@pytest.mark.parametrize("function", ORDINARY)
def test_a_summary_of_the_data_is_that_of_the_error(function: Callable[[], None]) -> None:
    """Who has the data need not ask the exception again."""
    error = caught(function)

    assert summary_of(describe(error)) == summary(error)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user 7 not found", "user 123 not found"),
        ("no file /tmp/a/b.txt", "no file /srv/c"),
        ("no key 'a b'", "no key 'cdef'"),
        ('bad value "a"', 'bad value "b c"'),
        ("at 0x7f00aa", "at 0x1200bb"),
        ("id 5e0f3c1e-0000-4000-8000-000000000001 gone", "id 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed gone"),
        ("commit deadbeefcafe", "commit 0123456789ab"),
        ("took 0.123s", "took 12.5s"),
    ],
)
def test_a_fingerprint_outlives_changing_values(one: str, other: str) -> None:
    """Numbers, ids, paths and quoted values do not make another error."""
    assert fingerprint(caught(fail, one)) == fingerprint(caught(fail, other))


def test_fingerprints_tell_errors_apart() -> None:
    """Another class, other words or another function make another error."""
    prints = {fingerprint(caught(function)) for function in ORDINARY}
    prints |= {fingerprint(caught(fail, "other words")), fingerprint(ValueError("boom"))}

    assert len(prints) == len(ORDINARY) + 2
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in prints)


def test_a_fingerprint_is_part_of_the_data() -> None:
    """The data carries the same fingerprint."""
    error = caught(grouped)

    assert describe(error)["fingerprint"] == fingerprint(error)


def test_a_fingerprint_outlives_the_depth_of_a_recursion() -> None:
    """The same recursion, ended elsewhere, is the same error."""
    assert fingerprint(caught(recurse, 5)) == fingerprint(caught(recurse, 500))


def test_every_text_is_cleaned() -> None:
    """Messages, notes, source lines and the text of a syntax error pass the redactor."""

    def secret() -> None:
        error = SaveError("pw=hunter2")
        error.add_note("pw=hunter2")
        raise error from caught(compile, "hunter2 = = 1", "hunter2.py", "exec")

    told = describe(
        ExceptionGroup("hunter2", [caught(secret)]), clean=lambda text: text.replace("hunter2", "***")
    )

    assert "hunter2" not in json.dumps(told)
    assert "hunter2" not in render(told)
    assert "pw=***" in render(told)


def test_a_redactor_that_fails_lets_nothing_through() -> None:
    """A text that could not be cleaned is withheld."""
    told: Any = describe(caught(fail, "hunter2"), clean=lambda text: str(1 / 0))

    assert told["message"] == "[REDACTED:failed]"
    assert {frame["source"] for frame in told["frames"]} == {"[REDACTED:failed]"}


def test_a_long_traceback_keeps_its_ends() -> None:
    """Of very many frames the outermost and innermost stay, with the number of those between."""
    told: Any = describe(caught(recurse, 500), limits=TracebackLimits(frames=6))

    assert [frame.get("left_out", frame.get("function")) for frame in told["frames"]] == [
        "caught", "recurse", 497, "recurse", "recurse", "recurse", "fail",
    ]  # fmt: skip
    assert "  ... <cut, 497 frames>" in render(told)


def test_ten_thousand_frames() -> None:
    """A traceback deeper than any stack is told as well."""
    trace: Any = caught(fail).__traceback__
    for _ in range(10_000):
        trace = type(trace)(trace, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)
    told: Any = describe(ValueError("deep").with_traceback(trace))

    assert len(told["frames"]) == 61
    assert told["frames"][20] == {"left_out": 9_942}


def test_a_long_chain_keeps_the_first_cause() -> None:
    """Of very many causes the last errors and the very first stay."""
    error: BaseException = KeyError("root")
    for number in range(1_000):
        link = ValueError(f"{number}")
        link.__cause__ = error
        error = link
    told: Any = describe(error, limits=TracebackLimits(errors=3))

    root = told["cause"]["cause"]
    assert (root["type"], root["left_out"]) == ("KeyError", 998)
    assert render(told).startswith("KeyError: 'root'\n\n... <cut, 998 exceptions>\n\nThe above")


def test_a_large_group_is_counted() -> None:
    """Of very many members the first are told, and how many more there are."""
    told: Any = describe(
        ExceptionGroup("g", [ValueError(n) for n in range(1_000)]), limits=TracebackLimits(errors=3)
    )

    assert [member.get("left_out") for member in told["group"]] == [None, None, 998]
    assert "    | and 998 more exceptions" in render(told)


def test_a_ring_of_causes_ends() -> None:
    """An error that led to itself is named a second time, and no further."""
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    told = describe(one)

    assert told["cause"]["cause"] == {"type": "ValueError", "message": "one", "repeated": True}  # type: ignore[index,call-overload]
    assert render(told) + "\n" == printed(one)


@pytest.mark.parametrize("depth", range(1, 7))
@pytest.mark.parametrize("items", [1, 2, 3, 9])
def test_data_that_was_cut_is_rendered_with_its_marks(depth: int, items: int) -> None:
    """Narrow limits on a line leave marks in the place of errors, frames and notes; a text comes of it."""
    narrow = Limits(depth=depth, items=items)

    assert all(render(jsonable(describe(caught(function)), narrow)) for function in ORDINARY)  # type: ignore[arg-type]


def test_a_cause_that_was_cut_is_shown_as_its_mark() -> None:
    """The mark stands where the text of the cause would."""
    told: Any = jsonable(describe(caught(chained)), Limits(depth=1))

    assert render(told).startswith("<cut, dict of 4 items>\n\nThe above")
    assert "\n  <cut, list of 2 items>\n" in render(told)


def test_frames_without_source() -> None:
    """A frame of code that came from no file has no source."""
    told: Any = describe(caught(exec, "1 / 0"))

    assert "source" not in told["frames"][-1]
    assert told["frames"][-1]["file"] == "<string>"


def test_files_are_not_looked_at_again(tmp_path: Path) -> None:
    """The source is that of the first look; no record pays for another."""
    path = tmp_path / "made.py"
    path.write_text("def run():\n    return 1 / 0\n", encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    before = describe(caught(names["run"]))
    path.unlink()

    assert describe(caught(names["run"])) == before
    assert str(path) in linecache.cache


class Refusing(Exception):
    """Every attribute raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Lying(ExceptionGroup[Exception]):
    """Every attribute is something else."""

    __cause__ = __context__ = __traceback__ = __notes__ = exceptions = 7  # type: ignore[assignment]
    __suppress_context__ = "yes"  # type: ignore[assignment]


class OddSyntax(SyntaxError):
    """A syntax error whose place is no place."""

    filename, lineno, offset, text, msg = object(), 2**70, "x", 5, b"\xff"  # type: ignore[assignment]


def with_notes(notes: object) -> BaseException:
    """Return an error with something in the place of notes."""
    error = ValueError("x")
    error.__notes__ = notes  # type: ignore[assignment]
    return error


@pytest.mark.parametrize(
    "make",
    [
        Refusing,
        lambda: Lying("x", [ValueError()]),
        OddSyntax,
        lambda: with_notes(7),
        lambda: with_notes([1, b"\xff", Refusing()]),
        lambda: with_notes(["x"] * 1_000),
        lambda: ValueError("\udc80", object()),
        KeyboardInterrupt,
        lambda: SystemExit(3),
    ],
)
def test_odd_errors(make: Callable[[], BaseException]) -> None:
    """Whatever an exception answers, there is data, a fingerprint and a text."""
    error = make()
    told = describe(error)

    assert orjson.loads(orjson.dumps(told)) == told
    assert msgspec.json.decode(msgspec.json.encode(told)) == told
    assert render(told)
    assert summary(error)["error_type"] == told["type"]


@given(st.text(), st.lists(st.text()))
def test_any_text_gives_what_python_prints(message: str, notes: list[str]) -> None:
    """Messages and notes stand where Python puts them."""
    error = SaveError(message)
    for note in notes:
        error.add_note(note)

    assert render(describe(error)) + "\n" == "".join(traceback.format_exception(error))


@given(st.text(alphabet="'\"`/ab1 ", max_size=50), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_number_never_changes_a_fingerprint(words: str, one: int, other: int) -> None:
    """Wherever it stands, a number is a number."""
    assert fingerprint(ValueError(f"{words} {one}")) == fingerprint(ValueError(f"{words} {other}"))


@pytest.mark.parametrize("narrow", [{"frames": 3}, {"errors": 0}, {"notes": 0}, {"chars": 63}])
def test_limits_leave_something_to_tell(narrow: dict[str, int]) -> None:
    """Limits that a fingerprint or a mark does not fit into are refused."""
    with pytest.raises(ValueError, match="start at 4"):
        TracebackLimits(**narrow)


def test_near_the_end_of_the_stack() -> None:
    """With hardly any stack left an error is still told."""

    def sink() -> None:
        told.append(describe(error))
        sink()

    told: list[Any] = []
    error = caught(chained)
    caught(sink)

    assert {each["type"] for each in told} <= {f"{__name__}.SaveError", "<unprintable SaveError>"}


def test_the_frames_of_observe_are_left_out():
    """Between an observed function and its caller stands nothing of ours."""

    @observe("save")
    def save() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom") as raised:
        save()

    assert [frame["function"] for frame in describe(raised.value)["frames"]] == [
        "test_the_frames_of_observe_are_left_out",
        "save",
    ]
