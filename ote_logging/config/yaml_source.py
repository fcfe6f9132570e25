"""Read YAML into plain values with the line of each, refusing what could harm or mislead.

The events of the parser are composed here rather than by PyYAML, because its composers recurse (the C one
until the process dies) and know neither limits nor duplicate keys. Limits hold while reading, aliases counted
as if they were written out, so that a hostile file costs no more than a large one.

LOCATION: ote_logging/config/yaml_source.py
DEPENDENCIES: config.problems; PyYAML
TRACE POINTS: none
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, Final

import yaml

from ote_logging.config.problems import BROKEN, Path, Problems, short, shown

MAX_BYTES: Final = 1 << 20
MAX_NODES: Final = 20_000
MAX_DEPTH: Final = 40
# Longer numbers are text: YAML's base-60 integers cost quadratic time.
MAX_NUMBER_CHARS: Final = 64

STANDARD: Final = "tag:yaml.org,2002:"
STR: Final = STANDARD + "str"
SCALARS: Final = frozenset(
    STANDARD + name for name in ("bool", "int", "float", "null", "timestamp", "binary")
)

KINDS: Final = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}

# libyaml reads the shipped file five times as fast as the pure Python parser; not every wheel has it.
Loader: Final[type] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RefusedError(Exception):
    """The text cannot be read any further: ``line``, what was met and what to do."""

    def __init__(self, line: int, met: str, cure: str) -> None:
        """Keep the three parts of the problem."""
        super().__init__(line, met, cure)
        self.line, self.met, self.cure = line, met, cure


class Node:
    """A scalar, a list or a mapping (keys and values in turn) with its line, counted from 1."""

    def __init__(self, kind: str, line: int, tag: str | None, text: str = "", is_plain: bool = False) -> None:
        self.kind, self.line, self.tag, self.text, self.is_plain = kind, line, tag, text, is_plain
        self.children: list[Node] = []
        self.size = self.height = 1

    def add(self, child: "Node") -> None:
        """Take ``child`` and count all below it."""
        self.children.append(child)
        self.size += child.size
        self.height = max(self.height, child.height + 1)


def parse(data: bytes, problems: Problems) -> tuple[Any, set[Path]]:
    """Values of the YAML document in ``data``, and the paths of the scalars tagged ``!!str``.

    Lines and problems go into ``problems``; what cannot be read at all is ``BROKEN``.
    """
    try:
        root = _Composer().compose(_decoded(data))
    except RefusedError as refused:
        problems.add_at_line(refused.line, refused.met, refused.cure)
        return BROKEN, set()
    values = _Values(problems)
    return values.of(root, ()), values.literal


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RefusedError(0, f"larger than {MAX_BYTES} bytes", "a configuration is small: shorten it")
    # Not the codec utf-8-sig: it takes 0.2 ms to import, and counts places from behind the mark.
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        met = f"byte {data[error.start]:#04x} is not UTF-8"
        raise RefusedError(line, met, "save the file as UTF-8") from None


class _Composer:
    """Build the one document of a text from its events, within the limits."""

    def __init__(self) -> None:
        self._root: Node | None = None
        self._open: list[Node] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def compose(self, text: str) -> Node:
        """The root node; raises RefusedError."""
        try:
            for event in yaml.parse(text, Loader=Loader):
                self._take(event)
        except yaml.YAMLError as error:
            raise _unreadable(error, text) from None
        if self._root is None:
            raise RefusedError(1, "the file is empty", "a configuration begins with: version: 1")
        return self._root

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._place(Node("scalar", line, _tag(event), event.value, event.implicit[0]), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
            self._enter(Node(kind, line, _tag(event)), event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._leave()
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._anchored(str(event.anchor), line), None)
        elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            raise RefusedError(line, "a second document begins", "keep one document in the file")

    def _enter(self, node: Node, event: Any) -> None:
        self._limit(1, 1, node.line)
        self._open.append(node)
        if event.anchor:
            self._anchors[event.anchor] = node

    def _leave(self) -> None:
        node = self._open.pop()
        self._add(node)

    def _place(self, node: Node, event: Any) -> None:
        self._limit(node.size, node.height, node.line)
        if event is not None and event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].add(node)
        else:
            self._root = node

    def _anchored(self, name: str, line: int) -> Node:
        node = self._anchors.get(name)
        if node is None:
            raise RefusedError(line, f"*{name} has no anchor &{name} above it", "define the anchor first")
        if any(node is parent for parent in self._open):
            raise RefusedError(line, f"*{name} contains itself", "write the values out")
        return node

    def _limit(self, size: int, height: int, line: int) -> None:
        self._count += size
        if self._count > MAX_NODES:
            raise RefusedError(line, f"more than {MAX_NODES} values, aliases written out", "make it smaller")
        if len(self._open) + height > MAX_DEPTH:
            raise _too_deep(line)


def _too_deep(line: int) -> RefusedError:
    return RefusedError(line, f"nested deeper than {MAX_DEPTH} levels", "make it flatter")


def _tag(event: Any) -> str | None:
    tag: str | None = event.tag
    return None if tag == "!" else tag


def _unreadable(error: yaml.YAMLError, text: str) -> RefusedError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if position is not None else 1
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if "nesting depth" in str(reason):
        return _too_deep(line)  # PyYAML from 6.0.4 on has a limit of its own, far above ours
    return RefusedError(line, f"not YAML: {short(str(reason))}", _yaml_advice(str(reason), text, line))


def _yaml_advice(reason: str, text: str, line: int) -> str:
    lines = text.split("\n")
    if "\\t" in reason or "\t" in lines[min(line, len(lines)) - 1].split("#")[0]:
        return "indent with spaces, not tabs"
    if "control characters" in reason or "special characters" in reason:
        return "remove the character, or write it as an escape in double quotes"
    if "cannot start any token" in reason or "mapping values are not allowed" in reason:
        return "put the text in quotes"
    return "check the indentation, colons, brackets and quotes here and on the line above"


class _Values:
    """Turn nodes into values, noting the line of each and whatever is wrong with it."""

    def __init__(self, problems: Problems) -> None:
        self.literal: set[Path] = set()
        self._problems = problems
        self._resolver = yaml.resolver.Resolver()
        self._constructor = yaml.constructor.SafeConstructor()

    def of(self, node: Node, path: Path) -> Any:
        """The value of ``node``, or BROKEN."""
        self._problems.lines[path] = node.line
        if node.kind == "scalar":
            return self._scalar(node, path)
        if node.tag not in (None, STANDARD + node.kind):
            return self._refused_tag(node, path)
        if node.kind == "seq":
            return [self.of(child, (*path, index)) for index, child in enumerate(node.children)]
        return self._mapping(node, path)

    def _scalar(self, node: Node, path: Path) -> Any:
        tag = self._scalar_tag(node)
        if node.tag == STR:
            self.literal.add(path)
        if tag == STR:
            return node.text
        return self._constructed(node, tag, path) if tag in SCALARS else self._refused_tag(node, path)

    def _scalar_tag(self, node: Node) -> str:
        if node.tag is not None:
            return node.tag
        if not node.is_plain or len(node.text) > MAX_NUMBER_CHARS:
            return STR
        tag: str = self._resolver.resolve(yaml.ScalarNode, node.text, (True, False))  # type: ignore[no-untyped-call]
        return tag if tag in SCALARS else STR

    def _constructed(self, node: Node, tag: str, path: Path) -> Any:
        try:
            if len(node.text) > MAX_NUMBER_CHARS:
                raise ValueError
            return self._constructor.construct_object(yaml.ScalarNode(tag, node.text))
        except (ValueError, LookupError, yaml.YAMLError):
            met = f"{shown(node.text)} is no {tag.removeprefix(STANDARD)}"
            self._problems.add(path, met, "correct it, or put it in quotes to make it text")
            return BROKEN

    def _refused_tag(self, node: Node, path: Path) -> Any:
        tag = short((node.tag or "").replace(STANDARD, "!!"))
        self._problems.add(path, f"the tag {tag} is refused", "write plain YAML without it")
        return BROKEN

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        # What << brings in comes first: the keys written out replace it, and its lines.
        values = self._merge([value for key, value in _pairs(node) if _is_merge(key)], path)
        lines: dict[str, int] = {}
        for key_node, value_node in _pairs(node):
            if not _is_merge(key_node) and (key := self._key(key_node, lines)) is not None:
                values[key] = self.of(value_node, (*path, key))
                self._problems.lines[(*path, key)] = key_node.line
        return values

    def _key(self, node: Node, lines: dict[str, int]) -> str | None:
        """The key as text; None, and a problem, when it is not text or stood there before."""
        if node.kind != "scalar" or node.tag not in (None, STR):
            self._problems.add_at_line(node.line, "a key is not plain text", "write a simple name")
        elif (tag := self._scalar_tag(node)) != STR:
            kind = tag.removeprefix(STANDARD)
            met = f"YAML reads the key {node.text} as {KINDS.get(kind, kind)}, not as text"
            self._problems.add_at_line(node.line, met, f"put it in quotes: '{node.text}':")
        elif node.text in lines:
            met = f"the key {shown(node.text)} stands here again (first on line {lines[node.text]})"
            self._problems.add_at_line(node.line, met, "YAML would drop the first one: keep one of them")
        else:
            lines[node.text] = node.line
            return node.text
        return None

    def _merge(self, nodes: list[Node], path: Path) -> dict[str, Any]:
        """Values that ``<<`` brings in; of several mappings the first wins, as YAML has it."""
        merged: dict[str, Any] = {}
        for node in nodes:
            for source in node.children if node.kind == "seq" else [node]:
                if source.kind != "map":
                    self._problems.add_at_line(source.line, "<< names no mapping", "write: <<: *anchor")
                    continue
                merged = self._mapping(source, path) | merged
        return merged


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    children = iter(node.children)
    return zip(children, children, strict=True)


def _is_merge(key: Node) -> bool:
    return key.text == "<<" and key.is_plain
