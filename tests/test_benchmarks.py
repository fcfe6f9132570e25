"""The benchmark's own arithmetic, reading and showing; how fast anything is stands in its results."""

import logging
import logging.config
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chart import svg
from benchmarks.comparison import changes
from benchmarks.contest import FACTS, Contender, Contest, Facts, Measure, NotThereError, Tally, count
from benchmarks.figures import Spread, differ, spread
from benchmarks.growth import growths, worst_step
from benchmarks.peers import PEERS, Tail, Writer, floor, writer
from benchmarks.results import Result, Run, load, save
from benchmarks.rounds import Round, play
from benchmarks.runner import Plan
from benchmarks.table import HEAD, as_markdown, as_text, growth_rows, mark, rows
from benchmarks.turn import problem_of
from benchmarks.works import WORKS
from benchmarks.works.reading import lines
from benchmarks.works.threads import in_threads, shares


def result(work: str = "records.everything", peer: str = "ours", *ratios: float) -> Result:
    """Return a result whose rounds have these ratios to a base of 10 microseconds."""
    rounds = tuple(Round(1e-5, ratio * 1e-5, 1e-5, ratio * 1e-5, 30.0) for ratio in ratios or (0.5, 0.6, 0.7))
    whole = Tally(expected=10, found=10)
    return Result(work, peer, WORKS[work].measure, rounds, whole, whole)


def run_of(*results: Result) -> Run:
    """Return a run on a machine of known facts."""
    facts = {"processor": "P", "cores": 2, "system": "S", "python": "CPython", "packages": {"orjson": "3"}}
    return Run(facts, results)


@pytest.fixture
def floor_writer(tmp_path: Path) -> Iterator[Writer]:
    """Give the floor, writing into ``tmp_path``; its file is closed afterwards."""
    yield writer("floor", "records", tmp_path)
    log = logging.getLogger("floor")
    log.handlers.pop().close()


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1))
def test_the_quartiles_enclose_the_median(figures: list[float]) -> None:
    """Whatever the figures, low <= middle <= high, and all lie within them."""
    found = spread(figures)

    assert min(figures) <= found.low <= found.middle <= found.high <= max(figures)


def test_no_figures_have_no_median() -> None:
    """A spread of nothing is an error, not a zero that a table would show."""
    with pytest.raises(ValueError, match="no figures"):
        spread([])


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(Spread(0.80, 0.81, 0.82), True, id="apart"),
        pytest.param(Spread(0.89, 0.95, 1.05), False, id="quartiles overlap"),
        pytest.param(Spread(1.021, 1.022, 1.023), False, id="apart by less than 3 percent"),
    ],
)
def test_two_spreads_differ_when_apart_and_by_enough(new: Spread, expected: bool) -> None:
    """A change counts only beyond the quartiles and beyond three percent."""
    assert differ(Spread(0.99, 1.0, 1.02), new) is expected


def test_a_ratio_and_an_extra_are_read_from_the_same_times() -> None:
    """Three microseconds against two are 1.5 times as much, and 1,000 nanoseconds more."""
    assert Measure.RATIO.figure(3e-6, 2e-6) == pytest.approx(1.5)
    assert Measure.EXTRA_NS.figure(3e-6, 2e-6) == pytest.approx(1000)


def read_number(line: bytes) -> Facts | None:
    """Return the facts of a line that is a number; a line of blanks belongs to no event."""
    return {"number": int(line), "function": "burst"} if line.strip() else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param([b"0\n", b"1\n", b"2\n"], Tally(3, 3), id="whole"),
        pytest.param([b"2\n", b"\n", b"0\n", b"1\n"], Tally(3, 3), id="other order, another line between"),
        pytest.param([b"0\n", b"2\n"], Tally(3, 2), id="lost"),
        pytest.param([b"0\n", b"1\n", b"1\n", b"2\n"], Tally(3, 3, twice=1), id="twice"),
        pytest.param([b"0\n", b"1{2\n"], Tally(3, 1, torn=1), id="torn"),
    ],
)
def test_lines_are_counted(written: list[bytes], expected: Tally) -> None:
    """Lost, torn and doubled lines are told apart, in whatever order they arrive."""
    assert count(written, read_number, range(3), ["number"]) == expected


@pytest.mark.parametrize(
    ("fact", "value"),
    [("session", None), ("session", ""), ("function", "other_function")],
    ids=["absent", "empty", "wrong caller"],
)
def test_a_fact_that_one_line_lacks_is_marked(fact: str, value: object) -> None:
    """One line without a fact, or with the wrong caller, is enough to mark the peer."""
    told: dict[str, object] = {"number": 0, "session": "s", "function": "burst"}

    tally = count([b""], lambda line: told | {fact: value}, range(1), ["session", "function"])

    assert tally.missing == {fact}


def test_the_floor_tells_every_fact_but_the_fields(floor_writer: Writer, tmp_path: Path) -> None:
    """What the floor writes is read back with all that a record must tell, extras aside."""
    with floor_writer.around():
        floor_writer.burst(5, 3)

    tally = count(Tail(tmp_path), floor_writer.read, range(5, 8), FACTS)

    assert tally == Tally(3, 3, missing=frozenset({"fields"}))


def test_a_torn_line_of_the_floor_is_not_read() -> None:
    """Half a line is an error to the reader, so that it is counted as torn."""
    with pytest.raises(ValueError, match="user alice"):
        floor.read(b"2026-01-01 00:00:00,000 INFO floor user alice saved 5 ro")


def test_a_tail_gives_each_line_once(tmp_path: Path) -> None:
    """The second look begins where the first one ended, in every file of the folder."""
    tail = Tail(tmp_path)
    (tmp_path / "a.log").write_bytes(b"1\n")
    first = list(tail)
    with (tmp_path / "a.log").open("ab") as file:
        file.write(b"2\n")
    (tmp_path / "b.log").write_bytes(b"3\n")

    assert (first, list(tail)) == ([b"1\n"], [b"2\n", b"3\n"])


def test_rounds_alternate_and_number_their_events() -> None:
    """Base and peer do the same events, one of each untimed before, and take turns at going first."""
    done: list[tuple[str, int, int]] = []

    def side(name: str) -> Contender:
        return Contender(lambda first, events: done.append((name, first, events)))

    rounds = list(play(Contest(side("base"), side("peer")), rounds=2, events=4, slices=2))

    assert len(rounds) == 2
    assert [name for name, _, _ in done] == ["base", "peer"] * 2 + ["peer", "base"] * 2 + ["base", "peer"]
    assert [first for name, first, _ in done if name == "peer"] == [0, 2, 4, 6, 8]


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(1, 16))
def test_shares_cover_a_burst_once(first: int, events: int, parts: int) -> None:
    """However a burst is shared out, each event is done exactly once."""
    cut = shares(first, events, parts)

    assert [n for start, size in cut for n in range(start, start + size)] == list(
        range(first, first + events)
    )


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    """What is saved is loaded again as the same values."""
    torn = replace(result(peer="loguru"), tally=Tally(9, 8, 1, 2, frozenset({"span", "file"})))
    run = run_of(result(), torn, Result("threads.four", "picologging", Measure.RATIO, problem="hung"))

    save(run, tmp_path / "run.json")

    assert load(tmp_path / "run.json") == run


def test_two_processes_of_one_peer_are_one_result() -> None:
    """Rounds are put together and tallies added."""
    both = result() + result("records.everything", "ours", 0.8)

    assert (len(both.rounds), both.tally) == (4, Tally(20, 20))


def test_the_fastest_stands_first_and_a_problem_last() -> None:
    """Within a work, the rows go from the quickest to those that did not finish."""
    broken = Result("records.everything", "eliot", Measure.RATIO, problem="not installed: eliot")

    shown = list(rows([broken, result(peer="loguru"), result("records.everything", "ours", 0.3)]))

    assert [row[1] for row in shown] == ["ours", "loguru", "eliot"]
    assert shown[-1][-1] == "not installed: eliot"


@pytest.mark.parametrize(("ratio", "expected"), [(0.75, "0.75 met"), (0.76, "0.75 not met")])
def test_ours_is_held_against_its_goal(ratio: float, expected: str) -> None:
    """The goal is met up to and at its figure."""
    (row,) = rows([result("records.everything", "ours", ratio)])

    assert row[HEAD.index("goal")] == expected


@pytest.mark.parametrize(
    "tally",
    [Tally(10, 9), Tally(10, 10, torn=1), Tally(10, 10, twice=1), Tally(10, 10, missing=frozenset({"span"}))],
    ids=["lost", "torn", "twice", "without a fact"],
)
def test_no_goal_is_met_by_leaving_something_out(tally: Tally) -> None:
    """However quick, a peer that loses lines or facts has not met the goal."""
    (row,) = rows([replace(result("records.everything", "ours", 0.1), tally=tally)])

    assert row[HEAD.index("goal")] == "0.75 not met"


def test_who_loses_lines_does_not_stand_first() -> None:
    """A peer that lost lines stands behind the slowest that lost none."""
    careless = replace(result("records.everything", "eliot", 0.1), tally=Tally(10, 9))

    assert [row[1] for row in rows([careless, result()])] == ["ours", "eliot"]


def test_less_than_asked_is_marked() -> None:
    """The last column tells lost lines, missing facts, doubled lines and a base that lost some."""
    weak = replace(result(), tally=Tally(10, 7, 2, 0, frozenset({"span", "line"})), base_tally=Tally(5, 4))

    assert mark(weak) == "lost 3; without line, span; 2 twice; the base lost 1, tore 0"


def test_a_failure_in_a_thread_fails_the_burst(tmp_path: Path) -> None:
    """What a peer raises in one of several threads is not taken for speed."""

    def burst(first: int, count: int) -> None:
        raise AttributeError("no session")

    with pytest.raises(AttributeError, match="no session"):
        in_threads(Writer(burst, floor.read), tmp_path, 4).burst(0, 8)


def test_markdown_keeps_its_columns() -> None:
    """A bar within a cell does not open another one."""
    text = as_markdown(("a", "b"), [("x | y", "z")])

    assert text.splitlines() == ["| a | b |", "| --- | --- |", "| x \\| y | z |"]


def test_text_columns_are_aligned() -> None:
    """Every column begins at one place."""
    assert as_text(("a", "b"), [("long", "c")]) == "a     b\nlong  c"


def test_a_change_is_told_by_its_verdict() -> None:
    """Half the time is better, a little more is the same, and a work that is new is not compared."""
    old = run_of(result("records.everything", "ours", 1.0, 1.01), result("threads.four", "ours", 1.0))
    new = run_of(
        result("records.everything", "ours", 0.5, 0.51),
        result("threads.four", "ours", 1.02),
        result(peer="eliot"),
    )

    told = {change.work: (change.verdict, round(change.percent)) for change in changes(old, new)}

    assert told == {"records.everything": ("better", -50), "threads.four": ("same", 2)}


@pytest.mark.parametrize(
    ("axis", "costs", "expected"),
    [
        pytest.param("size", (5.0, 40.0), 0.8, id="a record may grow with its size"),
        pytest.param("size", (5.0, 60.0), 1.2, id="but no faster"),
        pytest.param("sites", (5.0, 6.0), 1.2, id="one record may not grow with the number of sites"),
    ],
)
def test_a_step_worse_than_linear_is_above_one(
    axis: str, costs: tuple[float, float], expected: float
) -> None:
    """The worst step is its cost over the linear cost."""
    assert worst_step(axis, (10, 100), costs) == expected


def test_steps_of_an_axis_become_one_row() -> None:
    """Steps are gathered by what grows, and their times shown in order."""
    run = run_of(result("scaling.sites.1", "ours", 0.5), result("scaling.sites.10", "ours", 0.6), result())

    (row,) = growth_rows(growths(run))

    assert row == ("sites", "1 10", "5 6", "10 10", "1.20", "1.00", "+0.0")


def test_the_chart_is_well_formed_and_names_everyone() -> None:
    """The drawing is XML, and holds a name for each peer, and a bar for who finished."""
    hung = Result("records.everything", "picologging", Measure.RATIO, problem="hung: killed after 20 s")
    drawing = ElementTree.fromstring(svg(run_of(result(), result(peer="loguru"), hung)))

    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ote_logging", "loguru", "picologging", "hung: killed after 20 s"} <= set(texts)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}rect"))) == 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("spans.disabled/ours", {("spans.disabled", "ours")}, id="work and peer"),
        pytest.param(
            "reading", {("reading.report", peer) for peer in WORKS["reading.report"].peers}, id="topic"
        ),
        pytest.param("/ddsketch", {("metrics.record", "ddsketch")}, id="peer"),
    ],
)
def test_only_picks(asked: str, expected: set[tuple[str, str]]) -> None:
    """A work with a peer, all of a topic, or all of a peer can be picked."""
    assert {(work.name, peer) for work, peer in Plan(only=(asked,)).chosen()} == expected


def test_a_full_plan_is_long_enough_to_be_believed() -> None:
    """Without --quick, a record is timed in nine rounds or more of 20,000 events or more."""
    processes, rounds, events = Plan().size(WORKS["records.everything"])

    assert processes * rounds >= 9
    assert events >= 20_000


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(ModuleNotFoundError("no eliot", name="eliot"), "not installed: eliot", id="library"),
        pytest.param(NameError("no name"), "failed: NameError: no name", id="fault"),
        pytest.param(NotThereError("no queue"), "not there: no queue", id="ability"),
        pytest.param(
            ModuleNotFoundError("no x", name="ote_logging.x"), "not there: no x", id="module of ours"
        ),
    ],
)
def test_what_keeps_a_peer_away_is_said(error: Exception, expected: str) -> None:
    """A library that is not installed, an ability that does not exist and a fault are told apart."""
    assert problem_of(error) == expected


def test_the_lines_to_read_have_their_size() -> None:
    """The file of the reading work has lines of 360 bytes, so that a million are 360 MB."""
    assert {len(line) for line in lines(40)} == {360}


def test_works_name_known_peers() -> None:
    """Whoever takes part in a work that is written by peers stands in their table."""
    written = [
        work for work in WORKS.values() if not work.name.startswith(("imports.", "reading.", "evaluation."))
    ]

    assert {peer for work in written for peer in work.peers} <= set(PEERS)


def test_the_cause_of_a_refused_configuration_is_said() -> None:
    """``dictConfig`` hides behind a ValueError that a class could not be imported; the table tells it."""
    refused = {"version": 1, "handlers": {"h": {"class": "ote_logging.handlers.NoSuchHandler"}}}

    with pytest.raises(ValueError, match="Unable") as caught:
        logging.config.DictConfigurator(refused).configure()

    assert problem_of(caught.value).startswith("not there:")
