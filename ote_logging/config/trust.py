"""Decide which dotted names of a configuration may be imported, then import them.

A configuration file may come from people who must not run code here: whoever can name any callable can run
``subprocess.Popen``. So the name decides before anything is imported, and what ``logging``,
``pythonjsonlogger`` and this package offer must be a class of the right kind, not a module they happen to
have imported (``logging.os.system``). Packages that the program itself trusts are taken as they are.

LOCATION: ote_logging/config/trust.py
DEPENDENCIES: config.problems
TRACE POINTS: none
"""

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from ote_logging.config.problems import nearest, short, shown

PACKAGES: Final = ("logging", "ote_logging", "pythonjsonlogger")
STREAMS: Final = ("sys.stderr", "sys.stdout")
MAX_CHARS: Final = 300
# Where a class that is not where it was looked for may be.
HOMES: Final = (
    "logging",
    "logging.handlers",
    "ote_logging.filters",
    "ote_logging.formatters",
    "ote_logging.handlers",
    "pythonjsonlogger.json",
)


class UntrustedError(Exception):
    """A dotted name was refused or leads nowhere: what was ``met`` and the ``cure``."""

    def __init__(self, met: str, cure: str) -> None:
        """Keep both parts of the problem."""
        super().__init__(met, cure)
        self.met, self.cure = met, cure


class Trust:
    """The packages whose names a configuration may use."""

    def __init__(self, packages: Iterable[str] = ()) -> None:
        """Trust ``packages``, dotted names, besides the three that are always trusted."""
        if isinstance(packages, str):
            raise TypeError(f"trust takes a list of package names, not text: trust=[{packages!r}]")
        self._extra = tuple(packages)

    def trusts(self, dotted: str) -> bool:
        """Tell whether ``dotted`` lies in a package that the program named in ``trust``."""
        return any(_is_within(dotted, package) for package in self._extra)

    def factory_named(self, dotted: str, method: str) -> Any:
        """The class with ``method`` that ``dotted`` names, or anything callable of a package in ``trust``.

        Raises:
            UntrustedError: the package is not trusted, or there is no such class in it.
        """
        if not self._is_open(dotted):
            raise _not_trusted(dotted)
        found = self._found(dotted)
        if self.trusts(dotted):
            return _callable(found, dotted)
        if not (isinstance(found, type) and hasattr(found, method)):
            raise UntrustedError(
                f"{shown(dotted)} is no class with the method {method}", "name one that has it"
            )
        return found

    def external(self, dotted: str) -> Any:
        """The object that ``ext://dotted`` stands for.

        Raises:
            UntrustedError: it is neither a standard stream nor in a trusted package, or is not there.
        """
        if dotted in STREAMS:
            return getattr(sys, dotted.removeprefix("sys."))
        if not self.trusts(dotted):
            cure = f"allowed are ext://sys.stdout and ext://sys.stderr; allow more by {_permission(dotted)}"
            raise UntrustedError(f"{shown('ext://' + dotted)} is refused", cure)
        return self._found(dotted)

    def _found(self, dotted: str) -> Any:
        if len(dotted) > MAX_CHARS:
            raise UntrustedError(f"{shown(dotted)} is too long for a name", "correct the name")
        module, attributes = _imported(dotted)
        found: Any = module
        for attribute in attributes:
            found = _attribute(dotted, found, attribute)
            if isinstance(found, ModuleType) and not self._is_open(found.__name__):
                raise _not_trusted(found.__name__)
        return found

    def _is_open(self, module: str) -> bool:
        return self.trusts(module) or any(_is_within(module, package) for package in PACKAGES)


def _is_within(dotted: str, package: str) -> bool:
    return dotted == package or dotted.startswith(package + ".")


def _callable(found: Any, dotted: str) -> Any:
    if not callable(found):
        raise UntrustedError(f"{shown(dotted)} cannot be called", "name a class or a function")
    return found


def _attribute(dotted: str, owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        raise _absent(dotted, owner, name) from None
    except Exception as error:  # a module's own __getattr__ may import, and fail in any way
        raise _broken(dotted, error) from error


def _imported(dotted: str) -> tuple[ModuleType, list[str]]:
    """The longest part of ``dotted`` that is a module, imported, and the attributes after it."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        try:
            return import_module(name), parts[length:]
        except ModuleNotFoundError as error:
            # The module is there but something that it needs is not: no shorter name would help.
            if error.name is None or not _is_within(name, error.name):
                raise _broken(dotted, error) from error
        except Exception as error:  # a module of anyone runs here, and may fail in any way
            raise _broken(dotted, error) from error
    raise UntrustedError(
        f"{shown(dotted)}: there is no module {shown(parts[0])}", "install it or correct the name"
    )


def _broken(dotted: str, error: Exception) -> UntrustedError:
    reason = short(f"{type(error).__name__}: {error}")
    return UntrustedError(f"{shown(dotted)} does not import: {reason}", "mend or install what fails")


def _absent(dotted: str, owner: Any, attribute: str) -> UntrustedError:
    met = f"{shown(dotted)} does not exist: {getattr(owner, '__name__', owner)!s} has no {shown(attribute)}"
    if home := _home_of(attribute):
        return UntrustedError(met, f"did you mean '{home}.{attribute}'?")
    match = nearest(attribute, (name for name in dir(owner) if not name.startswith("_")))
    prefix = dotted[: dotted.rindex(attribute)]
    return UntrustedError(met, f"did you mean '{prefix}{match}'?" if match else "correct the name")


def _home_of(name: str) -> str | None:
    for home in HOMES:
        try:
            if isinstance(getattr(import_module(home), name, None), type):
                return home
        except (
            Exception
        ):  # a home that does not import has no class to offer; this is advice, not the finding
            continue
    return None


def _not_trusted(dotted: str) -> UntrustedError:
    top, _, rest = dotted.partition(".")
    met = f"{shown(dotted)} is not in a trusted package"
    if not rest and (home := _home_of(dotted)):
        return UntrustedError(met, f"did you mean '{home}.{dotted}'?")
    if match := nearest(top, PACKAGES):
        return UntrustedError(met, f"did you mean '{match}.{rest}'? Or allow it by {_permission(dotted)}")
    return UntrustedError(met, f"trusted are {', '.join(PACKAGES)}; allow it by {_permission(dotted)}")


def _permission(dotted: str) -> str:
    return f"configure(..., trust=[{short(repr(dotted.partition('.')[0]))}])"
