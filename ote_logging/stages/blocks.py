"""The stages of a generation pipeline as blocks: timed, with what was before and after, whole when they fail.

    with code_generation("todo_store", specification=spec, source=answer) as made:
        made.set(code=extracted(answer))

Each is a span with one record at its end, which is the stage's event; ``async with`` does the same. It
takes the fields of that event, before as arguments and afterwards by ``set()``, besides ``logger``,
``level`` and ``start`` (True writes a record of the start as well). What the stage is part of stands in
``parent_operation``. Where the logger is set above ``level``, nothing is recorded and nothing looked at.

LOCATION: ote_logging/stages/blocks.py
DEPENDENCIES: spans (Block), stages: events, errors, files
TRACE POINTS: Stage.begin(), Stage.end() - a stage begins and ends
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from ote_logging import context
from ote_logging.events import Event
from ote_logging.jsonable import text_of
from ote_logging.operations import SpanEnd
from ote_logging.sites import Site
from ote_logging.spans import Block
from ote_logging.stages.base import StageEvent
from ote_logging.stages.contents import is_a
from ote_logging.stages.errors import Told, error_keys
from ote_logging.stages.events import CodeGeneration, FileWrite, TemplateRender, Validation
from ote_logging.stages.files import file_after, file_before


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
        try:
            return self.event(keys, error)
        except Exception as failure:  # fields may be objects with code of their own
            return self.kind.of({"parent_operation": self._parent, "look_error": text_of(failure)}, keys)

    def event(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return the event of the end; ``keys`` tell status and duration, ``error`` what it raised."""
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

    def event(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return the end of a span."""
        return SpanEnd(self.name, keys, self.fields, time.time())


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
        if "target" in self.fields:
            self.fields = {**_looked(file_before, self.fields["target"]), **self.fields}
        super().begin(logger, site)

    def event(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return the event, with what stands there now."""
        content = self.fields.get("content")
        if "target" in self.fields:
            wanted = content if is_a(content, str, bytes) else None
            found = _looked(file_after, self.fields["target"], wanted)
            wrong = {name: found.pop(name) for name in _FOUND_WRONG if name in found}
            self.fields = {**found, **self.fields}
            keys = {**keys, **wrong} if error is None else keys
        return super().event(keys, error)


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

    def fail(self, /, *errors: Told, **facts: Any) -> None:
        """Record errors: exceptions, what ``check_code`` found, mappings of the names of keys, or texts.

        The first one gives the keys of the line; ``facts`` add to it, as ``fail("no end", line_number=178)``.
        """
        told = [error_keys(error) for error in errors] or [{"error_message": "not valid"}]
        told[0].update(facts)
        self.set(errors=[*self.fields.get("errors", ()), *told])
