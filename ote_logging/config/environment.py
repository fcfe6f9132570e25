"""Put environment variables where a configuration says ``${NAME}`` or ``${NAME:-default}``.

Only values are looked at, and only after parsing: a variable can never add a key, a list or a tag. As in a
shell, the default also stands for a variable that is set but empty; ``$${NAME}`` is the text ``${NAME}``. A
value that is one substitution and nothing else, quoted or not, becomes a number, true, false or null when it
is written exactly as JSON writes them (``514``, ``0.5``, ``true``), and text otherwise (``0644``, ``no``,
``INFO``); with ``!!str`` before it, it is always text. In a formatter of style ``$``, ``${message}`` is the
formatter's own.

LOCATION: ote_logging/config/environment.py
DEPENDENCIES: config.problems, late
TRACE POINTS: none
"""

import os
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from ote_logging.config.problems import BROKEN, Path, Problems, shown
from ote_logging.late import late_pattern

REFERENCE: Final = late_pattern(
    r"(?P<escaped>\$)?\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}"
)
OPENING: Final = late_pattern(r"\$?\$\{")
NUMBER: Final = late_pattern(r"-?(?:0|[1-9][0-9]{0,17})(?P<fraction>\.[0-9]{1,17})?")
WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}


def substitute(config: Any, problems: Problems, literal: Collection[Path] = ()) -> Any:
    """A copy of ``config`` with the variables in place; the paths in ``literal`` stay text."""
    return _Substitution(problems, literal).of(config, ())


class _Substitution:
    def __init__(self, problems: Problems, literal: Collection[Path]) -> None:
        self._problems = problems
        self._literal = literal

    def of(self, value: Any, path: Path) -> Any:
        """``value``, and all below it, with variables put in; BROKEN where one is not set."""
        if isinstance(value, str):
            return self._text(value, path) if "${" in value else value
        if isinstance(value, dict):
            own = _formatter_text(value, path)
            return {key: text if key in own else self.of(text, (*path, key)) for key, text in value.items()}
        if isinstance(value, list):
            return [self.of(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, path: Path) -> Any:
        if len(OPENING.findall(text)) != len(REFERENCE.findall(text)):
            met = f"{shown(text)} has a ${{ that is no substitution"
            self._problems.add(path, met, "write ${NAME} or ${NAME:-default}, or $${ for the characters ${")
            return BROKEN
        missing = {match["name"] for match in REFERENCE.finditer(text) if _value(match) is None}
        for name in sorted(missing):
            met = f"the environment variable {shown(name)} is not set"
            self._problems.add(path, met, f"set it, or give a default: ${{{name}:-default}}")
        if missing:
            return BROKEN
        replaced = REFERENCE.sub(lambda match: _value(match) or "", text)
        is_one = (match := REFERENCE.fullmatch(text)) is not None and not match["escaped"]
        return _reread(replaced) if is_one and path not in self._literal else replaced


def _value(match: re.Match[str]) -> str | None:
    if match["escaped"]:
        return match[0][1:]
    value = os.environ.get(match["name"])
    return value or match["default"] if match["default"] is not None else value


def _reread(text: str) -> Any:
    """The number, bool or null that JSON would read in ``text``, or the text."""
    if number := NUMBER.fullmatch(text):
        return float(text) if number["fraction"] else int(text)
    return WORDS.get(text, text)


def _formatter_text(entry: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    is_own = len(path) == 2 and path[0] == "formatters" and entry.get("style") == "$"
    return ("format", "fmt") if is_own else ()
