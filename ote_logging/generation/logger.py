"""GenerationLogger: the stages of a generation pipeline by methods.

A method makes an event of ``stages`` and logs it, in the name of the module that called.

LOCATION: ote_logging/generation/logger.py
DEPENDENCIES: stages (events), operations (stages in between), generation: sinks, totals
TRACE POINTS: GenerationLogger.log_*() - an event is logged; start_stage(), end_stage() - a span
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from ote_logging import context
from ote_logging.context import new_session_id
from ote_logging.events import Event
from ote_logging.generation.sinks import Route, Sinks
from ote_logging.generation.totals import SUMMED, GenerationEvent, Total, short_keys
from ote_logging.jsonable import qualified_name, text_of
from ote_logging.operations import Operation
from ote_logging.sites import new_record, site_of
from ote_logging.spans import logger_of
from ote_logging.stages.base import StageEvent
from ote_logging.stages.events import FileWrite, LLMInteraction, Messages, TemplateRender, Validation
from ote_logging.stages.files import file_after
from ote_logging.tracebacks import describe, render

DEFAULT_FOLDER: Final = "generation_logs"
_MOST_EVENTS: Final = 10_000


class GenerationLogger:
    """Logs the stages of a generation pipeline: prompts, responses, renders, validation errors, files.

    With nothing configured it writes ``session_<session_id>.jsonl``, ``llm_<uuid>_<component>.json`` and
    ``validation_error_<uuid>_<component>.json`` to ``log_dir``, redacted, whatever the level of any logger.
    Where a SessionFileHandler is configured, that one writes, under its level, and ``log_dir`` stays unused
    unless it was given and is another folder. Every record goes to the handlers that are configured.

    On the line a validation error is the event ``validation`` with status ``error``, as all of this package
    has it; its own file says ``validation_error``. As a context manager (``with GenerationLogger() as log``)
    its session is that of everything logged inside.

    Args:
        log_dir: the folder, ``generation_logs`` by default; made by the first record.
        session_id: the session of its records, a new UUID by default; ``current().session_id`` joins the
            one that is going on.

    ``events`` are the newest 10,000, without contents; ``stage_timers`` says when each open stage began, in
    seconds of ``time.monotonic``.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] | None = None, *, session_id: str | None = None
    ) -> None:
        self.session_id = session_id or new_session_id()
        self.log_dir = Path(DEFAULT_FOLDER if log_dir is None else log_dir)
        self.events: list[GenerationEvent] = []
        self.stage_timers: dict[str, float] = {}
        self._sinks = Sinks(self.log_dir, is_given=log_dir is not None)
        self._open: dict[str, list[_OpenStage]] = {}
        self._scopes: list[context.session] = []
        self._total = Total()

    def __enter__(self) -> Self:
        scope = context.session(self.session_id)
        scope.__enter__()
        self._scopes.append(scope)
        return self

    def __exit__(self, *raised: Any) -> None:
        self._scopes.pop().__exit__(None, None, None)

    def start_stage(self, /, stage: str, component_name: str | None = None, **fields: Any) -> None:
        """Mark the beginning of a stage; what is logged until its end is inside of it."""
        frame = sys._getframe(1)
        opened = _OpenStage(stage, component_name, fields, self.session_id)
        opened.begin(self._route(frame), site_of(frame))
        key = _stage_key(stage, component_name)
        self._open.setdefault(key, []).append(opened)
        self.stage_timers[key] = opened.began
        self._total.count("span_start")
        self._remember("span_start", component_name, {"operation": stage})

    def end_stage(self, /, stage: str, component_name: str | None = None, **fields: Any) -> float | None:
        """Mark the end of the stage that was started last; return its milliseconds, None where none was.

        ``fields`` stand on the record of the end; with ``error``, an exception or text, the stage failed.
        """
        opened = self._close(_stage_key(stage, component_name))
        if opened is None:
            return None
        error = fields.pop("error", None)
        opened.set(**fields)
        opened.finish(error)
        took_ms = (time.monotonic() - opened.began) * 1000
        self._total.add_stage(stage, took_ms)
        self._total.count("span_end")
        told = {} if error is None else {"status": "error", **_error_keys(error)}
        if told:
            self._total.add_error(stage, component_name, told)
        self._remember("span_end", component_name, {"operation": stage, "duration_ms": took_ms, **told})
        return took_ms

    def log_error(
        self, /, stage: str, error: BaseException | str, component_name: str | None = None, **fields: Any
    ) -> None:
        """Log an error with its whole stack trace; for a text that of the exception that is being handled."""
        event = Event("generation_error", f"generation_error in {stage}: {text_of(error)}")
        event.fields = {"stage": stage, **_present(component_name), **fields}
        event.keys = {"status": "error", **_error_keys(error)}
        raised = error if isinstance(error, BaseException) else sys.exc_info()[1]
        self._log(sys._getframe(1), logging.ERROR, event, raised)

    def log_llm_interaction(
        self,
        /,
        component_name: str | None = None,
        prompt: Messages | None = None,
        response: str | None = None,
        model: str | None = None,
        tokens_in: int | None = None,
        tokens_out: int | None = None,
        duration_ms: float | None = None,
        error: BaseException | str | None = None,
        **fields: Any,
    ) -> None:
        """Log what a model was told and what it answered, whole; ``fields`` as in ``LLMInteraction``."""
        known = {
            "component": component_name, "prompt": prompt, "response": response, "model": model,
            "tokens_in": tokens_in, "tokens_out": tokens_out, "duration_ms": duration_ms, "error": error,
        }  # fmt: skip
        self._log_stage(sys._getframe(1), LLMInteraction.of({**known, **fields}))

    def log_template_render(
        self,
        /,
        component_name: str | None = None,
        template_name: object = None,
        variables: Mapping[str, Any] | None = None,
        output: str | None = None,
        duration_ms: float | None = None,
        error: BaseException | str | None = None,
        **fields: Any,
    ) -> None:
        """Log a render; ``fields`` as in ``TemplateRender``, among them ``before`` for the diff."""
        known = {
            "component": component_name, "template": template_name, "variables": variables,
            "output": output, "duration_ms": duration_ms, "error": error,
        }  # fmt: skip
        self._log_stage(sys._getframe(1), TemplateRender.of({**known, **fields}))

    def log_validation_error(
        self,
        /,
        component_name: str | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
        line_number: int | None = None,
        code_context: str | None = None,
        **fields: Any,
    ) -> None:
        """Log what did not validate; ``fields`` as in ``Validation``.

        Without a ``traceback`` that of the exception that is being handled is taken.
        """
        known = {
            "component": component_name, "status": "error", "error_type": error_type,
            "error_message": error_message or "not valid", "line_number": line_number,
            "code_context": code_context,
        }  # fmt: skip
        handled = sys.exc_info()[1]
        if handled is not None:
            known["traceback"] = render(describe(handled))
        self._log_stage(sys._getframe(1), Validation.of({**known, **fields}))

    def log_file_write(
        self,
        /,
        component_name: str | None = None,
        file_path: str | os.PathLike[str] | None = None,
        content: str | None = None,
        **fields: Any,
    ) -> None:
        """Log that a file was written, read back and compared; ``fields`` as in ``FileWrite``."""
        known: dict[str, Any] = {"component": component_name, "target": file_path, "content": content}
        try:
            found = {} if file_path is None else file_after(file_path, content)
        except Exception as error:  # a file system may refuse in many ways
            found = {"look_error": text_of(error)}
        self._log_stage(sys._getframe(1), FileWrite.of({**known, **found, **fields}))

    def generate_summary(self) -> dict[str, Any]:
        """Return what was logged so far: ``total_events``, ``errors`` (a list), counts, tokens and times.

        Of the errors the first 1,000 are listed, each with ``stage``, ``component``, ``error_type``,
        ``error_message`` and ``line_number``; ``error_count`` counts all.
        """
        return {"session_id": self.session_id, "log_dir": str(self.log_dir), **self._total.summary()}

    def flush(self) -> None:
        """Wait until everything that is written in the background is on its way to the disk."""
        self._sinks.flush()

    def _close(self, key: str) -> "_OpenStage | None":
        """Take the stage that was started last off those that are open."""
        opened = self._open.pop(key, [])
        stage = opened.pop() if opened else None
        self.stage_timers.pop(key, None)
        if opened:
            self._open[key] = opened
            self.stage_timers[key] = opened[-1].began
        return stage

    def _route(self, frame: FrameType) -> logging.Logger:
        return Route(logger_of(frame), self.session_id, self._sinks)

    def _log_stage(self, frame: FrameType, event: StageEvent) -> None:
        self._log(frame, logging.ERROR if event.keys["status"] == "error" else logging.INFO, event)

    def _log(self, frame: FrameType, level: int, event: Event, raised: BaseException | None = None) -> None:
        route = self._route(frame)
        record = new_record(route, level, site_of(frame), event)
        if raised is not None:
            record.exc_info = (type(raised), raised, raised.__traceback__)
        route.handle(record)
        given = event.given if isinstance(event, StageEvent) else event.fields
        self._total.add_event(event, given)
        data = {name: given[name] for name in ("model", *SUMMED) if name in given}
        self._remember(event.event, given.get("component"), {**data, **short_keys(event.keys)})

    def _remember(self, stage: str, component: str | None, data: Mapping[str, Any]) -> None:
        self.events.append(GenerationEvent(stage, component, data, data.get("error_message")))
        del self.events[:-_MOST_EVENTS]


class _OpenStage(Operation):
    """A stage between its start and its end: a span of the session of its logger."""

    __slots__ = ("_scope", "began")

    def __init__(self, stage: str, component: str | None, fields: Mapping[str, Any], session_id: str) -> None:
        self.name = stage
        self.level = logging.INFO
        self.has_start = True
        self.fields = {**_present(component), **fields}
        self.context = None
        self.began = time.monotonic()
        self._scope = context.session(session_id) if context.current().session_id != session_id else None
        if self._scope is not None:
            self._scope.__enter__()

    def finish(self, error: object) -> None:
        """End the stage and leave its session, where that was entered for it."""
        if error is not None and not isinstance(error, BaseException):
            error = GenerationError(text_of(error))
        try:
            self.end(error)
        finally:
            if self._scope is not None:
                self._scope.__exit__(None, None, None)


class GenerationError(Exception):
    """A stage failed by what was told as text."""


def _stage_key(stage: str, component: str | None) -> str:
    return stage if component is None else f"{stage}:{component}"


def _present(component: str | None) -> dict[str, Any]:
    return {} if component is None else {"component": component}


def _error_keys(error: object) -> dict[str, Any]:
    if isinstance(error, BaseException):
        return {"error_type": qualified_name(type(error)), "error_message": text_of(error)}
    return {"error_message": text_of(error)}
