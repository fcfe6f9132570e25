"""Follow what a model said through the stages that change it, each with what it changed.

LOCATION: ote_logging/reading/transforms.py
DEPENDENCIES: numbered, contents (texts and differences), subjects
TRACE POINTS: transformed() - the stages of a component become steps
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ote_logging.reading.contents import Content, attempt_codes, content_of, diff
from ote_logging.reading.numbered import Located
from ote_logging.reading.subjects import Subject

INPUTS: Final = {
    "code_generation": ("source",),
    "template_render": ("before",),
    "validation": ("code",),
    "healing": ("before",),
    "file_write": ("content",),
}
"""The contents that a stage is made of, by its event."""

OUTPUTS: Final = {
    "llm_interaction": ("response",),
    "template_render": ("output",),
    "code_generation": ("code",),
    "healing": ("code",),
    "file_write": ("content",),
}
"""The contents that a stage makes, by its event."""


class Step(NamedTuple):
    """One change: what happened, its record, and the difference as contents."""

    text: str
    record: Located
    contents: tuple[Content, ...]


class _Made(NamedTuple):
    """Something that a stage made."""

    what: str
    content: Content


def transformed(subject: Subject) -> Iterator[Step]:
    """Yield what became of each response: extracted, rendered, healed, written; in order of time."""
    chain = _Chain()
    for record in subject.records:
        event = record.entry.event
        if event == "healing":
            yield from chain.healed(record)
        elif event in ("code_generation", "template_render", "file_write"):
            yield from chain.made(record, OUTPUTS[event][0])
        elif "response" in OUTPUTS.get(event, ()) or record.entry.get("response") is not None:
            chain.remember(record, "response", "the response")


class _Chain:
    """What was made so far: by its hash, and the last of it."""

    def __init__(self) -> None:
        self._by_digest: dict[str, _Made] = {}
        self._last: _Made | None = None

    def remember(self, record: Located, name: str, what: str) -> Content | None:
        """Keep a content that later stages may be made of."""
        content = content_of(record, name)
        if content is not None:
            self._keep(_Made(what, content))
        return content

    def _keep(self, made: _Made) -> None:
        self._last = made
        if made.content.digest is not None:
            self._by_digest[made.content.digest] = made

    def made(self, record: Located, output: str) -> Iterator[Step]:
        """Yield the step of a stage that makes one content of another."""
        before, is_linked = self._origin(record)
        after = self.remember(record, output, _NAMES[record.entry.event])
        if after is None:
            return
        link = "" if is_linked or before is None else " (the last before it; no hash links them)"
        yield Step(f"{_title(record)}{_relation(before, after)}{link}", record, _changes(before, after))

    def healed(self, record: Located) -> Iterator[Step]:
        """Yield each attempt of a healing as a step from the one before it."""
        previous = self.remember(record, "before", "the code before healing")
        for number, code in enumerate(attempt_codes(record), 1):
            if code is None:
                continue
            before = None if previous is None else _Made("the code before", previous)
            yield Step(f"healing attempt {number}{_relation(before, code)}", record, _changes(before, code))
            self._keep(_Made(f"the code of healing attempt {number}", code))
            previous = code

    def _origin(self, record: Located) -> tuple[_Made | None, bool]:
        """Return what a stage was made of, and whether a hash says so."""
        for digest in input_digests(record):
            if digest in self._by_digest:
                return self._by_digest[digest], True
        return self._last, False


def input_digests(record: Located) -> Iterator[str]:
    """Yield the hashes of what a stage was made of, as far as it tells them."""
    entry = record.entry
    for name in INPUTS.get(entry.event, ()):
        content = content_of(record, name)
        if content is not None and content.digest is not None:
            yield content.digest
    variables: Any = entry.get("variable_hashes") if entry.event == "template_render" else None
    if isinstance(variables, dict):
        yield from (digest for digest in variables.values() if isinstance(digest, str))


_NAMES: Final = {
    "code_generation": "the code",
    "template_render": "the rendered text",
    "file_write": "the written file",
}


def _title(record: Located) -> str:
    entry = record.entry
    if entry.event == "code_generation":
        return "code taken out"
    if entry.event == "template_render":
        return f"rendered by {entry.get('template', 'a template')}"
    return f"written to {entry.get('target', 'a file')}"


def _relation(before: _Made | None, after: Content) -> str:
    if before is None:
        return ""
    if before.content.digest is not None and before.content.digest == after.digest:
        return f": {before.what}, unchanged"
    return f": from {before.what}"


def _changes(before: _Made | None, after: Content) -> tuple[Content, ...]:
    """Return the difference, or all that was made where what it was made of is not known."""
    if before is None or before.content.text is None or after.text is None:
        return (after,)
    if before.content.text == after.text:
        return ()
    return (Content("diff", diff(before.content.text, after.text)),)
