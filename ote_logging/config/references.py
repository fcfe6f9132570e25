"""Replace ``ext://name`` by the object and ``cfg://path`` by the value that it points to.

``dictConfig`` does this when a value is fetched, so that nested options arrive unresolved; here it is done
everywhere at once, before anything is checked.

LOCATION: ote_logging/config/references.py
DEPENDENCIES: config.problems, config.plan (Reference), config.trust, late
TRACE POINTS: none
"""

from collections.abc import Mapping
from typing import Any, Final

from ote_logging.config.plan import Reference
from ote_logging.config.problems import BROKEN, Path, Problems, shown
from ote_logging.config.trust import Trust, UntrustedError
from ote_logging.late import late_pattern

STEP: Final = late_pattern(r"\.?([^.\[\]]+)|\[([^\[\]]+)\]")
BUILT: Final = ("formatters", "filters", "handlers")
# A value that points to a value that points ...: a ring would never end.
MAX_HOPS: Final = 8
MAX_VALUES: Final = 40_000


def resolve(config: Mapping[str, Any], trust: Trust, problems: Problems) -> dict[str, Any]:
    """A copy of ``config`` with references resolved; what cannot be resolved is BROKEN and told."""
    resolver = _Resolver(config, trust, problems)
    return {key: resolver.of(value, (key,), MAX_HOPS) for key, value in config.items()}


def targets(value: Any) -> set[str]:
    """First words of the ``cfg://`` paths in ``value`` and below."""
    if isinstance(value, str):
        return {value[6:].split(".")[0].split("[")[0]} if value.startswith("cfg://") else set()
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {target for item in below for target in targets(item)}


class _Resolver:
    def __init__(self, config: Mapping[str, Any], trust: Trust, problems: Problems) -> None:
        self._config = config
        self._trust = trust
        self._problems = problems
        self._values = 0

    def of(self, value: Any, path: Path, hops: int) -> Any:
        """``value`` with all references in it resolved, through at most ``hops`` references."""
        self._values += 1
        if self._values > MAX_VALUES:
            return self._refused((), f"more than {MAX_VALUES} values, cfg:// written out", "make it smaller")
        if isinstance(value, str):
            return self._text(value, path, hops)
        if isinstance(value, dict):
            return {key: self.of(item, (*path, key), hops) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, (*path, index), hops) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, path: Path, hops: int) -> Any:
        if text.startswith("ext://"):
            return self._external(text[6:], path)
        return self._pointed(text, path, hops) if text.startswith("cfg://") else text

    def _external(self, dotted: str, path: Path) -> Any:
        try:
            return self._trust.external(dotted)
        except UntrustedError as error:
            self._problems.add(path, error.met, error.cure)
            return BROKEN

    def _pointed(self, text: str, path: Path, hops: int) -> Any:
        steps = [name or key for name, key in STEP.findall(text[6:])]
        if not hops:
            return self._refused(path, f"{shown(text)} leads round in a ring", "point it to a value")
        if (
            len(steps) == 2
            and steps[0] in BUILT
            and _step(self._config.get(steps[0]), steps[1]) is not BROKEN
        ):
            return Reference(steps[0], steps[1])
        value: Any = self._config
        for step in steps:
            found = _step(value, step)
            if found is BROKEN:
                known = value if isinstance(value, dict) else ()
                self._problems.add_unknown(path, f"{shown(text)} points to nothing", step, known)
                return BROKEN
            value = found
        return self.of(value, path, hops - 1)

    def _refused(self, path: Path, met: str, cure: str) -> Any:
        self._problems.add(path, met, cure)
        return BROKEN


def _step(value: Any, step: str) -> Any:
    """What ``step`` leads to in ``value``, or BROKEN."""
    if isinstance(value, dict):
        return value.get(step, BROKEN)
    is_index = isinstance(value, list) and step.isdecimal() and int(step) < len(value)
    return value[int(step)] if is_index else BROKEN
