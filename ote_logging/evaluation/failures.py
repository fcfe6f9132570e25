"""Say which failures are the same one: by fingerprint, else by type and message without its details.

LOCATION: ote_logging/evaluation/failures.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

_LONGEST: Final = 120

_DETAILS: Final = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x#"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "#"),
    (re.compile(r"'[^']{0,200}'|\"[^\"]{0,200}\""), "'…'"),
    (re.compile(r"(?<![\w/])/[\w./-]{1,400}"), "/…"),
    (re.compile(r"\d+"), "#"),
)


class Failure(NamedTuple):
    """What failed: ``key`` is equal for equal failures, ``type`` may be empty, ``message`` has no details."""

    key: str
    type: str
    message: str

    @property
    def text(self) -> str:
        """The key that this failure has where no fingerprint was recorded."""
        return _text_of(self.type, self.message)


def failure_of(wire: Mapping[str, Any]) -> Failure:
    """Return the failure that the line ``wire`` tells of; its own text is the last resort.

    >>> failure_of({"error_type": "KeyError", "error_message": "no user 17 in '/data/x'"}).key
    "KeyError: no user # in '…'"
    """
    thrown = wire.get("exception")
    exception: Mapping[str, Any] = thrown if isinstance(thrown, dict) else {}
    kind = str(wire.get("error_type") or exception.get("type") or "")[:_LONGEST]
    message = wire.get("error_message") or exception.get("message") or ("" if kind else wire.get("message"))
    blanked = without_details(str(message or ""))
    return Failure(str(exception.get("fingerprint") or _text_of(kind, blanked)), kind, blanked)


def _text_of(kind: str, message: str) -> str:
    return f"{kind}: {message}" if kind and message else kind or message


def without_details(message: str) -> str:
    """Return the first 120 characters of ``message`` with numbers, quoted texts and paths blanked."""
    # Cut first, generously: the patterns then never see a prompt of a megabyte.
    return _blanked(message[: 4 * _LONGEST])


# A program fails in few ways, and tells of each many times.
@lru_cache(maxsize=512)
def _blanked(text: str) -> str:
    for pattern, blank in _DETAILS:
        text = pattern.sub(blank, text)
    return text[:_LONGEST]
