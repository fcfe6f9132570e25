"""What did not validate is mended: attempts are numbered, judged by their errors, and their end is told.

LOCATION: ote_logging/stages/mending.py
DEPENDENCIES: stages: blocks (Stage), contents, diffs, errors, events
TRACE POINTS: healing.attempt() - an attempt is judged
"""

import logging
from collections.abc import Mapping
from typing import Any

from ote_logging.events import Event
from ote_logging.stages.blocks import Stage
from ote_logging.stages.contents import is_a
from ote_logging.stages.diffs import diff_of
from ote_logging.stages.errors import Told, error_fingerprint, error_keys
from ote_logging.stages.events import Healing


class healing(Stage):
    """What did not validate is mended: ``with healing("todo_store", error=first, code=code) as heal: ...``.

    Args of the block: ``error``, what is to be mended, and ``code``, as it is; ``max_attempts`` where the
    program has such a bound. It went well if the last attempt fixed it.
    """

    __slots__ = ("_seen",)

    kind = Healing

    def __init__(
        self,
        component: str | None = None,
        /,
        *,
        error: Told | None = None,
        code: str | None = None,
        logger: logging.Logger | None = None,
        level: int = logging.INFO,
        start: bool = False,
        **fields: Any,
    ) -> None:
        """Prepare the healing; it begins with the block."""
        super().__init__(component, logger=logger, level=level, start=start, **fields)
        self._seen: dict[str, int] = {}
        if code is not None:
            self.set(before=code)
        if error is not None:
            keys = error_keys(error)
            self._seen[_fingerprint(keys)] = 0
            self.set(first_error=keys)

    def attempt(self, code: str, /, error: Told | None = None, **facts: Any) -> str:
        """Record an attempt: the code that it gave, and what was wrong with that, None where nothing was.

        Returns its verdict: ``fixed``, ``same_error`` where an error of the same fingerprint was there
        before, ``new_error`` otherwise.
        """
        tries = self.fields.get("attempts", ())
        number = len(tries) + 1
        told = {} if error is None else error_keys(error)
        found = self._judged(number, told)
        made = {"number": number, "diff": self._diff_to(code), "code": code, **found, **told, **facts}
        self.set(attempts=[*tries, made], code=code, verdict=found["verdict"])
        return str(found["verdict"])

    def _diff_to(self, code: str) -> str | None:
        """Return what changed since the attempt before, None where nothing is recorded or it is no text."""
        previous = self.fields.get("code", self.fields.get("before", ""))
        return diff_of(previous, code) if self.is_on and is_a(previous, str) and is_a(code, str) else None

    def _judged(self, number: int, told: Mapping[str, Any]) -> dict[str, Any]:
        if not told:
            return {"verdict": "fixed"}
        found = _fingerprint(told)
        first = self._seen.setdefault(found, number)
        if first == number:
            return {"verdict": "new_error", "error_fingerprint": found}
        return {"verdict": "same_error", "same_as_attempt": first, "error_fingerprint": found}

    def give_up(self, reason: str) -> None:
        """Say why it ended without success."""
        self.set(reason=reason)

    def event(self, keys: Mapping[str, Any], error: BaseException | None) -> Event:
        """Return the event, with the verdict of the last attempt and the reason of the end."""
        tries = self.fields.get("attempts", ())
        self.set(reason=self.fields.get("reason") or self._reason(tries, error), attempts=list(tries))
        if keys["status"] == "ok" and self.fields.get("verdict") != "fixed":
            last = tries[-1] if tries else self.fields.get("first_error", {})
            keys = {**keys, "status": "error", **error_keys({"error_message": self.fields["reason"], **last})}
        return super().event(keys, error)

    def _reason(self, tries: Any, error: BaseException | None) -> str:
        """Return why it ended, as far as that can be seen from here."""
        verdict, count = self.fields.get("verdict"), f"{len(tries)} attempt{'s' if len(tries) != 1 else ''}"
        if error is not None:
            return f"{type(error).__name__} after {count}"
        if verdict == "fixed":
            return f"fixed after {count}"
        if not tries:
            return "nothing was attempted"
        most = self.fields.get("max_attempts")
        bound = f" of {most}" if most is not None else ""
        ended = "the same error again" if verdict == "same_error" else "a new error"
        return f"{ended} after {len(tries)}{bound} attempts"


def _fingerprint(keys: Mapping[str, Any]) -> str:
    return error_fingerprint(keys.get("error_type", ""), keys.get("error_message", ""))
