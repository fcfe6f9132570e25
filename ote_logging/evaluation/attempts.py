"""Call something once, observed and timed, within a time limit, and get an outcome whatever happens.

LOCATION: ote_logging/evaluation/attempts.py
DEPENDENCIES: none
TRACE POINTS: Caller.outcome() - the call, inside its observer
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, Protocol


class Observed(Protocol):
    """What an observer gives: it takes fields that are known only at the end."""

    def set(self, **fields: Any) -> object:
        """Note ``fields``."""


class Observer(Protocol):
    """Gives a context manager for each trial, entered where the implementation runs; ``span`` is one."""

    def __call__(self, operation: str, /, **fields: Any) -> AbstractContextManager[Observed]:
        """Return the context manager of one trial of the implementation ``operation``."""


class _Forgotten:
    def set(self, **fields: Any) -> None:
        """Forget ``fields``."""


@contextmanager
def unobserved(operation: str, /, **fields: Any) -> Iterator[Observed]:
    """Observe nothing."""
    yield _Forgotten()


@dataclass
class Outcome:
    """What one call gave; ``error`` is None where it succeeded."""

    result: Any = None
    error: Exception | None = None
    duration_s: float = 0.0
    score: float | None = None
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """Whether there was no error."""
        return self.error is None


@dataclass(frozen=True)
class Attempt:
    """One call to make; what it raises, and what score and measure raise, is its outcome."""

    implementation: Callable[[Any], Any]
    case: Any
    observed: AbstractContextManager[Observed]
    score: Callable[[Any, Any], float] | None = None
    measure: Callable[[Any], Mapping[str, Any]] | None = None

    @property
    def is_async(self) -> bool:
        """Whether the implementation is a coroutine function, a partial of one, or an object like one."""
        # iscoroutinefunction sees through partials, though not to the __call__ of an object.
        call = getattr(self.implementation, "__call__", None)  # noqa: B004  # its kind is asked, not whether
        return inspect.iscoroutinefunction(self.implementation) or inspect.iscoroutinefunction(call)

    def called(self) -> Outcome:
        """Call and return the outcome."""
        outcome = Outcome()
        try:
            with self.observed as span:
                with _timed(outcome):
                    outcome.result = self.implementation(self.case)
                _refuse_coroutine(outcome.result)
                self._appraise(span, outcome)
        except Exception as error:  # the caller's code may raise anything, and that is a result
            outcome.error = error
        return outcome

    async def awaited(self, timeout_s: float | None) -> Outcome:
        """Call, await and return the outcome."""
        outcome = Outcome()
        try:
            with self.observed as span:
                with _timed(outcome):
                    outcome.result = await self._within(timeout_s)
                self._appraise(span, outcome)
        except Exception as error:  # as above
            outcome.error = error
        return outcome

    async def _within(self, timeout_s: float | None) -> Any:
        limit = asyncio.timeout(timeout_s)
        try:
            async with limit:
                return await self.implementation(self.case)
        except TimeoutError:
            # It may have raised one of its own.
            if timeout_s is None or not limit.expired():
                raise
            raise _too_late(timeout_s) from None

    def _appraise(self, span: Observed, outcome: Outcome) -> None:
        if self.score is not None:
            outcome.score = float(self.score(self.case, outcome.result))
            span.set(score=outcome.score)
        if self.measure is not None:
            outcome.measured = dict(self.measure(outcome.result))
            span.set(**outcome.measured)


@contextmanager
def _timed(outcome: Outcome) -> Iterator[None]:
    begin = perf_counter()
    try:
        yield
    finally:
        outcome.duration_s = perf_counter() - begin


def _refuse_coroutine(result: object) -> None:
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(
            "the implementation returned a coroutine; pass a coroutine function to have it awaited"
        )


def _too_late(timeout_s: float) -> TimeoutError:
    return TimeoutError(f"no result within {timeout_s:g} s")


class Caller:
    """Makes attempts: in place, in a thread where there is a time limit, on a loop where they are async.

    A context manager, as the loop (in a thread of its own, so that a caller may have one too) needs an end.
    """

    def __init__(self, timeout_s: float | None) -> None:
        """Give each attempt ``timeout_s`` seconds, None for as long as it takes."""
        self._timeout_s = timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def outcome(self, attempt: Attempt) -> Outcome:
        """Make ``attempt`` in the context of the caller and return its outcome."""
        if attempt.is_async:
            pending = asyncio.run_coroutine_threadsafe(attempt.awaited(self._timeout_s), self._running())
            return pending.result()
        return attempt.called() if self._timeout_s is None else _called_within(self._timeout_s, attempt)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = Thread(target=_serve, args=(self._loop,), name="ote-comparison", daemon=True)
            self._thread.start()
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run ``loop`` until it is stopped, then close it."""
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _called_within(timeout_s: float, attempt: Attempt) -> Outcome:
    """Call in a daemon thread, which is left alone when the time is over: Python cannot end it."""
    done: SimpleQueue[Outcome] = SimpleQueue()
    context = copy_context()
    begin = perf_counter()
    Thread(target=lambda: done.put(context.run(attempt.called)), name="ote-trial", daemon=True).start()
    try:
        return done.get(timeout=timeout_s)
    except Empty:
        return Outcome(error=_too_late(timeout_s), duration_s=perf_counter() - begin)
