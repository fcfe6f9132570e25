"""The calls of observed functions: each an operation, whatever kind of function it is.

LOCATION: ote_logging/calls.py
DEPENDENCIES: operations (begin and end), context (generators run in steps), jsonable (captured values)
TRACE POINTS: Calls.begin() - a call begins; Call.end() - it ends
"""

import logging
import sys
import time
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from types import TracebackType
from typing import Any

from ote_logging import context
from ote_logging.jsonable import Limits, jsonable, qualified_name
from ote_logging.operations import Operation
from ote_logging.sites import Site


class Arguments:
    """Reads the arguments of a call by name, bounded."""

    def __init__(self, function: Callable[..., Any], skip: Collection[str], limits: Limits) -> None:
        import inspect  # costs 5 ms; only programs that capture arguments pay it

        self._bind = inspect.signature(function).bind_partial
        self._skip = {"self", "cls", *skip}
        self._limits = limits

    def fields(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as fields; none where the call itself will be refused."""
        try:
            # What is skipped must not come in through the function's own ``**kwargs`` either.
            named = {name: value for name, value in kwargs.items() if name not in self._skip}
            given = self._bind(*args, **named).arguments
        except TypeError:
            return {}
        return {
            name: jsonable(value, self._limits) for name, value in given.items() if name not in self._skip
        }


class Call(Operation):
    """One call of an observed function."""

    __slots__ = ("_limits", "_usage")

    def __init__(self, calls: "Calls", fields: dict[str, Any]) -> None:
        self.name = calls.operation
        self.level = calls.level
        self.has_start = calls.has_start
        self.fields = fields
        self.context = None
        self._limits = calls.result_limits
        self._usage = Usage() if calls.has_resources else None

    def returned(self, value: object) -> None:
        """End in good order, with what was returned where that is captured."""
        if self._limits is not None:
            self.set(result=jsonable(value, self._limits))
        self.end()

    def end(self, error: BaseException | None = None) -> None:
        """End, with what was used where that is captured."""
        if self._usage is not None:
            self.set(**self._usage.fields())
        super().end(error)


class Usage:
    """What a call takes: CPU time of its thread, growth of the process's resident memory."""

    def __init__(self) -> None:
        self._cpu_ns = time.thread_time_ns()
        self._memory_bytes = _resident_bytes()

    def fields(self) -> dict[str, Any]:
        """Return what was used since the start."""
        return {
            "cpu_ms": (time.thread_time_ns() - self._cpu_ns) / 1e6,
            "memory_growth_bytes": _resident_bytes() - self._memory_bytes,
        }


def _resident_bytes() -> int:
    """Return the resident memory of the process; where the system does not tell it, its peak."""
    # Only where it is captured: 0.2 ms to import.
    import resource

    try:
        with open("/proc/self/statm", "rb") as status:
            return int(status.read().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


class Steps:
    """The context of a generator's call: current while the generator's own code runs, and only then."""

    def __init__(self, call: Call) -> None:
        """Take over a call that has begun; its context is current no longer."""
        self._call = call
        self._active_ns = 0
        self._outside: context.Context | None = None
        self._inside = call.context
        if call.context is not None:
            context.leave(call.context)

    def __enter__(self) -> None:
        self._outside = context.exchange(self._inside)
        self._entered_ns = time.perf_counter_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._active_ns += time.perf_counter_ns() - self._entered_ns
        # What the generator's code has entered and not left, a plain span around a yield, waits with it.
        self._inside = context.exchange(self._outside)

    def returned(self, value: object) -> None:
        """End the call in good order."""
        with self._last_word():
            self._call.returned(value)

    def end(self, error: BaseException | None = None) -> None:
        """End the call."""
        with self._last_word():
            self._call.end(error)

    @contextmanager
    def _last_word(self) -> Iterator[None]:
        outside = context.exchange(self._call.context)
        self._call.set(active_ms=self._active_ns / 1e6)
        try:
            yield
        finally:
            context.exchange(outside)


class NoSteps:
    """The same for a call that is not observed."""

    def __enter__(self) -> None:
        """Nothing to enter."""

    def __exit__(self, *raised: object) -> None:
        """Nothing to leave."""

    def end(self, error: BaseException | None = None) -> None:
        """Nothing to end."""


class Calls:
    """The calls of one observed function: how each becomes an operation."""

    arguments: Arguments | None = None
    result_limits: Limits | None = None

    def __init__(
        self,
        function: Callable[..., Any],
        operation: str | None,
        logger: logging.Logger | None,
        level: int,
        has_start: bool,
        has_resources: bool,
        fields: dict[str, Any],
    ) -> None:
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"observe() decorates functions; this is a {qualified_name(type(function))}")
        named = function.func if isinstance(function, partial) else function
        module = str(getattr(named, "__module__", None) or "root")
        self.operation = operation or str(getattr(named, "__qualname__", qualified_name(type(named))))
        self.logger = logger or logging.getLogger(module)
        self.level = level
        self.has_start = has_start
        self.has_resources = has_resources
        self._fields = fields
        code = getattr(named, "__code__", None)
        # Where the function stands, for its caller may be an event loop.
        self._site: Site = (
            (code.co_filename, code.co_firstlineno, code.co_name)
            if code is not None
            else (module, 0, self.operation)
        )

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """Begin the operation of one call."""
        fields = self._fields
        if self.arguments is not None:
            fields = {**fields, **self.arguments.fields(args, kwargs)}
        call = Call(self, fields)
        call.begin(self.logger, self._site)
        return call

    def wrap(self, function: Any) -> Any:
        """Return a function of the same kind that is observed."""
        import inspect  # see Arguments

        # Of an object that is called like a function, its class tells the kind.
        is_function = inspect.isroutine(function) or isinstance(function, partial)
        code = function if is_function else type(function).__call__
        if inspect.isasyncgenfunction(code):
            return self._wrap_async_generator(function)
        if inspect.isgeneratorfunction(code):
            return self._wrap_generator(function)
        if inspect.iscoroutinefunction(code):
            return self._wrap_coroutine(function)
        return self._wrap_function(function)

    def _wrap_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        is_enabled, level, begin = self.logger.isEnabledFor, self.level, self.begin

        @wraps(function)
        def observed(*args: Any, **kwargs: Any) -> Any:
            if not is_enabled(level):
                return function(*args, **kwargs)
            call = begin(args, kwargs)
            try:
                returned = function(*args, **kwargs)
            except BaseException as error:
                call.end(error)
                raise
            call.returned(returned)
            return returned

        return observed

    def _wrap_coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        async def observed(*args: Any, **kwargs: Any) -> Any:
            if not self.logger.isEnabledFor(self.level):
                return await function(*args, **kwargs)
            call = self.begin(args, kwargs)
            try:
                returned = await function(*args, **kwargs)
            except BaseException as error:
                call.end(error)
                raise
            call.returned(returned)
            return returned

        return observed

    def _wrap_generator(self, function: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
        @wraps(function)
        def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            if not self.logger.isEnabledFor(self.level):
                return (yield from function(*args, **kwargs))
            steps = Steps(self.begin(args, kwargs))
            inner = function(*args, **kwargs)
            advance: Callable[[Any], Any] = inner.send
            given: Any = None
            while True:
                try:
                    with steps:
                        item = advance(given)
                except StopIteration as stop:
                    steps.returned(stop.value)
                    return stop.value
                except BaseException as error:
                    given = None  # an error that was thrown in holds this frame by its traceback
                    steps.end(error)
                    raise
                try:
                    given = yield item
                    advance = inner.send
                except BaseException as error:
                    # GeneratorExit as well: close() tells what the generator makes of it.
                    advance, given = inner.throw, error

        return observed

    def _wrap_async_generator(self, function: Callable[..., AsyncGenerator[Any, Any]]) -> Callable[..., Any]:
        @wraps(function)
        async def observed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            is_on = self.logger.isEnabledFor(self.level)
            steps = Steps(self.begin(args, kwargs)) if is_on else NoSteps()
            inner = function(*args, **kwargs)
            advance: Callable[[Any], Any] = inner.asend
            given: Any = None
            while True:
                try:
                    with steps:
                        item = await advance(given)
                except StopAsyncIteration:
                    steps.end()
                    return
                except BaseException as error:
                    given = None  # an error that was thrown in holds this frame by its traceback
                    steps.end(error)
                    raise
                try:
                    given = yield item
                    advance = inner.asend
                except BaseException as error:
                    advance, given = inner.athrow, error

        return observed
