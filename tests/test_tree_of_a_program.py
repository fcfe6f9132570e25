"""Writing and reading are one: a random program gives back exactly its tree."""

import asyncio
import contextlib
import random
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from written import Written

from ote_logging.context import carry
from ote_logging.reading import Node, build_tree
from ote_logging.schema import Entry
from ote_logging.spans import observe, span

KINDS = ["block", "call", "generator", "threads", "tasks"]
Shape = tuple[str, str, list[Any]]


class Boom(Exception):
    """Ends an operation."""


@dataclass(frozen=True)
class Work:
    """An operation of a program: how it runs, how it ends, and what it does inside."""

    kind: str
    fails: bool
    parts: list["Work"]

    def shape(self, name: str = "0") -> Shape:
        """Return what the tree of this operation must be."""
        inner = [part.shape(f"{name}.{number}") for number, part in enumerate(self.parts)]
        return name, "error" if self.fails else "ok", inner


works = st.recursive(
    st.builds(Work, st.sampled_from(KINDS), st.booleans(), st.just([])),
    lambda parts: st.builds(Work, st.sampled_from(KINDS), st.booleans(), st.lists(parts, max_size=3)),
    max_leaves=12,
)


def run(work: Work, name: str = "0") -> None:
    """Run ``work``; what fails inside is survived here."""
    with contextlib.suppress(Boom):
        if work.kind == "generator":
            for _ in observe(name)(steps)(work, name):
                pass
        elif work.kind == "tasks":
            # asyncio.run() wants a thread in which no loop runs.
            in_thread(lambda: asyncio.run(run_async(work, name)))
        elif work.kind == "call":
            observe(name)(body)(work, name)
        else:
            with span(name):
                body(work, name)


def in_thread(function: Any) -> None:
    """Run ``function`` in a new thread that has this one's context."""
    thread = threading.Thread(target=carry(function))
    thread.start()
    thread.join()


def body(work: Work, name: str) -> None:
    """Do the parts, at once where the work says so, then fail where it says so."""
    if work.kind == "threads" and work.parts:
        with ThreadPoolExecutor(len(work.parts)) as executor:
            names = [f"{name}.{number}" for number in range(len(work.parts))]
            list(executor.map(carry(run), work.parts, names))
    else:
        for number, part in enumerate(work.parts):
            run(part, f"{name}.{number}")
    fail(work)


def fail(work: Work) -> None:
    """Raise where ``work`` fails."""
    if work.fails:
        raise Boom


def steps(work: Work, name: str) -> Iterator[None]:
    """Do one part a step."""
    for number, part in enumerate(work.parts):
        yield
        run(part, f"{name}.{number}")
    fail(work)


async def run_async(work: Work, name: str) -> None:
    """Run ``work`` in a task."""
    with contextlib.suppress(Boom):
        if work.kind == "generator":
            async for _ in observe(name)(async_steps)(work, name):
                await asyncio.sleep(0)
        elif work.kind == "threads":
            await asyncio.to_thread(run, work, name)
        elif work.kind == "call":
            await observe(name)(async_body)(work, name)
        else:
            async with span(name):
                await async_body(work, name)


async def async_body(work: Work, name: str) -> None:
    """Do the parts in tasks that take turns, then fail where the work says so."""
    parts = [run_async(part, f"{name}.{number}") for number, part in enumerate(work.parts)]
    await asyncio.gather(*parts)
    fail(work)


async def async_steps(work: Work, name: str) -> AsyncIterator[None]:
    """Do one part a step."""
    for number, part in enumerate(work.parts):
        yield
        await run_async(part, f"{name}.{number}")
    fail(work)


def shape_of(node: Node) -> Shape:
    """Return name, status and children of ``node``, the children by name: what runs at once has no order."""
    return node.operation, node.status, sorted(map(shape_of, node.children))


def written_by(program: list[Work]) -> list[Entry]:
    """Run ``program`` and return what it wrote."""
    with TemporaryDirectory() as folder:
        written = Written(Path(folder))
        for number, work in enumerate(program):
            run(work, str(number))
        return written.entries()


@settings(max_examples=60, deadline=None)
@given(st.lists(works, min_size=1, max_size=3), st.integers(0, 2**32))
def test_a_program_gives_back_its_tree(program: list[Work], seed: int) -> None:
    """Nested, failing and concurrent operations, whatever the order of the lines."""
    entries = written_by(program)
    expected = [work.shape(str(number)) for number, work in enumerate(program)]
    for _ in range(2):
        tree = build_tree(entries)
        assert sorted(map(shape_of, tree.roots)) == expected
        assert (tree.orphans, tree.rings, tree.loose) == ([], [], [])
        random.Random(seed).shuffle(entries)


@settings(max_examples=20, deadline=None)
@given(st.lists(works, min_size=1, max_size=2))
def test_each_root_is_a_trace_of_its_own(program: list[Work]) -> None:
    """All that is below a root has its trace id, and no other root has it."""
    tree = build_tree(written_by(program))
    traces = [{node.trace_id for _, node in below(root)} for root in tree.roots]

    assert [len(trace) for trace in traces] == [1] * len(program)
    assert len(set[str | None]().union(*traces)) == len(program)


def below(root: Node) -> Iterator[tuple[int, Node]]:
    """Yield ``root`` and all below it, with their depth."""
    yield 0, root
    for child in root.children:
        for depth, node in below(child):
            yield depth + 1, node


@settings(max_examples=20, deadline=None)
@given(st.lists(works, min_size=1, max_size=2))
def test_the_numbers_of_the_lines_have_no_gap(program: list[Work]) -> None:
    """``seq`` counts 1, 2, 3 … under threads as well."""
    entries = written_by(program)

    assert sorted(entry.seq for entry in entries) == list(range(1, len(entries) + 1))
