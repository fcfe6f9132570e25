"""Names from outside, made safe before they reach a path.

LOCATION: ote_logging/handlers/naming.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST: Final = 60


def safe_name(name: str) -> str:
    """Return ``name`` as part of a file name: ASCII letters, digits, ``-_~``, at most 73 characters.

    What had to be changed ends in ``~``, which no safe name has, and a digest of the whole, so that names
    which were distinct stay so.

    >>> safe_name("todo_store"), safe_name("../etc")
    ('todo_store', '_etc~f7f9121fdb53')
    """
    safe = _UNSAFE.sub("_", name)[:_LONGEST]
    if safe == name and safe:
        return safe
    # Only here, where a name had to be changed: it loads OpenSSL, 3 ms that most programs never need.
    import hashlib

    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{safe}~{digest}"
