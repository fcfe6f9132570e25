"""Turn exceptions into data, and the data back into the text that Python prints.

Kept are class, message, notes, frames with their source line, causes and groups; never a local variable.
Nothing raises, whatever the exception does. Files are read through ``linecache`` once and not looked at
again, so a source that was edited while the program runs is shown as it was first read.

    {"type": "app.SaveError", "message": "no disk", "notes": ["TRACE: save -> write"],
     "frames": [{"file": "/app/save.py", "line": 9, "function": "write", "source": "raise SaveError(name)"}],
     "fingerprint": "1f0c...", "cause": {...} or "context": {...}, "suppressed": True, "group": [{...}],
     "syntax": {"file": "x.py", "line": 3, "offset": 7, "text": "a b"}}

A key without content is absent. ``left_out`` counts the frames, or errors, that stood in its place;
``repeated`` marks an error that was told before.

LOCATION: ote_logging/tracebacks.py
DEPENDENCIES: jsonable, late
TRACE POINTS: none
"""

import linecache
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, TypeAlias

from ote_logging.jsonable import JSON, Limits, jsonable, qualified_name, text_of, unprintable
from ote_logging.late import late_pattern

Described: TypeAlias = dict[str, JSON]
Clean: TypeAlias = Callable[[str], str]

# More of them would tell callers apart, which is not what went wrong.
_FINGERPRINT_FRAMES = 3
# The outermost and those of the fingerprint: all that a summary looks at.
_BRIEF_FRAMES = _FINGERPRINT_FRAMES + 1
_FINGERPRINT_CHARS = 1_000
_FINGERPRINT_MEMBERS = 100
# Python prints a line that much often before it counts the repetitions.
_REPEATED_FRAMES = 3
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"

# The frames of this module stand between an observed function and its caller, and say nothing.
_WRAPPERS = "ote_logging.calls"

_QUOTED = late_pattern(r"""'[^']*'|"[^"]*"|`[^`]*`""")
_HEX = late_pattern(r"[0-9a-fA-F]{8,}")
_DIGITS = late_pattern(r"\d+")


class TracebackLimits:
    """How much is kept: ``frames`` and ``notes`` of each error, ``errors`` in all, ``chars`` of each text.

    Raises:
        ValueError: fewer than 4 frames, which a fingerprint needs, 1 error, 1 note or 64 characters.
    """

    __slots__ = ("chars", "errors", "frames", "notes")

    def __init__(self, frames: int = 60, errors: int = 24, notes: int = 100, chars: int = 65_536) -> None:
        """Refuse limits that leave nothing to tell."""
        self.frames, self.errors, self.notes, self.chars = frames, errors, notes, chars
        if frames < _BRIEF_FRAMES or min(errors, notes) < 1 or chars < 64:
            raise ValueError(f"{self}: frames start at {_BRIEF_FRAMES}, errors and notes at 1, chars at 64")

    def __repr__(self) -> str:
        return (
            f"TracebackLimits(frames={self.frames}, errors={self.errors}, "
            f"notes={self.notes}, chars={self.chars})"
        )


DEFAULT = TracebackLimits()


def as_it_is(text: str) -> str:
    """Return the text: the cleaning that does nothing."""
    return text


def describe(
    error: BaseException, *, limits: TracebackLimits = DEFAULT, clean: Clean = as_it_is
) -> Described:
    """Return everything about ``error`` as plain JSON values, in the shape shown at the top of this module.

    ``clean`` is applied to every message, note and source line; a text on which it fails is withheld.
    """
    return _told(error, _Description(limits, clean).whole)


def summary(error: BaseException, *, limits: TracebackLimits = DEFAULT, clean: Clean = as_it_is) -> Described:
    """Return the flat keys of a line for ``error``, see ``summary_of``."""
    return summary_of(_told(error, _Description(limits, clean).brief))


def fingerprint(error: BaseException, *, clean: Clean = as_it_is) -> str:
    """Return 16 hex digits for the class, the words of the message and the innermost functions of ``error``.

    They stay the same when numbers, ids, paths and quoted values in the message change, or line numbers.
    """
    return str(_told(error, _Description(DEFAULT, clean).brief)["fingerprint"])


def summary_of(described: Mapping[str, Any]) -> Described:
    """Return ``error_type``, ``error_message`` and, where known, ``line_number`` and ``code_context``.

    The line is the one that raised: that of the innermost frame, or the place a SyntaxError is about.
    """
    frames = described.get("frames")
    place = described.get("syntax") or (frames[-1] if frames else {})
    flat = {
        "error_type": described.get("type"),
        "error_message": described.get("message"),
        "line_number": place.get("line"),
        "code_context": (place.get("source") or place.get("text") or "").strip() or None,
    }
    return {key: value for key, value in flat.items() if value is not None}


def render(described: Mapping[str, Any]) -> str:
    """Return what Python prints for an exception, without the marks below the source and the last newline.

    It is made from the data alone, so what was redacted there does not appear here. Where a mark stands for
    an error or a frame that was cut, the mark is shown.
    """
    return "\n".join(_chain_lines(described, 0))


class _Description:
    """One telling: which errors were told, and how many more may be."""

    __slots__ = ("clean", "left", "limits", "seen", "text_limits")

    def __init__(self, limits: TracebackLimits, clean: Clean) -> None:
        self.limits = limits
        self.text_limits = Limits(chars=limits.chars)
        self.clean = clean
        self.left = limits.errors
        self.seen: set[int] = set()

    def whole(self, error: BaseException) -> Described:
        """Return ``error`` with all that it is linked to."""
        self.left -= 1
        self.seen.add(id(error))
        told = self.alone(error, self.limits.frames)
        self.add_link(told, error)
        if issubclass(type(error), BaseExceptionGroup):
            told["group"] = self.members(error)
        return told

    def brief(self, error: BaseException) -> Described:
        """Return ``error`` with the frames that its summary and fingerprint need."""
        return self.alone(error, _BRIEF_FRAMES)

    def alone(self, error: BaseException, most: int) -> Described:
        """Return ``error`` with ``most`` of its frames, without what it is linked to."""
        told: Described = {"type": _type_of(error), "message": self.message(error)}
        if notes := self.notes(error):
            told["notes"] = notes
        if issubclass(type(error), SyntaxError):
            told["syntax"] = self.place(error)
        frames = self.frames(_attribute(error, "__traceback__"), most)
        told["frames"] = frames
        told["fingerprint"] = _fingerprint(told, frames, _members_of(error))
        return told

    def message(self, error: BaseException) -> str:
        """Return the message; that of a SyntaxError without the place, which is told apart."""
        detail = _attribute(error, "msg") if issubclass(type(error), SyntaxError) else None
        return self.cleaned(error if detail is None else detail)

    def cleaned(self, text: object) -> str:
        """Return a bounded text that may be shown."""
        try:
            # Cleaned before it is cut: of a secret that is cut in two, the rules would not know the half.
            return text_of(self.clean(text_of(text)), self.text_limits)
        except Exception:  # the redactor; what it did not see must not pass
            return "[REDACTED:failed]"

    def notes(self, error: BaseException) -> list[JSON]:
        """Return the notes that were added to ``error``, or what stands in their place."""
        notes = _attribute(error, "__notes__")
        if notes is None:
            return []
        if type(notes) not in (list, tuple):
            return [self.cleaned(notes)]
        told: list[JSON] = [self.cleaned(note) for note in notes[: self.limits.notes]]
        left_out = len(notes) - len(told)
        return [*told, f"... <cut, {len(notes)} notes>"] if left_out else told

    def place(self, error: BaseException) -> Described:
        """Return where a SyntaxError is: in a text that was read, not in a frame."""
        told: Described = {}
        for key, name in (("line", "lineno"), ("offset", "offset")):
            number = _attribute(error, name)
            if type(number) is int:
                told[key] = jsonable(number)
        for key, name in (("file", "filename"), ("text", "text")):
            text = _attribute(error, name)
            if text is not None:
                told[key] = self.cleaned(text).rstrip("\n")
        return told

    def frames(self, trace: object, most: int) -> list[JSON]:
        """Return the frames, outermost first; of more than ``most`` the first third and the last two."""
        traces = list(_traces(trace))
        left_out = len(traces) - most
        if left_out <= 0:
            return [self.frame(each) for each in traces]
        head = most // 3
        told: list[JSON] = [self.frame(each) for each in traces[:head]]
        told.append({"left_out": left_out})
        told.extend(self.frame(each) for each in traces[head + left_out :])
        return told

    def frame(self, trace: TracebackType) -> Described:
        """Return one frame and its line of source, where there is one."""
        frame, line = trace.tb_frame, trace.tb_lineno
        code = frame.f_code
        told: Described = {"file": text_of(code.co_filename), "function": text_of(code.co_name)}
        if line is not None:
            told["line"] = line
        source = _source(code.co_filename, line, frame.f_globals)
        if source:
            told["source"] = self.cleaned(source)
        return told

    def add_link(self, told: Described, error: BaseException) -> None:
        """Add the error that led to this one, as Python chooses it, and whether Python would hide it."""
        name, linked = _link_of(error)
        if linked is None:
            return
        told[name] = self.linked(linked)
        if name == "context" and _attribute(error, "__suppress_context__") is True:
            told["suppressed"] = True

    def linked(self, error: BaseException) -> Described:
        """Return a cause or context: once, and when there are too many of them the first one of all."""
        if id(error) in self.seen:
            return {"type": _type_of(error), "message": self.message(error), "repeated": True}
        if self.left > 1:
            return self.whole(error)
        first, left_out = _first_cause(error)
        self.seen.add(id(first))
        told = self.alone(first, self.limits.frames)
        return {**told, "left_out": left_out} if left_out else told

    def members(self, group: BaseException) -> list[JSON]:
        """Return the errors of a group, as many as may be told."""
        told: list[JSON] = []
        errors = _members_of(group)
        for error in errors:
            if self.left <= 0:
                return [*told, {"left_out": len(errors) - len(told)}]
            told.append(self.whole(error))
        return told


def _told(error: BaseException, tell: Callable[[BaseException], Described]) -> Described:
    """Return what ``tell`` tells; when no stack is left for that, the name of the class."""
    try:
        return tell(error)
    except Exception:
        name = unprintable(error)
        return {"type": name, "message": "", "frames": [], "fingerprint": _digest([name])}


def _is_error(value: object) -> bool:
    """Tell whether ``value`` is an exception, by its true class."""
    return issubclass(type(value), BaseException)


def _attribute(error: object, name: str) -> Any:
    """Return an attribute of an exception, None when its class cannot give it."""
    try:
        return getattr(error, name, None)
    except Exception:  # a property, __getattr__ or __getattribute__ of the exception's class
        return None


def _type_of(error: BaseException) -> str:
    """Return the qualified name of the class."""
    try:
        return text_of(qualified_name(type(error)))
    except Exception:  # the metaclass of the exception's class
        return unprintable(error)


def _traces(trace: object) -> Iterator[TracebackType]:
    """Yield the links of a traceback, outermost first; none when it is something else."""
    while isinstance(trace, TracebackType):
        following = trace.tb_next
        if following is None or trace.tb_frame.f_globals.get("__name__") != _WRAPPERS:
            yield trace
        trace = following


def _source(file: str, line: int | None, names: dict[str, Any]) -> str:
    """Return the line of source without its indent, empty where there is none."""
    try:
        return linecache.getline(file, line or 0, names).strip()
    except Exception:  # the loader of the module, or a file that is no text
        return ""


def _link_of(error: BaseException) -> tuple[str, BaseException | None]:
    """Return the name and value of what led to ``error``: the cause that was given, else the context."""
    for name in ("cause", "context"):
        linked = _attribute(error, f"__{name}__")
        if _is_error(linked):
            return name, linked
    return "context", None


def _first_cause(error: BaseException) -> tuple[BaseException, int]:
    """Follow the links to their end, or once around; return the last error and how many come before it."""
    seen = {id(error)}
    while (linked := _link_of(error)[1]) is not None and id(linked) not in seen:
        error = linked
        seen.add(id(error))
    return error, len(seen) - 1


def _members_of(error: BaseException) -> list[BaseException]:
    """Return the errors in a group; none for an error that is no group."""
    if not issubclass(type(error), BaseExceptionGroup):
        return []
    members = _attribute(error, "exceptions")
    return [each for each in members if _is_error(each)] if type(members) is tuple else []


def _fingerprint(told: Mapping[str, Any], frames: Sequence[Any], members: Sequence[BaseException]) -> str:
    """Return the digest of what stays the same from one occurrence to the next."""
    kinds = {_type_of(member) for member in members[:_FINGERPRINT_MEMBERS]}
    parts = [told["type"], _words(told["message"]), *sorted(kinds)]
    named = (each for each in frames[-_FINGERPRINT_FRAMES:] if "file" in each)
    return _digest([*parts, *(f"{_file_name(each['file'])}:{each['function']}" for each in named)])


def _digest(parts: Iterable[str]) -> str:
    """Return 16 hex digits."""
    from hashlib import blake2b  # 3 ms to import; only programs that fail need it

    return blake2b("\n".join(parts).encode(), digest_size=8, usedforsecurity=False).hexdigest()


def _words(message: str) -> str:
    """Return the words of a message, with marks for what differs each time."""
    return " ".join(map(_word, _QUOTED.sub("''", message[:_FINGERPRINT_CHARS]).split()))


def _word(token: str) -> str:
    """Return a word of a message, or the mark of a path, number or id."""
    if "/" in token or "\\" in token:
        return "<path>"
    return "#" if _DIGITS.search(token) or _HEX.search(token) else token


def _file_name(path: str) -> str:
    """Return the last part of a path, without the numbers of generated names."""
    return _DIGITS.sub("#", path.replace("\\", "/").rpartition("/")[2])


def _chain_lines(told: Mapping[str, Any] | str, depth: int) -> Iterator[str]:
    """Yield the lines of an error after those of what led to it, ``depth`` groups deep."""
    if isinstance(told, str):
        yield from _inside((told,), depth)
        return
    for name, sentence in (("cause", _CAUSE), ("context", _CONTEXT)):
        linked = told.get(name)
        if linked and not told.get("suppressed") and not _is_repeated(linked):
            yield from _chain_lines(linked, depth)
            yield from _inside(("", sentence, ""), depth)
    yield from _group_lines(told, depth) if told.get("group") else _inside(_error_lines(told), depth)
    if left_out := told.get("left_out"):
        yield from _inside(("", f"... <cut, {left_out} exceptions>"), depth)


def _listed(entries: Sequence[Any] | str) -> Sequence[Any]:
    """Return a list, or a list of the mark that stands for it."""
    return [entries] if isinstance(entries, str) else entries


def _is_repeated(linked: Mapping[str, Any] | str) -> bool:
    """Tell whether an error was told before, so that Python does not print it again."""
    return not isinstance(linked, str) and bool(linked.get("repeated"))


def _inside(lines: Iterator[str] | Sequence[str], depth: int, mark: str = "|") -> Iterator[str]:
    """Yield lines behind the margin of the groups around them."""
    margin = f"{'  ' * depth}{mark} " if depth else ""
    return (margin + line for line in lines)


def _error_lines(told: Mapping[str, Any], heading: str = "Traceback") -> Iterator[str]:
    """Yield the lines of one error alone."""
    if frames := told.get("frames"):
        yield f"{heading} (most recent call last):"
        yield from _frame_lines(_listed(frames))
    if syntax := told.get("syntax"):
        yield from _syntax_lines(syntax)
    name, message = told.get("type") or told.get("...", ""), told.get("message", "")
    yield from (f"{name}: {message}" if message else name).split("\n")
    for note in _listed(told.get("notes", ())):
        yield from note.split("\n")


def _frame_lines(frames: Sequence[Mapping[str, Any] | str]) -> Iterator[str]:
    """Yield the lines of frames; those of a recursion are counted after the third."""
    for _, group in groupby(frames):
        same = list(group)
        for frame in same[:_REPEATED_FRAMES]:
            yield from _one_frame_lines(frame)
        if more := len(same[_REPEATED_FRAMES:]):
            yield f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]"


def _one_frame_lines(frame: Mapping[str, Any] | str) -> Iterator[str]:
    """Yield a frame and its source, or the mark of those left out."""
    if isinstance(frame, str):
        yield f"  {frame}"
    elif "left_out" in frame:
        yield f"  ... <cut, {frame['left_out']} frames>"
    else:
        yield f'  File "{frame.get("file")}", line {frame.get("line")}, in {frame.get("function")}'
        if source := frame.get("source"):
            yield f"    {source}"


def _syntax_lines(place: Mapping[str, Any] | str) -> Iterator[str]:
    """Yield where a SyntaxError is."""
    if isinstance(place, str):
        yield f"  {place}"
        return
    if "line" in place:
        yield f'  File "{place.get("file", "<string>")}", line {place["line"]}'
    if text := place.get("text"):
        yield f"    {text.strip()}"


def _group_lines(told: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield a group and its members, in the boxes that Python draws."""
    inner = max(depth, 1)
    lines = _error_lines(told, "Exception Group Traceback")
    if depth == 0 and told.get("frames"):
        yield from _inside((next(lines),), inner, "+")
    yield from _inside(lines, inner)
    for number, member in enumerate(_listed(told["group"]), 1):
        yield f"{'  ' * inner}{'+-' if number == 1 else '  '}+---------------- {number} ----------------"
        yield from _member_lines(member, inner + 1)
    # A group in the last place has drawn the line that closes this one.
    if isinstance(member, str) or not member.get("group"):
        yield f"{'  ' * (inner + 1)}+------------------------------------"


def _member_lines(member: Mapping[str, Any] | str, depth: int) -> Iterator[str]:
    """Yield a member of a group, or how many more there were."""
    if isinstance(member, str) or "type" in member:
        return _chain_lines(member, depth)
    return _inside((f"and {member.get('left_out')} more exceptions",), depth)
