"""The stages of a generation pipeline as blocks: timed, with what was before and after, whole when they fail.

    with llm_interaction("todo_store", prompt=prompt, model="gpt-4") as call:
        answer = client.complete(prompt)
        call.set(response=answer.text, tokens_in=answer.usage.input, tokens_out=answer.usage.output)

Each is a span with one record at its end, which is the stage's event; ``async with`` does the same. It
takes the fields of that event, before as arguments and afterwards by ``set()``, besides ``logger``,
``level`` and ``start`` (True writes a record of the start as well). What the stage is part of stands in
``parent_operation``. Where the logger is set above ``level``, nothing is recorded and nothing looked at.

LOCATION: ote_logging/stages/blocks.py
DEPENDENCIES: spans (Block), stages: events, errors, files, streams
TRACE POINTS: Stage.begin(), Stage.end() - a stage begins and ends
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar, Final

from ote_logging import context
from ote_logging.events import Event
from ote_logging.jsonable import jsonable, text_of
from ote_logging.operations import SpanEnd
from ote_logging.sites import Site, site_of
from ote_logging.spans import Block, logger_of
from ote_logging.stages.base import StageEvent
from ote_logging.stages.diffs import diff_of
from ote_logging.stages.errors import Told, error_fingerprint, error_keys
from ote_logging.stages.events import (
    CodeGeneration,
    FileWrite,
    Healing,
    LLMInteraction,
    TemplateRender,
    Validation,
)
from ote_logging.stages.files import file_after, file_before
from ote_logging.stages.streams import TextOf, Whole, recorded


class Stage(Block):
    """What all stages have in common; a program uses those below."""

    __slots__ = ("_parent",)

    kind: ClassVar[type[StageEvent]]

    def __init__(
        self,
        component: str | None = None,
        /,
        *,
        logger: logging.Logger | None = None,
        level: int = logging.INFO,
        start: bool = False,
        **fields: Any,
    ) -> None:
        """Prepare the stage of ``component``; it begins with the block."""
        event = self.kind.event  # type: ignore[misc]  # each kind has it in its class
        self._prepare(event, component, logger, level, start, fields)

    def _prepare(
        self,
        name: str,
        component: str | None,
        logger: logging.Logger | None,
        level: int,
        start: bool,
        fields: dict[str, Any],
    ) -> None:
        self.name = name
        self.logger = logger
        self.level = level
        self.has_start = start
        self.fields = fields if component is None else {"component": component, **fields}
        self.context = None
        self._parent: str | None = None

    def begin(self, logger: logging.Logger, site: Site) -> None:
        """Begin, and remember what this stage is part of."""
        self._parent = context.current().operation
        super().begin(logger, site)

    @property
    def is_on(self) -> bool:
        """Whether this stage is recorded; only between its begin and its end."""
        return self.context is not None

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        # Whether it went well the event tells, unless it is known already that it did not.
        known = {name: value for name, value in keys.items() if value != "ok"}
        return self.kind.of({"parent_operation": self._parent, **self.fields}, known, error)


class stage(Stage):
    """Any other stage, by its name: ``with stage("llm_generation", "todo_store"): ...``.

    It is a span of that name; ``component`` and ``fields`` stand on its end.
    """

    __slots__ = ()

    def __init__(
        self,
        name: str,
        component: str | None = None,
        /,
        *,
        logger: logging.Logger | None = None,
        level: int = logging.INFO,
        start: bool = False,
        **fields: Any,
    ) -> None:
        """Prepare the stage; it begins with the block."""
        self._prepare(name, component, logger, level, start, fields)

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        return SpanEnd(self.name, keys, self.fields, time.time())


class llm_interaction(Stage):
    """A model is asked; fields as in ``LLMInteraction``."""

    __slots__ = ("_whole",)

    kind = LLMInteraction

    _whole: Whole

    @contextmanager
    def attempt(self, **facts: Any) -> Iterator[None]:
        """Record one try with its own outcome and time: ``with call.attempt(): client.complete(...)``.

        An exception passes; that there are several is for the program to decide. ``facts`` stand beside.
        """
        begun_ns = time.perf_counter_ns()
        outcome: dict[str, Any] = {"status": "ok"}
        try:
            yield
        except BaseException as error:
            outcome = {"status": "error", **error_keys(error)}
            raise
        finally:
            tries = self.fields.get("attempts", ())
            took = {"number": len(tries) + 1, "duration_ms": (time.perf_counter_ns() - begun_ns) / 1e6}
            self.set(attempts=[*tries, {**took, **outcome, **facts}])

    def tool_call(self, name: str, arguments: object = None, result: object = None, /, **facts: Any) -> None:
        """Record that the model called a tool."""
        call = {"name": name, "arguments": arguments, "result": result, **facts}
        known = {key: jsonable(value) for key, value in call.items() if value is not None}
        self.set(tool_calls=[*self.fields.get("tool_calls", ()), known])

    def stream(self, chunks: Any, text: TextOf | None = None) -> Any:
        """Return ``chunks``, an iterator or async iterator, so that passing through it is recorded.

        Every chunk comes out as it went in; the whole is the response of this interaction, with
        ``time_to_first_chunk_ms`` and the number of ``chunks``. ``text`` takes the text out of a chunk; by
        default that of the usual clients is found.
        """
        if not self.is_on:
            return chunks
        self._whole = Whole(self._begun_ns, text)
        return recorded(chunks, self._whole, _Attached())

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        if hasattr(self, "_whole"):
            self.fields = {**self._whole.fields(), **self.fields}
        return super()._ended(keys, error)


class _Attached:
    """The owner of a stream that is read inside the block, which tells of it when it ends."""

    def step(self) -> AbstractContextManager[None]:
        return nullcontext()

    def done(self, error: BaseException | None) -> None:
        """The block will end."""


class _Detached:
    """The owner of a stream that ends its interaction; the context of that is current in its steps only."""

    def __init__(self, call: llm_interaction) -> None:
        self._call: llm_interaction | None = call
        self._inside = call.context
        if call.context is not None:
            context.leave(call.context)

    @contextmanager
    def step(self) -> Iterator[None]:
        outside = context.exchange(self._inside)
        try:
            yield
        finally:
            self._inside = context.exchange(outside)

    def done(self, error: BaseException | None) -> None:
        call, self._call = self._call, None
        if call is not None:
            outside = context.exchange(call.context)
            try:
                call.end(error)
            finally:
                context.exchange(outside)


def llm_stream(
    chunks: Any,
    component: str | None = None,
    /,
    *,
    text: TextOf | None = None,
    logger: logging.Logger | None = None,
    level: int = logging.INFO,
    **fields: Any,
) -> Any:
    """Return ``chunks`` as an interaction of its own, which ends when they do, are closed or given up.

    For a stream that is handed on: ``return llm_stream(client.stream(prompt), "todo_store", prompt=prompt)``.
    Fields as in ``LLMInteraction``; otherwise as ``llm_interaction.stream``.
    """
    frame = sys._getframe(1)
    logger = logger or logger_of(frame.f_globals)
    if not logger.isEnabledFor(level):
        return chunks
    call = llm_interaction(component, level=level, **fields)
    call.begin(logger, site_of(frame))
    call._whole = Whole(call._begun_ns, text)
    return recorded(chunks, call._whole, _Detached(call))


class template_render(Stage):
    """A template is rendered; fields as in ``TemplateRender``, of which ``output`` is set afterwards."""

    __slots__ = ()

    kind = TemplateRender


class code_generation(Stage):
    """Code is made; fields as in ``CodeGeneration``, of which ``code`` is set afterwards."""

    __slots__ = ()

    kind = CodeGeneration


class file_write(Stage):
    """A file is written by the block: ``with file_write("todo_store", target=path, content=code): ...``.

    The target is looked at before and read back after; what was to be written and what stands there are
    compared. Nothing is written by this.
    """

    __slots__ = ()

    kind = FileWrite

    def begin(self, logger: logging.Logger, site: Site) -> None:
        """Begin, with a look at what stands there."""
        target = self._target()
        if target is not None:
            self.fields = {**_looked(file_before, target), **self.fields}
        super().begin(logger, site)

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        target, content = self._target(), self.fields.get("content")
        if target is not None:
            found = _looked(file_after, target, content if isinstance(content, str | bytes) else None)
            wrong = {name: found.pop(name) for name in _FOUND_WRONG if name in found}
            self.fields = {**found, **self.fields}
            keys = {**keys, **wrong} if error is None else keys
        return super()._ended(keys, error)

    def _target(self) -> Path | None:
        target = self.fields.get("target")
        return Path(target) if isinstance(target, str | os.PathLike) else None


_FOUND_WRONG: Final[tuple[str, ...]] = ("status", "error_type", "error_message")


def _looked(look: Callable[..., dict[str, Any]], *about: Any) -> dict[str, Any]:
    """Return what ``look`` tells; a file system may refuse in many ways, and none may hurt the program."""
    try:
        return look(*about)
    except Exception as error:
        return {"look_error": text_of(error)}


class validation(Stage):
    """Something is checked; fields as in ``Validation``. It holds unless ``fail`` is called or it raises."""

    __slots__ = ()

    kind = Validation

    def fail(self, *errors: Told, **facts: Any) -> None:
        """Record errors: exceptions, what ``check_code`` found, mappings of the names of keys, or texts.

        The first one gives the keys of the line; ``facts`` add to it, as ``fail("no end", line_number=178)``.
        """
        told = [error_keys(error) for error in errors] or [{"error_message": "not valid"}]
        told[0].update(facts)
        self.set(errors=[*self.fields.get("errors", ()), *told])


class healing(Stage):
    """What did not validate is mended: ``with healing("todo_store", error=first, code=code) as heal: ...``.

    Args of the block: ``error``, what is to be mended, and ``code``, as it is; ``max_attempts`` where the
    program has such a bound. It went well if the last attempt fixed it.
    """

    __slots__ = ("_seen",)

    kind = Healing

    def __init__(
        self,
        component: str | None = None,
        /,
        *,
        error: Told | None = None,
        code: str | None = None,
        logger: logging.Logger | None = None,
        level: int = logging.INFO,
        start: bool = False,
        **fields: Any,
    ) -> None:
        """Prepare the healing; it begins with the block."""
        super().__init__(component, logger=logger, level=level, start=start, **fields)
        self._seen: dict[str, int] = {}
        if code is not None:
            self.set(before=code)
        if error is not None:
            keys = error_keys(error)
            self._seen[_fingerprint(keys)] = 0
            self.set(first_error=keys)

    def attempt(self, code: str, /, error: Told | None = None, **facts: Any) -> str:
        """Record an attempt: the code that it gave, and what was wrong with that, None where nothing was.

        Returns its verdict: ``fixed``, ``same_error`` where an error of the same fingerprint was there
        before, ``new_error`` otherwise.
        """
        tries = self.fields.get("attempts", ())
        number = len(tries) + 1
        previous = self.fields.get("code", self.fields.get("before", ""))
        told = {} if error is None else error_keys(error)
        found = self._judged(number, told)
        made = {"number": number, "diff": diff_of(previous, code), "code": code, **found, **told, **facts}
        self.set(attempts=[*tries, made], code=code, verdict=found["verdict"])
        return str(found["verdict"])

    def _judged(self, number: int, told: Mapping[str, Any]) -> dict[str, Any]:
        if not told:
            return {"verdict": "fixed"}
        found = _fingerprint(told)
        first = self._seen.setdefault(found, number)
        if first == number:
            return {"verdict": "new_error", "error_fingerprint": found}
        return {"verdict": "same_error", "same_as_attempt": first, "error_fingerprint": found}

    def give_up(self, reason: str) -> None:
        """Say why it ended without success."""
        self.set(reason=reason)

    def _ended(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        tries = self.fields.get("attempts", ())
        self.set(reason=self.fields.get("reason") or self._reason(tries, error), attempts=list(tries))
        if keys["status"] == "ok" and self.fields.get("verdict") != "fixed":
            last = tries[-1] if tries else self.fields.get("first_error", {})
            keys = {**keys, "status": "error", **error_keys({"error_message": self.fields["reason"], **last})}
        return super()._ended(keys, error)

    def _reason(self, tries: Any, error: BaseException | None) -> str:
        """Return why it ended, as far as that can be seen from here."""
        verdict, count = self.fields.get("verdict"), f"{len(tries)} attempt{'s' if len(tries) != 1 else ''}"
        if error is not None:
            return f"{type(error).__name__} after {count}"
        if verdict == "fixed":
            return f"fixed after {count}"
        if not tries:
            return "nothing was attempted"
        most = self.fields.get("max_attempts")
        bound = f" of {most}" if most is not None else ""
        ended = "the same error again" if verdict == "same_error" else "a new error"
        return f"{ended} after {len(tries)}{bound} attempts"


def _fingerprint(keys: Mapping[str, Any]) -> str:
    return error_fingerprint(keys.get("error_type", ""), keys.get("error_message", ""))
