"""What waits until it is first used: names of packages are imported, regular expressions compiled.

A pattern takes 0.05 to 0.5 ms to compile. Most of ours are for what few programs log, and together they were
4 ms of every start. One that is in use is slower by 0.02 us on Python 3.11, and not at all on 3.13.

LOCATION: ote_logging/late.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, cast

_METHODS: Final = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


class _LatePattern:
    """Stands for a pattern, and has its methods."""

    __slots__ = ("_flags", "_source", *_METHODS)

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern; once it is, its methods stand in the slots, and nobody asks here again."""
        if name not in _METHODS:
            raise AttributeError(f"a late pattern has no {name!r}; it has {', '.join(_METHODS)}")
        compiled = re.compile(self._source, self._flags)
        # Two threads may both come here; they put the same into the slots.
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def late_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package whose names are imported when first asked for.

    ``modules`` tells in which of its modules each name is (PEP 562).
    """

    def asked(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        made = getattr(import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, made)
        return made

    return asked, lambda: sorted({*vars(sys.modules[package]), *modules})


def late_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return the pattern of ``source`` for calls of its methods; it has no attributes such as ``flags``.

    >>> late_pattern("[0-9]+").findall("7 of 12")
    ['7', '12']
    """
    return cast("re.Pattern[str]", _LatePattern(source, flags))
