"""Operations in a program: blocks and calls, how they are logged, and what they leave untouched."""

import asyncio
import contextlib
import contextvars
import functools
import gc
import inspect
import logging
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest
from written import Written, line_of

from ote_logging.context import current
from ote_logging.spans import observe, span

log = logging.getLogger(__name__)


class Untouchable:
    """Fails a test that looks at it."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


@pytest.fixture
def silent() -> None:
    """This module's logger is above the level of operations."""
    log.setLevel("WARNING")


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an exception."""
    return list(getattr(error, "__notes__", []))


def save(user_id: int, theme: str = "dark") -> str:
    """Save a theme."""
    return f"{theme} for {user_id}"


async def fetch(user_id: int) -> int:
    """Wait for a user."""
    await asyncio.sleep(0)
    return user_id


def produce(count: int) -> Generator[int, Any, str]:
    """Yield numbers."""
    yield from range(count)
    return "done"


async def stream(count: int) -> AsyncGenerator[int, Any]:
    """Yield numbers, one after the other."""
    for number in range(count):
        await asyncio.sleep(0)
        yield number


KINDS = [save, fetch, produce, stream]


def run(function: Callable[..., Any]) -> object:
    """Call ``function`` with 2 and return what it gives in the end, whatever kind it is."""
    called = function(2)
    if inspect.isasyncgen(called):

        async def collect() -> list[object]:
            return [number async for number in called]

        return asyncio.run(collect())
    if inspect.isawaitable(called):
        return asyncio.run(called)  # type: ignore[arg-type]  # a coroutine
    return list(called) if inspect.isgenerator(called) else called


def test_a_block_writes_start_and_end(ote: Written) -> None:
    """Two records with the same ids; the fields stand on both, those of ``set`` on the end."""
    with span("save", user_id=7) as it:
        it.set(rows=3)
    start, end = ote.one(event="span_start"), ote.one(event="span_end")

    assert (start.operation, start.span_id, start.fields) == ("save", end.span_id, {"user_id": 7})
    assert (end.status, end.level, end.fields) == ("ok", "INFO", {"user_id": 7, "rows": 3})
    assert 0 <= (end.duration_ms or -1) < 1000


def test_a_block_may_write_its_end_alone(ote: Written) -> None:
    """``start=False`` is one record."""
    with span("save", start=False):
        pass

    assert ote.events() == [("span_end", "save")]


def test_start_and_end_are_said_in_the_words_of_existing_programs(ote: Written) -> None:
    """Time in brackets, operation, duration in seconds."""
    with span("save", user_id=7):
        pass
    start, end = (entry.message for entry in ote.entries())

    assert start.startswith("⏱️  START [")
    assert start.endswith("] save (user_id=7)")
    assert end.startswith("✅ END [")
    assert end.endswith("] save (Duration: 0.000s) | user_id=7")


def block() -> None:
    """Hold a span."""
    with span("save"):
        log.isEnabledFor(0)


def test_a_record_names_the_place_of_the_block(ote: Written) -> None:
    """File, line and function of start and end are the caller's own, and so is the logger."""
    block()

    places = {(e.file, e.line, e.function, e.logger) for e in ote.entries()}
    assert places == {(__file__, line_of(block, "with span"), "block", __name__)}


def test_an_async_block_names_its_place_too(ote: Written) -> None:
    """As a plain block does."""

    async def work() -> None:
        async with span("save") as it:
            it.set(rows=3)
            await asyncio.sleep(0)

    asyncio.run(work())

    assert {(e.file, e.function, e.logger) for e in ote.entries()} == {(__file__, "work", __name__)}
    assert ote.one(event="span_end").fields == {"rows": 3}


@pytest.mark.parametrize("decorate", [span("save"), observe("save")], ids=["span", "observe"])
def test_a_decorated_function_names_its_own_place(ote: Written, decorate: Callable[..., Any]) -> None:
    """Not that of its caller, which may be an event loop."""
    run(decorate(save))

    assert {(e.file, e.function, e.logger) for e in ote.entries()} == {(__file__, "save", __name__)}


def test_a_block_may_have_a_logger_and_a_level(ote: Written) -> None:
    """Both are the caller's to choose."""
    with span("save", logger=logging.getLogger("shop"), level=logging.WARNING):
        pass

    assert {(entry.logger, entry.level) for entry in ote.entries()} == {("shop", "WARNING")}


def test_a_block_may_be_entered_again(ote: Written) -> None:
    """One after the other: each time with the fields that it was made with."""
    again = span("save", user_id=7)
    with again:
        again.set(rows=3)
    with again:
        pass

    assert [e.fields for e in ote.entries(event="span_start")] == [{"user_id": 7}] * 2
    assert len({e.span_id for e in ote.entries()}) == 2


def test_a_block_entered_inside_itself_leaves_nothing_behind() -> None:
    """A recursive function may share one; when all is left the outer context is current again."""

    def enter_twice() -> str | None:
        shared = span("save")
        with shared, contextlib.suppress(RuntimeError), shared:
            pass
        return current().span_id

    log.setLevel("INFO")
    assert contextvars.copy_context().run(enter_twice) is None


@pytest.mark.usefixtures("silent")
def test_a_block_below_the_level_does_nothing(ote: Written) -> None:
    """No record, no ids, no note; ``set`` is still there."""
    before, error = current(), ValueError("boom")
    with contextlib.suppress(ValueError), span("save", value=Untouchable()) as it:
        it.set(rows=3)
        assert current() is before
        raise error

    assert ote.entries() == []
    assert notes_of(error) == []


@pytest.mark.parametrize(
    "name", ["operation", "self", "status", "message", "event", "name", "args", "session_id"]
)
def test_a_field_may_have_any_name(ote: Written, name: str) -> None:
    """Whatever the table or a LogRecord calls so, the field is read back under its own name."""
    fields: dict[str, Any] = {name: "mine"}
    with span("save", **fields) as it:
        it.set(**{name: "set"})

    assert ote.one(event="span_start").fields == {name: "mine"}
    assert ote.one(event="span_end").fields == {name: "set"}
    assert ote.one(event="span_end").status == "ok"


def validate(text: str) -> None:
    """Raise for empty text."""
    if not text:
        raise ValueError("empty")


def test_a_failing_span_tells_where(ote: Written) -> None:
    """The entry of a failed span names the line that raised, not the line that caught."""
    with pytest.raises(ValueError, match="empty"), span("save"):
        validate("")
    failed = ote.one(event="span_end", operation="save")

    assert (failed.status, failed.level, failed.error_type) == ("error", "ERROR", "ValueError")
    assert failed.error_message == "empty"
    assert failed.line_number == line_of(validate, "raise ValueError")
    assert failed.message.startswith("❌ FAILED [")


def test_an_exception_passes_unchanged_with_one_note(ote: Written) -> None:
    """It is the same object, with the way that led to it, written by the innermost span."""
    error = ValueError("boom")
    with pytest.raises(ValueError, match="boom") as caught, span("outer"), span("inner"):
        raise error

    assert caught.value is error
    assert notes_of(error) == ["TRACE: outer -> inner"]


def test_a_traceback_is_written_once(ote: Written) -> None:
    """By the innermost span; the outer ones carry type and message."""
    with pytest.raises(ValueError, match="boom"), span("outer"), span("inner"):
        raise ValueError("boom")
    inner, outer = ote.entries(event="span_end")

    assert (inner.operation, outer.operation) == ("inner", "outer")
    assert inner.traceback is not None
    assert inner.exception is not None
    assert (outer.traceback, outer.exception) == (None, None)
    assert (outer.error_type, outer.error_message) == ("ValueError", "boom")


@observe("outer")
def reraise() -> None:
    """Raise from the failure of a span."""
    try:
        with span("inner"):
            raise ValueError("first")
    except ValueError as error:
        raise KeyError("second") from error


def test_an_error_raised_from_another_has_a_traceback_of_its_own(ote: Written) -> None:
    """A new exception is another failure."""
    with pytest.raises(KeyError) as caught:
        reraise()

    assert notes_of(caught.value) == ["TRACE: outer"]
    assert all(entry.traceback for entry in ote.entries(event="span_end"))


def test_an_exception_that_refuses_notes_passes(ote: Written) -> None:
    """Its class is the program's affair."""

    class Refusing(Exception):
        def add_note(self, note: str) -> None:
            raise RuntimeError("no notes")

    with pytest.raises(Refusing), span("save"):
        raise Refusing

    assert ote.one(event="span_end").status == "error"


def test_an_exception_that_cannot_be_shown_passes(ote: Written) -> None:
    """Its text is not ours to trust."""

    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(Broken), span("save"):
        raise Broken

    assert "Broken" in (ote.one(event="span_end").error_type or "")


@pytest.mark.parametrize(
    ("error", "status"),
    [(GeneratorExit(), "ok"), (SystemExit(), "ok"), (SystemExit(0), "ok"), (SystemExit(3), "error"),
     (SystemExit("bad"), "error"), (KeyboardInterrupt(), "error"), (asyncio.CancelledError(), "error"),
     (StopIteration(), "error")],
    ids=repr,
)  # fmt: skip
def test_an_orderly_end_is_no_failure(ote: Written, error: BaseException, status: str) -> None:
    """A generator that is closed and a program that exits with 0 end so when all is well."""
    with pytest.raises(type(error)) as caught, span("save"):
        raise error

    assert ote.one(event="span_end").status == status
    assert notes_of(caught.value) == ([] if status == "ok" else ["TRACE: save"])


def test_a_filter_of_the_logger_is_respected(ote: Written) -> None:
    """A record that the program filters out is not written; what it marks is marked."""

    def keep_ends(record: logging.LogRecord) -> bool:
        record.seen = True
        return "END" in record.getMessage()

    log.addFilter(keep_ends)
    with span("save"):
        pass

    assert ote.one().event == "span_end"
    assert ote.one().fields == {"seen": True}


def test_a_filter_that_raises_leaves_no_span_behind() -> None:
    """The program's error is the program's; the context is whole."""

    def refuse(record: logging.LogRecord) -> bool:
        raise RuntimeError("no records")

    log.setLevel("INFO")
    log.addFilter(refuse)
    before = current()
    with pytest.raises(RuntimeError), span("save"):
        pass

    assert current() is before


def test_a_foreign_record_factory_is_respected(ote: Written) -> None:
    """The records of operations are made as all others."""

    class Record(logging.LogRecord):
        """A record of the program's own kind."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.host = "mine"

    logging.setLogRecordFactory(Record)
    with span("save"):
        log.info("inside")

    assert [entry.fields for entry in ote.entries()] == [{"host": "mine"}] * 3


def test_a_disabled_logger_makes_no_span(ote: Written) -> None:
    """``logging.disable`` and a disabled logger switch operations off like records."""
    logging.disable(logging.INFO)
    with span("save"):
        assert current().span_id is None

    assert ote.entries() == []


def test_records_between_carry_the_ids(ote: Written) -> None:
    """Of every library, at every level."""
    with span("save"):
        logging.getLogger("library.inner").debug("done")
    start, inside, _ = ote.entries()

    assert (inside.trace_id, inside.span_id, inside.operation) == (start.trace_id, start.span_id, "save")


@pytest.mark.parametrize("function", KINDS, ids=lambda function: function.__name__)
def test_an_observed_function_keeps_its_kind(function: Callable[..., Any]) -> None:
    """Name, module, docstring, signature, and what inspect says of it."""
    observed = observe("work")(function)

    for asked in ("isfunction", "iscoroutinefunction", "isgeneratorfunction", "isasyncgenfunction"):
        assert getattr(inspect, asked)(observed) == getattr(inspect, asked)(function)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(observed, name) == getattr(function, name)
    assert inspect.signature(observed) == inspect.signature(function)
    assert inspect.unwrap(observed) is function


@pytest.mark.parametrize("function", KINDS, ids=lambda function: function.__name__)
def test_an_observed_function_gives_what_it_gave(ote: Written, function: Callable[..., Any]) -> None:
    """And each call is an operation."""
    assert run(observe("work")(function)) == run(function)
    assert ote.events() == [("span_start", "work"), ("span_end", "work")]


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("function", KINDS, ids=lambda function: function.__name__)
def test_an_observed_function_that_is_off_is_only_called(ote: Written, function: Callable[..., Any]) -> None:
    """No record, and the same result."""
    observed = observe("work", args=True, result=True, resources=True)(function)

    assert run(observed) == run(function)
    assert ote.entries() == []


@pytest.mark.usefixtures("silent")
def test_an_observed_function_that_is_off_touches_no_argument() -> None:
    """Nor what is returned."""
    observed: Callable[..., Any] = observe(args=True, result=True)(lambda *values, **named: values[0])
    thing = Untouchable()

    assert observed(thing, named=thing) is thing


def test_bare_observe_takes_the_qualified_name(ote: Written) -> None:
    """With or without parentheses."""

    class Store:
        @observe
        def save(self) -> None:
            """Nothing to do."""

        @observe()
        def load(self) -> None:
            """Nothing to do."""

    Store().save()
    Store().load()

    prefix = "test_bare_observe_takes_the_qualified_name.<locals>.Store."
    assert [e.operation for e in ote.entries(event="span_end")] == [prefix + "save", prefix + "load"]


class Store:
    """Methods of each kind."""

    @observe("method")
    def method(self, item: int) -> tuple[object, int]:
        """Return what it was called with."""
        return self, item

    @observe("above static")
    @staticmethod
    def above_static(item: int) -> int:
        """Return the item."""
        return item

    @staticmethod
    @observe("below static")
    def below_static(item: int) -> int:
        """Return the item."""
        return item

    @observe("above class")
    @classmethod
    def above_class(cls, item: int) -> tuple[object, int]:
        """Return what it was called with."""
        return cls, item

    @classmethod
    @observe("below class")
    def below_class(cls, item: int) -> tuple[object, int]:
        """Return what it was called with."""
        return cls, item


def test_methods_of_each_kind_are_observed(ote: Written) -> None:
    """``observe`` may stand above or below ``staticmethod`` and ``classmethod``."""
    store = Store()

    assert store.method(1) == (store, 1)
    assert store.above_static(2) == Store.below_static(2) == 2
    assert store.above_class(3) == Store.below_class(3) == (Store, 3)
    assert [e.operation for e in ote.entries(event="span_end")] == [
        "method", "above static", "below static", "above class", "below class"
    ]  # fmt: skip


class Callable_:
    """An object that can be called."""

    def __call__(self, item: int) -> int:
        """Return the double."""
        return 2 * item


@pytest.mark.parametrize(
    ("function", "result"),
    [(lambda item: 2 * item, 14), (functools.partial(pow, 2), 128), (Callable_(), 14), (abs, 7),
     (Store().method, None), (functools.lru_cache(lambda item: 2 * item), 14)],
    ids=["lambda", "partial", "callable", "builtin", "bound method", "cached"],
)  # fmt: skip
def test_whatever_can_be_called_can_be_observed(ote: Written, function: Any, result: object) -> None:
    """Also what is no plain function."""
    found = observe("work", args=True)(function)(7)

    assert result is None or found == result
    assert ote.one(event="span_end", operation="work").status == "ok"


def test_an_object_with_an_async_call_lasts_until_it_is_awaited(ote: Written) -> None:
    """Its operation ends when the work does, not when the coroutine is made."""

    class Fetch:
        async def __call__(self) -> None:
            await asyncio.sleep(0)
            log.info("inside")

    asyncio.run(observe("fetch")(Fetch())())

    assert ote.one(event="log").operation == "fetch"


def test_an_observed_partial_is_named_by_its_function(ote: Written) -> None:
    """Operation and logger are those of the function behind it, not of ``functools``."""
    observe(functools.partial(save, 7))()
    end = ote.one(event="span_end")

    assert (end.operation, end.logger) == ("save", __name__)


@pytest.mark.parametrize("thing", [7, "save", None, [save]], ids=repr)
def test_what_cannot_be_called_cannot_be_observed(thing: Any) -> None:
    """The error names what was met."""
    with pytest.raises(TypeError, match=type(thing).__name__):
        observe("work")(thing)


def test_a_bound_too_small_is_refused() -> None:
    """At the decoration, not at the call."""
    with pytest.raises(ValueError, match="64"):
        observe("work", args=True, max_chars=3)(save)


def test_arguments_and_result_are_captured_by_name(ote: Written) -> None:
    """Where that is asked for; what is skipped is left out."""

    @observe("save", args=True, result=True, skip=["hidden"], area="shop")
    def store(user_id: int, hidden: str, *rest: int, **named: int) -> list[int]:
        return [user_id]

    store(7, "x", 1, 2, size=3)

    given = {"user_id": 7, "rest": [1, 2], "named": {"size": 3}, "area": "shop"}
    assert ote.one(event="span_start").fields == given
    assert ote.one(event="span_end").fields == {**given, "result": [7]}


def test_what_is_skipped_is_left_out_of_any_keyword(ote: Written) -> None:
    """Also where the function takes it among its ``**named``."""

    @observe("save", args=True, skip=["hidden"])
    def store(**named: object) -> None:
        """Nothing to do."""

    store(hidden="x", size=3)

    assert b"hidden" not in ote.lines()[0]


def test_captured_values_are_bounded(ote: Written) -> None:
    """By ``max_chars``, with a mark where something was cut."""
    observe("save", args=True, result=True, max_chars=100)(lambda text: text)("x" * 100_000)

    assert max(map(len, ote.lines())) < 2000


def test_a_call_that_is_refused_is_refused(ote: Written) -> None:
    """The error of a wrong call is Python's own."""
    with pytest.raises(TypeError, match="user_id"):
        observe("save", args=True)(save)()  # type: ignore[call-arg]  # that is what is tested

    assert ote.one(event="span_end").error_type == "TypeError"


def test_the_callers_objects_stay_as_they_are(ote: Written) -> None:
    """Capturing reads them and consumes no iterator."""
    items, numbers = {"a": [1]}, iter([1, 2])
    observe("save", args=True, result=True)(lambda *values: values)(items, numbers)

    assert (items, list(numbers)) == ({"a": [1]}, [1, 2])


def test_resources_are_measured_where_asked_for(ote: Written) -> None:
    """CPU time of the thread and growth of the process's memory, on the end."""
    observe("save", resources=True)(lambda: sum(range(100_000)))()
    end = ote.one(event="span_end")

    assert end.fields.keys() == {"cpu_ms", "memory_growth_bytes"}
    assert 0 < end.fields["cpu_ms"] < 1000
    assert isinstance(end.fields["memory_growth_bytes"], int)


@pytest.mark.parametrize("function", KINDS, ids=lambda function: function.__name__)
def test_an_exception_leaves_an_observed_function_unchanged(
    ote: Written, function: Callable[..., Any]
) -> None:
    """With one note, and the failure on the end."""
    with pytest.raises(TypeError) as caught:
        run(observe("work")(lambda count: run(observe("inner")(function)) + Untouchable()))  # type: ignore[operator]  # fails

    assert notes_of(caught.value) == ["TRACE: work"]
    assert ote.one(event="span_end", operation="work").status == "error"
    assert ote.one(event="span_end", operation="inner").status == "ok"


def test_recursion_is_a_span_a_call(ote: Written) -> None:
    """Each call below the one that made it."""

    @observe("count")
    def count(number: int) -> int:
        return number and 1 + count(number - 1)

    assert count(3) == 3
    starts = ote.entries(event="span_start")
    assert [s.parent_id for s in starts] == [None, *(s.span_id for s in starts[:-1])]


def test_an_observed_function_may_run_in_many_threads(ote: Written) -> None:
    """Each call keeps its own ids."""
    observed = observe("work")(save)
    threads = [threading.Thread(target=observed, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({entry.span_id for entry in ote.entries()}) == 8


def echo() -> Generator[object, Any, str]:
    """Yield what is sent, survive a ValueError, tell in the end how it ended."""
    given: object = "first"
    try:
        while given != "stop":
            try:
                given = yield given
            except ValueError as error:
                given = f"caught {error}"
    except GeneratorExit:
        return "closed"
    return "stopped"


def plain(generator: Generator[object, Any, str]) -> list[object]:
    """Return all that a generator says when it is driven by hand."""
    said = [next(generator), generator.send("second"), generator.throw(ValueError("thrown"))]
    try:
        generator.send("stop")
    except StopIteration as stop:
        said.append(stop.value)
    return said


def test_an_observed_generator_is_driven_as_before(ote: Written) -> None:
    """send, throw and the return value pass through, in one span."""
    observed = observe("echo", result=True)(echo)

    assert plain(observed()) == plain(echo()) == ["first", "second", "caught thrown", "stopped"]
    assert ote.one(event="span_end").fields["result"] == "stopped"


def test_closing_an_observed_generator_gives_what_it_gave(ote: Written) -> None:
    """From Python 3.13 on ``close`` returns the value of the generator; the end is in good order."""
    observed, bare = observe("echo")(echo)(), echo()
    next(observed), next(bare)

    assert observed.close() == bare.close()  # type: ignore[func-returns-value]  # from 3.13 on
    assert ote.one(event="span_end").status == "ok"


def test_a_generator_that_ignores_its_closing_is_told_so(ote: Written) -> None:
    """As Python does."""

    @observe("stubborn")
    def stubborn() -> Iterator[int]:
        with contextlib.suppress(GeneratorExit):
            yield 1
        yield 2

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()  # type: ignore[attr-defined]  # a generator


def test_a_generator_that_is_closed_frees_what_it_held(ote: Written) -> None:
    """At once, without the collector of cycles."""

    @observe("hold")
    def hold(held: Store) -> Iterator[int]:
        yield id(held)

    held = Store()
    seen = weakref.ref(held)
    generator = hold(held)
    next(generator)
    gc.disable()
    generator.close()  # type: ignore[attr-defined]  # a generator
    del generator, held
    found = seen()
    gc.enable()

    assert found is None


def test_an_observed_generator_that_never_ran_writes_nothing(ote: Written) -> None:
    """Its span begins with the first step."""
    observe("produce")(produce)(3).close()

    assert ote.entries() == []


def test_a_generator_tells_the_time_inside_and_the_time_it_lasted(ote: Written) -> None:
    """``active_ms`` counts its own code; ``duration_ms`` goes from the first to the last step."""
    pause = threading.Event()
    for _ in observe("produce")(produce)(2):
        pause.wait(0.02)
    end = ote.one(event="span_end")

    assert end.fields["active_ms"] < 20 < 40 <= (end.duration_ms or 0)


def test_a_generator_that_fails_tells_where(ote: Written) -> None:
    """The failure is on its end, the note on the error, the consumer's span around it."""

    @observe("produce")
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom") as caught, span("consume"):
        list(failing())

    assert notes_of(caught.value) == ["TRACE: consume -> produce"]
    end = ote.one(event="span_end", operation="produce")
    assert (end.status, end.parent_id) == ("error", ote.one(event="span_start", operation="consume").span_id)


def test_what_a_generator_logs_is_inside_its_span_and_nothing_else(ote: Written) -> None:
    """Two that take turns do not meet, and the consumer's records are the consumer's."""

    @observe("produce")
    def logging_steps(name: str) -> Iterator[str]:
        for number in range(3):
            log.info("inside %s", name)
            yield f"{name}{number}"

    with span("consume"):
        for pair in zip(logging_steps("a"), logging_steps("b"), strict=True):
            log.info("outside %s", pair)

    of = {name: {e.span_id for e in ote.entries(message=f"inside {name}")} for name in "ab"}
    outside = {e.operation for e in ote.entries(event="log") if e.message.startswith("outside")}
    assert (len(of["a"]), len(of["b"]), of["a"] & of["b"], outside) == (1, 1, set(), {"consume"})


def test_a_span_that_a_generator_holds_over_its_yields_stays_inside(ote: Written) -> None:
    """A plain block around a yield is not current in the consumer."""

    @observe("produce")
    def holding() -> Iterator[str | None]:
        with span("held"):
            yield current().operation
            yield current().operation

    seen = [(inside, current().operation) for inside in holding()]

    assert seen == [("held", None)] * 2


async def async_echo() -> AsyncGenerator[object, Any]:
    """Yield what is sent; survive a ValueError."""
    given: object = "first"
    while given != "stop":
        try:
            await asyncio.sleep(0)
            given = yield given
        except ValueError as error:
            given = f"caught {error}"


def test_an_observed_async_generator_is_driven_as_before(ote: Written) -> None:
    """asend, athrow and the end pass through, in one span."""

    async def drive(generator: AsyncGenerator[object, Any]) -> list[object]:
        said = [await anext(generator), await generator.asend("second")]
        said.append(await generator.athrow(ValueError("thrown")))
        with pytest.raises(StopAsyncIteration):
            await generator.asend("stop")
        return said

    observed = asyncio.run(drive(observe("echo")(async_echo)()))

    assert observed == asyncio.run(drive(async_echo())) == ["first", "second", "caught thrown"]
    assert ote.events() == [("span_start", "echo"), ("span_end", "echo")]


@pytest.mark.parametrize("how", ["aclose", "abandoned", "cancelled"])
def test_an_async_generator_that_is_left_ends_its_span(ote: Written, how: str) -> None:
    """However it is left; the consumer's context is whole, and its own clean-up runs inside."""

    @observe("stream")
    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(60 if how == "cancelled" else 0)
        finally:
            log.info("cleaned")

    async def consume() -> None:
        generator = endless()
        async for _ in generator:
            if how != "cancelled":
                break
        if how == "aclose":
            await generator.aclose()  # type: ignore[attr-defined]  # an async generator
        del generator
        await asyncio.sleep(0.01)
        assert current().span_id is None

    async def main() -> None:
        task = asyncio.create_task(consume())
        await asyncio.sleep(0.01)
        task.cancel() if how == "cancelled" else None
        await asyncio.gather(task, return_exceptions=True)
        task.exception() if not task.cancelled() else None

    asyncio.run(main())

    assert ote.one(event="span_end").status == ("error" if how == "cancelled" else "ok")
    assert ote.one(event="log").operation == "stream"


def test_a_cancelled_coroutine_ends_its_span(ote: Written) -> None:
    """With the error that cancelled it."""

    async def wait() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.create_task(observe("fetch")(wait)())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())

    assert ote.one(event="span_end").error_type == "asyncio.exceptions.CancelledError"


def test_an_observed_function_costs_no_reference(ote: Written) -> None:
    """What was passed and returned is free when the call is over."""
    thing = Store()
    before = sys.getrefcount(thing)
    observe("work", args=True, result=True)(lambda item: item)(thing)

    assert sys.getrefcount(thing) == before


def test_a_class_is_no_function() -> None:
    """To observe a class would make it a function; it is refused where it is written."""
    with pytest.raises(TypeError, match="functions"):
        observe("make")(type("Thing", (), {}))


def test_an_exception_is_told_again_in_another_trace(ote: Written) -> None:
    """An exception object that is raised twice has its traceback in both traces."""
    error = ValueError("boom")
    for name in ("first", "second"):
        with pytest.raises(ValueError, match="boom"), span(name):
            raise error

    assert all(ote.one(event="span_end", operation=name).exception for name in ("first", "second"))


def test_a_span_that_ends_before_one_inside_it_keeps_its_ids(ote: Written) -> None:
    """The end of each tells of itself, whichever ends first; what is logged in between is still inside."""
    outer, inner = span("outer"), span("inner")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    log.info("between")
    inner.__exit__(None, None, None)
    log.info("after")

    spans = {entry.span_id: entry.operation for entry in ote.entries(event="span_start")}
    assert {entry.span_id: entry.operation for entry in ote.entries(event="span_end")} == spans
    assert ote.one(message="between").operation == "inner"
    assert ote.one(message="after").span_id is None
