"""Loggers with methods, for programs that were written against them: GenerationLogger and OTELogger.

Both are thin: a method makes an event of ``stages`` and logs it, in the name of the module that called.

LOCATION: ote_logging/generation.py
DEPENDENCIES: stages (events), operations (stages in between), handlers: session and artifacts; evaluation
TRACE POINTS: GenerationLogger.log_*() - an event is logged; start_stage(), end_stage() - a span
"""

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from ote_logging import context
from ote_logging.content import ContentFilter
from ote_logging.context import Context, new_session_id
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.events import Event
from ote_logging.filters import ContextFilter, RedactFilter
from ote_logging.handlers.artifacts import ArtifactHandler
from ote_logging.handlers.session import SessionFileHandler
from ote_logging.jsonable import qualified_name, text_of
from ote_logging.operations import Operation
from ote_logging.records import CONTEXT, mark
from ote_logging.sites import new_record, site_of
from ote_logging.spans import logger_of, observe
from ote_logging.stages.base import StageEvent
from ote_logging.stages.events import FileWrite, LLMInteraction, Messages, TemplateRender, Validation
from ote_logging.stages.files import file_after
from ote_logging.tracebacks import describe, render

observable: Final = observe
"""Another name of ``observe``."""

DEFAULT_FOLDER: Final = "generation_logs"
_MOST_EVENTS: Final = 10_000
_MOST_ERRORS: Final = 1_000
_SUMMED: Final = ("tokens_in", "tokens_out", "cost_usd")


@dataclass(frozen=True, slots=True)
class GenerationEvent:
    """What a GenerationLogger remembers of an event: no contents, so that memory stays small."""

    stage: str
    component: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


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
        self._sinks = _Sinks(self.log_dir, is_given=log_dir is not None)
        self._open: dict[str, list[_OpenStage]] = {}
        self._scopes: list[context.session] = []
        self._total = _Total()

    def __enter__(self) -> Self:
        scope = context.session(self.session_id)
        scope.__enter__()
        self._scopes.append(scope)
        return self

    def __exit__(self, *raised: Any) -> None:
        self._scopes.pop().__exit__(None, None, None)

    def start_stage(self, stage: str, component_name: str | None = None, **fields: Any) -> None:
        """Mark the beginning of a stage; what is logged until its end is inside of it."""
        frame = sys._getframe(1)
        opened = _OpenStage(stage, component_name, fields, self.session_id)
        opened.begin(self._route(frame), site_of(frame))
        key = _stage_key(stage, component_name)
        self._open.setdefault(key, []).append(opened)
        self.stage_timers[key] = opened.began
        self._total.count("span_start")
        self._remember("span_start", component_name, {"operation": stage})

    def end_stage(self, stage: str, component_name: str | None = None, **fields: Any) -> float | None:
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
        self, stage: str, error: BaseException | str, component_name: str | None = None, **fields: Any
    ) -> None:
        """Log an error with its whole stack trace; for a text that of the exception that is being handled."""
        event = Event("generation_error", f"generation_error in {stage}: {text_of(error)}")
        event.fields = {"stage": stage, **_present(component_name), **fields}
        event.keys = {"status": "error", **_error_keys(error)}
        raised = error if isinstance(error, BaseException) else sys.exc_info()[1]
        self._log(sys._getframe(1), logging.ERROR, event, raised)

    def log_llm_interaction(
        self,
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
        return _Route(logger_of(frame.f_globals), self.session_id, self._sinks)

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
        data = {name: given[name] for name in ("model", *_SUMMED) if name in given}
        self._remember(event.event, given.get("component"), {**data, **_short(event.keys)})

    def _remember(self, stage: str, component: str | None, data: Mapping[str, Any]) -> None:
        self.events.append(GenerationEvent(stage, component, data, data.get("error_message")))
        del self.events[:-_MOST_EVENTS]


SimpleGenerationLogger = GenerationLogger


class _Total:
    """The sums of a GenerationLogger, whatever it remembers."""

    def __init__(self) -> None:
        self._events: Counter[str] = Counter()
        self._components: dict[str, None] = {}
        self._errors: list[dict[str, Any]] = []
        self._error_count = 0
        self._sums: dict[str, float] = {}
        self._stages: dict[str, list[float]] = {}
        self._began = time.monotonic()

    def count(self, event: str) -> None:
        """Count an event that carries nothing to be added up."""
        self._events[event] += 1

    def add_event(self, event: Event, given: Mapping[str, Any]) -> None:
        """Count an event with what it carries."""
        self.count(event.event)
        component = given.get("component")
        if component is not None and len(self._components) < _MOST_ERRORS:
            self._components[text_of(component)] = None
        for name in _SUMMED:
            if isinstance(given.get(name), int | float):
                self._sums[name] = self._sums.get(name, 0) + given[name]
        if event.keys.get("status") == "error":
            self.add_error(event.event, component, _short(event.keys))

    def add_stage(self, stage: str, took_ms: float) -> None:
        """Count a stage that ended."""
        figures = self._stages.setdefault(stage, [0, 0.0])
        figures[0] += 1
        figures[1] += took_ms

    def add_error(self, stage: str, component: object, told: Mapping[str, Any]) -> None:
        """Count an error, and list it where there is room."""
        self._error_count += 1
        if len(self._errors) < _MOST_ERRORS:
            told = {"stage": stage, "component": component, **told}
            self._errors.append({name: value for name, value in told.items() if value is not None})

    def summary(self) -> dict[str, Any]:
        """Return the sums of this moment."""
        stages = {
            name: {"count": int(count), "total_ms": total, "avg_ms": total / count}
            for name, (count, total) in self._stages.items()
        }
        return {
            "total_events": self._events.total(),
            "events": dict(self._events),
            "errors": list(self._errors),
            "error_count": self._error_count,
            "components": list(self._components),
            "stages": stages,
            **{name: self._sums.get(name, 0) for name in _SUMMED},
            "duration_ms": (time.monotonic() - self._began) * 1000,
        }


class _OpenStage(Operation):
    """A stage between its start and its end: a span of the session of its logger."""

    __slots__ = ("_scope", "began")

    def __init__(
        self, stage: str, component: str | None, fields: Mapping[str, Any], session_id: str
    ) -> None:
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


class _Sinks:
    """The handlers of a GenerationLogger that nobody configured; made when they are first needed."""

    def __init__(self, folder: Path, is_given: bool) -> None:
        self._folder = folder.absolute()
        self._is_given = is_given
        self._handlers: list[logging.Handler] = []

    def of(self, logger: logging.Logger) -> list[logging.Handler]:
        """Return the handlers that write beside those of ``logger``."""
        folders = [each.directory for each in _session_handlers(logger)]
        if self._folder in folders or (folders and not self._is_given):
            return []
        if not self._handlers:
            self._handlers = self._made()
        return self._handlers

    def flush(self) -> None:
        for handler in self._handlers:
            handler.flush()

    def _made(self) -> list[logging.Handler]:
        handlers = [
            SessionFileHandler(self._folder, on_error="degrade"),
            ArtifactHandler(self._folder),
        ]
        redact = RedactFilter()
        content = ContentFilter(directory=self._folder)
        for handler, filters in zip(handlers, ([content], []), strict=True):
            for each in (ContextFilter(), redact, *filters):
                handler.addFilter(each)
        return list(handlers)


def _session_handlers(logger: logging.Logger | None) -> Iterator[SessionFileHandler]:
    """Yield the SessionFileHandlers that records of ``logger`` reach, also behind a queue."""
    while logger is not None:
        for handler in logger.handlers:
            yield from _among(handler)
        logger = logger.parent if logger.propagate else None


def _among(handler: Any) -> Iterator[SessionFileHandler]:
    if isinstance(handler, SessionFileHandler):
        yield handler
    behind = getattr(handler, "handlers", ())
    for each in behind if isinstance(behind, list | tuple) else ():
        yield from _among(each)


class _Route(logging.Logger):
    """The logger of a module, for records of one session that are written whatever its level."""

    def __init__(self, logger: logging.Logger, session_id: str, sinks: _Sinks) -> None:
        super().__init__(logger.name)
        self._logger = logger
        self._session_id = session_id
        self._sinks = sinks

    def handle(self, record: logging.LogRecord) -> None:
        """Say whose ``record`` is, and give it to all that write it."""
        if CONTEXT not in record.__dict__:
            current = context.current()
            mine = current.session_id == self._session_id
            mark(record.__dict__, current if mine else Context(self._session_id, current.fields))
        sinks = self._sinks.of(self._logger)
        # Filters write on the record that they see; those of the sinks are not those of other handlers.
        copy = logging.makeLogRecord(record.__dict__) if sinks else record
        for sink in sinks:
            sink.handle(copy)
        # Without any handler logging would write errors to stderr, with their secrets.
        if self._logger.isEnabledFor(record.levelno) and (self._logger.hasHandlers() or not sinks):
            self._logger.handle(record)


class _Operated(Event):
    """Something took place; outside of a span it is the operation."""

    __slots__ = ()

    def within(self, ids: Mapping[str, str]) -> dict[str, Any]:
        return {"operation": self.event, **ids}


class OTELogger:
    """The logger of a module, with ``log_operation``.

    ``logger`` is the ``logging.Logger``; all its methods (``debug``, ``info``, ``error``, ``exception`` ...)
    are methods of this too, and report the caller's own line. ``metrics`` is for the program to record in:
    ``log.metrics.record("save", 0.12, True)``.
    """

    def __init__(self, name: str) -> None:
        self.logger = logging.getLogger(name)
        self.metrics = PerformanceMetrics()

    def log_operation(self, operation: str, /, **fields: Any) -> None:
        """Log at INFO that ``operation`` took place: an event of that name, with fields of any name."""
        self.logger.info(_Operated(operation, "", **fields), stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        if name == "logger":
            # A copy that is being made has none yet.
            raise AttributeError(name)
        return getattr(self.logger, name)


def _stage_key(stage: str, component: str | None) -> str:
    return stage if component is None else f"{stage}:{component}"


def _present(component: str | None) -> dict[str, Any]:
    return {} if component is None else {"component": component}


def _short(keys: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("status", "duration_ms", "error_type", "error_message", "line_number")
    return {name: keys[name] for name in wanted if name in keys}


def _error_keys(error: object) -> dict[str, Any]:
    if isinstance(error, BaseException):
        return {"error_type": qualified_name(type(error)), "error_message": text_of(error)}
    return {"error_message": text_of(error)}
