"""Replay: a recorded session through another configuration, saying what it said."""

import logging
import logging.config
import time

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from reading_lines import Session
from typer.testing import CliRunner
from written import pipeline

from ote_logging import context
from ote_logging.cli.app import app
from ote_logging.errors import ConfigError, ReadError
from ote_logging.events import TRACE, Event
from ote_logging.formatters.wire import wire_of
from ote_logging.reading import Reader, read
from ote_logging.replay import record_of, replay, send
from ote_logging.schema import Entry, decode, dump
from ote_logging.stages import Healing, LLMInteraction, TemplateRender, Validation

NAMES = st.sampled_from(
    ["user", "name", "args", "status", "path", "event", "trace_id", "x_", "stack_info_", "ü"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=3)
TEXTS = st.text() | st.sampled_from(
    [
        "TRACE: save -> validate (user=7) | kind=theme",
        "TRACE: save -> FAILED at 178 | Error: boom",
        "EVALUATION: save | duration=0.123s | success=False",
        "⏱️  START [2024-11-12T10:00:00] save",
        "❌ FAILED [2024-11-12T10:00:00] save (Duration: 0.123s) Error: boom",
    ]
)
MESSAGES = st.one_of(
    TEXTS,
    st.builds(lambda text, fields: Event("order_placed", text, **fields), st.text(), FIELDS),
    st.builds(lambda fields: TRACE("save -> encrypt -> FAILED", **fields), FIELDS),
    st.builds(lambda text: LLMInteraction("mailer", prompt=text, response=text, duration_ms=1.5), st.text()),
    st.builds(lambda text: Validation("mailer", code="a\nb", error=text, line_number=2), st.text()),
)


def boom(kind: type[Exception] | None) -> tuple[object, ...] | None:
    """Return what ``exc_info`` is for an exception with a cause and a note."""
    if kind is None:
        return None
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise kind("boom") from inner
    except Exception as error:
        error.add_note("noted")
        return type(error), error, error.__traceback__


@st.composite
def records(draw):
    """Draw any record that a program may have logged, in or outside of a span, in or outside of a task."""
    message, level = draw(MESSAGES), draw(st.sampled_from([10, 20, 30, 40, 50, 15]))
    error = boom(draw(st.sampled_from([None, None, ValueError, OSError])))
    logger = logging.Logger(draw(st.sampled_from(["shop", "shop.keys", "root"])))
    extra = {name: value for name, value in draw(FIELDS).items() if name not in ("name", "args")}
    record = logger.makeRecord(logger.name, level, "/srv/a.py", 7, message, (), error, "save", extra)
    record.created = draw(st.floats(60, 4e9).map(lambda seconds: round(seconds, 6)))
    record.taskName = draw(st.sampled_from([None, "Task-7"]))
    record.stack_info = draw(st.sampled_from([None, "Stack (most recent call last):\n  here"]))
    return record


@given(record=records(), spans=st.lists(st.sampled_from(["save", "encrypt"]), max_size=2))
def test_a_record_made_of_a_line_gives_the_line_again(record, spans):
    """Ids, times, caller, fields, exception: all but seq, whatever was logged."""
    scope = context.Context("s-1")
    for name in spans:
        scope = scope.child(name)
    record.__dict__["_ote_context"] = scope
    line = dump(wire_of(record))

    again = orjson.loads(dump(wire_of(record_of(decode(line)))))

    assert again == orjson.loads(line)


@given(created=st.floats(60, 4e9))
def test_a_time_is_the_same_to_the_microsecond(created):
    """Also where a float cannot hold it exactly."""
    record = logging.makeLogRecord({"created": created})
    wire = wire_of(record)

    assert wire_of(record_of(Entry(wire)))["timestamp"] == wire["timestamp"]


@pytest.fixture
def recorded(tmp_path):
    """The path of a session with two spans, one failed, and an ordinary message with a secret in it."""
    session, here = Session(), {"function": "save"}
    ids = {"span_id": "a" * 16, "trace_id": "b" * 32, "operation": "save", **here}
    failed = {"status": "error", "duration_ms": 2.0, "error_type": "ValueError", "error_message": "no"}
    session.add("span_start", **ids)
    session.add("log", message="login of ann", level="DEBUG", fields={"ticket": "TCK-12345678"}, **here)
    session.add("span_end", **ids, **failed)
    (tmp_path / "old").mkdir()
    return session.write(tmp_path / "old" / "session_a.jsonl")


def configured(folder, **changes):
    """Return a configuration of the shipped kind whose session goes to ``folder``."""
    configuration = pipeline(folder)
    configuration["root"].update(changes)
    return configuration


def test_a_session_is_written_again_as_it_was(recorded, tmp_path):
    """The same entries, in the same session."""
    replayed = replay(recorded, configured(tmp_path / "new"))

    assert replayed.sent == 3
    assert list(read(tmp_path / "new")) == list(read(recorded))


def test_another_redaction_applies(recorded, tmp_path):
    """As if the program had run under the other configuration."""
    configuration = configured(tmp_path / "new")
    configuration["filters"]["redact"]["patterns"] = {"ticket": "TCK-[0-9]{8}"}

    replay(recorded, configuration)

    assert [entry.get("ticket") for entry in read(tmp_path / "new")][1] == "[REDACTED:ticket]"


def with_contents(folder, **redact):
    """Return a configuration that stores large contents beside the session."""
    config = pipeline(folder)
    config["filters"]["redact"] |= redact
    config["filters"]["content"] = {"()": "ote_logging.content.ContentFilter"}
    config["handlers"]["session"]["filters"] = ["context", "redact", "content"]
    return config


def stored_in(folder):
    """Return the contents that the store of ``folder`` has, by their hashes."""
    for handler in logging.root.handlers:
        handler.filters[-1].store.flush()
    return {path.name: path.read_text() for path in (folder / "content").iterdir()}


def hashes_in(folder):
    """Return the hashes that each line of a session tells."""
    wires = [entry.wire for entry in read(folder)]
    return [{key: wire[key] for key in wire if key.endswith(("_hash", "_hashes"))} for wire in wires]


def test_large_contents_are_replayed_whole(tmp_path):
    """Under the hashes that link them, and by the redaction of the other configuration."""
    old, new = tmp_path / "old", tmp_path / "new"
    logging.config.dictConfig(with_contents(old))
    text = "ticket TCK-12345678 of a prompt\n" * 5_000
    log = logging.getLogger("shop")
    log.info(LLMInteraction("mailer", prompt=[{"role": "user", "content": text}], response=text))
    log.info(TemplateRender("mailer", variables={"body": text}, output=text))
    log.info(Healing("mailer", attempts=[{"number": 1, "code": text}], verdict="fixed", code=text))
    were = stored_in(old)

    replay(old, with_contents(new, patterns={"ticket": "TCK-[0-9]{8}"}))

    are = stored_in(new)

    assert hashes_in(old) == hashes_in(new)
    assert are == {name: said.replace("TCK-12345678", "[REDACTED:ticket]") for name, said in were.items()}


def test_another_formatter_applies(recorded, tmp_path):
    """Any that logging has; fields are attributes, as ``extra`` makes them."""
    configuration = configured(tmp_path / "unused", handlers=["text"])
    configuration["formatters"]["text"] = {"format": "%(created)d %(session_id).4s %(message)s"}
    configuration["handlers"] = {
        "text": {
            "class": "logging.FileHandler",
            "filename": str(tmp_path / "all.txt"),
            "formatter": "text",
            "filters": ["context"],
        }
    }

    replay(recorded, configuration)

    assert (tmp_path / "all.txt").read_text().splitlines()[1] == "1795341600 0b9f login of ann"


def test_metrics_are_counted_of_a_replayed_session(recorded, tmp_path):
    """As the handler counts them live."""
    configuration = configured(tmp_path / "new", handlers=["metrics"])
    del configuration["handlers"]["session"]
    configuration["handlers"]["metrics"] = {
        "class": "ote_logging.handlers.MetricsHandler",
        "directory": str(tmp_path / "new"),
    }
    replay(recorded, configuration)

    (handler,) = logging.root.handlers
    assert handler.snapshot().operations["save"].failures == 1


def test_levels_of_the_other_configuration_apply(recorded, tmp_path):
    """What they leave out is counted."""
    replayed = replay(recorded, configured(tmp_path / "new", level="INFO"))

    assert (replayed.sent, replayed.filtered) == (2, 1)


def test_what_has_no_time_is_counted():
    """It cannot be sent."""
    replayed = send([Entry({"timestamp": "yesterday", "event": "log"})])

    assert (replayed.sent, replayed.untimed) == (0, 1)


def test_speed_keeps_the_distances(recorded, tmp_path):
    """Two milliseconds at a fiftieth of the speed take a tenth of a second."""
    configuration = configured(tmp_path / "new", handlers=["null"])
    configuration["handlers"] = {"null": {"class": "logging.NullHandler"}}
    began = time.perf_counter()

    replay(recorded, configuration, speed=0.02)

    assert time.perf_counter() - began >= 0.1


@pytest.mark.parametrize("key", ["directory", "filename"])
def test_a_session_is_not_replayed_into_its_own_folder(recorded, tmp_path, key):
    """It would grow while it is read; nothing is switched on."""
    configuration = configured(recorded.parent)
    if key == "filename":
        file = {"class": "logging.FileHandler", "filename": str(recorded)}
        configuration["handlers"] = {"session": file}
    before = list(logging.root.handlers)

    with pytest.raises(ConfigError, match="which is read; give it another directory"):
        replay(recorded, configuration)

    assert logging.root.handlers == before


def test_speed_is_above_0(recorded, tmp_path):
    """Anything else is refused at once."""
    with pytest.raises(ValueError, match="give a number above 0"):
        replay(recorded, configured(tmp_path / "new"), speed=0)


def test_a_session_that_is_not_there_is_an_error(tmp_path):
    """As everywhere."""
    with pytest.raises(ReadError):
        replay(tmp_path / "missing", configured(tmp_path / "new"))


def test_the_command_replays(recorded, tmp_path):
    """With the configuration of a file; the counts as JSON where asked."""
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump(configured(tmp_path / "new")))

    done = CliRunner().invoke(app, ["replay", str(recorded), "--config", str(file), "--json"])

    assert orjson.loads(done.stdout) == {"sent": 3, "filtered": 0, "untimed": 0, "damaged": 0, "foreign": 0}
    assert len(list(Reader(tmp_path / "new"))) == 3
