"""Content modes: what is left of what was said, and where the rest is."""

import base64
import json
import logging
import logging.config
import os
import random
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import Written, pipeline

from ote_logging.content import ContentFilter, whole_of
from ote_logging.errors import ConfigError
from ote_logging.events import TRACE, Event
from ote_logging.handlers.background import Background
from ote_logging.handlers.contents import ContentStore, write_new
from ote_logging.handlers.parts import Keep
from ote_logging.operations import SpanEnd
from ote_logging.reading import Reader
from ote_logging.reading.answers import answers
from ote_logging.reading.contents import attempts_of, content_of
from ote_logging.reading.numbered import numbered
from ote_logging.spans import span
from ote_logging.stages import CodeGeneration, Healing, LLMInteraction, TemplateRender, Validation
from ote_logging.stages.contents import digest_of

log = logging.getLogger("shop.orders")

KEY = "sk-proj-" + "Ab3dE6gH9jK2" * 4
LONG = "a line of a prompt\n" * 5_000

Switch = Callable[..., ContentFilter]


@pytest.fixture
def content(ote: Written) -> Switch:
    """Switches the pipeline on with a ContentFilter of these options; gives back the filter."""

    def switch(*order: str, **options: Any) -> ContentFilter:
        config = pipeline(ote.directory)
        factory = {"()": "ote_logging.content.ContentFilter", "directory": str(ote.directory)}
        config["filters"]["content"] = factory | options
        config["handlers"]["session"]["filters"] = list(order or ("context", "redact", "content"))
        logging.config.dictConfig(config)
        filters = logging.root.handlers[0].filters
        return next(each for each in filters if isinstance(each, ContentFilter))

    return switch


@pytest.mark.parametrize(
    ("mode", "prompt", "digest"),
    [("full", "say hello", True), ("preview", "say ", True), ("hash", None, True), ("none", None, False)],
)
def test_a_mode_decides_how_much_is_written(
    mode: str, prompt: str | None, digest: bool, ote: Written, content: Switch
) -> None:
    """Whole, its beginning, its hash, or its length alone; all else of the event stays."""
    content(content=mode, preview_chars=4)
    log.info(LLMInteraction("todo_store", prompt="say hello", model="gpt-4", tokens_in=2))

    line = ote.one(event="llm_interaction")

    assert line.get("prompt") == prompt
    assert line.get("prompt_hash") == (digest_of("say hello") if digest else None)
    assert line.get("prompt_length") == 9
    assert line.get("prompt_truncated") == (True if mode == "preview" else None)
    assert (line.get("model"), line.get("tokens_in"), line.status) == ("gpt-4", 2, "ok")


def test_full_is_the_default(ote: Written, content: Switch) -> None:
    """Without any option nothing is left out, and small contents stay in the line."""
    content()
    log.info(LLMInteraction(prompt="p" * 60_000))

    assert ote.one(event="llm_interaction").get("prompt") == "p" * 60_000
    assert not (ote.directory / "content").exists()


def test_a_large_content_is_stored_once_by_its_hash(ote: Written, content: Switch) -> None:
    """Beside the session stands a file of mode 0600, whole; lines have beginning, length and hash."""
    store = content(preview_chars=10).store
    for _ in range(3):
        log.info(LLMInteraction(prompt=LONG))
    assert store.flush()

    first = ote.entries()[0]
    (path,) = (ote.directory / "content").iterdir()

    assert first.get("prompt") == LONG[:10]
    assert (first.get("prompt_length"), first.get("prompt_hash")) == (len(LONG), digest_of(LONG))
    assert path.name == first.get("prompt_hash")
    assert path.read_text() == LONG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_large_structure_is_stored_as_json(ote: Written, content: Switch) -> None:
    """Messages are found again as they were sent."""
    messages = [{"role": "user", "content": LONG}]
    store = content().store
    log.info(LLMInteraction(prompt=messages))
    store.flush()

    (path,) = (ote.directory / "content").iterdir()

    assert json.loads(path.read_bytes()) == messages
    assert ote.one(event="llm_interaction").get("prompt_length") == len(LONG)


def test_a_prompt_of_5_mb_costs_its_caller_less_than_20_ms(ote: Written, content: Switch) -> None:
    """Of its own CPU time; cleaning and storing go on elsewhere, and nothing of it is cut."""
    store = content().store
    code = Path(logging.__file__).read_text() * 100
    costs_s = []
    for number in range(3):
        prompt = f"{number}{code[:5_000_000]}"
        began_s = time.thread_time()
        log.info(LLMInteraction(prompt=prompt))
        costs_s.append(time.thread_time() - began_s)
        store.flush()

    assert min(costs_s) < 0.020
    assert all(path.stat().st_size == 5_000_001 for path in (ote.directory / "content").iterdir())


SHIPPED = Path(__file__).parent.parent / "logging.yaml"


def test_the_shipped_file_keeps_5_mb_whole(tmp_path: Path) -> None:
    """Nothing has to be switched on, and where the sessions go the contents go."""
    program = """
import logging, sys
import ote_logging as ote
ote.configure(sys.argv[1])
with ote.llm_interaction("todo_store", prompt="a line of it\\n" * 400_000) as call:
    call.set(response="b" * 3_000_000)
"""
    subprocess.run([sys.executable, "-c", program, str(SHIPPED)], cwd=tmp_path, check=True)
    (found,) = answers(tmp_path / "logs")
    prompt, response = (answer.findings[0].contents[0] for answer in found.answers[:2])

    assert prompt.text == "a line of it\n" * 400_000
    assert response.text == "b" * 3_000_000


def test_a_program_without_contents_imports_nothing_for_them(tmp_path: Path) -> None:
    """Under the shipped file text, trace points and spans leave stages, store and hashes unimported."""
    program = """
import logging, sys
import ote_logging as ote
ote.configure(sys.argv[1])
with ote.span("save", code=7, source="db"):
    logging.info("TRACE: save -> validate | user=7")
    logging.info(ote.TRACE("save -> encrypt", content="short"))
print([name for name in sys.modules if name in ("hashlib", "ote_logging.content.reduction")])
print([name for name in sys.modules if name.startswith("ote_logging.stages.")])
"""
    command = [sys.executable, "-c", program, str(SHIPPED)]
    output = subprocess.check_output(command, cwd=tmp_path, text=True)

    assert output.splitlines() == ["[]", "['ote_logging.stages.names']"]


@pytest.mark.parametrize("behind_queue", [False, True], ids=["on the session", "on a queue"])
def test_the_store_is_beside_the_session(ote: Written, behind_queue: bool) -> None:
    """A filter that names no folder takes that of the handler that it stands on."""
    config = pipeline(ote.directory / "of sessions")
    config["filters"]["content"] = {"()": "ote_logging.content.ContentFilter"}
    name = "queue" if behind_queue else "session"
    if behind_queue:
        queue = {"class": "ote_logging.handlers.QueueHandler", "handlers": ["session"]}
        config["handlers"]["queue"] = queue
        config["root"]["handlers"] = ["queue"]
    config["handlers"][name]["filters"] = ["context", "redact", "content"]
    logging.config.dictConfig(config)
    (handler,) = logging.root.handlers
    log.info(LLMInteraction(prompt=LONG))
    found = next(each for each in handler.filters if isinstance(each, ContentFilter))
    found.store.flush()

    assert [path.name for path in (ote.directory / "of sessions" / "content").iterdir()] == [digest_of(LONG)]


FIELDS = st.dictionaries(
    st.sampled_from(["user", "prompt", "code", "attempts", "result", "code_context"]),
    st.none() | st.integers() | st.text(max_size=30) | st.binary() | st.lists(st.text(max_size=30)),
)


@given(
    fields=FIELDS,
    kind=st.sampled_from([Event, LLMInteraction, TRACE]),
    options=st.fixed_dictionaries(
        {"content": st.sampled_from(["full", "preview", "hash", "none"])},
        optional={"inline_chars": st.just(10), "fields": st.just({"prompt": "none"})},
    ),
)
def test_what_is_spared_is_left_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any], kind: type[Event], options: Any
) -> None:
    """Where the cheap test says so, the whole work would find nothing to do."""
    made = ContentFilter(directory=tmp_path_factory.getbasetemp(), preview_chars=5, **options)
    event = kind("answered", **fields)

    assert not made.spares(event, "shop") or made._reducer.reduced(event, "shop", is_clean=True) is event


@pytest.mark.parametrize("mode", ["hash", "none"])
def test_a_source_line_goes_by_the_short_way_too(mode: str, ote: Written, content: Switch) -> None:
    """A trace point that tells the line of an error loses it, as a stage does."""
    content(content=mode)
    log.info(TRACE("validate -> look", code_context="return tulips", rows=3))

    line = ote.one(event="trace_point")

    assert (line.code_context, line.get("code_context_"), line.get("rows")) == (None, None, 3)


@pytest.mark.parametrize(
    "event",
    [
        Event("asked", prompt="say hello", model="gpt-4"),
        TRACE("ask -> model", prompt="say hello", model="gpt-4"),
    ],
    ids=["event", "trace point"],
)
def test_the_text_of_an_event_says_no_more_than_its_fields(
    event: Event, ote: Written, content: Switch
) -> None:
    """The message that is made of fields is made of those that are left."""
    content(content="preview", preview_chars=3, fields={"prompt": "none"})
    log.info(event)

    line = ote.one(event=event.event)

    assert "hello" not in str(line.wire)
    assert "model=gpt-4" in line.message


def test_an_operation_says_no_more_than_its_fields(ote: Written, content: Switch) -> None:
    """Neither at its start nor at its end."""
    content(content="hash")
    with span("ask", prompt="say hello") as asked:
        asked.set(response="Hello there", rows=3)

    started, ended = ote.entries()

    assert "ello" not in str([started.wire, ended.wire])
    assert ended.message.endswith("| rows=3")
    assert ended.get("response_hash") == digest_of("Hello there")


def test_what_is_no_content_is_spared() -> None:
    """Points and ends of operations take the short way, whatever the mode; what may hold more does not."""
    fields = {"user": 7, "rows": [1, 2]}
    spared = [TRACE("save -> encrypt", **fields), SpanEnd("save", {"status": "ok"}, fields, 1.0)]

    for mode in ("full", "none"):
        made = ContentFilter(content=mode)
        assert all(made.spares(event, "shop") for event in spared)
        assert not made.spares(LLMInteraction(prompt="p"), "shop")
    assert not ContentFilter(content="none").spares(Event("asked", prompt="p"), "shop")


@pytest.mark.parametrize("aim", ["nowhere", "elsewhere"])
def test_a_link_in_the_store_is_not_followed(aim: str, tmp_path: Path) -> None:
    """Whoever put it there: nothing is written through it, and the content is counted as lost."""
    (tmp_path / "elsewhere").write_text("of somebody else")
    store = ContentStore(tmp_path)
    store.folder.mkdir()
    store.path_of("a" * 64).symlink_to(tmp_path / aim)
    store.put("a" * 64, lambda: "text", 4)
    store.flush()

    assert store.stats()["lost"] == 1
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "elsewhere").read_text() == "of somebody else"


def test_a_full_disk_costs_the_content_and_nothing_else(tmp_path: Path) -> None:
    """What cannot be stored is counted and told; the line is written with its beginning."""
    program = """
import logging, resource, sys
import ote_logging as ote
ote.configure(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
logging.info(ote.LLMInteraction("todo_store", prompt="a line\\n" * 300_000))
logging.info(ote.LLMInteraction("mailer", prompt="a line\\n" * 30_000))
store = logging.root.handlers[0].filters[-1].store
store.flush()
print(store.stats())
"""
    command = [sys.executable, "-c", program, str(SHIPPED)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    lost, kept = (answer.answers[0].findings[0].contents[0] for answer in answers(tmp_path / "logs"))

    assert "'written': 1, 'lost': 1" in done.stdout
    assert "record lost" in done.stderr
    assert (lost.is_whole, lost.length, kept.is_whole) == (False, 2_100_000, True)
    assert str(lost.text).startswith("a line\n")
    assert [path.name for path in (tmp_path / "logs" / "content").iterdir()] == [kept.digest]


def test_a_child_and_its_parent_store_their_own(tmp_path: Path) -> None:
    """A fork while contents wait: each is stored once, by whoever said it, and neither hangs."""
    program = """
import logging, os, sys
import ote_logging as ote
ote.configure(sys.argv[1])
for number in range(3):
    logging.info(ote.LLMInteraction("parent", prompt=f"{number} parent\\n" * 30_000))
child = os.fork()
logging.info(ote.LLMInteraction("child" if child == 0 else "parent", prompt=f"{child == 0}\\n" * 30_000))
if child == 0:
    logging.root.handlers[0].filters[-1].store.flush()
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""
    command = [sys.executable, "-c", program, str(SHIPPED)]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=30)
    found = {each.component: each.answers[0].findings for each in answers(tmp_path / "logs")}

    assert {name: len(findings) for name, findings in found.items()} == {"parent": 4, "child": 1}
    assert all(finding.contents[0].is_whole for findings in found.values() for finding in findings)


PICTURE = "data:image/png;base64," + base64.b64encode(random.Random(7).randbytes(3_750_000)).decode()


def test_a_large_picture_of_a_prompt_is_stored(ote: Written, content: Switch) -> None:
    """Its text is short; what counts for the line and for its caller's time is all of it."""
    store = content().store
    picture = {"type": "image_url", "image_url": {"url": PICTURE}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "see"}, picture]}]
    began_s = time.thread_time()
    log.info(LLMInteraction(prompt=messages))
    cost_s = time.thread_time() - began_s
    store.flush()

    line = ote.one(event="llm_interaction")

    assert cost_s < 0.04
    assert (line.get("prompt_length"), line.get("prompt_truncated")) == (3, True)
    assert json.loads(store.path_of(line.get("prompt_hash")).read_bytes()) == messages


def test_a_prompt_that_holds_itself_costs_its_event_nothing_else(ote: Written, content: Switch) -> None:
    """A ring among the messages is cut, and the other fields stay."""
    made = content()
    ring: list[Any] = [{"role": "user", "content": "hi"}]
    ring.append(ring)
    log.info(LLMInteraction("todo_store", prompt=ring))

    line = ote.one(event="llm_interaction")

    assert (line.get("component"), line.get("prompt")[0]["content"], made.failures) == ("todo_store", "hi", 0)


@pytest.mark.parametrize("name", ["variables", "diff", "responses", "reasoning"])
def test_each_large_content_is_found_again_by_the_line(name: str, ote: Written, content: Switch) -> None:
    """The line says where the whole is, also of contents that have no length of their own."""
    value: Any = {"x": LONG} if name == "variables" else [LONG, "b"] if name == "responses" else LONG
    store = content().store
    log.info(TemplateRender(**{name: value}))
    store.flush()

    (located,) = numbered(Reader(ote.directory))
    found = content_of(located, name)

    assert found is not None
    assert found.is_whole
    assert found.text == value if isinstance(value, str) else json.loads(str(found.text)) == value


def test_large_contents_of_attempts_and_tool_calls_are_found_again(ote: Written, content: Switch) -> None:
    """Each item of the list says where the whole of its own contents is."""
    store = content().store
    log.info(LLMInteraction(tool_calls=[{"name": "read", "arguments": "{}", "result": LONG}]))
    log.info(Healing(attempts=[{"number": 1, "diff": LONG}]))
    store.flush()

    called, healed = numbered(Reader(ote.directory))
    calls = content_of(called, "tool_calls")

    assert calls is not None
    assert json.loads(str(calls.text))[0]["result"] == LONG
    assert attempts_of(healed)[0]["diff"] == LONG


@pytest.mark.parametrize("name", ["reasoning", "responses", "refusal"])
def test_whatever_a_model_says_is_governed(name: str, ote: Written, content: Switch) -> None:
    """Not the first answer alone: its thoughts, other answers, and that it refuses."""
    content(content="none")
    said: dict[str, Any] = {name: ["I think"] if name == "responses" else "I think"}
    log.info(LLMInteraction(model="gpt-4", **said))

    line = ote.one(event="llm_interaction")

    assert "I think" not in line.wire.values()
    assert line.get(name) is None
    assert line.get(f"{name}_length") == 7


def test_storing_leaves_the_interpreter_to_others(ote: Written, content: Switch) -> None:
    """While 5 MB are cleaned, a thread that wants to run waits for a piece of them, not for 5 ms."""
    store = content().store
    log.info(LLMInteraction(prompt=Path(logging.__file__).read_text() * 100))
    waits_s: list[float] = []
    while store._background._waiting and len(waits_s) < 100:
        began_s = time.perf_counter()
        time.sleep(0)
        waits_s.append(time.perf_counter() - began_s)
        time.sleep(0.001)
    store.flush()

    assert sorted(waits_s)[len(waits_s) // 2] < 0.004


def test_what_waits_is_stored_before_the_process_ends(tmp_path: Path) -> None:
    """A program that ends right after a large prompt leaves it whole."""
    program = """
import logging, sys
from ote_logging.content import ContentFilter
from ote_logging.stages import LLMInteraction
record = logging.makeLogRecord({"msg": LLMInteraction(prompt="a line\\n" * 300_000)})
ContentFilter(directory=sys.argv[1]).filter(record)
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)

    (path,) = (tmp_path / "content").iterdir()

    assert path.read_text() == "a line\n" * 300_000


@pytest.mark.parametrize(
    "order",
    [("context", "redact", "content"), ("context", "content", "redact"), ("context", "content")],
    ids=["behind redact", "before redact", "alone"],
)
def test_no_secret_is_stored(order: tuple[str, ...], ote: Written, content: Switch) -> None:
    """Wherever the filter stands, and whether there is one that redacts: stored contents are clean."""
    store = content(*order).store
    log.info(LLMInteraction(prompt=f"{LONG}key = '{KEY}'\n{LONG}", response=f"{KEY} {LONG}"))
    store.flush()

    written = b"".join(path.read_bytes() for path in ote.directory.rglob("*") if path.is_file())

    assert len(list((ote.directory / "content").iterdir())) == 2
    assert KEY.encode() not in written


def test_a_beginning_holds_no_half_of_a_secret(ote: Written, content: Switch) -> None:
    """A preview that ends inside of a secret shows nothing of it."""
    content(content="preview", preview_chars=len("key: ") + 12)
    log.info(LLMInteraction(prompt=f"key: {KEY}", response=f"key: {KEY} {LONG}"))

    line = ote.one(event="llm_interaction")

    assert KEY[:11] not in line.get("prompt")
    assert KEY[:11] not in line.get("response")


def test_a_field_may_have_its_own_mode(ote: Written, content: Switch) -> None:
    """What is given for a field counts for that field alone."""
    content(fields={"response": "hash"})
    log.info(LLMInteraction(prompt="p", response="r"))

    line = ote.one(event="llm_interaction")

    assert (line.get("prompt"), line.get("response")) == ("p", None)
    assert line.get("response_hash") == digest_of("r")


@pytest.mark.parametrize(
    ("logger", "kept"), [("shop", False), ("shop.orders", False), ("shop.orders.web", False), ("shops", True)]
)
def test_a_logger_may_have_its_own_mode(logger: str, kept: bool, ote: Written, content: Switch) -> None:
    """It counts for that logger and those below it."""
    content(loggers={"shop": "none"})
    logging.getLogger(logger).info(LLMInteraction(prompt="p"))

    assert (ote.one(event="llm_interaction").get("prompt") == "p") is kept


def test_of_field_and_logger_the_one_that_keeps_less_counts(ote: Written, content: Switch) -> None:
    """Neither opens what the other closes."""
    content(fields={"prompt": "hash", "response": "full"}, loggers={"shop": "preview"}, preview_chars=1)
    log.info(LLMInteraction(prompt="pp", response="rr"))

    line = ote.one(event="llm_interaction")

    assert (line.get("prompt"), line.get("response")) == (None, "r")


@pytest.mark.parametrize("mode", ["hash", "none"])
def test_what_hides_contents_hides_them_everywhere(mode: str, ote: Written, content: Switch) -> None:
    """Diffs, variables, attempts, tool calls and the source line of an error are contents as well."""
    content(content=mode)
    log.info(TemplateRender(variables={"x": "secret plan"}, before="a", output="secret plan"))
    log.info(Healing(attempts=[{"number": 1, "code": "secret plan", "diff": "+secret plan"}]))
    log.info(LLMInteraction(tool_calls=[{"name": "f", "arguments": {"q": "secret plan"}}]))
    log.info(Validation(code="secret plan", error="bad", line_number=1))
    log.info(CodeGeneration(code="x = 'secret plan'"))

    written = b"".join(ote.lines())

    assert b"secret plan" not in written
    assert (digest_of("secret plan").encode() in written) is (mode == "hash")
    assert ote.one(event="healing").get("attempts") == [{"number": 1}]
    assert ote.one(event="llm_interaction").get("tool_calls") == [{"name": "f"}]


def test_events_of_the_programs_own_are_governed_too(ote: Written, content: Switch) -> None:
    """Any event with a field called like a content is one with contents."""
    content(content="hash")
    log.info(Event("asked", prompt="p", user_id=7))

    line = ote.one(event="asked")

    assert (line.get("prompt"), line.get("prompt_length"), line.get("user_id")) == (None, 1, 7)


def test_ordinary_records_pass_untouched(ote: Written, content: Switch) -> None:
    """What is no event has no contents."""
    content(content="none")
    log.info("prompt=%s", "p")

    assert ote.one().message == "prompt=p"


def test_each_handler_has_its_own_mode() -> None:
    """What one handler's filter left out, the next one's finds again."""
    record = logging.makeLogRecord({"msg": LLMInteraction(prompt="pp"), "name": "shop"})
    ContentFilter(content="none").filter(record)
    reduced: Any = record.__dict__["msg"]
    ContentFilter(content="full").filter(record)
    whole: Any = record.__dict__["msg"]

    assert "prompt" not in reduced.fields
    assert whole.fields["prompt"] == "pp"
    assert whole_of(reduced) is whole


def test_a_mapping_with_methods_of_its_own_is_read_past_them(ote: Written, content: Switch) -> None:
    """Contents may be objects of the program whose code raises."""

    class Rude(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("no")

    content(content="preview")
    log.info(Healing("todo_store", attempts=[Rude(number=1)]))

    assert ote.one(event="healing").get("attempts") == [{"number": 1}]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"content": "ful"}, "content is 'ful'; it is one of full, preview, hash, none"),
        ({"fields": {"prompt": "no"}}, "fields: prompt is 'no'"),
        ({"loggers": {"shop": 1}}, "loggers: shop is 1"),
        ({"inline_chars": -1}, "inline_chars is -1"),
        ({"preview_chars": True}, "preview_chars is True"),
        ({"keep": {"days": 3}}, "keep has no days"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], problem: str) -> None:
    """The error says what was met and what it may be."""
    with pytest.raises(ConfigError, match=problem):
        ContentFilter(**options)


def test_the_store_keeps_what_it_was_told_to(tmp_path: Path) -> None:
    """The oldest contents go first."""
    store = ContentStore(tmp_path, Keep(count=2))
    for number in range(4):
        store.put(f"{number:064}", lambda: "text", 4)
        store.flush()
        store._next_look = 0.0

    assert sorted(path.name[-1] for path in store.folder.iterdir()) == ["2", "3"]


def test_a_store_that_cannot_write_counts_what_it_lost(tmp_path: Path) -> None:
    """Nothing is raised; the reason is told."""
    (tmp_path / "content").write_text("in the way")
    store = ContentStore(tmp_path)
    store.put("0" * 64, lambda: "text", 4)
    store.flush()

    assert store.stats() == {"written": 0, "lost": 1, "reasons": {"ENOTDIR": 1}}


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    """Neither a file nor a link that leads nowhere is followed or replaced, and nothing is left behind."""
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            write_new(tmp_path / name, b"new")

    assert (tmp_path / "there").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["link", "there"]


def test_work_goes_on_in_order(tmp_path: Path) -> None:
    """One thread does what was handed over, first come, first served."""
    done: list[int] = []
    background = Background()
    for number in range(100):
        background.do(lambda number=number: done.append(number), 1)  # type: ignore[misc]  # a default of its own

    assert background.flush()
    assert done == list(range(100))


def test_a_caller_does_its_own_work_when_too_much_waits() -> None:
    """Memory is bounded by the caller's time."""
    done: list[str] = []
    Background().do(lambda: done.append("here"), 2**40)

    assert done == ["here"]


def test_a_forked_child_has_a_thread_of_its_own() -> None:
    """What waits is the parent's; the child begins with nothing, and can work."""
    background = Background()
    background.do(lambda: None, 1)
    background.flush()
    child = os.fork()
    if child == 0:
        done: list[int] = []
        background.do(lambda: done.append(1), 1)
        os._exit(0 if background.flush(5) and done == [1] else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
