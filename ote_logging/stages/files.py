"""Look at the target of a write before and after: what stood there, what stands there now, whose it is.

LOCATION: ote_logging/stages/files.py
DEPENDENCIES: none
TRACE POINTS: file_before(), file_after() - a target is looked at
"""

import grp
import hashlib
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

MOST_BYTES: Final = 262_144
"""Of a larger file the text before is not kept, only its size and SHA-256."""

_MOST_READ: Final = 67_108_864


def file_before(target: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the check before a write: ``replaced``, ``writable``, and size and text of what stands there."""
    path = Path(target)
    told: dict[str, Any] = {"replaced": path.exists(), "writable": _is_writable(path)}
    with suppress(OSError):
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            told["before_size_bytes"] = status.st_size
            if status.st_size <= MOST_BYTES:
                told["before"] = path.read_text(encoding="utf-8", errors="backslashreplace")
    return told


def _is_writable(path: Path) -> bool:
    if path.exists():
        return os.access(path, os.W_OK)
    return os.access(path.absolute().parent, os.W_OK | os.X_OK)


def file_after(target: str | os.PathLike[str], content: str | bytes | None = None) -> dict[str, Any]:
    """Return the verification after a write: size, SHA-256, mode and owner, and whether it is ``content``.

    The file is read back; one of more than 64 MiB has no hash and is verified by its size. ``verified`` is
    absent where no content is given. What does not hold is told as the keys of an error.
    """
    path = Path(target)
    try:
        status = path.stat()
        digest = _digest(path, status)
    except OSError as error:
        return {"verified": False, **_failed(f"{path} cannot be read back: {error.strerror or error}")}
    told: dict[str, Any] = {
        "size_bytes": status.st_size, "sha256": digest, "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": _name_of(status.st_uid, pwd.getpwuid), "group": _name_of(status.st_gid, grp.getgrgid),
    }  # fmt: skip
    return told if content is None else {**told, **_verified(path, content, told)}


def _verified(path: Path, content: str | bytes, told: dict[str, Any]) -> dict[str, Any]:
    wanted = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    digest = told["sha256"] and hashlib.sha256(wanted, usedforsecurity=False).hexdigest()
    if (told["size_bytes"], told["sha256"]) == (len(wanted), digest):
        return {"verified": True}
    message = f"{path} holds {told['size_bytes']} bytes that are not the {len(wanted)} bytes to be written"
    return {"verified": False, **_failed(message)}


def _failed(message: str) -> dict[str, Any]:
    return {"status": "error", "error_type": "VerificationError", "error_message": message}


def _digest(path: Path, status: os.stat_result) -> str | None:
    """Return the SHA-256 of a regular file of at most 64 MiB, None of any other."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_READ:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, _sha256).hexdigest()


def _sha256() -> Any:
    return hashlib.sha256(usedforsecurity=False)


def _name_of(number: int, find: Any) -> str:
    try:
        return str(find(number)[0])
    except KeyError:
        return str(number)
