"""Ask a class which options it takes, and check those it is given, before it is called.

LOCATION: ote_logging/config/options.py
DEPENDENCIES: config.plan (Factory, descends), config.problems
TRACE POINTS: none
"""

import inspect
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from ote_logging.config.plan import Factory, descends
from ote_logging.config.problems import Path, Problems, kind_of, shown

# What dictConfig itself takes from the options of a logging.handlers.QueueHandler.
QUEUE_OPTIONS: Final = frozenset({"queue", "listener", "handlers", "respect_handler_level"})
NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
STANDARD: Final = ("logging", "logging.handlers")
# The one number of the standard handlers that may also be a level's name.
LEVELS: Final = ("flushLevel",)


class Options(NamedTuple):
    """The options that a factory knows, with their defaults; ``is_open`` takes any other too."""

    defaults: Mapping[str, Any]
    required: frozenset[str]
    is_open: bool

    def unknown(self, given: Iterable[str]) -> list[str]:
        """Those of ``given`` that the factory, or dictConfig before it, would refuse."""
        return [
            name
            for name in given
            if not (name in self.defaults or (self.is_open and str(name).isidentifier()))
        ]

    def missing(self, given: Collection[str]) -> list[str]:
        """Those that the factory needs and that are not ``given``."""
        return sorted(self.required.difference(given))


def options_of(factory: Factory) -> Options:
    """The options of ``factory``; open when it does not tell them."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # built in: it tells when it is called
        return Options({}, frozenset(), is_open=True)
    defaults = {parameter.name: parameter.default for parameter in parameters if parameter.kind in NAMED}
    required = frozenset(name for name, default in defaults.items() if default is inspect.Parameter.empty)
    is_open = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    if descends(factory, "logging.handlers", "QueueHandler"):
        return Options(defaults | dict.fromkeys(QUEUE_OPTIONS), required - QUEUE_OPTIONS, is_open)
    return Options(defaults, required, is_open)


def inherited_options(factory: Factory) -> set[str]:
    """The options that the classes above ``factory`` name, for a class that passes them on unseen."""
    names: set[str] = set()
    for base in inspect.getmro(factory) if isinstance(factory, type) else ():
        names.update(options_of(base).defaults)
    return names


def check_options(
    problems: Problems, path: Path, title: str, given: Mapping[str, Any], factory: Factory
) -> None:
    """Note which options ``given`` to ``factory`` by the entry at ``path`` it would refuse or misread."""
    options = options_of(factory)
    name = getattr(factory, "__qualname__", kind_of(factory))
    # dictConfig gives `format` to a formatter as `fmt`, and `stream` as `strm`, where that is the name.
    renamed = {"format": "fmt", "stream": "strm"}
    names = [new if (new := renamed.get(key, key)) in options.defaults else key for key in given]
    unknown = options.unknown(names)
    for key in unknown:
        problems.add_unknown(
            (*path, key), f"{title}: {name} has no option {shown(key)}", key, options.defaults
        )
    # A misspelt option is told once, not a second time as the one that is missing.
    for key in () if unknown else options.missing(names):
        problems.add(path, f"{title}: {name} needs the option {shown(key)}", f"add: {key}: ...")
    if getattr(factory, "__module__", None) in STANDARD:
        _check_kinds(problems, path, title, given, options.defaults)


def _check_kinds(
    problems: Problems, path: Path, title: str, given: Mapping[str, Any], defaults: Mapping[str, Any]
) -> None:
    """Note text where a standard handler counts or writes with it: it would fail at every record."""
    for key, value in given.items():
        default = defaults.get(key)
        if isinstance(default, int | float) and isinstance(value, str) and key not in LEVELS:
            met = f"{title}: {key} is text ({shown(value)})"
            problems.add((*path, key), met, f"it takes {kind_of(default)}, without quotes")
    if isinstance(stream := given.get("stream"), str):
        met = f"{title}: stream is text ({shown(stream)})"
        problems.add((*path, "stream"), met, "write: stream: ext://sys.stdout")
