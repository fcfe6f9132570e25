"""The fields that hold contents, by name; apart, so that one who only asks for them imports no stage.

LOCATION: ote_logging/stages/names.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from typing import Final

MEASURED: Final = frozenset(
    {
        "prompt", "system", "response", "responses", "reasoning", "refusal", "specification", "source",
        "code", "before", "output", "content",
    }
)  # fmt: skip
"""Fields that get ``<name>_length`` in characters and ``<name>_hash``."""

CONTENTS: Final = MEASURED | {"variables", "diff", "arguments", "result"}
"""Fields that hold what was said, given or made, and that a content mode governs."""

NESTED: Final = frozenset({"attempts", "errors", "tool_calls"})
"""Fields that are lists of mappings, each with fields of its own."""

LARGE_CHARS: Final = 65_536
"""Characters above which a content is cleaned and stored by another thread than its caller's."""
