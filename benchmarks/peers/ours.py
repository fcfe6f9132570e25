"""Ours: the shipped pipeline by plain ``dictConfig``, everything on.

ContextFilter and RedactFilter, for pipelines also ContentFilter, on a SessionFileHandler with
JsonFormatter; written through per record.

LOCATION: benchmarks/peers/ours.py
DEPENDENCIES: ote_logging
TRACE POINTS: none
"""

import logging
import logging.config
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

import ote_logging as ote
from benchmarks.contest import FACTS, SPAN_FACTS, Burst, Facts, NotThereError
from benchmarks.peers import SESSION, Ask, Writer, calls, has_fields, number_in

_KEYS = {
    "time": "timestamp", "level": "level", "logger": "logger", "message": "message", "file": "file",
    "line": "line", "function": "function", "session": "session_id", "trace": "trace_id", "span": "span_id",
    "operation": "operation", "duration": "duration_ms", "path": "path",
}  # fmt: skip
_TEXT_FACTS = tuple(fact for fact in FACTS if fact != "fields")
_TRACE_FACTS = (*_TEXT_FACTS, "path", "operation")


def configure(ask: Ask, level: str = "INFO", queue: bool = False) -> logging.Logger:
    """Switch the shipped pipeline on and return the program's logger."""
    optional = {"redact": True, "content": True}
    filters = ["context", *(name for name, is_on in optional.items() if ask.options.get(name, is_on))]
    session = {
        "class": "ote_logging.handlers.SessionFileHandler", "directory": str(ask.folder), "formatter": "json",
    }  # fmt: skip
    handlers: dict[str, Any] = {"session": session if queue else session | {"filters": filters}}
    if queue:
        handlers["queue"] = {
            "class": "ote_logging.handlers.QueueHandler", "handlers": ["session"], "filters": filters,
        }  # fmt: skip
    logging.config.dictConfig(_mapping(handlers, filters, level, "queue" if queue else "session"))
    return logging.getLogger("bench")


_FILTERS: Mapping[str, Mapping[str, Any]] = {
    "context": {"()": "ote_logging.filters.ContextFilter", "record_factory": True},
    "redact": {"()": "ote_logging.filters.RedactFilter"},
    "content": {"()": "ote_logging.content.ContentFilter"},
}


def _mapping(handlers: Mapping[str, Any], filters: Iterable[str], level: str, root: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {name: dict(_FILTERS[name]) for name in filters},
        "formatters": {"json": {"()": "ote_logging.formatters.JsonFormatter"}},
        "handlers": dict(handlers),
        "root": {"level": level, "handlers": [root]},
    }


@contextmanager
def in_span() -> Iterator[None]:
    """Open a session of one known id, so that all threads and processes share its file, and a span in it."""
    with ote.session(SESSION), ote.span("save"):
        yield


def logger(ask: Ask) -> logging.Logger:
    """Return the logger behind which everything is on."""
    return configure(ask)


def read(line: bytes) -> Facts | None:
    """Return what the line of a record tells; None for the lines of spans and sessions."""
    data = orjson.loads(line)
    if data["event"] in ("span_start", "span_end", "session_start", "session_end"):
        return None
    return _facts(data) | {"number": number_in(data["message"]), "fields": has_fields(data)}


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {fact: data.get(key) for fact, key in _KEYS.items()}


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    return Writer(calls.records(configure(ask)), read, in_span)


def disabled(ask: Ask) -> Writer:
    """Take part in: calls below the level."""
    return Writer(calls.disabled(configure(ask)), read, in_span)


def queue(ask: Ask) -> Writer:
    """Take part in: records through our queue."""
    _attribute("ote_logging.handlers", "QueueHandler")
    log = configure(ask, queue=True)
    return Writer(calls.records(log), read, in_span, logging.getLogger().handlers[0].flush)


def _attribute(module: str, name: str) -> Any:
    found = import_module(module)
    if not hasattr(found, name):
        raise NotThereError(f"{module} has no {name}")
    return getattr(found, name)


def trace_points(ask: Ask) -> Writer:
    """Take part in: trace points as events, ``options["level"]`` being the root's."""
    log, trace = configure(ask, ask.options["level"]), ote.TRACE

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.debug(trace("save -> encrypt", kind="theme", rows=number))

    return Writer(burst, _read_rows, in_span, wanted=_TRACE_FACTS)


def trace_texts(ask: Ask) -> Writer:
    """Take part in: trace points as text of existing programs."""
    log = configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("TRACE: save -> encrypt | kind=theme | rows=%d", number)

    return Writer(burst, _read_rows, in_span, wanted=_TRACE_FACTS)


def unmarked_texts(ask: Ask) -> Writer:
    """Take part in: the same text without its marker."""
    log = configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info("save -> encrypt | kind=theme | rows=%d", number)

    return Writer(burst, _read_text_rows, in_span, wanted=_TEXT_FACTS)


def _read_rows(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    return _facts(data) | {"number": data["rows"]} if data["event"] == "trace_point" else None


def _read_text_rows(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    if data["event"] != "log":
        return None
    return _facts(data) | {"number": int(data["message"].rpartition("=")[2])}


def parsing(ask: Ask) -> Writer:
    """Take part in: what looking for a marker costs a message that has none."""
    event_of = _attribute("ote_logging.markers", "event_of")
    message = "user alice saved 17 rows"
    record = logging.makeLogRecord({"msg": message})

    def burst(first: int, count: int) -> None:
        for _ in range(count):
            event_of(record, message)

    return Writer(burst, read)


def spans(ask: Ask) -> Writer:
    """Take part in: spans of two records, three nested."""
    return _nested(ask, ote.span)


def single_spans(ask: Ask) -> Writer:
    """Take part in: spans of one record, three nested."""
    return _nested(ask, lambda name, rows: ote.span(name, start=False, rows=rows))


def _nested(ask: Ask, span: Callable[..., Any]) -> Writer:
    configure(ask)

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count, 3):
            with span("save", rows=number), span("save", rows=number + 1), span("save", rows=number + 2):
                pass

    return Writer(burst, _read_span, in_span, wanted=SPAN_FACTS)


def _read_span(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    if data["event"] != "span_end" or "rows" not in data:
        return None
    return _facts(data) | {"number": data["rows"]}


def disabled_spans(ask: Ask) -> Writer:
    """Take part in: spans that are off."""
    configure(ask, "WARNING")
    span = ote.span

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            with span("save", rows=number):
                pass

    return Writer(burst, read)


def disabled_observed(ask: Ask) -> Writer:
    """Take part in: calls of an observed function, off."""
    configure(ask, "WARNING")
    return Writer(_calling(ote.observe("save")(_same)), read)


def bare_calls(ask: Ask) -> Writer:
    """Be the base of observed calls: the same function, bare."""
    return Writer(_calling(_same), read)


def _same(number: int) -> int:
    return number


def _calling(function: Callable[[int], int]) -> Burst:
    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            function(number)

    return burst


def metrics(ask: Ask) -> Writer:
    """Take part in: metrics per record, the handler given the records of real spans."""
    made = _attribute("ote_logging.handlers", "MetricsHandler")(directory=str(ask.folder))
    ends = _ends_of_spans(ask, ask.options["records"])

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            made.handle(ends[number % len(ends)])

    return Writer(burst, read)


def folding(ask: Ask) -> Writer:
    """Take part in: lines folded into figures, one after the other."""
    fold, lines = ote.PerformanceMetrics(), ask.options["lines"]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            fold.add_line(lines[number % len(lines)])

    return Writer(burst, read)


class _Keep(logging.Handler):
    """Keeps the records as they reach a handler behind the filters."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _ends_of_spans(ask: Ask, count: int) -> list[logging.LogRecord]:
    configure(ask)
    root, keep = logging.getLogger(), _Keep()
    for one in root.handlers[0].filters:
        keep.addFilter(one)
    root.handlers = [keep]
    for number in range(count):
        with suppress(ValueError), ote.span(f"save_{number % 20}", start=False):
            _fail_sometimes(number)
    return keep.records


def _fail_sometimes(number: int) -> None:
    if number % 10 == 9:
        raise ValueError("no rows")


def interactions(ask: Ask) -> Writer:
    """Take part in: a call of a model with what was said."""
    log = configure(replace(ask, options={"content": True}))
    interaction, prompt, response = ote.LLMInteraction, calls.PROMPT, calls.RESPONSE

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(
                interaction(
                    "todo_store", model="gpt-4o", tokens_in=625, tokens_out=number,
                    prompt=prompt, response=response,
                )
            )  # fmt: skip

    return Writer(burst, _read_interaction, in_span, wanted=(*_TEXT_FACTS, "prompt", "response"))


def _read_interaction(line: bytes) -> Facts | None:
    data = orjson.loads(line)
    if data["event"] != "llm_interaction":
        return None
    return _facts(data) | calls.said_in(data)


def large_prompts(ask: Ask) -> Writer:
    """Take part in: a prompt of ``options["text"]``, stored whole; ``drain`` waits for the store."""
    log = configure(replace(ask, options={"content": True}))
    (session,) = logging.getLogger().handlers
    content: Any = session.filters[-1]
    # Not among the lines that are read back.
    content.directory = str(ask.folder.with_name("store"))
    interaction, text = ote.LLMInteraction, ask.options["text"]

    def burst(first: int, count: int) -> None:
        for number in range(first, first + count):
            log.info(interaction("todo_store", prompt=f"{number} {text}", tokens_out=number))

    def read_large(line: bytes) -> Facts | None:
        data = orjson.loads(line)
        if data["event"] != "llm_interaction":
            return None
        stored = content.store.path_of(data["prompt_hash"]).stat().st_size
        number = data["tokens_out"]
        is_whole = stored == data["prompt_length"] == len(f"{number} {text}")
        return _facts(data) | {"number": number, "prompt": is_whole or None}

    return Writer(burst, read_large, in_span, content.store.flush, (*_TEXT_FACTS, "prompt"))


def answers(file: Path) -> int:
    """Answer all seven questions about every component of ``file``; return how many components there are."""
    found = import_module("ote_logging.reading.answers").answers(file)
    return sum(len(each.answers) == 7 for each in found)


def report(file: Path) -> int:
    """Read ``file`` into a report and return how many records it counted."""
    reading = import_module("ote_logging.reading.report")
    reader = import_module("ote_logging.reading.entries").Reader(file)
    records: int = reading.report(reader).records
    return records


def compare(base: Path, new: Path) -> int:
    """Compare two sessions as ``ote compare`` does, and return how many records both have."""
    fold_of = import_module("ote_logging.reading").fold_of
    runs = import_module("ote_logging.evaluation.runs")
    found = runs.compare_runs(fold_of(base), fold_of(new))
    return sum(sum(levels.values()) for fold in (found.base, found.new) for levels in fold.records.values())


def watch(file: Path) -> int:
    """Look for anomalies as ``ote anomalies`` does, and return how many records were looked at."""
    reader = import_module("ote_logging.reading").Reader(file)
    watching = import_module("ote_logging.evaluation.watch").AnomalyWatch()
    for batch in reader.batches():
        for wire in batch:
            watching.add_line(wire)
    records: int = reader.entries
    return records
