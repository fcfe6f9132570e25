"""Build the tree of operations from the entries of a session, in whatever order they come.

A span is known by its id: its start, its end, what was recorded inside, and the spans that name it as
their parent, from any process. START and END texts of existing programs have no id of their own; they
are paired by operation within a thread, nested, in the order of time. Nothing here recurses: a tree may
be as deep as it likes.

LOCATION: ote_logging/reading/tree.py
DEPENDENCIES: schema (Entry), where (the line that raised)
TRACE POINTS: build_tree() - entries become a tree; _Gathered.tree() - nodes are linked
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from ote_logging.reading.where import Place, where
from ote_logging.schema import Entry, ends_operation

Status = Literal["ok", "error", "unfinished"]

_THREAD_KEYS: Final = ("session_id", "pid", "thread", "task", "parent_id")


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """One operation: its start and end where they were recorded, and what lies between."""

    span_id: str | None = None
    """16 hex digits; None where only a text told of the operation."""
    start: Entry | None = None
    end: Entry | None = None
    records: list[Entry] = field(default_factory=list)
    """What was recorded inside, in the order of time: trace points, stages, ordinary messages."""
    children: list["Node"] = field(default_factory=list)
    """The operations inside, in the order of their starts."""
    parent: "Node | None" = None

    def __repr__(self) -> str:
        held = f"{len(self.children)} children, {len(self.records)} records"
        return f"<Node {self.operation} {self.status}, {held}>"

    @property
    def first(self) -> Entry:
        """The start, else the end, else the first record of it."""
        return self.start or self.end or self.records[0]

    @property
    def operation(self) -> str:
        """Its name; empty where no line tells it."""
        return _text(self.first.operation) or ""

    @property
    def trace_id(self) -> str | None:
        """The trace that it belongs to."""
        return _text(self.first.trace_id)

    @property
    def parent_id(self) -> str | None:
        """The span id of the operation around it, None on a root."""
        return _text(self.first.parent_id)

    @property
    def status(self) -> Status:
        """How it ended; ``unfinished`` where no end was recorded."""
        if self.end is None:
            return "unfinished"
        return "error" if self.end.status == "error" or self.end.error_type else "ok"

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds from start to end as its end tells them."""
        told = self.end and self.end.duration_ms
        return told if isinstance(told, (int, float)) and not isinstance(told, bool) else None

    @property
    def started(self) -> str:
        """Its start as RFC 3339; reckoned from the end where no start was recorded."""
        if self.start is None and self.end is not None:
            return _before(self.end, self.duration_ms or 0.0)
        return _order(self.first)[0]

    @property
    def error_type(self) -> str | None:
        """Type of the exception that ended it."""
        return _text(self.end and self.end.error_type)

    @property
    def error_message(self) -> str | None:
        """Message of what ended it."""
        return _text(self.end and self.end.error_message)

    @property
    def where(self) -> Place | None:
        """The line that raised; None where it did not fail, or an operation inside tells it."""
        if self.end is None or self.status != "error" or self._passes_on():
            return None
        return where(self.end.wire) if self.end.exception or self.end.line_number is not None else None

    def _passes_on(self) -> bool:
        """Whether its failure is that of an operation inside, where the exception was raised."""
        if self.end is None or self.end.exception:
            return False
        return any(child.status == "error" and child.error_type == self.error_type for child in self.children)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of its start and, over them, of its end."""
        return {**(self.start.fields if self.start else {}), **(self.end.fields if self.end else {})}

    def timeline(self) -> list["Node | Entry"]:
        """Return children and records together, in the order of time."""
        return sorted((*self.children, *self.records), key=_order)


@dataclass(slots=True, eq=False, repr=False)
class Tree:
    """The operations of a session; every list is in the order of time."""

    roots: list[Node]
    """Operations without a parent."""
    orphans: list[Node]
    """Operations whose parent appears nowhere: lost, filtered out, or of a process outside the session."""
    rings: list[list[Node]]
    """Operations that are their own ancestors, each ring cut before its first member."""
    loose: list[Entry]
    """Records outside of any operation."""
    nodes: dict[str, Node]
    """Every span by its id."""
    left_out: int = 0
    """Entries beyond the limit; those that end an operation of the tree are in it all the same."""

    @property
    def children(self) -> Mapping[str, list[Node]]:
        """The operations inside each span, by its id."""
        return {span_id: node.children for span_id, node in self.nodes.items()}

    def tops(self) -> list[Node]:
        """Return roots, orphans and the first member of each ring together, in the order of time."""
        return sorted((*self.roots, *self.orphans, *(ring[0] for ring in self.rings)), key=_order)

    def timeline(self) -> list[Node | Entry]:
        """Return tops and loose records together, in the order of time."""
        return sorted((*self.tops(), *self.loose), key=_order)

    def walk(self) -> Iterator[tuple[int, Node]]:
        """Yield every operation with its depth, parents before children, in the order of time."""
        pending = [(0, node) for node in reversed(self.tops())]
        while pending:
            depth, node = pending.pop()
            yield depth, node
            pending.extend((depth + 1, child) for child in reversed(node.children))


def build_tree(entries: Iterable[Entry], *, limit: int | None = None) -> Tree:
    """Return the tree of the operations that ``entries`` tell of, in whatever order they come.

    ``limit`` bounds memory: of the entries after the first ``limit`` only the ends of operations that
    are known already are kept, the others are counted in ``Tree.left_out``.
    """
    gathered = _Gathered(limit)
    for entry in entries:
        gathered.add(entry)
    return gathered.tree()


class _Gathered:
    """Entries sorted into spans; those without a span id wait for their order."""

    def __init__(self, limit: int | None) -> None:
        self._room = float("inf") if limit is None else limit
        self._left_out = 0
        self._spans: dict[str, Node] = {}
        self._texts: list[Node] = []
        self._outside: list[Entry] = []
        self._loose: list[Entry] = []

    def add(self, entry: Entry) -> None:
        if self._room <= 0 and not self._is_awaited(entry):
            self._left_out += 1
            return
        self._room -= 1
        span_id = entry.span_id
        if isinstance(span_id, str):
            self._add_to(self._spans.get(span_id) or self._new(span_id), entry)
        else:
            self._outside.append(entry)

    def _is_awaited(self, entry: Entry) -> bool:
        known = self._spans.get(_text(entry.span_id) or "")
        return known is not None and known.end is None and ends_operation(entry.wire)

    def _new(self, span_id: str) -> Node:
        return self._spans.setdefault(span_id, Node(span_id))

    @staticmethod
    def _add_to(node: Node, entry: Entry) -> None:
        if entry.event == "span_start" and node.start is None:
            node.start = entry
        elif node.end is None and ends_operation(entry.wire):
            node.end = entry
        else:
            node.records.append(entry)

    def tree(self) -> Tree:
        for node in self._spans.values():
            node.records.sort(key=_order)
        self._pair_texts()
        roots, orphans = self._link()
        rings = _cut_rings(self._spans.values())
        for node in (*self._spans.values(), *self._texts):
            node.children.sort(key=_order)
        roots.sort(key=_order)
        orphans.sort(key=_order)
        return Tree(roots, orphans, rings, self._loose, self._spans, self._left_out)

    def _pair_texts(self) -> None:
        """Make operations of START and END texts; what else a thread recorded between them lies inside."""
        open_ones: defaultdict[tuple[str, ...], list[Node]] = defaultdict(list)
        for entry in sorted(self._outside, key=_order):
            stack = open_ones[_thread_of(entry)]
            if entry.event == "span_start":
                stack.append(self._new_text(Node(start=entry), stack))
            elif entry.event == "span_end":
                if _close(stack, entry) is None:
                    self._new_text(Node(end=entry), stack)
            else:
                (stack[-1].records if stack else self._loose).append(entry)

    def _new_text(self, node: Node, stack: list[Node]) -> Node:
        node.parent = stack[-1] if stack else None
        self._texts.append(node)
        return node

    def _link(self) -> tuple[list[Node], list[Node]]:
        """Put every node under its parent; return those without one and those whose parent is unknown."""
        roots: list[Node] = []
        orphans: list[Node] = []
        for node in (*self._spans.values(), *self._texts):
            parent_id = node.parent_id
            node.parent = node.parent or self._spans.get(parent_id or "")
            if node.parent is not None:
                node.parent.children.append(node)
            else:
                (roots if parent_id is None else orphans).append(node)
        return roots, orphans


def _close(stack: list[Node], end: Entry) -> Node | None:
    """Give ``end`` to the innermost open operation of its name; those inside it stay unfinished."""
    for depth in range(len(stack) - 1, -1, -1):
        if stack[depth].operation == end.operation:
            node = stack[depth]
            node.end = end
            del stack[depth:]
            return node
    return None


def _cut_rings(nodes: Iterable[Node]) -> list[list[Node]]:
    """Find the rings among the parents of ``nodes`` and cut each before its first member."""
    rings: list[list[Node]] = []
    walk_of: dict[Node, int] = {}
    for walk, start in enumerate(nodes):
        node: Node | None = start
        while node is not None and node not in walk_of:
            walk_of[node] = walk
            node = node.parent
        # Met again on the walk on which it was first met: it leads to itself.
        if node is not None and walk_of[node] == walk:
            rings.append(_cut(node))
    return sorted(rings, key=lambda ring: _order(ring[0]))


def _cut(member: Node) -> list[Node]:
    """Return the ring of ``member``, parents before children, cut before the one that started first."""
    ring = [member]
    while (above := ring[-1].parent) is not None and above is not member:
        ring.append(above)
    ring.reverse()
    first = min(range(len(ring)), key=lambda place: _order(ring[place]))
    ring = ring[first:] + ring[:first]
    ring[-1].children.remove(ring[0])
    ring[0].parent = None
    return ring


def _thread_of(entry: Entry) -> tuple[str, ...]:
    return tuple(str(entry.wire.get(key)) for key in _THREAD_KEYS)


def _order(item: Node | Entry) -> tuple[str, int]:
    """When ``item`` happened; what happened in the same microsecond by the order of writing."""
    entry = item.first if isinstance(item, Node) else item
    seq = entry.seq
    when = item.started if isinstance(item, Node) else entry.timestamp
    return (when if isinstance(when, str) else "", seq if isinstance(seq, int) else 0)


def _before(end: Entry, duration_ms: float) -> str:
    """Return the time ``duration_ms`` before ``end``, which is kept where it is no time."""
    stamp = _order(end)[0]
    try:
        start = datetime.fromisoformat(stamp) - timedelta(milliseconds=duration_ms)
    except (ValueError, OverflowError):
        return stamp
    return start.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
