"""Follow a written file back to the prompts that it came from, by the hashes of what was said and made.

A stage names what it is made of and what it makes by SHA-256; whoever made that hash before is one step
nearer to the prompt. Where no hash leads on, the last thing that was made for the same component may: such
a step says so.

LOCATION: ote_logging/reading/lineage.py
DEPENDENCIES: entries (Reader), numbered, belonging (stages, components), contents, transforms (what is made)
TRACE POINTS: lineage() - a file becomes its origins
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from ote_logging.errors import ReadError
from ote_logging.reading.belonging import STAGES, component_of
from ote_logging.reading.contents import Content, attempt_codes, content_of
from ote_logging.reading.entries import Reader
from ote_logging.reading.numbered import Located, numbered
from ote_logging.reading.transforms import OUTPUTS, input_digests

Link = Literal["start", "hash", "component"]

_NOTHING: Final = Content("", None)


@dataclass(frozen=True)
class Origin:
    """One step on the way back: what was made, by which record, and how that is known."""

    what: str
    record: Located
    content: Content
    link: Link
    """``hash``: the step before is made of this very content. ``component``: it is the last one before it."""
    line: int | None = None
    """Where the line that was asked for stands in the content; None where it does not, or none was."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"what": self.what, "event": self.record.entry.event, "link": self.link, "line": self.line,
                "evidence": self.record.to_dict(), "content": self.content.to_dict()}  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """A written file and its origins, the nearest first."""

    target: str
    origins: list[Origin]
    line: int | None = None
    text: str | None = None
    """The line that was asked for."""

    @property
    def prompts(self) -> list[Origin]:
        """The origins in which a model was asked."""
        return [origin for origin in self.origins if origin.record.entry.event == "llm_interaction"]

    @property
    def first_with_line(self) -> Origin | None:
        """The earliest origin that holds the line, None where none does."""
        holding = [origin for origin in self.origins if origin.line is not None]
        return min(holding, key=lambda origin: _order(origin.record), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "target": self.target,
            "line": self.line,
            "text": self.text,
            "origins": [origin.to_dict() for origin in self.origins],
        }


def lineage(session: str | os.PathLike[str] | Reader, file: str, line: int | None = None) -> Lineage:
    """Return the way of ``file`` back to its prompts; with ``line``, counted from 1, that of this line.

    ``file`` is a target as it was recorded, the end of one, or a file whose content was written.

    Raises:
        ReadError: there is no such session, it tells of no such file, or the file has no such line.
    """
    reader = session if isinstance(session, Reader) else Reader(session)
    stages = sorted((each for each in numbered(reader) if each.entry.event in STAGES), key=_order)
    write = _written(stages, file)
    origins = sorted(_Way(stages).back_from(write), key=lambda origin: _order(origin.record), reverse=True)
    target = str(write.entry.get("target"))
    if line is None:
        return Lineage(target, origins)
    text = _line_of(origins[0], line)
    held = [replace(origin, line=_found(origin.content, text, line)) for origin in origins]
    return Lineage(target, held, line, text)


def _written(stages: list[Located], file: str) -> Located:
    """Return the last write of ``file``."""
    writes = [stage for stage in stages if stage.entry.event == "file_write"]
    for is_meant in (_is_named, _is_inside, _is_same_content):
        found = [write for write in writes if is_meant(write, file)]
        if found:
            return found[-1]
    known = ", ".join(dict.fromkeys(str(write.entry.get("target")) for write in writes)) or "none"
    raise ReadError(f"the session tells of no write of {file}; files written: {known}")


def _is_named(write: Located, file: str) -> bool:
    target = str(write.entry.get("target"))
    return target == file or os.path.abspath(target) == os.path.abspath(file)


def _is_inside(write: Located, file: str) -> bool:
    return str(write.entry.get("target")).endswith(f"/{file.removeprefix('./')}")


def _is_same_content(write: Located, file: str) -> bool:
    try:
        digest = hashlib.sha256(Path(file).read_bytes(), usedforsecurity=False).hexdigest()
    except OSError:
        return False
    return digest in (write.entry.get("sha256"), write.entry.get("content_hash"))


class _Way:
    """The stages of a session, by what they made."""

    def __init__(self, stages: list[Located]) -> None:
        self._makers: defaultdict[str, list[Origin]] = defaultdict(list)
        self._of_component: defaultdict[str | None, list[Origin]] = defaultdict(list)
        for stage in stages:
            for origin in _made_by(stage):
                self._of_component[component_of(stage.entry)].append(origin)
                if origin.content.digest is not None:
                    self._makers[origin.content.digest].append(origin)

    def back_from(self, write: Located) -> Iterator[Origin]:
        """Yield the write and everything that it came from, each once."""
        start = Origin("written", write, content_of(write, "content") or _NOTHING, "start")
        seen = {_key(start)}
        pending = [start]
        while pending:
            origin = pending.pop(0)
            yield origin
            for nearer in self._origins_of(origin):
                if _key(nearer) not in seen:
                    seen.add(_key(nearer))
                    pending.append(nearer)

    def _origins_of(self, origin: Origin) -> list[Origin]:
        found = [maker for digest in _inputs(origin) for maker in self._made_before(digest, origin)]
        if found or origin.record.entry.event == "llm_interaction":
            return found
        earlier = [
            each
            for each in self._of_component[component_of(origin.record.entry)]
            if _order(each.record) < _order(origin.record)
        ]
        return [replace(earlier[-1], link="component")] if earlier else []

    def _made_before(self, digest: str, origin: Origin) -> list[Origin]:
        """Return the last maker of each kind before ``origin``."""
        last: dict[str, Origin] = {}
        for maker in self._makers.get(digest, ()):
            if (
                _key(maker) != _key(origin)
                and _order(maker.record) <= _order(origin.record)
                and maker.what != "written"
            ):
                last[maker.record.entry.event] = maker
        return sorted(last.values(), key=lambda maker: _order(maker.record), reverse=True)


def _made_by(stage: Located) -> Iterator[Origin]:
    if stage.entry.event == "healing":
        for number, code in enumerate(attempt_codes(stage), 1):
            if code is not None:
                yield Origin(f"healed, attempt {number}", stage, code, "hash")
        return
    for name in OUTPUTS.get(stage.entry.event, ()):
        content = content_of(stage, name)
        if content is not None:
            yield Origin(_WHAT[stage.entry.event], stage, content, "hash")


_WHAT: Final = {
    "llm_interaction": "answered by the model",
    "template_render": "rendered",
    "code_generation": "taken out as code",
    "file_write": "written",
}


def _inputs(origin: Origin) -> Iterator[str]:
    """Yield the hashes of what the content of ``origin`` was made of."""
    stage = origin.record
    if stage.entry.event == "healing":
        yield from _before_attempt(origin)
    elif stage.entry.event == "llm_interaction":
        told = [stage.entry.get(key) for key in ("prompt_hash", "system_hash")]
        parts = stage.entry.get("prompt_part_hashes")
        told += parts if isinstance(parts, list) else []
        yield from (each for each in told if isinstance(each, str))
    else:
        yield from input_digests(stage)


def _before_attempt(origin: Origin) -> Iterator[str]:
    """Yield the hashes of an attempt's own code, which a stage may have made, and of the code before it."""
    stage = origin.record
    before = content_of(stage, "before")
    chain = [before, *attempt_codes(stage)]
    place = int(origin.what.rpartition(" ")[2])
    for content in (chain[place], chain[place - 1]):
        if content is not None and content.digest is not None:
            yield content.digest


def _line_of(start: Origin, line: int) -> str:
    lines = (start.content.text or _on_disk(start.record)).splitlines()
    if not 1 <= line <= len(lines):
        raise ReadError(f"what was written has {len(lines)} lines; there is no line {line}")
    return lines[line - 1]


def _on_disk(write: Located) -> str:
    """Return the file as it stands now, where it still is what was written; else nothing."""
    target = str(write.entry.get("target"))
    if not _is_same_content(write, target):
        return ""
    return Path(target).read_text(encoding="utf-8", errors="replace")


def _found(content: Content, text: str, near: int) -> int | None:
    """Return the line of ``content`` that says ``text``, indents aside; the nearest to ``near``."""
    wanted = text.strip()
    lines = (content.text or "").splitlines()
    numbers = [number for number, each in enumerate(lines, 1) if each.strip() == wanted]
    return min(numbers, key=lambda number: abs(number - near), default=None) if wanted else None


def _key(origin: Origin) -> tuple[str, int, str]:
    return origin.record.path, origin.record.number, origin.what


def _order(record: Located) -> tuple[str, int]:
    entry = record.entry
    return entry.timestamp, entry.seq if isinstance(entry.seq, int) else 0
