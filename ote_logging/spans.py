"""Operations in a program: a block (``span``) or every call of a function (``observe``).

Two ordinary records, START and END or FAILED, go through the logger of the module in which the block or
the function stands; records in between carry its ids. Where that logger is set above the level of the
operation, nothing happens at all.

LOCATION: ote_logging/spans.py
DEPENDENCIES: operations (begin and end), calls (observed functions)
TRACE POINTS: Block.__enter__(), Block.__exit__() - a block begins and ends; observe() - a function is wrapped
"""

import logging
import sys
from collections.abc import Callable, Collection
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar, overload

from ote_logging.calls import Arguments, Calls
from ote_logging.jsonable import Limits
from ote_logging.operations import Operation
from ote_logging.sites import site_of

F = TypeVar("F", bound=Callable[..., Any])

_LOGGERS: Final[dict[str, logging.Logger]] = {}


class Block(Operation):
    """An operation that lasts as long as its block, and is logged by the module in which that stands."""

    __slots__ = ()

    def __enter__(self) -> Self:
        frame = sys._getframe(1)
        logger = self.logger or logger_of(frame)
        if logger.isEnabledFor(self.level):
            self.begin(logger, site_of(frame))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.context is not None:
            self.end(error)

    async def __aenter__(self) -> Self:
        frame = sys._getframe(1)
        logger = self.logger or logger_of(frame)
        if logger.isEnabledFor(self.level):
            self.begin(logger, site_of(frame))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.context is not None:
            self.end(error)


class Span(Block):
    """What ``span`` returns."""

    __slots__ = ()

    def __call__(self, function: F, /) -> F:
        """Observe ``function`` as this operation: each call is a span of its own."""
        decorate = observe(
            self.name, logger=self.logger, level=self.level, start=self.has_start, **self.fields
        )
        return decorate(function)


_new_span: Final = Span.__new__


def span(
    operation: str,
    /,
    *,
    logger: logging.Logger | None = None,
    level: int = logging.INFO,
    start: bool = True,
    **fields: Any,
) -> Span:
    """An operation: ``with span("save", user_id=7) as it: ...``, also ``async with`` and ``@span("save")``.

    Two records at ``level``, or one at the end where ``start`` is False. A failure is logged at ERROR at
    least; the exception passes unchanged but for one note. ``fields`` stand on both records, those of
    ``set()`` on the end. ``logger`` is by default that of the module in which the block stands.
    """
    # A function, for a class takes twice as long to call, and spans are called where they are off.
    made = _new_span(Span)
    made.name = operation
    made.logger = logger
    made.level = level
    made.has_start = start
    made.fields = fields
    made.context = None
    return made


def logger_of(frame: FrameType) -> logging.Logger:
    """Return the logger that ``logging.getLogger(__name__)`` gives where ``frame`` stands."""
    try:
        return _LOGGERS[frame.f_globals["__name__"]]
    except KeyError:
        name = frame.f_globals.get("__name__", "root")
        logger = _LOGGERS[name] = logging.getLogger(name)
        return logger


@overload
def observe(operation: F, /) -> F: ...
@overload
def observe(
    operation: str | None = None,
    /,
    *,
    logger: logging.Logger | None = None,
    level: int = logging.INFO,
    start: bool = True,
    args: bool = False,
    result: bool = False,
    skip: Collection[str] = (),
    max_chars: int = 200,
    resources: bool = False,
    **fields: Any,
) -> Callable[[F], F]: ...
def observe(
    operation: Any = None,
    /,
    *,
    logger: logging.Logger | None = None,
    level: int = logging.INFO,
    start: bool = True,
    args: bool = False,
    result: bool = False,
    skip: Collection[str] = (),
    max_chars: int = 200,
    resources: bool = False,
    **fields: Any,
) -> Any:
    """Make each call of a function an operation: ``@observe("save")``, or bare with its qualified name.

    Functions, coroutines, generators and async generators keep their kind, name and signature; so do
    ``staticmethod`` and ``classmethod``. A generator's span is current only while its own code runs; its
    end tells the time inside (``active_ms``) besides that from first to last step (``duration_ms``).

    Args:
        operation: name of the operation, of few distinct values.
        logger: where it is logged; by default the logger of the function's module.
        level: of both records; below it the function is called and nothing else happens.
        start: False writes one record, at the end.
        args: put the arguments on the records, by name; ``self`` and ``cls`` are left out.
        result: put what is returned on the end, as ``result``.
        skip: names of arguments that are left out.
        max_chars: bound of each captured value, in characters, at least 64.
        resources: put ``cpu_ms`` of the thread and ``memory_growth_bytes`` of the process on the end.
        **fields: put on every record.

    Raises:
        ValueError: ``max_chars`` is below 64.
        TypeError: what is decorated is no function.
    """
    if operation is not None and not isinstance(operation, str):
        return observe()(operation)
    limits = Limits(depth=4, items=20, chars=max_chars, size=20 * max_chars)

    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod | classmethod):
            return type(function)(decorate(function.__func__))
        calls = Calls(function, operation, logger, level, start, resources, fields)
        calls.arguments = Arguments(function, skip, limits) if args else None
        calls.result_limits = limits if result else None
        return calls.wrap(function)

    return decorate
