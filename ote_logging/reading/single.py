"""Find one thing of a session by what people know of it: a number, a span, a hash.

LOCATION: ote_logging/reading/single.py
DEPENDENCIES: entries (Reader), numbered, contents
TRACE POINTS: find_one() - an id becomes entries and contents
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ote_logging.errors import ReadError
from ote_logging.reading.contents import Content, content_of, shown, stored
from ote_logging.reading.entries import Reader
from ote_logging.reading.numbered import Located, numbered

_HASH: Final = "_hash"
_FEWEST_DIGITS: Final = 6


@dataclass
class Found:
    """What an id names: entries, or one content and the entries that tell of it."""

    records: list[Located] = field(default_factory=list)
    content: Content | None = None


def find_one(session: str | os.PathLike[str] | Reader, id: str) -> Found:
    """Return what ``id`` names: a ``seq``, a line, a span or trace id, or a SHA-256.

    A number is a ``seq``, and several processes may each have given it; ``:12`` is line 12 of each file. Of
    an id 6 digits are enough.

    Raises:
        ReadError: there is no such session, or nothing in it has that id.
    """
    reader = session if isinstance(session, Reader) else Reader(session)
    found = [each for each in numbered(reader) if _has_id(each, id)]
    if found:
        return Found(found)
    content = _content(reader, id) if len(id) >= _FEWEST_DIGITS else None
    if content is None:
        raise ReadError(
            f"nothing has the id {id}; give a seq, :LINE, a span id or a SHA-256, 6 digits of it at least"
        )
    return content


def _has_id(located: Located, id: str) -> bool:
    if id.startswith(":"):
        return id[1:] == str(located.number)
    if id.isdecimal() and str(located.entry.seq) == id:
        return True
    ids = (located.entry.span_id, located.entry.trace_id)
    return len(id) >= _FEWEST_DIGITS and any(str(each).startswith(id) for each in ids)


def _content(reader: Reader, digest: str) -> Found | None:
    """Return the content whose hash begins so, from a line or from the store."""
    found = Found()
    for located, name in _naming(reader, digest):
        found.records.append(located)
        content = content_of(located, name)
        if content is not None and (found.content is None or content.is_whole):
            found.content = content
    return found if found.content is not None else _in_store(reader, digest)


def _naming(reader: Reader, digest: str) -> Iterator[tuple[Located, str]]:
    for located in numbered(reader):
        for key, value in located.entry.wire.items():
            if key.endswith(_HASH) and isinstance(value, str) and value.startswith(digest):
                yield located, key.removesuffix(_HASH)


def _in_store(reader: Reader, digest: str) -> Found | None:
    for path in reader.paths:
        for file in sorted(Path(os.path.dirname(path), "content").glob(f"{digest}*")):
            text = stored(path, file.name)
            if text is not None:
                return Found(content=Content("content", shown(text), file.name, len(text)))
    return None
