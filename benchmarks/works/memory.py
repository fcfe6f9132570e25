"""Works that never repeat themselves, to show that what is remembered is bounded.

Every message, name of a field, call site or name of a span is a new one, through all rounds; the memory
that the process gains from the first round to the last is shown as their mark.

LOCATION: benchmarks/works/memory.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Callable

from benchmarks.contest import Contest, Seat, Work
from benchmarks.peers import calls
from benchmarks.works.scaling import numbered, sides, with_spans


def _work(name: str, title: str, prepare: Callable[[Seat], Contest]) -> Work:
    return Work(f"memory.{name}", title, prepare, ("ours",), processes=1)


WORKS = (
    _work("messages", "every message a new one", lambda seat: sides(seat, calls.new_messages, numbered)),
    _work("fields", "every name of a field a new one", lambda seat: sides(seat, calls.new_fields, numbered)),
    _work("sites", "every call site a new one", lambda seat: sides(seat, calls.new_sites, numbered)),
    _work(
        "spans",
        "every span a new name, a record in it",
        lambda seat: with_spans(seat, calls.new_spans),
    ),
)
