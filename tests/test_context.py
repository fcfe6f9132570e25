"""Sessions, spans and bound fields: who is current, where, and for how long."""

import asyncio
import contextvars
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import Written

from ote_logging.context import (
    Context,
    bind,
    carry,
    current,
    enter,
    leave,
    new_session_id,
    parse_traceparent,
    session,
)
from ote_logging.spans import observe, span

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def spans_are_on(ote: Written) -> Written:
    """Spans exist only where their logger is on."""
    return ote


def in_new_thread(function: Callable[[], Any]) -> Any:
    """Return what ``function`` returns in a thread of its own."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


def in_new_process(program: str, **variables: str) -> list[str]:
    """Return the words that ``program`` prints in a new interpreter with ``variables`` in its environment."""
    inherited = {name: os.environ[name] for name in os.environ.keys() - {"TRACEPARENT", "OTE_SESSION_ID"}}
    done = subprocess.run(
        [sys.executable, "-c", "import logging, os\nlogging.root.setLevel('INFO')\n" + program],
        env={**inherited, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_a_process_has_a_session_that_is_a_uuid() -> None:
    """Outside of everything there is a session, a random UUID, and no span."""
    assert UUID(current().session_id).version == 4
    assert (current().trace_id, current().span_id, current().parent_id) == (None, None, None)


def test_session_ids_are_uuids_of_version_4() -> None:
    """A new session id is what RFC 9562 calls version 4, and each is another."""
    ids = {new_session_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(str(UUID(text)) == text and UUID(text).version == 4 for text in ids)
    assert all(UUID(text).variant == "specified in RFC 4122" for text in ids)


def test_ids_have_the_shape_of_w3c() -> None:
    """Trace ids are 32, span ids 16 lowercase hex digits."""
    with span("save"), span("encrypt"):
        assert re.fullmatch("[0-9a-f]{32}", str(current().trace_id))
        assert re.fullmatch("[0-9a-f]{16}", str(current().span_id))
        assert re.fullmatch("[0-9a-f]{16}", str(current().parent_id))


def test_a_span_inside_a_span_is_its_child() -> None:
    """The inner span has the trace of the outer one, and the outer one as its parent."""
    with span("save"):
        outer = current()
        with span("encrypt"):
            assert (current().trace_id, current().parent_id) == (outer.trace_id, outer.span_id)
        assert current() is outer


def test_spans_one_after_the_other_have_traces_of_their_own() -> None:
    """A root span begins a new trace."""
    with span("first"):
        first = current().trace_id
    with span("second"):
        assert current().trace_id != first
        assert current().parent_id is None


def test_a_session_has_its_id_and_fields() -> None:
    """Inside ``session`` both are current; outside they are not."""
    before = current()
    with session("nightly", user="ann"):
        assert (current().session_id, dict(current().fields)) == ("nightly", {"user": "ann"})
    assert current() is before


def test_a_session_without_a_name_gets_a_new_uuid() -> None:
    """Each such session is another one."""
    with session() as first, session() as second:
        assert UUID(first.session_id) != UUID(second.session_id)


def test_a_session_inside_a_span_is_outside_of_it() -> None:
    """A session has its own operations; after it the span is current again."""
    with span("serve"):
        outer = current()
        with session("request"):
            assert (current().trace_id, current().span_id) == (None, None)
            with span("answer"):
                assert current().parent_id is None
        assert current() is outer


def test_an_inner_binding_hides_an_outer_one() -> None:
    """Bindings nest; what is bound inside is gone outside."""
    with bind(user_id=1, theme="dark"):
        with bind(user_id=2):
            assert dict(current().fields) == {"user_id": 2, "theme": "dark"}
        assert dict(current().fields) == {"user_id": 1, "theme": "dark"}
    assert dict(current().fields) == {}


def test_a_binding_keeps_the_span() -> None:
    """Fields are bound within a span, not in one of their own."""
    with span("save"):
        ids = current().span_id, current().parent_id
        with bind(user_id=1):
            assert (current().span_id, current().parent_id) == ids


@pytest.mark.parametrize("scope", [bind, session], ids=["bind", "session"])
@pytest.mark.parametrize("name", ["self", "id", "fields", "operation"])
def test_any_name_may_be_bound(scope: Callable[..., Any], name: str) -> None:
    """No parameter of ours takes a name away from the fields."""
    with scope(**{name: 7}):
        assert dict(current().fields) == {name: 7}


def test_bound_fields_cannot_be_changed() -> None:
    """A context is a value."""
    with bind(user_id=1), pytest.raises(TypeError):
        current().fields["user_id"] = 2  # type: ignore[index]  # that is what is tested


@given(data=st.data(), count=st.integers(1, 6))
def test_whatever_is_left_first_the_newest_that_is_open_is_current(data: st.DataObject, count: int) -> None:
    """Contexts may be left in any order: current is the innermost one that was not left."""

    def enter_and_leave() -> None:
        outside = current()
        opened: list[Context] = []
        for number in range(count):
            opened.append(Context(f"session-{number}", outer=current()))
            enter(opened[-1])
        for context in data.draw(st.permutations(opened)):
            opened.remove(context)
            leave(context)
            assert current() is (opened[-1] if opened else outside)

    contextvars.copy_context().run(enter_and_leave)


def test_spans_that_relieve_each_other_do_not_pile_up() -> None:
    """A program that opens the next span before it leaves the last holds only what is open."""
    last = span("step", start=False)
    last.__enter__()
    for _ in range(50):
        newest = span("step", start=False)
        newest.__enter__()
        last.__exit__(None, None, None)
        last = newest
    depth, node = 0, current().outer
    while node is not None:
        depth, node = depth + 1, node.outer
    last.__exit__(None, None, None)

    assert depth < 5


def steps_in_a_span() -> Iterator[None]:
    """A generator that holds a span over its yields."""
    with span("held"):
        yield
        yield


def test_a_generator_closed_in_another_thread_leaks_nothing() -> None:
    """Its span ends there; neither thread keeps it."""
    generator = steps_in_a_span()
    before = current()
    next(generator)
    in_new_thread(generator.close)  # type: ignore[attr-defined]  # generators have it

    assert current() is before
    assert in_new_thread(current) is before


def test_a_generator_closed_in_a_foreign_context_leaks_nothing() -> None:
    """A token of contextvars could not be reset there."""
    before = current()
    generator = steps_in_a_span()
    contextvars.copy_context().run(next, generator)
    contextvars.copy_context().run(generator.close)  # type: ignore[attr-defined]  # generators have it

    assert current() is before


def test_generators_that_take_turns_leave_nothing_behind() -> None:
    """Two plain generators with spans, one closed while the other runs: afterwards nothing is current."""
    before = current()
    for _ in zip(steps_in_a_span(), steps_in_a_span(), strict=True):
        pass
    assert current() is before


def test_an_async_generator_closed_by_the_loop_leaks_nothing(ote: Written) -> None:
    """One that its consumer abandons is closed in another task; the consumer's context stays whole."""

    async def items() -> AsyncIterator[int]:
        with span("held"):
            yield 1
            yield 2

    async def consume() -> Context:
        async for _ in items():
            break
        await asyncio.sleep(0.01)  # the loop closes it in a task of its own
        return current()

    before = current()
    assert asyncio.run(consume()).span_id is None
    assert current() is before
    assert ote.one(event="span_end").operation == "held"


def test_a_cancelled_task_ends_its_spans(ote: Written) -> None:
    """Each span of a cancelled task ends with the error; the canceller's context is untouched."""

    async def work() -> None:
        with span("outer"), span("inner"):
            await asyncio.sleep(60)

    async def cancel() -> None:
        with span("canceller"):
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert current().operation == "canceller"

    asyncio.run(cancel())

    ends = {entry.operation: entry.status for entry in ote.entries(event="span_end")}
    assert ends == {"inner": "error", "outer": "error", "canceller": "ok"}


def test_tasks_begin_inside_the_span_that_started_them() -> None:
    """asyncio gives each task the context of its maker, and each keeps its own."""

    async def work(number: int) -> str | None:
        with span(f"task_{number}"):
            await asyncio.sleep(0.001 * (3 - number))
            return current().parent_id

    async def start() -> tuple[str | None, list[str | None]]:
        with span("all"):
            return current().span_id, await asyncio.gather(*map(work, range(3)))

    own, parents = asyncio.run(start())
    assert parents == [own] * 3


def test_a_task_that_outlives_the_span_keeps_its_ids() -> None:
    """What goes on in the background still belongs to the span that started it."""

    async def work() -> str | None:
        await asyncio.sleep(0.001)
        return current().span_id

    async def start() -> tuple[str | None, str | None]:
        with span("request"):
            own, task = current().span_id, asyncio.create_task(work())
        return own, await task

    own, found = asyncio.run(start())
    assert found == own


def test_a_thread_begins_outside() -> None:
    """Without ``carry`` a thread knows the process's session alone."""
    with session("nightly"), span("save"):
        found = in_new_thread(current)

    assert found.span_id is None
    assert found.session_id == current().session_id


def test_carry_takes_the_context_along() -> None:
    """Session, span, fields and foreign variables of the moment of ``carry`` are current in the thread."""
    foreign = contextvars.ContextVar[str]("foreign")
    foreign.set("mine")
    with session("nightly"), bind(user=7), span("save"):
        here = current()
        carried = carry(lambda: (current(), foreign.get()))
    assert in_new_thread(carried) == (here, "mine")


def test_carried_calls_run_at_once_without_meeting() -> None:
    """One carried function may run in many threads; each has its own spans below the one carried."""
    barrier = threading.Barrier(4)

    def work(number: int) -> tuple[str | None, str | None]:
        with span(f"work_{number}"):
            barrier.wait(5)
            return current().operation, current().parent_id

    with span("all"), ThreadPoolExecutor(4) as executor:
        own = current().span_id
        found = list(executor.map(carry(work), range(4)))

    assert found == [(f"work_{number}", own) for number in range(4)]


def test_a_worker_keeps_nothing_of_what_it_carried() -> None:
    """The next job of a pool's thread begins outside."""
    with ThreadPoolExecutor(1) as executor:
        with span("save"):
            executor.submit(carry(lambda: enter(current().child("left open")))).result()
        assert executor.submit(current).result().span_id is None


def test_carry_keeps_the_function_as_it_is() -> None:
    """Name, result, arguments and errors are those of the function."""

    def divide(one: int, other: int) -> float:
        """Divide."""
        return one / other

    carried = carry(divide)

    assert (carried.__name__, carried.__doc__, carried(1, other=2)) == ("divide", "Divide.", 0.5)
    with pytest.raises(ZeroDivisionError):
        carried(1, 0)


VALID = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.mark.parametrize(
    "text",
    [VALID, f"00-{TRACE_ID}-{SPAN_ID}-00", f"00-{TRACE_ID}-{SPAN_ID}-ff", f"cc-{TRACE_ID}-{SPAN_ID}-01",
     f"cc-{TRACE_ID}-{SPAN_ID}-01-what-the-future-brings", f" {VALID} "],
    ids=["sampled", "not sampled", "unknown flags", "higher version", "higher and longer", "white space"],
)  # fmt: skip
def test_a_valid_traceparent_is_read(text: str) -> None:
    """Version 00 as it is; a higher one by its first 55 characters."""
    assert parse_traceparent(text) == (TRACE_ID, SPAN_ID)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", VALID + "-more", VALID + "0",
     f"ff-{TRACE_ID}-{SPAN_ID}-01", f"cc-{TRACE_ID}-{SPAN_ID}-01.x",
     f"00-{'0' * 32}-{SPAN_ID}-01", f"00-{TRACE_ID}-{'0' * 16}-01", f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
     f"00-{TRACE_ID[1:]}-{SPAN_ID}-01", f"00-{TRACE_ID}-{SPAN_ID}", f"0-{TRACE_ID}-{SPAN_ID}-01",
     f"00-{TRACE_ID}-{SPAN_ID}-0g"],
)  # fmt: skip
def test_an_invalid_traceparent_is_ignored(text: str) -> None:
    """Nothing is made of it, not even a part."""
    assert parse_traceparent(text) is None


@given(st.text())
def test_no_traceparent_raises(text: str) -> None:
    """The environment is foreign text."""
    assert parse_traceparent(text) is None


SAY_IDS = """
from ote_logging import current, span
with span("first"):
    print(current().session_id, current().trace_id, current().parent_id)
"""


def test_the_environment_names_session_and_parent() -> None:
    """OTE_SESSION_ID is the session, TRACEPARENT the parent of the process's first span."""
    found = in_new_process(SAY_IDS, OTE_SESSION_ID="nightly", TRACEPARENT=VALID)

    assert found == ["nightly", TRACE_ID, SPAN_ID]


def test_an_environment_that_says_nothing_gives_a_session_and_a_root() -> None:
    """Empty variables are as good as none; an invalid parent is ignored."""
    session_id, trace_id, parent_id = in_new_process(SAY_IDS, OTE_SESSION_ID="", TRACEPARENT="00-0-0-00")

    assert UUID(session_id)
    assert trace_id != TRACE_ID
    assert parent_id == "None"


def test_environ_makes_a_child_process_join() -> None:
    """A child's first span lies below the span that started it, in the same session."""
    with session("nightly"), span("save"):
        here = current()
        assert in_new_process(SAY_IDS, **here.environ()) == ["nightly", here.trace_id, here.span_id]


def test_environ_outside_a_span_hands_on_what_the_process_was_given() -> None:
    """A process without a span of its own does not cut the trace between its parent and its children."""
    say = "from ote_logging import current\nprint(*(f'{k}={v}' for k, v in current().environ().items()))"

    found = in_new_process(say, OTE_SESSION_ID="nightly", TRACEPARENT=VALID)

    assert found == ["OTE_SESSION_ID=nightly", f"TRACEPARENT={VALID}"]


def test_a_forked_child_gives_ids_of_its_own() -> None:
    """Parent and child, forked with ids in stock, never give the same one; the child is in the same span."""
    program = """
from ote_logging import current, span
with span("before"):
    forked = current().span_id
    is_child = os.fork() == 0
    ids = []
    for number in range(300):
        with span("after"):
            ids.append(current().span_id)
            assert current().parent_id == forked
    if not is_child:
        os.wait()
    os.write(1, (" ".join(ids) + "\\n").encode())
"""
    ids = in_new_process(program)

    assert len(ids) == len(set(ids)) == 600


def test_importing_starts_nothing_and_reads_no_other_variable() -> None:
    """A context is there at once, without a thread and without a handler."""
    program = "import threading, ote_logging\nprint(threading.active_count(), logging.root.handlers)"

    assert in_new_process(program) == ["1", "[]"]


def test_a_context_shows_what_it_is() -> None:
    """``repr`` names the ids and the fields."""
    with session("nightly"), bind(user=7):
        assert repr(current()) == "Context(session_id='nightly', fields={'user': 7})"


def test_an_observed_generator_leaves_the_context_of_its_consumer_alone() -> None:
    """Between its steps the consumer's span is current, inside them its own."""

    @observe("produce")
    def produce() -> Iterator[str | None]:
        yield current().operation
        yield current().operation

    with span("consume"):
        seen = [(inside, current().operation) for inside in produce()]

    assert seen == [("produce", "consume")] * 2
