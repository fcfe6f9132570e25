"""Collect what is wrong with a configuration, each problem on one line with its place.

A place is a path of keys and indices into the configuration; where the YAML gave lines, the line of the
longest known part of the path is told.

LOCATION: ote_logging/config/problems.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    dict: "a mapping",
    list: "a list",
    tuple: "a list",
    type(None): "nothing",
}

Path = tuple[str | int, ...]

# Stands for a value that was refused already, so that nobody complains of it a second time.
BROKEN: Final = object()

MAX_SHOWN_CHARS: Final = 80
MAX_PROBLEMS: Final = 200
MAX_SEARCHED: Final = 200


class Problems:
    """The problems of one configuration, by line; the first 200 found and a count of the others."""

    def __init__(self, source: str) -> None:
        """Tell of ``source``; ``lines`` (counted from 1) are filled by whoever reads it."""
        self.source = source if source.isprintable() else repr(source)
        self.lines: dict[Path, int] = {}
        # An alias repeats what stands once in the file, and so its problems: each is kept once.
        self._found: dict[tuple[int, str], None] = {}
        self._unsound: set[Path] = set()
        self._hidden = 0

    def __bool__(self) -> bool:
        """Tell whether anything is wrong."""
        return bool(self._found)

    def add(self, path: Path, met: str, cure: str) -> None:
        """Note that ``met`` was met at ``path`` and that ``cure`` is what to do."""
        self._unsound.update(path[: length + 1] for length in range(len(path)))
        self.add_at_line(self._line_of(path), met, cure)

    def add_unknown(self, path: Path, met: str, word: Any, known: Iterable[str], hint: str = "") -> None:
        """Note that ``word``, met at ``path``, is none of those ``known``, and which was probably meant."""
        # Searching for the nearest takes its time, which a long list of faults would multiply.
        cure = "" if self._is_full() else did_you_mean(word, known)
        self.add(path, met, cure + hint)

    def add_at_line(self, line: int, met: str, cure: str) -> None:
        """Note a problem whose line is known; 0 when the source has no lines."""
        place = f"{self.source}:{line}" if line else self.source
        if self._is_full():
            self._hidden += 1
        else:
            self._found[line, f"{place}: {met}; {cure}"] = None

    def is_sound(self, path: Path) -> bool:
        """Tell whether nothing is wrong with what stands at ``path`` and below."""
        return path not in self._unsound

    def texts(self) -> list[str]:
        """Each problem as one line."""
        texts = [text for _, text in sorted(self._found, key=lambda found: found[0])]
        more = f"{self.source}: {self._hidden} more problems; cure those above first"
        return [*texts, more] if self._hidden else texts

    def _is_full(self) -> bool:
        return len(self._found) >= MAX_PROBLEMS

    def _line_of(self, path: Path) -> int:
        """Line of the longest part of ``path`` that has one, or 0."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(path[:length]):
                return line
        return 0


def shown(value: Any) -> str:
    """``value`` in one bounded line, quoted as Python quotes it."""
    if isinstance(value, str):
        return short(repr(value[: 2 * MAX_SHOWN_CHARS]))
    return short(repr(value)) if isinstance(value, int | float) else kind_of(value)


def kind_of(value: Any) -> str:
    """What ``value`` is, in a reader's words: text, a list, nothing."""
    return KINDS.get(type(value), type(value).__name__)


def short(text: str) -> str:
    """``text`` on one line of bounded length."""
    line = " ".join(text.split())
    line = line if line.isprintable() else line.encode("unicode_escape").decode()
    return line if len(line) <= MAX_SHOWN_CHARS * 3 else line[: MAX_SHOWN_CHARS * 3] + "..."


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of ``words`` that ``word`` was probably meant to be, or None."""
    if len(word) > MAX_SHOWN_CHARS:
        return None
    # Read only once something is wrong: difflib costs 3 ms to import.
    from difflib import get_close_matches

    by_lower = {known.lower(): known for known in islice(words, MAX_SEARCHED)}
    matches = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: Any, words: Iterable[str]) -> str:
    """Advice for an unknown ``word``: the nearest right one, otherwise all that are right."""
    known = sorted(map(str, words))
    if match := nearest(str(word), known):
        return f"did you mean {match!r}?"
    return f"known are: {short(', '.join(known))}" if known else "none is defined"
