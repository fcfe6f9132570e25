"""Check a configuration against what dictConfig reads, and name whatever it would pass over or refuse.

Nothing is built here. Trusted modules are imported, so that a class can be asked for its options.

LOCATION: ote_logging/config/rules.py
DEPENDENCIES: config.options, config.plan, config.problems, config.references, config.trust
TRACE POINTS: none
"""

import logging
import sys
from collections.abc import Callable, Collection
from typing import Any, Final

from ote_logging.config.options import LEVELS, QUEUE_OPTIONS, check_options
from ote_logging.config.plan import Plan, descends, names_in, options_in, referring_keys
from ote_logging.config.problems import BROKEN, Path, Problems, kind_of, nearest, shown
from ote_logging.config.references import resolve, targets
from ote_logging.config.trust import Trust, UntrustedError

SECTIONS: Final = ("formatters", "filters", "handlers", "loggers")
TOP: Final = frozenset({"version", "disable_existing_loggers", "incremental", "root", *SECTIONS})
FORMATTER: Final = frozenset({"class", "datefmt", "defaults", "format", "style", "validate"})
LOGGER: Final = frozenset({"level", "propagate", "filters", "handlers"})
ROOT: Final = LOGGER - {"propagate"}
METHODS: Final = {
    "formatters": "format",
    "filters": "filter",
    "handlers": "emit",
    "queue": "get",
    "listener": "handle",
}


def check(config: Any, trust: Trust, problems: Problems) -> Plan:
    """Note all that is wrong with ``config`` in ``problems``; the plan is fit to be built if nothing is."""
    if config is BROKEN:
        return Plan({})
    plan = Plan(resolve(config, trust, problems))
    _Rules(plan, trust, problems).check(targets(config))
    return plan


class _Rules:
    """One pass over one configuration; each method checks one kind of entry."""

    def __init__(self, plan: Plan, trust: Trust, problems: Problems) -> None:
        self._plan = plan
        self._config = plan.config
        self._trust = trust
        self._problems = problems
        self._add = problems.add
        self._unknown = problems.add_unknown
        self._is_incremental = plan.config.get("incremental") is True

    def check(self, pointed: Collection[str]) -> None:
        """Check everything; top-level keys in ``pointed`` are used by ``cfg://``."""
        self._top(pointed)
        self._each("formatters", self._formatter)
        self._each("filters", self._filter)
        self._each("handlers", self._changed_handler if self._is_incremental else self._handler)
        self._each("loggers", self._logger)
        self._root()
        if not self._is_incremental:
            self._sessions(self._order())

    def _top(self, pointed: Collection[str]) -> None:
        own = [key for key in self._config if str(key).startswith("x-") or key in pointed]
        self._keys(
            (), "the configuration", self._config, TOP.union(own), hint=" (keys of your own begin with x-)"
        )
        version = self._config.get("version")
        if "version" not in self._config:
            self._add((), "the version is missing", "add at the top: version: 1")
        elif version is not BROKEN and (isinstance(version, bool) or version != 1):
            self._add(("version",), f"version is {shown(version)}", "there is only one: version: 1")
        self._flag((), "the configuration", self._config, "incremental")
        self._flag((), "the configuration", self._config, "disable_existing_loggers")
        if "disable_existing_loggers" not in self._config and not self._is_incremental:
            met = "disable_existing_loggers is missing, and loggers made before this would fall silent"
            self._add((), met, "add at the top: disable_existing_loggers: false")

    def _each(self, section: str, check: Callable[[Path, str, dict[str, Any]], None]) -> None:
        entries = self._config.get(section, {})
        if not self._is((section,), section, entries, dict, "a mapping of names to entries"):
            return
        for name, entry in entries.items():
            path, title = (section, name), f"{section[:-1]} {shown(name)}"
            if not isinstance(name, str):
                self._add(path, f"{title}: the name is {kind_of(name)}", "put it in quotes to make it text")
            elif self._is(path, title, entry, dict, "a mapping of options"):
                check(path, title, entry)

    def _formatter(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        if "()" in entry:
            self._made(path, title, entry)
        elif not self._passes_options_to_class(path, title, entry):
            self._plain_formatter(path, title, entry)

    def _plain_formatter(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        self._keys(path, title, entry, FORMATTER)
        for key in ("format", "datefmt"):
            self._is((*path, key), f"{title}: {key}", entry.get(key), str | None, "text in quotes")
        self._is((*path, "defaults"), f"{title}: defaults", entry.get("defaults"), dict | None, "a mapping")
        self._flag(path, title, entry, "validate")
        self._style(path, title, entry.get("style", "%"))
        if "class" in entry:
            self._factory(path, title, entry["class"], "class")

    def _passes_options_to_class(self, path: Path, title: str, entry: dict[str, Any]) -> bool:
        unseen = sorted(str(key) for key in set(entry) - FORMATTER)
        unseen = [key for key in unseen if nearest(key, FORMATTER - {"class"}) is None]
        if "class" not in entry or not unseen:
            return False
        met = f"{title}: dictConfig passes no {shown(unseen[0])} to a formatter's class and says nothing"
        self._add((*path, unseen[0]), met, "write '()': instead of class:")
        return True

    def _style(self, path: Path, title: str, style: Any) -> None:
        if style is not BROKEN and style not in ("%", "{", "$"):
            self._add((*path, "style"), f"{title}: style is {shown(style)}", "it is '%', '{' or '$'")

    def _filter(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        if "()" in entry:
            self._made(path, title, entry)
        elif "class" in entry:
            met = f"{title}: dictConfig reads no class: of a filter and makes a plain one"
            self._add((*path, "class"), met, "write '()': instead of class:")
        else:
            self._keys(
                path, title, entry, frozenset({"name"}), hint=" (the class of a filter is given by '()')"
            )
            self._is((*path, "name"), f"{title}: name", entry.get("name", ""), str, "the name of a logger")

    def _handler(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        if ("class" in entry) == ("()" in entry):
            met = "has both class and '()'" if "class" in entry else "has no class"
            self._add(path, f"{title} {met}", "give one, such as class: logging.StreamHandler")
        else:
            self._made(path, title, entry)
        self._level(path, title, entry)
        if entry.get("formatter"):
            self._defined((*path, "formatter"), title, entry["formatter"], "formatters")
        self._names(path, title, entry, "filters")
        self._behind(path, title, entry)

    def _behind(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        factory = self._plan.factories.get(("handlers", str(path[-1])))
        for key in referring_keys(factory):
            if key == "handlers":
                self._names(path, title, entry, "handlers")
            elif isinstance(entry.get(key), str):
                self._defined((*path, key), title, entry[key], "handlers")
        if descends(factory, "logging.handlers", "QueueHandler"):
            self._queue(path, title, entry)
        for key in LEVELS if descends(factory, "logging.handlers", "MemoryHandler") else ():
            self._level(path, title, entry, key)

    def _queue(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        """Refuse untrusted names where dictConfig imports them, and what it reads only from 3.12 on."""
        for key in ("queue", "listener"):
            named = entry.get(key)
            named = named.get("()") if isinstance(named, dict) else named
            if isinstance(named, str) and not self._named((*path, key), title, named, METHODS[key]):
                return
        is_plain = "queue" in entry and not isinstance(entry["queue"], str | dict)
        if sys.version_info < (3, 12) and not (
            is_plain and QUEUE_OPTIONS.isdisjoint(entry.keys() - {"queue"})
        ):
            met = f"{title}: before Python 3.12 dictConfig cannot set up a logging.handlers.QueueHandler"
            self._add((*path, "class"), met, "use class: ote_logging.handlers.QueueHandler")

    def _changed_handler(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        if path[-1] not in logging._handlers:  # type: ignore[attr-defined]
            met = f"{title} is not in force, and incremental changes only what is"
            self._unknown(path, met, path[-1], logging._handlers)  # type: ignore[attr-defined]
        self._level(path, title, entry)

    def _root(self) -> None:
        root = self._config.get("root")
        if self._is(("root",), "root", root, dict | None, "a mapping of options") and root:
            self._common(("root",), "root", root, ROOT)

    def _logger(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        self._common(path, title, entry, LOGGER)
        self._flag(path, title, entry, "propagate")

    def _common(self, path: Path, title: str, entry: dict[str, Any], known: frozenset[str]) -> None:
        self._keys(path, title, entry, known)
        self._level(path, title, entry)
        if self._is_incremental:
            return
        self._names(path, title, entry, "handlers")
        self._names(path, title, entry, "filters")
        for index, name in enumerate(names_in(entry.get("filters"))):
            if descends(self._plan.factories.get(("filters", name)), "ote_logging"):
                met = f"{title}: a filter on a logger, {shown(name)}, does not see its children's records"
                self._add((*path, "filters", index), met, "name it in the filters: of the handlers")

    def _is(self, path: Path, title: str, value: Any, wanted: Any, cure: str) -> bool:
        if isinstance(value, wanted) or value is BROKEN:
            return value is not BROKEN
        found = (
            f"{kind_of(value)} ({shown(value)})" if isinstance(value, str | int | float) else kind_of(value)
        )
        self._add(path, f"{title} is {found}", f"it takes {cure}")
        return False

    def _keys(
        self, path: Path, title: str, entry: dict[str, Any], known: frozenset[str], hint: str = ""
    ) -> None:
        for key in entry:
            if key not in known:
                self._unknown((*path, key), f"{title} has an unknown key {shown(key)}", key, known, hint)

    def _flag(self, path: Path, title: str, entry: dict[str, Any], key: str) -> None:
        value = entry.get(key)
        if value not in (None, True, False, BROKEN) or (value is None and key in entry):
            self._is((*path, key), f"{title}: {key}", value, bool, "true or false, without quotes")

    def _level(self, path: Path, title: str, entry: dict[str, Any], key: str = "level") -> None:
        level = entry.get(key)
        path, title = (*path, key), f"{title}: {key}"
        if isinstance(level, bool):
            self._add(path, f"{title} is {kind_of(level)} to YAML", "name a level, in quotes if need be")
        elif self._is(path, title, level, str | int | None, "a name or a number"):
            known = logging.getLevelNamesMapping()
            if isinstance(level, str) and level not in known:
                self._unknown(path, f"{title} {shown(level)} is unknown", level, known)

    def _names(self, path: Path, title: str, entry: dict[str, Any], section: str) -> None:
        """Check that ``entry`` lists, under the key ``section``, names that are defined in that section."""
        names = entry.get(section)
        path = (*path, section)
        example = names if isinstance(names, str) and len(names) < 40 else "console"
        wanted = f"a list of names, such as [{example}]"
        if not self._is(path, f"{title}: {section}", names, list | tuple | None, wanted):
            return
        for index, name in enumerate(names or ()):
            # dictConfig takes a filter that a program puts into its mapping as it is.
            if section != "filters" or not (callable(name) or hasattr(name, "filter")):
                self._defined((*path, index), title, name, section)

    def _defined(self, path: Path, title: str, name: Any, section: str) -> None:
        entries = self._config.get(section, {})
        if name is BROKEN or not isinstance(entries, dict):
            return
        if not isinstance(name, str) or name not in entries:
            met = f"{title} names the {section[:-1]} {shown(name)}, which is not defined"
            self._unknown(path, met, name, entries)

    def _made(self, path: Path, title: str, entry: dict[str, Any]) -> None:
        """Check the class (or factory) of ``entry`` and the options it would receive."""
        key = "()" if "()" in entry else "class"
        factory = self._factory(path, title, entry[key], key)
        self._is((*path, "."), f"{title}: '.'", entry.get(".", {}), dict, "a mapping of attributes")
        if factory is not None:
            check_options(self._problems, path, title, options_in(str(path[0]), entry), factory)

    def _factory(self, path: Path, title: str, named: Any, key: str) -> Any:
        """The class or factory that ``named`` means, kept in the plan; None after telling why it is none."""
        section, name = str(path[0]), str(path[1])
        path = (*path, key)
        found = named if callable(named) else self._named(path, title, named, METHODS[section])
        if found is None:
            return None
        if key == "class" and not isinstance(found, type):
            self._add(path, f"{title}: {shown(named)} is no class", "write '()': for a function")
            return None
        # A handler has the methods of all three, and opens its file when it is made.
        if section != "handlers" and isinstance(found, type) and issubclass(found, logging.Handler):
            self._add(path, f"{title}: {shown(named)} is a handler", f"name a {section[:-1]}")
            return None
        self._plan.factories[section, name] = found
        return found

    def _named(self, path: Path, title: str, dotted: Any, method: str) -> Any:
        """What the name ``dotted`` stands for, or None after telling why it is refused."""
        if not self._is(path, f"{title}: {path[-1]}", dotted, str, "a dotted name"):
            return None
        try:
            return self._trust.factory_named(dotted, method)
        except UntrustedError as error:
            self._add(path, f"{title}: {error.met}", error.cure)
            return None

    def _order(self) -> list[str]:
        """The order in which the handlers can be built; none, and a problem, when there is a ring."""
        try:
            return self._plan.build_order()
        except ValueError as error:  # graphlib's CycleError, which is not imported unless it is needed
            name = min(error.args[1])
            met = f"handler {shown(name)} passes its records round to itself"
            self._add(("handlers", name), met, "name another handler behind it")
            return []

    def _sessions(self, order: list[str]) -> None:
        """Entries need their ids, given by a filter of the session handler or of all queues before it."""
        on_loggers = {
            name for _, _, entry in self._plan.loggers() for name in names_in(entry.get("handlers"))
        }
        before: dict[str, set[str]] = {name: set() for name in order}
        for front in order:
            for name in before.keys() & set(self._plan.handlers_behind(front)):
                before[name].add(front)
        with_ids: set[str] = set()
        for name in reversed(order):
            is_behind = before[name] and name not in on_loggers
            if self._gives_ids(name) or (is_behind and with_ids >= before[name]):
                with_ids.add(name)
            elif descends(self._plan.factories.get(("handlers", name)), "ote_logging", "SessionFileHandler"):
                met = f"handler {shown(name)} has no ContextFilter, and its entries would lack session_id"
                self._add(("handlers", name), met, "add to it: filters: [context]")

    def _gives_ids(self, handler: str) -> bool:
        names = names_in(self._config["handlers"][handler].get("filters"))
        filters = [self._plan.factories.get(("filters", name)) for name in names]
        return any(descends(filter_, "ote_logging", "ContextFilter") for filter_ in filters)
