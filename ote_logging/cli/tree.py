"""``ote tree``: the operations of a session, drawn.

    save_preference  12.3 ms  ok  user_id=7
    ├─ save → validate
    └─ encrypt  2.1 ms  FAILED  ValueError: boom  (demo.py:41)

LOCATION: ote_logging/cli/tree.py
DEPENDENCIES: reading (Reader, build_tree), screen, records, words, durations
TRACE POINTS: none
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from ote_logging.cli.records import inner_parts, is_plain
from ote_logging.cli.screen import BOLD, DIM, FAILED, GREEN, PLAIN, RED, YELLOW, Part, Screen
from ote_logging.cli.words import counted, failure_text, fields_text, shortened
from ote_logging.durations import duration_text
from ote_logging.reading import Node, Reader, Tree, build_tree
from ote_logging.schema import Entry, dump

# Of a session larger than memory the first operations are held; to see all, a user asks for all.
_FEWEST_ENTRIES: Final = 100_000
_ENTRIES_PER_LINE: Final = 10
_COLUMNS_PER_LEVEL: Final = 6
_DEEPEST: Final = 32
_BRANCHES: Final = ("├─ ", "└─ ", "│  ", "   ")
_EDGES: Final = ("session_start", "session_end")


def show(session: str, *, every: bool, most_lines: int | None) -> None:
    """Print the tree of ``session``, its first ``most_lines`` lines, and a summary at the foot."""
    reader = Reader(session)
    room = None if most_lines is None else max(_FEWEST_ENTRIES, _ENTRIES_PER_LINE * most_lines)
    tree = build_tree(reader, limit=room)
    drawing = _Drawing(Screen(), tree, every)
    printed = drawing.draw(most_lines)
    drawing.foot(printed, reader)


class _Drawing:
    """A tree on a screen, line by line; nothing here recurses."""

    def __init__(self, screen: Screen, tree: Tree, every: bool) -> None:
        self._screen = screen
        self._tree = tree
        self._every = every
        self._deepest = min(_DEEPEST, (screen.width or 200) // _COLUMNS_PER_LEVEL)
        self._rings = {ring[0]: len(ring) for ring in tree.rings}
        self._orphans = set(tree.orphans)

    def draw(self, most_lines: int | None) -> int:
        """Print the lines and return their number."""
        printed = 0
        for lead, item in islice(self._lines(), most_lines):
            self._screen.line(Part(lead, DIM), *self._parts(item))
            printed += 1
        return printed

    def _lines(self) -> Iterator[tuple[str, Node | Entry]]:
        """Yield every node and record with what stands before it."""
        pending = [("", "", 0, item) for item in reversed(self._shown(self._tree.timeline()))]
        while pending:
            lead, below, depth, item = pending.pop()
            yield lead, item
            if isinstance(item, Node):
                inner = self._shown(item.timeline())
                leads = [self._leads(below, depth, place == len(inner) - 1) for place in range(len(inner))]
                pending.extend(
                    (*leads[place], depth + 1, inner[place]) for place in range(len(inner) - 1, -1, -1)
                )

    def _leads(self, below: str, depth: int, is_last: bool) -> tuple[str, str]:
        """Return what stands before an item ``depth`` levels down, and before those below it."""
        fork, corner, line, blank = _BRANCHES
        if depth >= self._deepest:
            return f"{below}… {depth + 1} deep  ", below
        return below + (corner if is_last else fork), below + (blank if is_last else line)

    def _shown(self, items: Iterable[Node | Entry]) -> list[Node | Entry]:
        return [
            item
            for item in items
            if self._every or isinstance(item, Node) or not (is_plain(item) or item.event in _EDGES)
        ]

    def _parts(self, item: Node | Entry) -> Iterator[Part]:
        if isinstance(item, Entry):
            yield from inner_parts(item)
            return
        yield Part(shortened(item.operation) or "?", BOLD)
        if item.duration_ms is not None:
            yield Part("  " + duration_text(item.duration_ms), PLAIN)
        yield from self._status_parts(item)
        yield from self._notes(item)
        if item.fields:
            yield Part("  " + fields_text(item.fields), DIM)

    def _status_parts(self, node: Node) -> Iterator[Part]:
        if node.status == "ok":
            yield Part("  ok", GREEN)
        elif node.status == "unfinished":
            yield Part("  unfinished", YELLOW)
        else:
            yield Part("  FAILED", FAILED)
            yield Part("  " + failure_text(node.error_type, node.error_message), RED, gives=True)
            if node.where is not None:
                yield Part(f"  ({shortened(node.where.short)})", DIM)

    def _notes(self, node: Node) -> Iterator[Part]:
        if node in self._orphans:
            yield Part(
                f"  orphan: its parent {shortened(node.parent_id or '', 16)} is not in the session", YELLOW
            )
        if node in self._rings:
            yield Part(f"  ring of {self._rings[node]}: it is its own ancestor", YELLOW)

    def foot(self, printed: int, reader: Reader) -> None:
        """Print what was left out, and the sums."""
        left = self._total() - printed
        if left or self._tree.left_out:
            self._screen.line(Part(self._left_out(left), YELLOW))
        if printed:
            self._screen.line()
        self._screen.line(Part(" · ".join(self._sums(reader)), DIM))

    def _total(self) -> int:
        inside = sum(1 + len(self._shown(node.records)) for _, node in self._tree.walk())
        return inside + len(self._shown(self._tree.loose))

    def _left_out(self, lines: int) -> str:
        unread = counted(self._tree.left_out, "record")
        beyond = f", {unread} not looked at" if self._tree.left_out else ""
        return f"… {counted(lines, 'more line')}{beyond}; --limit 0 shows all"

    def _sums(self, reader: Reader) -> Iterator[str]:
        statuses = Counter(node.status for _, node in self._tree.walk())
        yield counted(statuses.total(), "operation")
        for number, said in ((statuses["error"], "failed"), (statuses["unfinished"], "unfinished")):
            if number:
                yield f"{number:,} {said}"
        for number, noun in (
            (len(self._tree.orphans), "orphan"),
            (len(self._tree.rings), "ring"),
            (reader.damaged, "damaged line"),
            (reader.foreign, "foreign line"),
        ):
            if number:
                yield counted(number, noun)
        yield counted(reader.entries, "record")


def show_json(session: str, limit: int | None) -> None:
    """Print the tree as one JSON object; its ``nodes`` are in the order of the drawing, with their depth."""
    reader = Reader(session)
    tree = build_tree(reader, limit=limit)
    write = sys.stdout.buffer.write
    sys.stdout.flush()
    write(b'{"nodes":[')
    for number, (depth, node) in enumerate(tree.walk()):
        write((b",\n" if number else b"\n") + dump(_node(node, depth)).rstrip())
    rest = {
        "loose": [entry.wire for entry in tree.loose],
        "roots": [node.span_id for node in tree.roots],
        "orphans": [node.span_id for node in tree.orphans],
        "rings": [[node.span_id for node in ring] for ring in tree.rings],
        "left_out": tree.left_out,
        "damaged": reader.damaged,
        "foreign": reader.foreign,
    }
    write(b"],\n" + dump(rest)[1:])


def _node(node: Node, depth: int) -> dict[str, Any]:
    """Return ``node`` as JSON values; what it does not have is absent."""
    told = {
        "operation": node.operation,
        "status": node.status,
        "started": node.started,
        "duration_ms": node.duration_ms,
        "trace_id": node.trace_id,
        "span_id": node.span_id,
        "parent_id": node.parent_id,
        "error_type": node.error_type,
        "error_message": node.error_message,
        "where": node.where and node.where._asdict(),
        "children": [child.span_id for child in node.children],
        "fields": node.fields,
        "records": [entry.wire for entry in node.records],
    }
    return {"depth": depth, **{key: value for key, value in told.items() if value is not None}}
