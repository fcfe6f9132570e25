"""Read a logging configuration, check all of it, and switch it on in one step or not at all.

    source  ->  values + lines  ->  checked plan  ->  built objects  ->  in force
    (YAML,      yaml_source,        rules, trust,     building           switching
     mapping)   environment         references

The file is one that plain ``logging.config.dictConfig(yaml.safe_load(...))`` reads as well; what is added
here is that nothing wrong passes unseen: each problem is one line ``file:line: what was met; what to do``.

Importing this package is cheap; PyYAML and the parts above are imported by the first call.

LOCATION: ote_logging/config/__init__.py
DEPENDENCIES: errors; when called: config.source, config.rules, config.building, config.switching, context
TRACE POINTS: none
"""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ote_logging.errors import ConfigError

if TYPE_CHECKING:
    from ote_logging.config.building import Building
    from ote_logging.config.plan import Plan

__all__ = ["check", "configure", "load"]


def configure(
    source: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    session_id: str | None = None,
    trust: Iterable[str] = (),
) -> None:
    """Check the configuration ``source`` and put it in force; when it is refused, nothing changes.

    ``source`` is a YAML file, a mapping as for ``dictConfig``, or None for the configuration that comes with
    this package. ``session_id`` names the session of this process. Classes are taken from the packages
    ``logging``, ``pythonjsonlogger`` and ``ote_logging``, and from those named in ``trust`` (dotted names;
    what is inside them is trusted too). A file name in it that is relative is relative to the current folder.

    Each logger named in ``source``, and the root logger if it is, gets the handlers and filters listed there
    and no others; handlers that were put there otherwise go, as with ``dictConfig``. Loggers that are not
    named keep theirs, open. Handlers replaced are closed after the new ones are in force.

    ``${NAME}`` and ``${NAME:-default}`` in a value stand for environment variables (``config.environment``).

    Raises:
        ConfigError: something is wrong; ``problems`` has every problem, each one line. Handlers are built
            only when all else is right, so what their constructors refuse is told by itself.
        TypeError: ``source`` or ``trust`` is of the wrong type.
    """
    with _collector_waiting():
        _configure(source, session_id, trust)


def _configure(
    source: str | os.PathLike[str] | Mapping[str, Any] | None, session_id: str | None, trust: Iterable[str]
) -> None:
    from ote_logging.config.switching import change, switch

    plan, building, texts = _examined(source, trust)
    if texts:
        raise ConfigError(texts)
    if plan.config.get("incremental"):
        _name_session(session_id)
        change(plan)
        return
    with building:
        building.build_handlers()
        building.raise_problems()
        _name_session(session_id)
        switch(plan, building)


@contextmanager
def _collector_waiting() -> Iterator[None]:
    """Keep the collector from walking what imports have just made, 5 ms of a first configure."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check(
    source: str | os.PathLike[str] | Mapping[str, Any] | None = None, *, trust: Iterable[str] = ()
) -> list[str]:
    """Every problem that ``configure`` would find before it builds handlers, each one line; [] if none.

    Nothing is opened or changed: formatters and filters are built and dropped, handlers are not built.
    """
    return _examined(source, trust)[2]


def load(source: str | os.PathLike[str] | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of ``source`` with its environment variables in place, unchecked otherwise.

    Raises:
        ConfigError: it cannot be read, repeats a key or names a variable that is not set.
    """
    from ote_logging.config.source import read

    values, problems = read(source)
    if problems:
        raise ConfigError(problems.texts())
    return values if isinstance(values, dict) else {}


def _examined(source: Any, trust: Iterable[str]) -> "tuple[Plan, Building, list[str]]":
    """The plan of ``source``, its formatters and filters built, and all that is wrong with them."""
    from ote_logging.config.building import Building
    from ote_logging.config.rules import check as check_rules
    from ote_logging.config.source import read
    from ote_logging.config.trust import Trust

    trusted = Trust(trust)
    values, problems = read(source)
    plan = check_rules(values, trusted, problems)
    building = Building(plan, problems)
    building.build_values()
    return plan, building, problems.texts()


def _name_session(session_id: str | None) -> None:
    if session_id is not None:
        from ote_logging.context import set_process_session

        set_process_session(session_id)
