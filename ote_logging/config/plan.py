"""What a checked configuration says, ready to be built: its values, and the classes they name.

LOCATION: ote_logging/config/plan.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Factory = Callable[..., Any]

# Keys of an entry that are not options of its class.
MADE_KEYS: Final = frozenset({"()", "."})
ENTRY_KEYS: Final = MADE_KEYS | {"formatter", "level", "filters"}


class Reference:
    """A ``cfg://`` value that means the object built for an entry of a section."""

    def __init__(self, section: str, name: str) -> None:
        self.section, self.name = section, name


class Plan:
    """The values with ``ext://`` and ``cfg://`` resolved, and the factory of each entry (section, name)."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.factories: dict[tuple[str, str], Factory] = {}

    def entries(self, section: str) -> Mapping[str, dict[str, Any]]:
        """The well-formed entries of ``section`` by name."""
        entries = self.config.get(section)
        entries = entries if isinstance(entries, dict) else {}
        return {
            name: entry
            for name, entry in entries.items()
            if isinstance(name, str) and isinstance(entry, dict)
        }

    def loggers(self) -> Iterator[tuple[tuple[str, ...], str, dict[str, Any]]]:
        """Path, name and entry of each logger; the root logger, named ``""``, is last as in dictConfig."""
        for name, entry in self.entries("loggers").items():
            yield ("loggers", name), name, entry
        if isinstance(root := self.config.get("root"), dict) and root:
            yield ("root",), "", root

    def build_order(self) -> list[str]:
        """Names of the handlers as dictConfig builds them, sorted, but those behind others first.

        Raises:
            graphlib.CycleError: handlers pass their records round; the second argument names them.
        """
        behind = {name: self.handlers_behind(name) for name in sorted(self.entries("handlers"))}
        if not any(behind.values()):
            return list(behind)
        from graphlib import TopologicalSorter

        return [name for name in TopologicalSorter(behind).static_order() if name in behind]

    def handlers_behind(self, name: str) -> list[str]:
        """Names of the handlers that the handler ``name`` passes its records to."""
        entry = self.config["handlers"][name]
        keys = referring_keys(self.factories.get(("handlers", name)))
        return [behind for key in keys for behind in names_in(entry.get(key))]


def options_in(section: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What dictConfig gives of ``entry`` to its class, or to its factory, which gets ``class`` as well."""
    own = ENTRY_KEYS if section == "handlers" else MADE_KEYS
    own = own if "()" in entry else own | {"class"}
    return {key: value for key, value in entry.items() if key not in own}


def names_in(value: Any) -> list[str]:
    """The names in ``value``: a name, a list of them, or nothing."""
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, str)]


def referring_keys(factory: Any) -> tuple[str, ...]:
    """The options of a handler class that name other handlers."""
    if descends(factory, "logging.handlers", "MemoryHandler"):
        return ("target",)
    if descends(factory, "logging.handlers", "QueueHandler"):
        return ("handlers",)
    return ("handlers", "target") if descends(factory, "ote_logging") else ()


def descends(factory: Any, package: str, name: str | None = None) -> bool:
    """Tell whether ``factory`` is or inherits a class of ``package``, the one called ``name`` if given.

    By name, because importing ``logging.handlers`` to ask costs 5 ms.
    """
    return isinstance(factory, type) and any(
        f"{base.__module__}.".startswith(f"{package}.") and name in (None, base.__name__)
        for base in factory.__mro__
    )
