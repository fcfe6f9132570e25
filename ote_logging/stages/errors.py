"""Errors of generated code, however they were told: as an exception, a finding, a mapping or a text.

LOCATION: ote_logging/stages/errors.py
DEPENDENCIES: jsonable, tracebacks (exceptions), stages.checks (findings)
TRACE POINTS: none
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from ote_logging.jsonable import text_of
from ote_logging.stages.checks import CodeError
from ote_logging.tracebacks import summary

Told = BaseException | CodeError | Mapping[str, Any] | str
"""An error as a program may have it."""

_NAMES: Final = ("error_type", "error_message", "line_number", "code_context")
_CHANGING: Final = re.compile(r"0x[0-9a-fA-F]+|\d+|(?:/[\w.-]+)+")


def error_keys(error: Told) -> dict[str, Any]:
    """Return ``error`` as keys of a line: type, message and, as far as known, line number and context."""
    if isinstance(error, BaseException):
        return dict(summary(error))
    if isinstance(error, CodeError):
        return error.keys()
    if isinstance(error, Mapping):
        return {name: error[name] for name in _NAMES if error.get(name) is not None}
    return {"error_message": text_of(error)}


def error_fingerprint(error_type: object, error_message: object) -> str:
    """Return 16 hex digits that stay the same when numbers, addresses and paths in the message change.

    Quoted names count: a module that is missing is not the same error as another one.
    """
    words = _CHANGING.sub("#", text_of(error_message))
    text = f"{text_of(error_type)}\n{words}".encode()
    return hashlib.blake2b(text, digest_size=8, usedforsecurity=False).hexdigest()
