"""The commands as a user types them: their arguments, options and help.

What a command does lies in the module of its name and is imported when it runs, so that ``ote --help``
costs no more than typer.

LOCATION: ote_logging/cli/commands.py
DEPENDENCIES: typer; the modules of this folder that are called like the commands, each when it is called
TRACE POINTS: none
"""

from enum import StrEnum
from typing import Annotated

import typer

Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        show_default=False,
        help="A file, a folder (its newest session), a glob in quotes, or - for standard input; also .gz.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown tables instead of text.")]
Limit = Annotated[int, typer.Option(min=0, metavar="N", help="Rows of each table; 0 prints all.")]


class Order(StrEnum):
    """How operations are sorted: the names of ``figures.ORDERS``, which is not imported for ``--help``."""

    total = "total"
    worst = "worst"
    calls = "calls"
    success = "success"
    p50 = "p50"
    p95 = "p95"
    p99 = "p99"
    max = "max"
    tokens = "tokens"
    cost = "cost"
    name = "name"


class Engine(StrEnum):
    """Who answers SQL."""

    duckdb = "duckdb"
    spark = "spark"


Master = Annotated[
    str | None,
    typer.Option(
        metavar="URL", show_default=False, help="Spark's master, spark://HOST:7077; else this machine."
    ),
]
Sort = Annotated[Order, typer.Option(help="What comes first; worst: most failures, then the slowest.")]


def _one_of(**forms: bool) -> None:
    """Refuse two forms of output at once: one of them would be left out unsaid."""
    asked = [f"--{name}" for name, is_asked in forms.items() if is_asked]
    if len(asked) > 1:
        raise typer.BadParameter(f"{' and '.join(asked)}: choose one")


def tree(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Also ordinary messages below WARNING.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Print N lines, 1000 unless told; 0 prints all.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show the operations of a session as a tree."""
    from ote_logging.cli.tree import show, show_json

    if json:
        show_json(session, limit or None)
    else:
        show(session, every=every, most_lines=1000 if limit is None else limit or None)


def report(
    session: Session,
    sort: Sort = Order.worst,
    limit: Limit = 20,
    json: Json = False,
    markdown: Markdown = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the operations as CSV.")] = False,
    engine: Annotated[
        Engine | None,
        typer.Option(help="Let SQL answer; else the lines are read one by one.", show_default=False),
    ] = None,
    master: Master = None,
) -> None:
    """Sum up a session or a snapshot: what ran, failed, was used."""
    from ote_logging.cli import report as page

    _one_of(json=json, markdown=markdown, csv=csv)
    if engine is None:
        if master is not None:
            raise typer.BadParameter("--master is for --engine spark")
        sums = page.read(session, sort)
    else:
        from ote_logging.cli.sql import report as answered

        sums = page.in_order(answered(engine, master, [session]), sort)
    if json:
        page.show_json(sums)
    elif csv:
        page.show_csv(sums)
    elif markdown:
        page.show_markdown(sums, limit or None)
    else:
        page.show(sums, limit or None)


def top(
    session: Session,
    sort: Sort = Order.worst,
    once: Annotated[bool, typer.Option("--once", help="Look a single time.")] = False,
) -> None:
    """Watch a session while it runs.

    Drawn anew every second; Ctrl-C leaves.
    """
    from ote_logging.cli.top import show

    show(session, sort, once=once)


def anomalies(
    session: Session,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="B",
            show_default=False,
            help="A run that was well: a session, snapshot or glob; else its past.",
        ),
    ] = None,
    slow: Annotated[float, typer.Option(min=0.001, metavar="S", help="Mean seconds that are slow.")] = 5.0,
    error_rate: Annotated[
        float, typer.Option(min=0.001, max=0.99, metavar="R", help="Part of failing calls that is high.")
    ] = 0.1,
    fail: Annotated[
        bool, typer.Option("--fail", help="Where anything is found, the exit status is 1.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object a finding.")] = False,
) -> None:
    """Tell what was wrong in a session, and when.

    Slow or failing operations, degradation, memory that grows, new errors, missing steps, bursts, silence.
    """
    from ote_logging.cli import anomalies as page

    search = page.Search(session, baseline, slow, error_rate)
    found = page.show_json(search) if json else page.show(search)
    if found and fail:
        raise typer.Exit(1)


def sql(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY",
            show_default=False,
            help="A SELECT over the views events, spans, llm, errors, calls, uses.",
        ),
    ],
    sessions: Annotated[list[str], typer.Argument(metavar="SESSION...", show_default=False)],
    engine: Annotated[Engine, typer.Option(help="Who answers.")] = Engine.duckdb,
    master: Master = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="Rows of the table; 0 prints all.")] = 1000,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object a row.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
) -> None:
    """Ask sessions by SQL.

    A column is a key of a line, or a field by its name; spans are the ends of operations.
    """
    from ote_logging.cli import sql as page

    _one_of(json=json, csv=csv)
    if json:
        page.show_json(query, sessions, engine, master)
    elif csv:
        page.show_csv(query, sessions, engine, master)
    else:
        page.show(query, sessions, engine, master, limit or None)


def merge(
    parts: Annotated[
        list[str],
        typer.Argument(
            metavar="PART...", show_default=False, help="Snapshots (metrics_*.json), or sessions; also globs."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Else standard output."),
    ] = None,
) -> None:
    """Add up the metrics of processes, hosts or days.

    The sum is a snapshot: report, compare and merge take it again.
    """
    from ote_logging.cli.merge import write

    write(parts, output)


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", show_default=False, help="The run that was well.")],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False, help="The run to be judged.")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            show_default=False,
            help="p95>+10%, p99>2s, success<99%, cost>+5%, save*:p95>+9%, new-errors, worse ...; repeatable. "
            "Where one is met, the exit status is 1.",
        ),
    ] = None,
    min_calls: Annotated[int, typer.Option(min=1, metavar="N", help="Fewer calls are not judged.")] = 20,
    min_effect: Annotated[
        float, typer.Option(min=0, metavar="R", help="Part of the time that makes a difference.")
    ] = 0.05,
    min_effect_ms: Annotated[
        float, typer.Option(min=0, metavar="MS", help="Milliseconds of a mean call that do.")
    ] = 1.0,
    limit: Limit = 20,
    json: Json = False,
    markdown: Markdown = False,
) -> None:
    """Compare two runs, and fail where a condition is met.

    A run is a session, a snapshot, or a set of either as a glob in quotes.
    """
    from ote_logging.cli import compare as page
    from ote_logging.errors import ConfigError

    _one_of(json=json, markdown=markdown)
    try:
        page.check(fail_on or ())
    except ConfigError as error:
        raise typer.BadParameter("; ".join(error.problems)) from None
    judged = page.judge(
        base, new, fail_on or (), min_calls=min_calls, min_effect=min_effect, min_effect_ms=min_effect_ms
    )
    if json:
        page.show_json(judged)
    elif markdown:
        page.show_markdown(judged, limit or None)
    else:
        page.show(judged, limit or None)
    if judged.breaches:
        raise typer.Exit(1)


def find(
    session: Session,
    conditions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONDITION]...",
            show_default=False,
            help="key=value, key!=value, key~text, key>number, also >=, <, <=; a.b.0 leads into objects.",
        ),
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only records that tell of a failure.")] = False,
    operation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only records of this operation.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="Stop after N records; 0 does not.")] = 0,
    json: Json = False,
) -> None:
    """Print the records that meet all conditions.

    With --json they are a session again: pipe them into "ote tree -".
    """
    from ote_logging.cli.find import show
    from ote_logging.reading import Condition

    try:
        wanted = [Condition.parse(text) for text in conditions or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    show(session, wanted, errors=errors, operation=operation, most=limit or None, as_json=json)


def config(
    file: Annotated[
        str, typer.Argument(metavar="FILE", show_default=False, help="A logging configuration in YAML.")
    ],
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACKAGE", show_default=False, help="A package whose classes FILE may name; repeatable."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check a configuration without switching it on."""
    from ote_logging.cli.config import show

    if not show(file, trust or (), as_json=json):
        raise typer.Exit(1)


def run(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="PROGRAM [ARGS]...", show_default=False, help="program.py ARGS, or: -m package ARGS"
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(
            "--config", metavar="FILE", show_default=False, help="Its logging.yaml; else the packaged one."
        ),
    ] = None,
) -> None:
    """Run a program unchanged, with its records written to a session."""
    from ote_logging.cli.run import replace_process

    replace_process(config, command)


def scan(
    path: Annotated[
        str, typer.Argument(metavar="PATH", show_default=False, help="A file, or a folder and all below it.")
    ],
) -> None:
    """Look for secrets in files: prints file:line:rule, and ends with status 1 where there are any."""
    from ote_logging.cli.scan import show

    if not show(path):
        raise typer.Exit(1)


def demo() -> None:
    """Run a small pipeline, traced, and show what was recorded."""
    from ote_logging.cli.demo import show

    raise typer.Exit(show())


def answers(
    session: Session,
    component: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this component.", show_default=False)
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Contents whole, every finding.")] = False,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Components, the worst first; 0 prints all.")
    ] = 20,
    json: Json = False,
) -> None:
    """Answer what was generated: prompts, responses, changes, errors, healing."""
    from ote_logging.cli.answers import show, show_json

    if json:
        show_json(session, component, limit or None)
    else:
        show(session, component, is_full=full, most=limit or None)


def lineage(
    session: Session,
    place: Annotated[
        str, typer.Argument(metavar="FILE[:LINE]", show_default=False, help="A file that was written.")
    ],
    full: Annotated[bool, typer.Option("--full", help="Prompts whole.")] = False,
    json: Json = False,
) -> None:
    """Follow a written file, or a line of it, back to its prompts."""
    from ote_logging.cli.lineage import show, show_json, split_place

    file, line = split_place(place)
    if json:
        show_json(session, file, line)
    else:
        show(session, file, line, is_full=full)


def show(
    session: Session,
    id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="A seq, :LINE, a span id or a SHA-256; 6 digits of an id are enough.",
        ),
    ],
    json: Json = False,
) -> None:
    """Print one event, or one stored content, whole."""
    from ote_logging.cli.show import show, show_json

    if json:
        show_json(session, id)
    else:
        show(session, id)


def replay(
    session: Session,
    config: Annotated[
        str,
        typer.Option(
            "--config", metavar="FILE", show_default=False, help="The logging.yaml to send it through."
        ),
    ],
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            metavar="N",
            show_default=False,
            help="N times as fast as it was; else without waiting.",
        ),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACKAGE", show_default=False, help="A package whose classes FILE may name; repeatable."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Send a recorded session through another configuration, ids and times kept."""
    from ote_logging.cli.replay import run

    run(session, config, speed, trust or (), as_json=json)


ALL = (
    tree,
    report,
    find,
    answers,
    lineage,
    show,
    replay,
    compare,
    merge,
    anomalies,
    top,
    sql,
    scan,
    config,
    demo,
)
"""In the order of ``ote --help``."""
