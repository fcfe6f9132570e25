"""Ask a class which options it takes, before it is called.

LOCATION: ote_logging/config/options.py
DEPENDENCIES: config.plan (Factory, descends)
TRACE POINTS: none
"""

import inspect
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from ote_logging.config.plan import Factory, descends

# What dictConfig itself takes from the options of a logging.handlers.QueueHandler.
QUEUE_OPTIONS: Final = frozenset({"queue", "listener", "handlers", "respect_handler_level"})
NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Options:
    """The options that a factory knows and those it cannot do without; ``is_open`` takes any other too."""

    known: frozenset[str]
    required: frozenset[str]
    is_open: bool

    def unknown(self, given: Iterable[str]) -> list[str]:
        """Those of ``given`` that the factory would refuse."""
        return [] if self.is_open else [name for name in given if name not in self.known]

    def missing(self, given: Collection[str]) -> list[str]:
        """Those that the factory needs and that are not ``given``."""
        return sorted(self.required.difference(given))


def options_of(factory: Factory) -> Options:
    """The options of ``factory``; open when it does not tell them."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # built in: it tells when it is called
        return Options(frozenset(), frozenset(), is_open=True)
    named = [parameter for parameter in parameters if parameter.kind in NAMED]
    known = frozenset(parameter.name for parameter in named)
    required = frozenset(parameter.name for parameter in named if parameter.default is parameter.empty)
    is_open = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    if descends(factory, "logging.handlers", "QueueHandler"):
        return Options(known | QUEUE_OPTIONS, required - QUEUE_OPTIONS, is_open)
    return Options(known, required, is_open)


def inherited_options(factory: Factory) -> set[str]:
    """The options that the classes above ``factory`` name, for a class that passes them on unseen."""
    names: set[str] = set()
    for base in inspect.getmro(factory) if isinstance(factory, type) else ():
        names |= options_of(base).known
    return names
