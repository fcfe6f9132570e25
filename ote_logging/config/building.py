"""Build the formatters, filters and handlers of a plan, leaving everything in force untouched.

A handler class gets exactly what dictConfig would give it. Those of ``logging.handlers`` with rules of their
own are handed to dictConfig's own code; for all others its few lines stand here, because importing
``logging.config`` costs 8 ms. Handlers named in the options of a class of this package arrive as objects.

LOCATION: ote_logging/config/building.py
DEPENDENCIES: config.options, config.plan, config.problems, config.rules, errors, late
TRACE POINTS: none
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ote_logging.config.options import inherited_options
from ote_logging.config.plan import Plan, Reference, descends, names_in, options_in, referring_keys
from ote_logging.config.problems import Path, Problems, kind_of, short, shown
from ote_logging.config.rules import METHODS
from ote_logging.errors import ConfigError
from ote_logging.late import late_pattern

T = TypeVar("T")

REFUSED_OPTION: Final = late_pattern(r"unexpected keyword argument '(\w+)'")


class Building:
    """What was built of a plan; closes its handlers on leaving ``with`` unless they were kept."""

    def __init__(self, plan: Plan, problems: Problems) -> None:
        """Build what ``plan`` says, and note in ``problems`` what cannot be built."""
        self.built: dict[str, dict[str, Any]] = {"formatters": {}, "filters": {}, "handlers": {}}
        self._plan = plan
        self._problems = problems
        self._is_kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._is_kept:
            for handler in reversed(self.handlers.values()):
                with suppress(Exception):  # anyone's handler; the problem to be told is the one that led here
                    handler.close()

    @property
    def handlers(self) -> dict[str, logging.Handler]:
        """The handlers by name, those behind others first."""
        return self.built["handlers"]

    def keep(self) -> None:
        """Leave the handlers open from now on: they go into force."""
        self._is_kept = True

    def build_values(self) -> None:
        """Build the formatters and filters with which nothing is wrong so far; they open nothing."""
        for section, make in (("formatters", self._formatter), ("filters", self._filter)):
            for name, entry in self._plan.entries(section).items():
                if self._problems.is_sound((section, name)):
                    self._build(section, name, entry, make)

    def build_handlers(self) -> None:
        """Build the handlers in the order of their names, as dictConfig, those behind others before them."""
        for name in self._plan.build_order():
            if all(behind in self.handlers for behind in self._plan.handlers_behind(name)):
                self._build("handlers", name, self._plan.config["handlers"][name], self._handler)

    def raise_problems(self) -> None:
        """Raise ConfigError with all that was found, if anything was."""
        if self._problems:
            raise ConfigError(self._problems.texts())

    def _build(
        self, section: str, name: str, entry: dict[str, Any], make: Callable[[str, dict[str, Any]], Any]
    ) -> None:
        title = f"{section[:-1]} {shown(name)}"
        try:
            made = make(name, entry)
        except Exception as error:  # constructors are anyone's code; what they raise is the finding
            self._tell((section, name), title, entry, error)
            return
        if hasattr(made, METHODS[section]):
            self.built[section][name] = made
        else:
            self._problems.add((section, name), f"{title} came out as {kind_of(made)}", "name another class")

    def _tell(self, path: Path, title: str, entry: dict[str, Any], error: Exception) -> None:
        if (match := REFUSED_OPTION.search(str(error))) and match[1] in entry:
            known = inherited_options(self._plan.factories[str(path[0]), str(path[1])])
            met = f"{title} has no option {match[1]!r}"
            self._problems.add_unknown((*path, match[1]), met, match[1], known)
        else:
            cure = "name a place that can be written" if isinstance(error, OSError) else "correct its options"
            self._problems.add(path, f"{title} cannot be built: {_explained(error)}", cure)

    def _formatter(self, name: str, entry: dict[str, Any]) -> Any:
        if "()" in entry:
            return self._custom("formatters", name, entry)
        factory = self._plan.factories.get(("formatters", name), logging.Formatter)
        options = {key: entry[key] for key in ("validate", "defaults") if entry.get(key) is not None}
        return factory(entry.get("format"), entry.get("datefmt"), entry.get("style", "%"), **options)

    def _filter(self, name: str, entry: dict[str, Any]) -> Any:
        return (
            self._custom("filters", name, entry) if "()" in entry else logging.Filter(entry.get("name", ""))
        )

    def _custom(self, section: str, name: str, entry: dict[str, Any]) -> Any:
        options = self._value(options_in(section, entry))
        made = _called(self._plan.factories[section, name], options, {"format": "fmt"})
        return _with_attributes(made, entry)

    def _handler(self, name: str, entry: dict[str, Any]) -> Any:
        factory = self._plan.factories["handlers", name]
        if "class" in entry and descends(factory, "logging.handlers"):
            return self._standard_handler(factory, entry)
        options = self._value(options_in("handlers", entry))
        for key in options.keys() & set(referring_keys(factory)):
            options[key] = self._resolved(options[key])
        return self._equipped(_called(factory, options, {"stream": "strm"}), entry)

    def _standard_handler(self, factory: Any, entry: dict[str, Any]) -> Any:
        # By now logging.handlers is imported, so that logging.config costs no more than 2 ms.
        from logging.config import DictConfigurator

        class Configurator(DictConfigurator):
            def resolve(self, s: Any) -> Any:
                return factory if s == entry["class"] else super().resolve(s)

        options = self._value(entry)
        if isinstance(level := options.get("flushLevel"), str):
            # dictConfig reads its name only from 3.13 on, and the handler never.
            options["flushLevel"] = logging.getLevelNamesMapping()[level]
        return Configurator({section: dict(made) for section, made in self.built.items()}).configure_handler(
            options
        )

    def _equipped(self, handler: Any, entry: dict[str, Any]) -> Any:
        """``handler`` with the formatter, level, filters and attributes of its entry."""
        try:
            if entry.get("formatter"):
                handler.setFormatter(self.built["formatters"][entry["formatter"]])
            if entry.get("level") is not None:
                handler.setLevel(entry["level"])
            for filter_ in self.filters(entry):
                handler.addFilter(filter_)
            return _with_attributes(handler, entry)
        except BaseException:
            handler.close()
            raise

    def filters(self, entry: dict[str, Any]) -> list[Any]:
        """The filters that ``entry`` lists, each once."""
        listed = entry.get("filters") or ()
        return unique(self.built["filters"][item] if isinstance(item, str) else item for item in listed)

    def _resolved(self, named: Any) -> Any:
        """The handlers that an option names, in the shape in which it names them."""
        if isinstance(named, list | tuple):
            return [self.handlers[name] for name in names_in(named)]
        return self.handlers[named] if isinstance(named, str) else named

    def _value(self, value: Any) -> Any:
        """``value`` with the objects that ``cfg://`` means in the place of references."""
        if isinstance(value, Reference):
            return self.built[value.section][value.name]
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        return [self._value(item) for item in value] if isinstance(value, list) else value


def unique(items: Iterable[T]) -> list[T]:
    """``items`` in their order, each object once; by identity, because a dataclass has no hash."""
    return list({id(item): item for item in items}.values())


def _called(factory: Any, options: dict[str, Any], renamed: dict[str, str]) -> Any:
    """What ``factory`` makes of ``options``; an option that it knows by its other name is given by that."""
    try:
        return factory(**options)
    except TypeError as error:
        again = {
            renamed.get(key, key) if f"'{key}'" in str(error) else key: value
            for key, value in options.items()
        }
        if again.keys() == options.keys():
            raise
    return factory(**again)


def _with_attributes(made: Any, entry: dict[str, Any]) -> Any:
    for name, value in (entry.get(".") or {}).items():
        setattr(made, name, value)
    return made


def _explained(error: BaseException) -> str:
    """``error`` and what caused it, in one line."""
    text = f"{type(error).__name__}: {error}"
    return short(f"{text} (because of {_explained(error.__cause__)})" if error.__cause__ else text)
