"""The configuration: what is refused and how it is told, and that a refusal changes nothing."""

import copy
import logging
import logging.config
import logging.handlers
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ote_logging.config import check, configure, load
from ote_logging.context import current, set_process_session
from ote_logging.errors import ConfigError

HEAD = "version: 1\ndisable_existing_loggers: false\n"
HOSTILE = ["laughs", "too-deep", "too-many", "too-large", "python-tag"]
LOADERS = [getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader]
GOOD = (
    HEAD + "handlers:\n  h: {class: logging.StreamHandler, stream: ext://sys.stdout}\nroot: {handlers: [h]}\n"
)


class MemoryList(logging.Handler):
    """Keeps the messages it gets, and how often it was closed."""

    def __init__(self, label: Any = "", limit: int = 10) -> None:
        super().__init__()
        self.label, self.limit = label, limit
        self.messages: list[str] = []
        self.closed = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))

    def close(self) -> None:
        self.closed += 1
        super().close()


class Fussy(logging.Handler):
    """Refuses to be made."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        raise ValueError("no such colour") from KeyError("mauve")


class Unready(logging.Handler):
    """Is made, then refuses its formatter."""

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        raise RuntimeError("no formatter, please")


class PickyFormatter(logging.Formatter):
    """Passes its options on unseen, as JSON formatters do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class ContextFilter(logging.Filter):
    """Stands for the filter of the package."""


class SessionFileHandler(MemoryList):
    """Stands for the handler of the package."""


class Queue(MemoryList):
    """Stands for a handler of the package that names others."""

    def __init__(self, handlers: list[logging.Handler]) -> None:
        super().__init__()
        self.handlers = handlers


for own in (ContextFilter, SessionFileHandler, Queue):
    own.__module__ = "ote_logging.standins"

TEXT_FORMAT = "{a: {format: '%(message)s'}}"
calls: list[str] = []


def make_handler(label: str) -> logging.Handler:
    """A factory that is a function."""
    calls.append(label)
    return MemoryList(label)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """A configuration that is right: some handlers, on some loggers, with or without each option."""
    level = st.sampled_from(["DEBUG", "INFO", 35, "NOTSET"])
    handler = st.fixed_dictionaries(
        {"class": st.sampled_from(["logging.NullHandler", "logging.StreamHandler"])},
        optional={"level": level, "formatter": st.just("f"), "filters": st.just(["x"])},
    )
    defined = draw(st.dictionaries(st.sampled_from("pqr"), handler))
    some = st.lists(st.sampled_from(sorted(defined)), unique=True) if defined else st.just([])
    root = st.fixed_dictionaries({}, optional={"level": level, "handlers": some})
    logger = st.fixed_dictionaries(
        {}, optional={"level": level, "handlers": some, "propagate": st.booleans(), "filters": st.just(["x"])}
    )
    return {
        "version": 1,
        "disable_existing_loggers": draw(st.booleans()),
        "formatters": {"f": {"format": "%(message)s"}},
        "filters": {"x": {"name": "a"}},
        "handlers": defined,
        "loggers": draw(st.dictionaries(st.sampled_from(["a", "a.b", "z"]), logger)),
        "root": draw(root),
    }


def told(handler: logging.Handler) -> tuple[Any, ...]:
    """What a configuration gives to a handler."""
    return type(handler), handler.name, handler.level, type(handler.formatter), len(handler.filters)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Put the loggers back as they were."""
    root, loggers = logging.root, dict(logging.root.manager.loggerDict)
    before = (list(root.handlers), list(root.filters), root.level, current().session_id)
    yield
    for handler in set(logging._handlers.values()):  # type: ignore[attr-defined]
        handler.close()
    root.handlers, root.filters = before[0], before[1]
    root.setLevel(before[2])
    set_process_session(str(before[3]))
    logging.root.manager.loggerDict.clear()
    logging.root.manager.loggerDict.update(loggers)


@pytest.fixture
def old() -> MemoryList:
    """The handler of a configuration that is in force, on the root logger and on ``app``."""
    configure(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"all": {}},
            "handlers": {"h": {"class": f"{__name__}.MemoryList", "label": "old"}},
            "loggers": {"app": {"handlers": ["h"], "level": "DEBUG", "propagate": False, "filters": ["all"]}},
            "root": {"handlers": ["h"], "level": "INFO"},
        },
        trust=[__name__],
    )
    handler = logging.root.handlers[0]
    assert isinstance(handler, MemoryList)
    return handler


def state() -> list[Any]:
    """All that a configuration sets, by identity."""
    loggers = [logging.root, logging.getLogger("app"), logging.getLogger("app.child")]
    return [
        *((list(one.handlers), list(one.filters), one.level, one.propagate, one.disabled) for one in loggers),
        dict(logging._handlers),  # type: ignore[attr-defined]
        current().session_id,
    ]


def written(folder: Path, text: str | bytes) -> Path:
    """A configuration file with ``text``."""
    path = folder / "logging.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def handlers(text: str) -> str:
    """A configuration with the one handler ``h``, its options in flow style."""
    return f"{HEAD}handlers:\n  h: {{{text}}}\n"


def ours(text: str) -> str:
    """``text`` with the names of the stand-ins of this module."""
    return text.replace("MODULE", __name__)


BROKEN: dict[str, tuple[str | bytes, str]] = {
    # The file
    "empty": ("", "logging.yaml:1: the file is empty; a configuration begins with: version: 1"),
    "only-a-comment": ("# nothing\n", "the file is empty"),
    "a-list": ("- version: 1\n", "the file holds a list, not a mapping; begin it with: version: 1"),
    "a-text": ("version 1\n", "the file holds text, not a mapping"),
    "two-documents": (GOOD + "---\nversion: 1\n", ":6: a second document begins; keep one document"),
    "tab": (HEAD + "handlers:\n\th: {}\n", ":4: not YAML: "),
    "unclosed": (HEAD + "root: {handlers: [h}\n", ":3: not YAML: "),
    "colon-unquoted": (
        HEAD + "formatters:\n  a:\n    format: a: b\n",
        ":5: not YAML: mapping values are not allowed in this context; put the text in quotes",
    ),
    "percent-unquoted": (HEAD + "formatters: {a: {format: %(message)s}}\n", ":3: not YAML: "),
    "at-unquoted": (HEAD + "formatters:\n  a:\n    format: @x\n", "put the text in quotes"),
    "not-utf-8": (GOOD.encode() + b"# caf\xe9\n", ":6: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "not-utf-8-behind-a-mark": (b"\xef\xbb\xbf" + GOOD.encode() + b"\xe9\n", ":6: byte 0xe9 is not UTF-8"),
    "utf-16": (GOOD.encode("utf-16"), ":1: byte 0xff is not UTF-8"),
    "nul": (GOOD + "x-a: '\0'\n", ":6: not YAML: control characters are not allowed"),
    "escape": (GOOD + "x-a: \x1b[2J\n", "remove the character, or write it as an escape in double quotes"),
    "too-large": (b"#" * (1 << 20) + b"\n", "larger than 1048576 bytes"),
    "too-deep": ("x-a: " + "[" * 100_000, ":1: nested deeper than 40 levels; make it flatter"),
    "too-many": ("x-a: [" + "1," * 30_000 + "]", ":1: more than 20000 values, aliases written out"),
    "laughs": (
        "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"x-{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        ":4: more than 20000 values, aliases written out",
    ),
    "ring-of-aliases": ("x-a: &a [*a]\n", ":1: *a contains itself; write the values out"),
    "unknown-alias": ("x-a: *b\n", ":1: *b has no anchor &b above it; define the anchor first"),
    "python-tag": (
        GOOD + "x-a: !!python/object/apply:os.system ['false']\n",
        ":6: the tag !!python/object/apply:os.system is refused; write plain YAML without it",
    ),
    "python-name-tag": (
        GOOD + "x-a: !!python/name:os.system\n",
        ":6: the tag !!python/name:os.system is refused",
    ),
    "own-tag": (GOOD + "x-a: !Env HOME\n", ":6: the tag !Env is refused"),
    "set-tag": (GOOD + "x-a: !!set {a, b}\n", ":6: the tag !!set is refused"),
    "bad-int": (GOOD + "x-a: !!int twelve\n", ":6: 'twelve' is no int; correct it"),
    "bad-date": (GOOD + "x-a: 2024-13-45\n", ":6: '2024-13-45' is no timestamp"),
    "merge-of-text": (HEAD + "x-a:\n  <<: text\n", ":4: << names no mapping; write: <<: *anchor"),
    # Keys
    "duplicate-top": (
        GOOD + "handlers: {}\n",
        ":6: the key 'handlers' stands here again (first on line 3); YAML would drop the first one",
    ),
    "duplicate-option": (
        HEAD + "handlers:\n  h:\n    class: logging.StreamHandler\n    level: INFO\n    level: DEBUG\n",
        ":7: the key 'level' stands here again (first on line 6)",
    ),
    "on-key": (
        HEAD + "handlers:\n  on: {class: logging.StreamHandler}\n",
        ":4: YAML reads the key on as true or false, not as text; put it in quotes: 'on':",
    ),
    "number-key": (
        HEAD + "handlers:\n  1: {class: logging.NullHandler}\n",
        ":4: YAML reads the key 1 as a number",
    ),
    "null-key": (HEAD + "loggers:\n  ~: {level: INFO}\n", ":4: YAML reads the key ~ as nothing"),
    "list-key": (
        HEAD + "loggers:\n  ? [a]\n  : {level: INFO}\n",
        ":4: a key is not plain text; write a simple name",
    ),
    "unknown-top": (
        HEAD + "handlerz: {}\n",
        ":3: the configuration has an unknown key 'handlerz'; did you mean 'handlers'?",
    ),
    "unknown-top-logger": (
        HEAD + "logger: {}\n",
        ":3: the configuration has an unknown key 'logger'; did you mean 'loggers'?",
    ),
    "unknown-top-far": (
        HEAD + "qqqq: {}\n",
        ":3: the configuration has an unknown key 'qqqq'; known are: disable_",
    ),
    # The head
    "no-version": (
        "disable_existing_loggers: false\n",
        ":1: the version is missing; add at the top: version: 1",
    ),
    "version-2": (
        "version: 2\ndisable_existing_loggers: false\n",
        ":1: version is 2; there is only one: version: 1",
    ),
    "version-text": (
        "version: '1'\ndisable_existing_loggers: false\n",
        ":1: version is '1'; there is only one",
    ),
    "version-true": ("version: true\ndisable_existing_loggers: false\n", ":1: version is True"),
    "no-disable": (
        "version: 1\n",
        ":1: disable_existing_loggers is missing, and loggers made before this would fall silent; "
        "add at the top: disable_existing_loggers: false",
    ),
    "disable-text": (
        "version: 1\ndisable_existing_loggers: 'no'\n",
        ":2: the configuration: disable_existing_loggers is text ('no'); it takes true or false",
    ),
    "incremental-text": (
        GOOD + "incremental: maybe\n",
        ":6: the configuration: incremental is text ('maybe')",
    ),
    # Formatters
    "section-null": (
        HEAD + "formatters:\n",
        ":3: formatters is nothing; it takes a mapping of names to entries",
    ),
    "section-list": (HEAD + "handlers: [h]\n", ":3: handlers is a list; it takes a mapping"),
    "formatter-text": (
        HEAD + "formatters: {a: '%(message)s'}\n",
        ":3: formatter 'a' is text ('%(message)s')",
    ),
    "formatter-key": (
        HEAD + "formatters: {a: {formt: '%(message)s'}}\n",
        ":3: formatter 'a' has an unknown key 'formt'; did you mean 'format'?",
    ),
    "formatter-fmt": (
        HEAD + "formatters: {a: {fmt: '%(message)s'}}\n",
        "unknown key 'fmt'; did you mean 'format'?",
    ),
    "format-mapping": (
        HEAD + "formatters: {a: {style: '{', format: {message}}}\n",
        ":3: formatter 'a': format is a mapping; it takes text in quotes",
    ),
    "format-wrong": (
        HEAD + "formatters: {a: {format: '%(message)'}}\n",
        ":3: formatter 'a' cannot be built: ValueError",
    ),
    "style-wrong": (
        HEAD + "formatters: {a: {style: '#'}}\n",
        ":3: formatter 'a': style is '#'; it is '%', '{' or '$'",
    ),
    "style-other": (
        HEAD + "formatters: {a: {format: '{message}'}}\n",
        ":3: formatter 'a' cannot be built: ValueError",
    ),
    "defaults-text": (
        HEAD + "formatters: {a: {defaults: user}}\n",
        ":3: formatter 'a': defaults is text ('user'); it takes a mapping",
    ),
    "validate-text": (
        HEAD + "formatters: {a: {validate: 'no'}}\n",
        ":3: formatter 'a': validate is text ('no')",
    ),
    "json-by-class": (
        HEAD
        + "formatters:\n  j:\n    class: pythonjsonlogger.json.JsonFormatter\n    rename_fields: {a: b}\n",
        ":6: formatter 'j': dictConfig passes no 'rename_fields' to a formatter's class and says nothing; "
        "write '()': instead of class:",
    ),
    "json-option": (
        HEAD + "formatters:\n  j:\n    (): pythonjsonlogger.json.JsonFormatter\n    rename_field: {a: b}\n",
        ":6: formatter 'j' has no option 'rename_field'; did you mean 'rename_fields'?",
    ),
    "formatter-class-is-handler": (
        HEAD + "formatters: {a: {class: logging.StreamHandler, datefmt: x}}\n",
        ":3: formatter 'a': 'logging.StreamHandler' is a handler; name a formatter",
    ),
    "formatter-class-is-filter": (
        HEAD + "formatters: {a: {class: logging.Filter}}\n",
        ":3: formatter 'a': 'logging.Filter' is no class with the method format",
    ),
    "formatter-opens-file": (
        HEAD + "formatters: {a: {(): logging.FileHandler, filename: /nowhere/a}}\n",
        ":3: formatter 'a': 'logging.FileHandler' is a handler; name a formatter",
    ),
    # Filters
    "filter-opens-file": (
        HEAD + "filters: {a: {(): logging.FileHandler, filename: /nowhere/a}}\n",
        ":3: filter 'a': 'logging.FileHandler' is a handler; name a filter",
    ),
    "filter-class": (
        HEAD + "filters: {a: {class: logging.Filter}}\n",
        ":3: filter 'a': dictConfig reads no class: of a filter and makes a plain one; write '()': ",
    ),
    "filter-key": (
        HEAD + "filters: {a: {nam: x}}\n",
        ":3: filter 'a' has an unknown key 'nam'; did you mean 'name'?",
    ),
    "filter-name": (
        HEAD + "filters: {a: {name: 5}}\n",
        ":3: filter 'a': name is a number (5); it takes the name",
    ),
    "filter-option": (
        HEAD + "filters: {a: {(): logging.Filter, nam: x}}\n",
        ":3: filter 'a': Filter has no option 'nam'; did you mean 'name'?",
    ),
    # Handlers
    "handler-null": (HEAD + "handlers:\n  h:\n", ":4: handler 'h' is nothing; it takes a mapping of options"),
    "no-class": (
        handlers("level: INFO"),
        ":4: handler 'h' has no class; give one, such as class: logging.Str",
    ),
    "clas": (handlers("clas: logging.StreamHandler"), ":4: handler 'h' has no class"),
    "both-class": (
        handlers("class: logging.StreamHandler, (): logging.StreamHandler"),
        ":4: handler 'h' has both class and '()'; give one",
    ),
    "class-null": (handlers("class: null"), ":4: handler 'h': class is nothing; it takes a dotted name"),
    "class-number": (handlers("class: 7"), ":4: handler 'h': class is a number (7); it takes a dotted name"),
    "class-list": (handlers("class: [a]"), ":4: handler 'h': class is a list; it takes a dotted name"),
    "class-misspelt": (
        handlers("class: logging.StreamHandlr"),
        ":4: handler 'h': 'logging.StreamHandlr' does not exist: logging has no 'StreamHandlr'; "
        "did you mean 'logging.StreamHandler'?",
    ),
    "class-elsewhere": (
        handlers("class: logging.RotatingFileHandler, filename: x"),
        "did you mean 'logging.handlers.RotatingFileHandler'?",
    ),
    "class-bare": (
        handlers("class: StreamHandler"),
        ":4: handler 'h': 'StreamHandler' is not in a trusted package; did you mean 'logging.StreamHandler'?",
    ),
    "class-package-misspelt": (
        handlers("class: loging.StreamHandler"),
        "did you mean 'logging.StreamHandler'?",
    ),
    "class-empty": (handlers("class: ''"), ":4: handler 'h': '' is not in a trusted package"),
    "class-dots": (
        handlers("class: logging..StreamHandler"),
        ":4: handler 'h': 'logging..StreamHandler' does not",
    ),
    "class-popen": (
        handlers("class: subprocess.Popen, args: [touch, /tmp/never]"),
        ":4: handler 'h': 'subprocess.Popen' is not in a trusted package; trusted are logging, ote_logging, "
        "pythonjsonlogger; allow it by configure(..., trust=['subprocess'])",
    ),
    "factory-system": (
        handlers("(): logging.os.system, command: 'true'"),
        ":4: handler 'h': 'os' is not in a trusted package",
    ),
    "factory-import": (
        handlers("(): logging.handlers.socket.create_connection"),
        "'socket' is not in a trusted package",
    ),
    "factory-listen": (
        handlers("(): logging.config.listen"),
        "'logging.config.listen' is no class with the method emit",
    ),
    "class-lookalike": (
        handlers("class: logging_evil.Handler"),
        "'logging_evil.Handler' is not in a trusted package",
    ),
    "class-formatter": (
        handlers("class: logging.Formatter"),
        "'logging.Formatter' is no class with the method emit",
    ),
    "class-function": (
        handlers("class: MODULE.make_handler, label: a"),
        "make_handler' is no class; write '()':",
    ),
    "class-module": (handlers("(): MODULE.sys"), "'sys' is not in a trusted package"),
    "class-constant": (handlers("(): MODULE.GOOD"), "GOOD' cannot be called; name a class or a function"),
    "class-long": (
        handlers("class: logging" + ".a" * 200_000),
        "is too long for a name; correct the name",
    ),
    "class-missing-module": (handlers("class: ote_logging.nowhere.X"), "ote_logging has no 'nowhere'"),
    "option-unknown": (
        handlers("class: logging.StreamHandler, steam: ext://sys.stdout"),
        ":4: handler 'h': StreamHandler has no option 'steam'; did you mean 'stream'?",
    ),
    "option-handler-key": (handlers("class: logging.StreamHandler, levle: INFO"), "has no option 'levle'; "),
    "option-missing": (
        handlers("class: logging.FileHandler"),
        ":4: handler 'h': FileHandler needs the option 'filename'; add: filename: ...",
    ),
    "option-misspelt": (
        handlers("class: logging.FileHandler, filname: x"),
        ":4: handler 'h': FileHandler has no option 'filname'; did you mean 'filename'?",
    ),
    "option-of-ours": (
        handlers("class: MODULE.MemoryList, limt: 3"),
        "has no option 'limt'; did you mean 'limit'?",
    ),
    "option-no-identifier": (
        handlers("class: MODULE.Fussy, a-b: 1"),
        ":4: handler 'h': Fussy has no option 'a-b'; ",
    ),
    "stream-text": (
        handlers("class: logging.StreamHandler, stream: sys.stdout"),
        ":4: handler 'h': stream is text ('sys.stdout'); write: stream: ext://sys.stdout",
    ),
    "number-text": (
        handlers("class: logging.handlers.RotatingFileHandler, filename: x, delay: true, maxBytes: 10MB"),
        ":4: handler 'h': maxBytes is text ('10MB'); it takes a number, without quotes",
    ),
    "flag-text": (
        handlers("class: logging.FileHandler, filename: /dev/null, delay: 'no'"),
        ":4: handler 'h': delay is text ('no'); it takes true or false, without quotes",
    ),
    "flush-level": (
        handlers("class: logging.handlers.MemoryHandler, capacity: 1, flushLevel: ERORR"),
        ":4: handler 'h': flushLevel 'ERORR' is unknown; did you mean 'ERROR'?",
    ),
    "folder-missing": (
        handlers("class: logging.FileHandler, filename: /nowhere/at/all.log"),
        ":4: handler 'h' cannot be built: FileNotFoundError: [Errno 2] No such file or directory: "
        "'/nowhere/at/all.log'; name a place that can be written",
    ),
    "folder-as-file": (
        handlers("class: logging.FileHandler, filename: /tmp"),
        "cannot be built: IsADirectoryError",
    ),
    "constructor": (
        handlers("class: MODULE.Fussy, a: 1"),
        ":4: handler 'h' cannot be built: ValueError: no such colour (because of KeyError: 'mauve')",
    ),
    "formatter-refused": (
        f"{HEAD}formatters: {TEXT_FORMAT}\nhandlers:\n  h: {{class: MODULE.Unready, formatter: a}}\n",
        ":5: handler 'h' cannot be built: RuntimeError: no formatter, please",
    ),
    "encoding": (
        handlers("class: logging.FileHandler, filename: /dev/null, encoding: utf-99"),
        "LookupError",
    ),
    "attributes": (
        handlers("class: logging.NullHandler, .: [a]"),
        ":4: handler 'h': '.' is a list; it takes a mapping",
    ),
    "formatter-undefined": (
        f"{HEAD}formatters: {TEXT_FORMAT}\nhandlers:\n"
        "  h:\n    class: logging.NullHandler\n    formatter: b\n",
        ":7: handler 'h' names the formatter 'b', which is not defined; known are: a",
    ),
    "formatter-list": (
        handlers("class: logging.NullHandler, formatter: [a]"),
        "names the formatter a list, which is not",
    ),
    "filter-undefined": (
        handlers("class: logging.NullHandler, filters: [a]"),
        ":4: handler 'h' names the filter 'a', which is not defined; none is defined",
    ),
    "filters-text": (
        f"{HEAD}filters: {{f: {{}}}}\nhandlers:\n  h: {{class: logging.NullHandler, filters: f}}\n",
        ":5: handler 'h': filters is text ('f'); it takes a list of names, such as [f]",
    ),
    "level-unknown": (
        handlers("class: logging.NullHandler, level: INFOO"),
        ":4: handler 'h': level 'INFOO' is unknown; did you mean 'INFO'?",
    ),
    "level-lower": (
        handlers("class: logging.NullHandler, level: debug"),
        "level 'debug' is unknown; did you mean 'DEBUG'?",
    ),
    "level-off": (
        handlers("class: logging.NullHandler, level: off"),
        "level is true or false to YAML; name a level",
    ),
    "level-float": (
        handlers("class: logging.NullHandler, level: 1.5"),
        ":4: handler 'h': level is a number (1.5)",
    ),
    "level-list": (handlers("class: logging.NullHandler, level: [INFO]"), ":4: handler 'h': level is a list"),
    "level-quoted": (
        handlers("class: logging.NullHandler, level: '10'"),
        "level '10' is unknown; known are:",
    ),
    "target-undefined": (
        handlers("class: logging.handlers.MemoryHandler, capacity: 1, target: other"),
        ":4: handler 'h' names the handler 'other', which is not defined; known are: h",
    ),
    "target-itself": (
        handlers("class: logging.handlers.MemoryHandler, capacity: 1, target: h"),
        ":4: handler 'h' passes its records round to itself; name another handler behind it",
    ),
    "listener-untrusted": (
        handlers("class: logging.handlers.QueueHandler, queue: subprocess.Popen"),
        ":4: handler 'h': 'subprocess.Popen' is not in a trusted package",
    ),
    "queue-untrusted": (
        handlers("class: logging.handlers.QueueHandler, queue: {(): os.system, command: 'true'}"),
        ":4: handler 'h': 'os.system' is not in a trusted package",
    ),
    # References
    "ext-untrusted": (
        handlers("class: logging.StreamHandler, stream: ext://os.environ"),
        ":4: 'ext://os.environ' is refused; allowed are ext://sys.stdout and ext://sys.stderr; allow more by "
        "configure(..., trust=['os'])",
    ),
    "ext-misspelt": (
        handlers("class: logging.StreamHandler, stream: ext://sys.stdot"),
        "'ext://sys.stdot' is refused",
    ),
    "ext-logging": (
        handlers("class: logging.StreamHandler, stream: ext://logging.os"),
        "'ext://logging.os' is refused",
    ),
    "ext-absent": (
        handlers("class: logging.StreamHandler, stream: ext://MODULE.nothing"),
        "has no 'nothing'",
    ),
    "ext-nested": (
        handlers("class: MODULE.MemoryList, label: [{a: ext://os.environ}]"),
        ":4: 'ext://os.environ' is refused",
    ),
    "cfg-nowhere": (handlers("class: MODULE.MemoryList, label: cfg://x.y"), "'cfg://x.y' points to nothing"),
    "cfg-ring": (
        handlers("class: MODULE.MemoryList, label: cfg://handlers.h.label"),
        "'cfg://handlers.h.label' leads round",
    ),
    "unset": (
        handlers("class: MODULE.MemoryList, label: '${OTE_TEST_UNSET}'"),
        ":4: the environment variable 'OTE_TEST_UNSET' is not set; "
        "set it, or give a default: ${OTE_TEST_UNSET:-default}",
    ),
    "malformed": (
        handlers("class: MODULE.MemoryList, label: '${1X}'"),
        ":4: '${1X}' has a ${ that is no substitution",
    ),
    "unclosed-variable": (
        handlers("class: MODULE.MemoryList, label: 'a ${X'"),
        "write ${NAME} or ${NAME:-default}, or $${",
    ),
    "nested-default": (
        handlers("class: MODULE.MemoryList, label: '${A:-${B:-c}}'"),
        "has a ${ that is no substitution",
    ),
    # Loggers
    "logger-key": (
        HEAD + "loggers:\n  app:\n    levle: INFO\n",
        ":5: logger 'app' has an unknown key 'levle'; did you mean 'level'?",
    ),
    "logger-handler": (
        HEAD + "loggers: {app: {handler: [h]}}\n",
        "unknown key 'handler'; did you mean 'handlers'?",
    ),
    "logger-level-text": (
        HEAD + "loggers: {app: INFO}\n",
        ":3: logger 'app' is text ('INFO'); it takes a mapping",
    ),
    "logger-null": (
        HEAD + "loggers:\n  app:\n",
        ":4: logger 'app' is nothing; it takes a mapping of options",
    ),
    "logger-undefined": (
        GOOD.replace("[h]", "[console]"),
        ":5: root names the handler 'console', which is not defined; known are: h",
    ),
    "logger-text": (
        GOOD.replace("[h]", "h"),
        ":5: root: handlers is text ('h'); it takes a list of names, such as [h]",
    ),
    "logger-nested": (
        GOOD.replace("[h]", "[[h]]"),
        ":5: root names the handler a list, which is not defined",
    ),
    "logger-null-name": (
        GOOD.replace("[h]", "[null]"),
        ":5: root names the handler nothing, which is not defined",
    ),
    "propagate-text": (
        HEAD + "loggers: {app: {propagate: 'false'}}\n",
        ":3: logger 'app': propagate is text ('false'); it takes true or false, without quotes",
    ),
    "root-propagate": (HEAD + "root: {propagate: false}\n", ":3: root has an unknown key 'propagate'"),
    "root-list": (HEAD + "root: [h]\n", ":3: root is a list; it takes a mapping of options"),
    "incremental-unknown": (
        "version: 1\nincremental: true\nhandlers: {zz: {level: INFO}}\n",
        ":3: handler 'zz' is not in force, and incremental changes only what is; known are: h",
    ),
    # Ours
    "filter-on-logger": (
        f"{HEAD}filters: {{context: {{(): MODULE.ContextFilter}}}}\n"
        f"loggers:\n  app: {{filters: [context]}}\n",
        ":5: logger 'app': a filter on a logger, 'context', does not see its children's records; "
        "name it in the filters: of the handlers",
    ),
    "session-without-context": (
        f"{HEAD}handlers:\n  s: {{class: MODULE.SessionFileHandler}}\nroot: {{handlers: [s]}}\n",
        ":4: handler 's' has no ContextFilter, and its entries would lack session_id; "
        "add to it: filters: [context]",
    ),
    "queue-without-context": (
        f"{HEAD}handlers:\n  q: {{class: MODULE.Queue, handlers: [s]}}\n"
        f"  s: {{class: MODULE.SessionFileHandler}}\n",
        ":5: handler 's' has no ContextFilter",
    ),
    "queue-undefined": (
        handlers("class: MODULE.Queue, handlers: [file]"),
        "names the handler 'file', which is not defined",
    ),
    "queue-ring": (
        f"{HEAD}handlers:\n  a: {{class: MODULE.Queue, handlers: [b]}}\n"
        f"  b: {{class: MODULE.Queue, handlers: [a]}}\n",
        ":4: handler 'a' passes its records round to itself",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_is_told_and_changes_nothing(
    name: str, tmp_path: Path, old: MemoryList
) -> None:
    """Each fault is told on one line with its place; the old configuration stays in force and open."""
    text, expected = BROKEN[name]
    path = written(tmp_path, ours(text) if isinstance(text, str) else text)
    before = state()

    with pytest.raises(ConfigError) as caught:
        configure(path, session_id="new", trust=[__name__])

    assert [problem for problem in caught.value.problems if expected in problem], caught.value.problems
    assert all(problem.startswith(f"{path}:") and problem.isprintable() for problem in caught.value.problems)
    assert state() == before
    assert old.closed == 0
    logging.getLogger("app").debug("still here")
    assert old.messages == ["still here"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_is_told_by_itself(name: str, tmp_path: Path, old: MemoryList) -> None:
    """No fault drags a second message after it, save the two heads that a wrong beginning lacks."""
    text, _ = BROKEN[name]
    path = written(tmp_path, ours(text) if isinstance(text, str) else text)

    with pytest.raises(ConfigError) as caught:
        configure(path, trust=[__name__])

    heads = ("the version is missing", "disable_existing_loggers is missing")
    assert (
        len([problem for problem in caught.value.problems if not any(head in problem for head in heads)]) <= 1
    )


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Faults of the file, the environment, the keys, a class and a format come in one list, by line."""
    text = (
        "version: 1\nhandlerz: {}\nformatters:\n  a: {format: '%(oops'}\n  b: {format: '${OTE_TEST_UNSET}'}\n"
        "handlers:\n  h: {class: no.Where}\n  h: {}\nroot: {levle: 1}\n"
    )

    problems = check(written(tmp_path, text))

    lines = [int(problem.removeprefix(f"{tmp_path}/logging.yaml:").split(":")[0]) for problem in problems]
    assert lines == [1, 2, 4, 5, 7, 8, 9]


def test_a_thousand_faults_are_told_in_bounded_time_and_space(tmp_path: Path) -> None:
    """The first 200 faults found are told, the others counted, quickly even when every name is unknown."""
    names = "".join(
        f"  handler_{number}: {{class: loging.X{number}, formatter: f{number}}}\n" for number in range(3000)
    )
    path = written(tmp_path, f"{HEAD}handlers:\n{names}")

    start = time.perf_counter()
    problems = check(path)

    assert time.perf_counter() - start < 2
    assert len(problems) == 201
    assert problems[-1] == f"{path}: 5800 more problems; cure those above first"


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_time(
    name: str, loader: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile file is refused within 2 s, also by the parser in pure Python."""
    monkeypatch.setattr("ote_logging.config.yaml_source.Loader", loader)
    path = written(tmp_path, BROKEN[name][0])

    start = time.process_time()
    with pytest.raises(ConfigError):
        load(path)

    assert time.process_time() - start < 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_memory(name: str, tmp_path: Path) -> None:
    """A hostile file is refused within 60 MB."""
    path = written(tmp_path, BROKEN[name][0])

    tracemalloc.start()
    with pytest.raises(ConfigError):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 60_000_000


def test_an_untrusted_module_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming a class of an untrusted package runs none of its code; naming it in ``trust`` does."""
    (tmp_path / "evil_module.py").write_text("import logging\nclass H(logging.NullHandler): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    config = HEAD + "handlers: {h: {class: evil_module.H}}\n"

    assert len(check(written(tmp_path, config))) == 1
    assert "evil_module" not in sys.modules
    assert check(written(tmp_path, config), trust=["evil_module"]) == []
    del sys.modules["evil_module"]


def test_without_a_source_the_packaged_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a source a file of the package itself is read, shown here on one that is empty."""
    monkeypatch.setattr("ote_logging.config.source.PACKAGED", "py.typed")
    assert check() == ["py.typed:1: the file is empty; a configuration begins with: version: 1"]


def test_a_class_whose_module_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for which a trusted module does not import is told, not that it is absent."""
    (tmp_path / "failing_module.py").write_text("import absent_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)

    (problem,) = check(
        written(tmp_path, HEAD + "handlers: {h: {class: failing_module.H}}\n"), trust=["failing_module"]
    )

    assert (
        "'failing_module.H' does not import: ModuleNotFoundError: No module named 'absent_dependency'"
        in problem
    )


@pytest.mark.parametrize(("name", "expected"), [("loging.yaml", "did you mean"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read_is_one_problem(name: str, expected: str, tmp_path: Path) -> None:
    """A missing file names its nearest neighbour; a folder says what it is."""
    written(tmp_path, GOOD)

    (problem,) = check(tmp_path / name)

    assert problem.startswith(f"{tmp_path / name}: cannot be read: ")
    assert expected in problem


@pytest.mark.parametrize(("source", "trust"), [(7, ()), (["x"], ()), (GOOD.encode(), ()), ({}, "logging")])
def test_arguments_of_the_wrong_type_raise_type_error(source: Any, trust: Any) -> None:
    """A source or a trust of the wrong type is the caller's mistake, not the configuration's."""
    with pytest.raises(TypeError):
        configure(source, trust=trust)


# What is accepted


def test_a_good_file_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Formatter, level, handler, logger and root level of the file are those in force."""
    path = written(
        tmp_path,
        HEAD + "formatters: {f: {format: '{levelname}|{message}', style: '{'}}\n"
        "handlers: {h: {class: logging.StreamHandler, stream: ext://sys.stdout, formatter: f, level: INFO}}\n"
        "loggers: {app: {level: DEBUG}, app.deep: {level: 30, propagate: 0, handlers: [h, h]}}\n"
        "root: {level: ERROR, handlers: [h]}\n",
    )

    configure(path)
    logging.getLogger("app").debug("hidden")
    logging.getLogger("app").info("shown")
    logging.getLogger("app.deep").warning("deep")
    logging.getLogger("other").warning("hidden")

    assert capsys.readouterr().out == "INFO|shown\nWARNING|deep\n"
    assert logging._handlers["h"] is logging.root.handlers[0]  # type: ignore[attr-defined]


def test_configuring_twice_does_not_double_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file twice gives each line once, filters once, and one handler in the registry."""
    path = written(tmp_path, GOOD)

    configure(path)
    configure(path)
    logging.getLogger("app").warning("once")

    assert capsys.readouterr().out == "once\n"
    assert list(logging._handlers) == ["h"]  # type: ignore[attr-defined]
    assert logging._handlers["h"] is logging.root.handlers[0]  # type: ignore[attr-defined]


def test_replaced_handlers_are_closed_and_others_stay_open(old: MemoryList) -> None:
    """A new configuration closes what it replaced; a handler on a logger that it does not name stays open."""
    foreign = MemoryList("foreign")
    logging.getLogger("lib").addHandler(foreign)

    configure(
        {"version": 1, "disable_existing_loggers": False, "loggers": {"app": {}}, "root": {"level": "INFO"}}
    )
    logging.getLogger("lib").error("kept")

    assert old.closed == 1
    assert (foreign.closed, foreign.messages) == (0, ["kept"])


def test_a_handler_behind_one_that_stays_is_not_closed() -> None:
    """What a buffer still in force empties into stays open, whatever replaced its own place."""
    names = {"behind": {"class": f"{__name__}.MemoryList"}}
    buffer = {"class": "logging.handlers.MemoryHandler", "capacity": 1, "target": "behind"}
    head: dict[str, Any] = {"version": 1, "disable_existing_loggers": False}
    lib = {"lib": {"handlers": ["a_buffer"]}}
    configure({**head, "handlers": {**names, "a_buffer": buffer}, "loggers": lib}, trust=[__name__])
    behind = logging._handlers["behind"]  # type: ignore[attr-defined]

    configure({**head, "root": {"level": "INFO"}})
    logging.getLogger("lib").error("passed on")

    assert (behind.closed, behind.messages) == (0, ["passed on"])


def test_built_handlers_are_closed_when_another_fails(old: MemoryList, tmp_path: Path) -> None:
    """When the last handler cannot be built, those built before it are closed, and no others."""
    made: list[MemoryList] = []

    def make() -> MemoryList:
        made.append(MemoryList())
        return made[0]

    fussy = {"class": f"{__name__}.Fussy"}
    config = {"version": 1, "disable_existing_loggers": False, "handlers": {"a": {"()": make}, "h": fussy}}
    with pytest.raises(ConfigError):
        configure(config, trust=[__name__])

    assert (made[0].closed, old.closed) == (1, 0)
    assert logging._handlers["h"] is old  # type: ignore[attr-defined]


@pytest.mark.parametrize("is_disabling", [False, True])
def test_other_loggers_end_as_under_dict_config(is_disabling: bool) -> None:
    """Loggers that are not named end as plain dictConfig leaves them: disabled if asked, children reset."""
    config = {"version": 1, "disable_existing_loggers": is_disabling, "loggers": {"app": {"level": "INFO"}}}
    others = [logging.getLogger(name) for name in ("app.child", "app.child.deep", "apple", "lib")]

    def ends(switch_on: Any) -> list[Any]:
        for one in others:
            one.setLevel("ERROR")
            one.propagate, one.disabled, one.handlers = False, False, [logging.NullHandler()]
        switch_on(config)
        return [(one.level, one.propagate, one.disabled, len(one.handlers)) for one in others]

    assert ends(configure) == ends(logging.config.dictConfig)


@settings(max_examples=60, deadline=None)
@given(config=configurations())
def test_a_good_configuration_ends_as_under_dict_config(config: dict[str, Any]) -> None:
    """Law: whatever is accepted leaves every logger as plain dictConfig leaves it."""

    def ends(switch_on: Any) -> list[Any]:
        logging.root.handlers, logging.root.level = [logging.NullHandler()], logging.WARNING
        logging.root.manager.loggerDict.clear()
        for name in ("a.b.c", "root.x"):
            logging.getLogger(name).addHandler(logging.NullHandler())
        switch_on(copy.deepcopy(config))
        return [
            (name, one.level, one.propagate, one.disabled, [told(handler) for handler in one.handlers])
            for name in ("", "a", "a.b", "a.b.c", "z", "root.x")
            for one in [logging.getLogger(name)]
        ]

    assert ends(configure) == ends(logging.config.dictConfig)


def test_a_replaced_handler_that_fails_to_close_is_a_warning() -> None:
    """The new configuration is in force, open, although the old handler raised on closing."""

    class Stuck(MemoryList):
        def flush(self) -> None:
            raise OSError("disk is gone")

    stuck = Stuck()
    logging.root.addHandler(stuck)
    new = {"h": {"class": f"{__name__}.MemoryList"}}
    config = {"version": 1, "disable_existing_loggers": False, "handlers": new, "root": {"handlers": ["h"]}}

    with pytest.warns(RuntimeWarning, match="disk is gone"):
        configure(config, trust=[__name__])

    (handler,) = logging.root.handlers
    assert isinstance(handler, MemoryList)
    assert (handler.closed, stuck.closed) == (0, 1)


def test_no_record_is_lost_while_configurations_change() -> None:
    """While two configurations take turns, each record of another thread reaches exactly one handler."""
    taken: list[MemoryList] = []

    def make() -> MemoryList:
        taken.append(MemoryList())
        return taken[-1]

    config = {"version": 1, "disable_existing_loggers": False, "handlers": {"h": {"()": make}}}
    config["root"] = {"handlers": ["h"], "level": "INFO"}
    configure(config)
    log, count = logging.getLogger("lib"), 5000

    def write() -> None:
        for number in range(count):
            log.info("%d", number)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        configure(config)
    writer.join()

    assert sorted(int(message) for one in taken for message in one.messages) == list(range(count))


def test_filters_of_a_program_go_into_a_mapping() -> None:
    """Filter objects and functions are taken as they are, also those that have no hash."""

    @dataclass
    class Above:
        level: int

        def filter(self, record: logging.LogRecord) -> bool:
            return record.levelno > self.level

    def is_short(record: logging.LogRecord) -> bool:
        return len(record.getMessage()) < 9

    listed = [Above(logging.INFO), is_short, Above(logging.INFO)]
    named = {"h": {"class": f"{__name__}.MemoryList", "filters": listed}}
    config = {"version": 1, "disable_existing_loggers": False, "handlers": named, "root": {"handlers": ["h"]}}
    configure(config, trust=[__name__])
    logging.warning("short")
    logging.warning("much too long")

    (handler,) = logging.root.handlers
    assert isinstance(handler, MemoryList)
    assert handler.messages == ["short"]


def test_a_standard_queue_is_what_this_python_makes_of_it() -> None:
    """From 3.12 on a standard QueueHandler gets its listener; before, one that works is named."""
    queue = {"class": "logging.handlers.QueueHandler", "handlers": ["z"]}
    named = {"q": queue, "z": {"class": "logging.NullHandler"}}
    config = {"version": 1, "disable_existing_loggers": False, "handlers": named, "root": {"handlers": ["q"]}}

    problems = check(config)

    if sys.version_info >= (3, 12):
        configure(config)
        assert [handler.name for handler in vars(logging.root.handlers[0])["listener"].handlers] == ["z"]
    else:
        (problem,) = problems
        assert problem.endswith("; use class: ote_logging.handlers.QueueHandler")


def test_an_empty_root_leaves_the_root_logger_as_it_is(old: MemoryList) -> None:
    """``root: {}`` names nothing, as with dictConfig."""
    configure({"version": 1, "disable_existing_loggers": False, "root": {}})
    assert old in logging.root.handlers


def test_a_buffer_takes_the_name_of_its_flush_level() -> None:
    """``flushLevel: ERROR`` works on every Python; dictConfig of 3.11 leaves a text that fails later."""
    buffer = {"class": "logging.handlers.MemoryHandler", "capacity": 9, "flushLevel": "ERROR", "target": "z"}
    named = {"a": buffer, "z": {"class": f"{__name__}.MemoryList"}}
    root = {"handlers": ["a"]}
    configure(
        {"version": 1, "disable_existing_loggers": False, "handlers": named, "root": root}, trust=[__name__]
    )
    behind = logging._handlers["z"]  # type: ignore[attr-defined]

    logging.warning("kept back")
    assert behind.messages == []
    logging.error("flushed")
    assert behind.messages == ["kept back", "flushed"]


def test_an_incremental_configuration_changes_levels_only(old: MemoryList) -> None:
    """Levels and ``propagate`` change; handlers stay, and none is closed."""
    config = {"version": 1, "incremental": True, "handlers": {"h": {"level": "ERROR"}}}
    configure({**config, "loggers": {"app": {"level": "INFO", "propagate": True}}, "root": {"level": 30}})

    assert (old.level, old.closed, old in logging.root.handlers) == (logging.ERROR, 0, True)
    app = logging.getLogger("app")
    assert (app.level, app.propagate, logging.root.level) == (logging.INFO, True, 30)


def test_handlers_named_by_a_handler_of_ours_arrive_built() -> None:
    """A queue gets the handlers that it names, built first whatever their names."""
    queue = {"class": f"{__name__}.Queue", "handlers": ["z"]}
    named = {"a": queue, "z": {"class": f"{__name__}.MemoryList"}}
    root = {"handlers": ["a", "z"]}
    configure(
        {"version": 1, "disable_existing_loggers": False, "handlers": named, "root": root}, trust=[__name__]
    )

    in_front, behind = logging.root.handlers
    assert isinstance(in_front, Queue)
    assert in_front.handlers == [behind]


def test_a_session_file_behind_a_queue_needs_the_filter_on_the_queue(tmp_path: Path) -> None:
    """The ContextFilter on the queue serves the handlers behind it."""
    text = (
        HEAD + "filters: {context: {(): MODULE.ContextFilter}}\n"
        "handlers:\n  q: {class: MODULE.Queue, handlers: [s], filters: [context]}\n"
        "  s: {class: MODULE.SessionFileHandler}\nroot: {handlers: [q]}\n"
    )
    assert check(written(tmp_path, ours(text)), trust=[__name__]) == []
    assert len(check(written(tmp_path, ours(text.replace("[q]", "[q, s]"))), trust=[__name__])) == 1


def test_check_opens_nothing(tmp_path: Path) -> None:
    """Checking builds no handler: no file is made."""
    target = tmp_path / "app.log"
    assert check(written(tmp_path, handlers(f"class: logging.FileHandler, filename: {target}"))) == []
    assert not target.exists()


def test_session_id_names_the_session_of_the_process() -> None:
    """``session_id`` is that of every record outside of ``session()``."""
    configure({"version": 1, "disable_existing_loggers": False}, session_id="run-7")
    assert current().session_id == "run-7"


# Environment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${OTE_TEST}", 514),
        ("${OTE_ABSENT:-0.5}", 0.5),
        ("${OTE_ABSENT:-INFO}", "INFO"),
        ("${OTE_ABSENT:-true}", True),
        ("${OTE_ABSENT:-null}", None),
        ("${OTE_ABSENT:-}", ""),
        ("${OTE_EMPTY:-x}", "x"),
        ("${OTE_EMPTY}", ""),
        ("${OTE_ABSENT:-0644}", "0644"),
        ("${OTE_ABSENT:-no}", "no"),
        ("${OTE_ABSENT:-12:30}", "12:30"),
        ("port ${OTE_TEST}", "port 514"),
        ("${OTE_TEST}${OTE_TEST}", "514514"),
        ("$${OTE_TEST}", "${OTE_TEST}"),
        ("a $5 {b}", "a $5 {b}"),
        ("${OTE_INJECT}", "a: [1, *x]\nb: 2"),
    ],
)
def test_variables_stand_in_values(text: str, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is one substitution becomes what JSON reads in it; all else is text, never structure."""
    monkeypatch.setenv("OTE_TEST", "514")
    monkeypatch.setenv("OTE_EMPTY", "")
    monkeypatch.setenv("OTE_INJECT", "a: [1, *x]\nb: 2")

    found = load({"x-a": [text]})["x-a"][0]

    assert (found, type(found)) == (expected, type(expected))


def test_a_text_tag_keeps_a_variable_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``!!str`` keeps a password of digits a text."""
    monkeypatch.setenv("OTE_TEST", "514")
    assert load(written(tmp_path, "a: !!str ${OTE_TEST}\nb: '${OTE_TEST}'\n")) == {"a": "514", "b": 514}


def test_a_format_of_dollar_style_is_the_formatters_own() -> None:
    """``${message}`` in a formatter of style ``$`` is no environment variable."""
    formatter = {"style": "$", "format": "${levelname} ${message}"}
    assert load({"formatters": {"a": formatter}}) == {"formatters": {"a": formatter}}
    assert check({"version": 1, "disable_existing_loggers": False, "formatters": {"a": formatter}}) == []


# YAML


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 0x1F, 0644, 1_000, 1.5, .inf, yes, off, ~, null, 12:30:45, 1e3, '5', text]",
        "a: &a {x: 1, y: [2]}\nb: {<<: *a, x: 3}\nc: *a",
        "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b], y: 4}",
        "a: |\n  two\n  lines\nb: >-\n  folded\n  text\n'on': 1\n? c\n: 2",
        "a: 2024-01-02\nb: !!binary aGk=\nc: !!str 5\nd: !!float 1\ne: ! 7\nf: !!map {}\ng: !!seq []\n",
        "\ufeffa: é → 日本\n",
        "%YAML 1.1\n---\na: 1\n...\n",
    ],
)
def test_yaml_reads_as_safe_load_reads_it(
    text: str, loader: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is accepted has the values that yaml.safe_load gives."""
    monkeypatch.setattr("ote_logging.config.yaml_source.Loader", loader)
    assert load(written(tmp_path, text)) == yaml.safe_load(text)


@pytest.mark.parametrize("is_yaml", [True, False])
def test_cfg_and_ext_reach_nested_options(is_yaml: bool, tmp_path: Path) -> None:
    """References are resolved at any depth, those to an entry as the object built of it."""
    text = (
        HEAD + "x_own: {name: [zero, one]}\nformatters: {f: {format: '%(message)s'}}\nhandlers:\n"
        "  h: {class: MODULE.MemoryList, label: {deep: ['cfg://x_own.name[1]', ext://sys.stderr, cfg://formatters.f]}}\n"
        "root: {handlers: [h]}\n"
    )
    path = written(tmp_path, ours(text))
    configure(path if is_yaml else yaml.safe_load(ours(text)), trust=[__name__])

    (handler,) = logging.root.handlers
    assert isinstance(handler, MemoryList)
    word, stream, formatter = handler.label["deep"]
    assert (word, stream) == ("one", sys.stderr)
    assert isinstance(formatter, logging.Formatter)
