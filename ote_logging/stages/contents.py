"""What the stages of a generation pipeline carry: its measures, its identity, and what is too long to clean.

Each content has the SHA-256 of its UTF-8 text, 64 hex digits: equal hashes link a prompt to the render
that made it, a response to the code taken from it, a code to the file it was written to. A content of up to
65,536 characters is hashed without its secrets, as it is written; a longer one as it was given, since
cleaning it takes longer than its caller may be kept waiting.

LOCATION: ote_logging/stages/contents.py
DEPENDENCIES: jsonable and schema (structures as text), events (Redactor)
TRACE POINTS: none
"""

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, Final, TypeGuard

from ote_logging.events import Redactor
from ote_logging.jsonable import Limits, jsonable
from ote_logging.schema import dump
from ote_logging.stages.names import LARGE_CHARS, MEASURED

_NO_LIMITS: Final = Limits(chars=2**31, size=2**31, items=10_000_000)
_ROOM: Final = 2**62
_DEEPEST: Final = 32
_TEXT_KEYS: Final = ("content", "text", "parts")


def is_a(value: object, *kinds: type) -> TypeGuard[Any]:
    """Tell whether ``value`` is of one of ``kinds``; unlike isinstance() this runs no code of its class."""
    return issubclass(type(value), kinds)


class Large:
    """A content too long to be cleaned at once: kept as it was given, cleaned by who has the time.

    A structure is copied when this is made, so that its owner may go on with it.
    """

    def __init__(self, value: object, *redactors: Redactor) -> None:
        self.value = value if type(value) in (str, bytes) else jsonable(value, _NO_LIMITS)
        self._redactors = redactors

    def redacted(self, redactor: Redactor) -> "Large":
        """Return the same content, to be cleaned by ``redactor`` as well."""
        return self if redactor in self._redactors else Large(self.value, *self._redactors, redactor)

    @cached_property
    def length(self) -> int:
        """Its characters."""
        return length_of(self.value)

    @cached_property
    def digest(self) -> str:
        """Its SHA-256, as it was given."""
        return hashlib.sha256(_as_bytes(self), usedforsecurity=False).hexdigest()

    def cleaned(self) -> Any:
        """Return the content without secrets; takes about 0.1 us a character."""
        return self._clean(self.value)

    def beginning(self, chars: int) -> str:
        """Return the first ``chars`` characters without secrets, also of one that they cut through."""
        head = self.value
        if type(head) not in (str, bytes):
            head = jsonable(head, Limits(chars=chars + _MARGIN, size=chars + _MARGIN))
        return str(self._clean(as_text(head)[: chars + _MARGIN]))[:chars]

    def _clean(self, value: object) -> object:
        for redactor in self._redactors:
            value = _filled(redactor.value("", _outlined(value)), redactor)
        return value


class _Aside:
    """A long text, put aside while what is around it is cleaned."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def cleaned(self, redactor: Redactor) -> str:
        # In pieces, for a regular expression keeps every other thread waiting until it is through.
        return "".join(_cleaned_piece(redactor, piece) for piece in pieces_of(self.text))


def _cleaned_piece(redactor: Redactor, piece: str) -> str:
    clean = str(redactor.value("", piece))
    # A thread that waits for the interpreter asks for it after 5 ms; now it need not.
    time.sleep(_BREATH_S)
    return clean


def _outlined(value: Any) -> Any:
    """Return plain JSON values with each text that has more than one piece put aside."""
    if type(value) is str:
        return _Aside(value) if len(value) > _PIECE_CHARS else value
    if type(value) is list:
        return [_outlined(item) for item in value]
    return {key: _outlined(item) for key, item in value.items()} if type(value) is dict else value


def _filled(value: Any, redactor: Redactor) -> Any:
    """Return ``value`` with what was put aside in its place, cleaned."""
    if type(value) is _Aside:
        return value.cleaned(redactor)
    if type(value) is list:
        return [_filled(item, redactor) for item in value]
    return {key: _filled(item, redactor) for key, item in value.items()} if type(value) is dict else value


_BREATH_S: Final = 5e-5
# As long as a secret of several lines: a key in PEM.
_MARGIN: Final = 8_192
_PIECE_CHARS: Final = 16_384
# The end of a line that is complete by itself: what it assigns does not stand on the next one.
_LINE_END: Final = re.compile(r"[^\s=:,(\[{\\]\n")


def pieces_of(text: str) -> Iterator[str]:
    """Yield ``text`` in pieces of about 16,384 characters, none of which ends inside of a secret.

    They end with a line, and not in between the first and the last line of a key in PEM. A text without
    lines is one piece.
    """
    begin = 0
    while begin < len(text):
        end = _line_end(text, begin + _PIECE_CHARS)
        while end < len(text) and text.rfind("-----BEGIN", begin, end) > text.rfind("-----END", begin, end):
            end = _line_end(text, end + _PIECE_CHARS)
        yield text[begin:end]
        begin = end


def _line_end(text: str, start: int) -> int:
    found = _LINE_END.search(text, start)
    return found.end() if found else len(text)


def is_large(value: object) -> bool:
    """Tell whether ``value`` has more than 65,536 characters, looking no further than that."""
    return len(value) > LARGE_CHARS if type(value) is str else _room_left(value, LARGE_CHARS, _DEEPEST) < 0


def exceeds(value: object, chars: int) -> bool:
    """Tell whether ``value`` has more than ``chars`` characters, in all and not in its texts alone."""
    plain = value.value if type(value) is Large else value
    return _room_left(plain, chars, _DEEPEST) < 0 or length_of(value) > chars


def size_of(value: object) -> int:
    """Return the characters that ``value`` keeps in memory: also those of the images of messages."""
    plain = value.value if type(value) is Large else value
    return _ROOM - _room_left(plain, _ROOM, _DEEPEST)


def _room_left(value: object, room: int, depth: int) -> int:
    kind = type(value)
    if kind is str or kind is bytes:
        return room - len(value)  # type: ignore[arg-type]  # the two have a length
    if depth and kind in (list, tuple, dict):
        items: Iterable[object] = value.values() if kind is dict else value  # type: ignore[attr-defined, assignment]  # one of the three
        for item in items:
            room = _room_left(item, room - 1, depth - 1)
            if room < 0:
                break
    return room


def as_text(value: object) -> str:
    """Return the text of a content: itself, or the JSON of a structure."""
    return value if type(value) is str else _as_bytes(value).decode("utf-8", "backslashreplace")


def _as_bytes(value: object) -> bytes:
    """Return the UTF-8 text of a content."""
    plain = value.value if type(value) is Large else value
    if type(plain) is str:
        return plain.encode("utf-8", "surrogatepass")
    if type(plain) is bytes:
        return plain
    plain = plain if type(value) is Large else jsonable(plain, _NO_LIMITS)
    return plain.encode() if type(plain) is str else dump(plain)[:-1]  # type: ignore[arg-type]  # any JSON


def digest_of(value: object) -> str:
    """Return the SHA-256 of the UTF-8 text of ``value``, 64 hex digits."""
    if type(value) is Large:
        return value.digest
    return hashlib.sha256(_as_bytes(value), usedforsecurity=False).hexdigest()


def length_of(value: object) -> int:
    """Return the characters of a content; of messages those of their texts."""
    if type(value) is Large:
        return value.length
    if is_a(value, str, bytes):
        return len(value)
    texts = texts_of(value)
    return sum(map(len, texts)) if texts else len(as_text(value))


def texts_of(messages: object) -> list[str]:
    """Return the texts of messages and their parts, in order; none where ``messages`` is no such list.

    A message is a mapping or an object of a client.

    >>> texts_of([{"role": "user", "content": [{"type": "text", "text": "hi"}]}, {"content": "there"}])
    ['hi', 'there']
    """
    if not is_a(messages, list, tuple):
        return []
    return [text for message in messages for text in _texts_in(message, _DEEPEST)]


def _texts_in(part: object, depth: int) -> list[str]:
    if is_a(part, str):
        return [part]
    if not depth:
        return []
    if is_a(part, list, tuple):
        return [text for each in part for text in _texts_in(each, depth - 1)]
    said = [part.get(key) if is_a(part, Mapping) else getattr(part, key, None) for key in _TEXT_KEYS]
    return [text for each in said if each is not None for text in _texts_in(each, depth - 1)]


def measures(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return length and hash of each content among ``values``, and the hashes of what messages say."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            with suppress(Exception):  # contents may be objects with code of their own
                told.update(_measures_of(name, value))
    return told


def _measures_of(name: str, value: object) -> dict[str, Any]:
    if name in MEASURED:
        told = {f"{name}_length": length_of(value), f"{name}_hash": digest_of(value)}
        return told if type(value) is str else {**told, **_part_hashes(name, value)}
    if name == "variables":
        return {"variable_hashes": _variable_hashes(value)}
    if name == "attempts" and is_a(value, list):
        hashes = [digest_of(attempt["code"]) for attempt in value if _has_code(attempt)]
        return {"attempt_hashes": hashes} if hashes else {}
    return {}


def _has_code(attempt: object) -> bool:
    return is_a(attempt, Mapping) and attempt.get("code") is not None


def _part_hashes(name: str, value: object) -> dict[str, list[str]]:
    texts = texts_of(value.value if type(value) is Large else value)
    return {f"{name}_part_hashes": [digest_of(text) for text in texts]} if texts else {}


def _variable_hashes(variables: object) -> dict[str, str]:
    plain = variables.value if type(variables) is Large else variables
    if not is_a(plain, Mapping):
        return {}
    return {str(name): digest_of(value) for name, value in plain.items() if is_a(value, str)}
