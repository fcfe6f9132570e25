"""The house holds: floors, names, docstrings and the one configuration, read from the sources themselves."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ote_logging

PROJECT = Path(__file__).parents[1]
HOUSE = PROJECT / "ote_logging"
FILES = sorted(HOUSE.rglob("*.py"))
# What stands in the house: all but the promise itself, and the demonstration, which is a user's program.
INNER = [file for file in FILES if file != HOUSE / "__init__.py" and HOUSE / "demo" not in file.parents]

# A part imports itself and the parts below its own floor; two parts on one floor do not know each other.
# One file stands above the rest of its folder: what keeps artifacts must know the stages they come from.
FLOORS = (
    {"late", "remembered"},
    {"errors", "context", "durations", "jsonable", "sites", "visible"},
    {"schema", "semconv", "tracebacks", "redaction", "events", "records"},
    {"markers", "operations", "filters", "evaluation"},
    {"calls", "formatters", "reading"},
    {"spans", "handlers"},
    {"stages"},
    {"content", "capture"},
    {"handlers.artifacts"},
    {"generation"},
    {"config"},
    {"replay"},
    {"cli", "runner"},
    {"__main__"},
)
RIGHT_WING = {"evaluation", "reading"}
# What the right wing may import; it knows lines and nothing of records.
RIGHT_WING_MAY = RIGHT_WING | {
    "errors", "late", "schema", "durations", "jsonable", "redaction", "visible"
}  # fmt: skip
ROOF = {"generation", "config", "replay", "cli", "runner", "__main__"}
# The doors from the left wing to the right: what is told live is folded and judged as a session is when read.
DOORS = {(f"handlers/{file}.py", "evaluation") for file in ("metrics", "waiting", "anomalies")}


def _name_of(file: Path) -> str:
    return str(file.relative_to(HOUSE))


def _part_of(file: Path) -> str:
    return _part("ote_logging." + ".".join(file.relative_to(HOUSE).with_suffix("").parts))


def _part(dotted: str) -> str:
    """Return the part that a module of ours belongs to."""
    _, first, *rest = dotted.split(".")
    longer = ".".join([first, *rest[:1]])
    return longer if any(longer in parts for parts in FLOORS) else first


def _nodes(file: Path) -> Iterator[ast.AST]:
    """Yield the nodes of ``file``; what a folder's promise imports for types alone, it loads when asked."""
    tree = ast.parse(file.read_bytes())
    if file.name == "__init__.py":
        tree.body = [node for node in tree.body if not _is_for_types(node)]
    return ast.walk(tree)


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _imports(file: Path) -> Iterator[str]:
    """Yield the dotted names of ours that ``file`` imports, also inside functions and for types alone."""
    for node in _nodes(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "ote_logging")
        elif isinstance(node, ast.ImportFrom) and node.module == "ote_logging":
            yield from (f"ote_logging.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ote_logging."):
            yield str(node.module)


def _floor_of(part: str) -> int:
    (floor,) = [number for number, parts in enumerate(FLOORS) if part in parts]
    return floor


def test_every_part_has_one_floor():
    """The table of floors names each module and package of the house exactly once, and nothing else."""
    named = sorted(part for floor in FLOORS for part in floor)

    assert named == sorted({_part_of(file) for file in INNER})


@pytest.mark.parametrize("file", INNER, ids=_name_of)
def test_imports_go_down(file):
    """A file imports from its own part and from lower floors, so there is no ring."""
    part = _part_of(file)
    imported = {_part(name) for name in _imports(file)} - {part}

    assert {other for other in imported if _floor_of(other) >= _floor_of(part)} == set()


@pytest.mark.parametrize("file", INNER, ids=_name_of)
def test_nothing_imports_the_promise(file):
    """No module needs ``ote_logging/__init__``: each names the module it means, absolutely."""
    nodes = ast.walk(ast.parse(file.read_bytes()))
    relative = [node.lineno for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    promised = {f"ote_logging.{name}" for name in ote_logging.__all__}

    assert relative == []
    assert set(_imports(file)) & {"ote_logging", *promised} == set()


@pytest.mark.parametrize("file", [f for f in INNER if _part_of(f) in RIGHT_WING], ids=_name_of)
def test_the_right_wing_reads_lines_only(file):
    """What reads knows the schema and the metrics, and nothing that touches a log record."""
    assert {name.split(".")[1] for name in _imports(file)} <= RIGHT_WING_MAY


@pytest.mark.parametrize("file", [f for f in INNER if _part_of(f) not in RIGHT_WING | ROOF], ids=_name_of)
def test_the_left_wing_keeps_its_doors(file):
    """What writes imports nothing that reads, but for live metrics and live anomalies."""
    through = {part for part in map(_part, _imports(file)) if part in RIGHT_WING}

    assert {(_name_of(file), part) for part in through} <= DOORS


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, each by name: the order that rule RUF022 keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _modules() -> list[str]:
    names = (file.relative_to(PROJECT).with_suffix("").parts for file in FILES)
    return sorted(".".join(parts).removesuffix(".__init__") for parts in names if parts[-1] != "__main__")


@pytest.mark.parametrize("name", _modules())
def test_a_promise_is_sorted_and_kept(name):
    """Where a module has ``__all__``, it is sorted, has no name twice, and each name is there."""
    module = importlib.import_module(name)
    promised = list(getattr(module, "__all__", []))

    assert promised == sorted(set(promised), key=_as_ruff_sorts)
    assert [missing for missing in promised if not hasattr(module, missing)] == []


def test_the_promise_is_complete():
    """All that ``ote_logging`` lets in by a public name is in ``__all__``, submodules and typing aside."""
    nodes = ast.walk(ast.parse((HOUSE / "__init__.py").read_bytes()))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    ours = [node for node in froms if (node.module or "").startswith("ote_logging.")]

    assert {alias.name for node in ours for alias in node.names} == set(ote_logging.__all__)


@pytest.mark.parametrize("name", sorted(ote_logging.__all__))
def test_a_promised_name_has_a_docstring(name):
    """Every name that users type explains itself."""
    assert inspect.getdoc(getattr(ote_logging, name))


Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


def _public(node: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    """Yield ``node`` and all that is public in it, classes entered, functions not."""
    yield name, node
    for inner in [] if isinstance(node, Function) else node.body:
        if isinstance(inner, ast.ClassDef | Function) and not inner.name.startswith("_"):
            yield from _public(inner, f"{name}.{inner.name}")


@pytest.mark.parametrize("file", FILES, ids=_name_of)
def test_what_is_public_has_a_docstring(file):
    """Every module, public class, function and method says what it does."""
    named = _public(ast.parse(file.read_bytes()), _name_of(file))

    assert [name for name, node in named if not _is_overload(node) and not ast.get_docstring(node)] == []


def _is_overload(node: Documented) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(decorator) in ("overload", "typing.overload") for decorator in decorators)


@pytest.mark.parametrize("file", FILES, ids=_name_of)
def test_a_module_tells_its_place(file):
    """A module's docstring names the module's own file, what it depends on and its TRACE points."""
    text = ast.get_docstring(ast.parse(file.read_bytes())) or ""
    place = f"ote_logging/{_name_of(file)}"

    assert {f"LOCATION: {place}", f"LOCATION: {place.removesuffix('__init__.py')}"} & set(text.splitlines())
    assert re.search(r"^DEPENDENCIES: \S", text, re.MULTILINE)
    assert re.search(r"^TRACE POINTS: \S", text, re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=_name_of)
def test_nothing_is_left_lying_about(file):
    """No print, no mark of unfinished work, no path of somebody's machine, no pragma."""
    text = file.read_text(encoding="utf-8")
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]

    assert [call.lineno for call in calls if isinstance(call, ast.Name) and call.id == "print"] == []
    assert re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b|pragma:|/(?:home|root|Users|work)/\w+", text) == []


def test_the_configuration_is_one():
    """The file that users see first and the one that is installed are the same, byte for byte."""
    assert (PROJECT / "logging.yaml").read_bytes() == (HOUSE / "logging.yaml").read_bytes()
