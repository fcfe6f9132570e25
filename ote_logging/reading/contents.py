"""What was said, given and made: the contents of entries as text, from the line or from the store beside it.

A line keeps a large content as its beginning (``prompt``, ``prompt_truncated``), its ``prompt_length`` and
its ``prompt_hash``; the whole is then the file ``content/<hash>`` in the folder of the session.

LOCATION: ote_logging/reading/contents.py
DEPENDENCIES: orjson, schema (Entry), numbered (Located)
TRACE POINTS: content_of() - a content is read
"""

import hashlib
import os
import re
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from ote_logging.reading.numbered import Located
from ote_logging.schema import Entry

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
"""What the name of a stored content looks like."""

NESTED: Final = ("attempts", "errors", "tool_calls")
"""Fields that are lists of mappings, each with contents of its own."""

_MAPPINGS: Final = ("variables",)
_MOST_DIFF_LINES: Final = 2_000


class Content(NamedTuple):
    """One content of an event."""

    name: str
    """Its field: ``prompt``, ``response``, ``code`` ..."""
    text: str | None
    """None where the line keeps only its measures and no store has it."""
    digest: str | None = None
    """SHA-256 by which other events name it, 64 hex digits; None where nothing may be known of it."""
    length: int | None = None
    """Characters of the whole."""
    is_whole: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"name": self.name, "text": self.text, "sha256": self.digest, "length": self.length,
                "whole": self.is_whole}  # fmt: skip


def content_of(located: Located, name: str) -> Content | None:
    """Return the content called ``name``, whole where it can be had; None where nothing tells of it."""
    # No content has the name of a key of the table, so each stands under its own.
    wire = located.entry.wire
    value, digest, length = wire.get(name), wire.get(f"{name}_hash"), wire.get(f"{name}_length")
    if value is None and length is None and digest is None:
        return None
    is_cut = bool(wire.get(f"{name}_truncated"))
    if type(value) is list:
        value = [_whole_item(located, item) for item in value]
    return _made(located, name, value, digest, length, is_cut)


def attempt_codes(located: Located) -> list[Content | None]:
    """Return the code of each attempt of a ``healing``, None where one recorded none."""
    hashes = iter(_listed(located.entry.get("attempt_hashes")))
    made: list[Content | None] = []
    for attempt in attempts_of(located):
        value, is_cut = attempt.get("code"), bool(attempt.get("code_truncated"))
        digest = next(hashes, None)
        has_one = value is not None or digest is not None
        made.append(_made(located, "code", value, digest, None, is_cut) if has_one else None)
    return made


def attempts_of(located: Located) -> list[Mapping[str, Any]]:
    """Return the ``attempts`` of an event that are mappings."""
    attempts = _listed(located.entry.get("attempts"))
    return [_whole_item(located, attempt) for attempt in attempts if isinstance(attempt, dict)]


def whole_entry(located: Located) -> Entry:
    """Return an entry with the contents that its line cut, as far as the store has them."""
    wire = located.entry.wire
    if not any(map(_is_cut, wire, wire.values())) and not any(name in wire for name in NESTED):
        return located.entry
    nested = {name: [_whole_item(located, item) for item in _listed(wire.get(name))] for name in NESTED}
    return Entry(_whole_item(located, {**wire, **{name: items for name, items in nested.items() if items}}))


def _whole_item(located: Located, item: Any) -> Any:
    """Return ``item``, a line or an item of a list on it, with what was cut of its contents."""
    if not isinstance(item, dict):
        return item
    cut = [key.removesuffix("_truncated") for key, value in item.items() if _is_cut(key, value)]
    texts = {name: stored(located.path, str(item.get(f"{name}_hash"))) for name in cut}
    whole = {name: _parsed(text, name) for name, text in texts.items() if text is not None}
    gone = {f"{name}_truncated" for name in whole}
    return {key: whole.get(key, value) for key, value in item.items() if key not in gone}


def _is_cut(key: Any, value: Any) -> bool:
    return value is True and isinstance(key, str) and key.endswith("_truncated")


def _made(located: Located, name: str, value: Any, digest: Any, length: Any, is_cut: bool) -> Content:
    digest = digest if isinstance(digest, str) and DIGEST.fullmatch(digest) else None
    text = None if value is None else shown(value)
    if digest is not None and (is_cut or text is None):
        whole = stored(located.path, digest)
        if whole is not None:
            return Content(name, shown(_parsed(whole)), digest, len(whole))
    if digest is None and text is not None and not is_cut:
        digest = digest_of(value if isinstance(value, str) else text)
    size = length if isinstance(length, int) else None if is_cut or text is None else len(text)
    return Content(name, text, digest, size, is_whole=not is_cut and text is not None)


def stored(session_path: str, digest: str) -> str | None:
    """Return the text that the store of a session keeps under ``digest``, None where it has none."""
    if not DIGEST.fullmatch(digest):
        return None
    path = Path(os.path.dirname(session_path), "content", digest)
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def digest_of(text: str) -> str:
    """Return the SHA-256 of the UTF-8 text, as the writing side names contents."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def shown(value: Any) -> str:
    """Return ``value`` as people read it: text as it is, messages by their roles, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) and "role" in item for item in value):
        return "\n\n".join(f"{item['role']}:\n{_said(item.get('content'))}" for item in value)
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # deeper than the encoder goes
        return repr(value)


def _said(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(map(_said, content))
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return str(content["text"])
    return "" if content is None else shown(content)


def _parsed(text: str, name: str = "") -> Any:
    """Return the messages or variables that a stored ``text`` writes, itself where it writes none."""
    is_mapping = name in _MAPPINGS and text.startswith("{")
    if not is_mapping and not text.startswith("["):
        return text
    try:
        found = orjson.loads(text)
    except ValueError:
        return text
    return found if is_mapping or (found and isinstance(found[0], dict)) else text


def diff(before: str, after: str) -> str:
    """Return a unified diff without file names, empty where nothing changed.

    Of texts above 2,000 lines only their numbers are told: a comparison takes the square of them.
    """
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _MOST_DIFF_LINES:
        return "" if old == new else f"@@ {len(old)} lines became {len(new)} @@"
    return "\n".join(list(unified_diff(old, new, lineterm="", n=1))[2:])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
