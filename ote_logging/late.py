"""Regular expressions that are compiled when they are first used.

One takes 0.05 to 0.5 ms to compile. Most of ours are for what few programs log, and together they were 4 ms
of every start. One that is in use is slower by 0.02 us on Python 3.11, and not at all on 3.13: what every
record meets is compiled as ever.

LOCATION: ote_logging/late.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
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


def late_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return the pattern of ``source`` for calls of its methods; it has no attributes such as ``flags``.

    >>> late_pattern("[0-9]+").findall("7 of 12")
    ['7', '12']
    """
    return cast("re.Pattern[str]", _LatePattern(source, flags))
