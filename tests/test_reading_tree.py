"""Reading: the tree of operations, from lines in any order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_lines import Session

from ote_logging.reading import Node, build_tree
from ote_logging.schema import Entry


@pytest.fixture
def session():
    return Session()


def shape(node: Node) -> tuple:
    return (node.operation, node.status, [shape(child) for child in node.children])


def test_a_span_has_what_its_two_records_tell(session):
    """Times, outcome and fields of start and end make one node."""
    session.start("a" * 16, "save", trace_id="c" * 32, fields={"user_id": 7, "rows": 0})
    session.end("a" * 16, "save", duration_ms=12.3, fields={"rows": 3})

    (node,) = build_tree(session.entries).roots

    assert (node.operation, node.status, node.duration_ms, node.trace_id) == ("save", "ok", 12.3, "c" * 32)
    assert (node.started, node.fields) == (session.entries[0].timestamp, {"user_id": 7, "rows": 3})


def test_what_happens_inside_lies_between_in_the_order_of_time(session):
    """Records and operations inside a span are one timeline."""
    session.start("a" * 16, "save")
    point = session.add("trace_point", span_id="a" * 16, operation="save", path=["save", "validate"])
    session.start("b" * 16, "encrypt", parent_id="a" * 16)
    session.end("b" * 16, "encrypt", parent_id="a" * 16)
    message = session.add("log", span_id="a" * 16, operation="save")
    session.end("a" * 16)

    tree = build_tree(reversed(session.entries))

    assert tree.roots[0].timeline() == [point, tree.roots[0].children[0], message]
    assert tree.children["a" * 16] == [tree.nodes["b" * 16]]


def test_a_failure_is_told_where_it_was_raised(session):
    """The innermost span names the line; the outer one passes the same exception on."""
    raised = {"type": "ValueError", "frames": [{"file": "/a.py", "line": 1}, {"file": "/b.py", "line": 41}]}
    failed = {"status": "error", "error_type": "ValueError", "error_message": "boom", "line_number": 41}
    session.start("a" * 16, "save")
    session.start("b" * 16, "encrypt", parent_id="a" * 16)
    session.end("b" * 16, "encrypt", parent_id="a" * 16, exception=raised, **failed)
    session.end("a" * 16, **failed)

    (outer,) = build_tree(session.entries).roots

    assert (str(outer.children[0].where), outer.where) == ("/b.py:41", None)
    assert (outer.error_type, outer.error_message) == ("ValueError", "boom")


def test_an_operation_without_end_is_unfinished(session):
    """Its start, or anything recorded inside, is enough to know it."""
    session.start("a" * 16, "save")
    session.add("log", span_id="b" * 16, parent_id="a" * 16, operation="encrypt")

    (root,) = build_tree(session.entries).roots

    assert shape(root) == ("save", "unfinished", [("encrypt", "unfinished", [])])


def test_a_span_with_an_end_only_starts_when_its_duration_says(session):
    """``start=False`` writes one record; the order of time is that of the starts."""
    session.start("a" * 16, "quick")
    session.end("a" * 16, "quick")
    session.end("b" * 16, "long", duration_ms=1500)

    tree = build_tree(session.entries)

    assert [node.operation for node in tree.roots] == ["long", "quick"]
    assert tree.roots[0].started == "2026-11-22T09:59:58.502000Z"


def test_spans_whose_parent_never_appears_are_orphans(session):
    """They are no roots, and no parent is invented."""
    session.end("b" * 16, parent_id="a" * 16)

    tree = build_tree(session.entries)

    assert (tree.roots, [node.parent_id for node in tree.orphans]) == ([], ["a" * 16])


def test_processes_of_one_session_are_joined_by_parent(session):
    """A child process that was given its parent's span hangs below it."""
    session.start("a" * 16, "pipeline", pid=41)
    session.end("b" * 16, "convert", parent_id="a" * 16, pid=42)
    session.end("a" * 16, "pipeline", pid=41)

    assert shape(build_tree(session.entries).roots[0]) == ("pipeline", "ok", [("convert", "ok", [])])


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_ring_is_cut_before_its_first_member(session, length):
    """Spans that are their own ancestors are reported once and still walked."""
    ids = [f"{number:016x}" for number in range(length)]
    for number, span_id in enumerate(ids):
        session.end(span_id, f"op{number}", parent_id=ids[number - 1])
    session.end("f" * 16, "below", parent_id=ids[0])

    tree = build_tree(session.entries)

    assert [[node.operation for node in ring] for ring in tree.rings] == [[f"op{n}" for n in range(length)]]
    assert sorted(node.operation for _, node in tree.walk()) == ["below", *(f"op{n}" for n in range(length))]


def test_start_and_end_texts_nest_by_operation(session):
    """Markers of existing code have no ids: they pair within their thread, in the order of time."""
    session.add("span_start", operation="save")
    session.add("span_start", operation="encrypt")
    session.add("span_start", operation="other", thread="Thread-2")
    point = session.add("trace_point", operation="encrypt", path=["encrypt"])
    session.add("span_end", operation="encrypt", status="error", duration_ms=1.0, error_message="boom")
    session.add("span_end", operation="save", status="ok", duration_ms=3.0)
    random.Random(1).shuffle(session.entries)

    tree = build_tree(session.entries)

    assert [shape(root) for root in tree.roots] == [
        ("save", "ok", [("encrypt", "error", [])]),
        ("other", "unfinished", []),
    ]
    assert tree.roots[0].children[0].records == [point]


def test_texts_inside_a_span_lie_below_it(session):
    """The span around a START text is its parent; an END alone is an operation too."""
    session.start("a" * 16, "request")
    session.add("span_start", operation="save", parent_id="a" * 16)
    session.add("span_end", operation="save", parent_id="a" * 16, status="ok", duration_ms=1.0)
    session.add("span_end", operation="late", parent_id="a" * 16, status="ok", duration_ms=1.0)

    (root,) = build_tree(session.entries).roots

    assert [shape(child) for child in root.children] == [("save", "ok", []), ("late", "ok", [])]


def test_what_lies_outside_of_every_operation_stands_by_itself(session):
    """A trace point without a span keeps its own place."""
    point = session.add("trace_point", operation="save", path=["save", "validate"])

    assert build_tree(session.entries).loose == [point]


def test_a_tree_may_be_100_000_levels_deep(session):
    """Nothing recurses, neither in building nor in walking."""
    for number in range(100_000):
        session.end(f"{number + 1:016x}", parent_id=f"{number:016x}" if number else None)

    depths = [depth for depth, _ in build_tree(session.entries).walk()]

    assert depths == list(range(100_000))


def test_a_limit_bounds_what_is_held_but_still_ends_what_is_known(session):
    """Entries beyond it are counted; an operation that is in the tree gets its end."""
    session.start("a" * 16)
    session.start("b" * 16)
    session.end("a" * 16)

    tree = build_tree(session.entries, limit=1)

    assert ([shape(root) for root in tree.roots], tree.left_out) == ([("save", "ok", [])], 1)


@pytest.mark.parametrize("wrong", [7, ["x"], {"a": 1}, None, True])
@pytest.mark.parametrize(
    "key", ["span_id", "parent_id", "seq", "duration_ms", "operation", "exception", "pid"]
)
def test_a_key_of_the_wrong_type_does_no_harm(session, key, wrong):
    """Lines of other programs are read for what they tell."""
    session.start("a" * 16)
    session.end("a" * 16, status="error", parent_id="b" * 16)
    session.entries[1].wire[key] = wrong

    assert [(node.started, node.where, node.duration_ms) for _, node in build_tree(session.entries).walk()]


@st.composite
def forests(draw):
    """Parents of up to 40 spans: None, or the number of an earlier one."""
    size = draw(st.integers(0, 40))
    return [draw(st.none() | st.integers(0, number - 1)) if number else None for number in range(size)]


@given(parents=forests(), ends=st.randoms(use_true_random=False))
def test_shuffled_lines_give_back_exactly_their_tree(parents, ends):
    """In any order of the lines, a span has its parent, its status and its place among its siblings."""
    session = Session()
    finished = [ends.random() < 0.8 for _ in parents]
    for number, parent in enumerate(parents):
        keys = {"parent_id": f"{parent:016x}"} if parent is not None else {}
        session.start(f"{number:016x}", f"op{number}", pid=41 + number % 2, **keys)
    for number in range(len(parents)):
        if finished[number]:
            session.end(f"{number:016x}", f"op{number}", pid=41 + number % 2)
    ends.shuffle(session.entries)

    tree = build_tree(session.entries)

    for number, parent in enumerate(parents):
        siblings = tree.roots if parent is None else tree.nodes[f"{parent:016x}"].children
        expected = [f"op{other}" for other, around in enumerate(parents) if around == parent]
        assert [node.operation for node in siblings] == expected
        assert tree.nodes[f"{number:016x}"].status == ("ok" if finished[number] else "unfinished")
    assert (tree.orphans, tree.rings, len(tree.nodes)) == ([], [], len(parents))


def test_a_stage_that_is_a_block_ends_its_own_span():
    """Its one record is the end of the operation that bears its name; inside another it is a record."""
    block = {"event": "validation", "operation": "validation", "span_id": "2" * 16, "status": "ok"}
    inside = {"event": "validation", "operation": "check", "span_id": "3" * 16, "status": "ok"}

    at = {"timestamp": "2026-11-23T10:00:00.000000Z"}
    tree = build_tree([Entry({**at, **block}), Entry({**at, **inside})])

    ended = {node.operation: node.end is not None for node in tree.roots}
    assert ended == {"validation": True, "check": False}
