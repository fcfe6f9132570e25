"""What the package says of itself: its extras bring what is imported, and its files travel with it."""

import ast
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
OWN = {"ote_logging", "benchmarks", "tests"}


def _setup() -> ConfigParser:
    setup = ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    return setup


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _required(lines: str) -> Iterator[str]:
    """Yield the names of the distributions that ``lines`` of setup.cfg ask for, extras of ours entered."""
    for line in filter(None, lines.splitlines()):
        name, _, extras = line.partition("]")[0].partition("[")
        if _normal(name) == "ote-logging":
            for extra in extras.split(","):
                yield from _required(_setup()["options.extras_require"][extra])
        else:
            yield _normal(name.split(">")[0].split("<")[0].split(";")[0].strip())


def _imported(files: Iterator[Path]) -> set[str]:
    """Return the top-level names that ``files`` import from outside: neither the library's nor our own."""
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_bytes()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    tops = {name.split(".")[0] for name in names}
    return tops - sys.stdlib_module_names - OWN - {file.stem for file in PROJECT.glob("tests/*.py")}


def _distributions(name: str) -> set[str]:
    return {_normal(found) for found in packages_distributions().get(name, [name])}


@pytest.mark.parametrize("name", sorted(_imported(PROJECT.glob("tests/*.py"))))
def test_the_test_extra_brings_what_the_suite_imports(name):
    """A package that a test imports is required, or named by the extra ``test``."""
    options = _setup()
    required = {*_required(options["options"]["install_requires"]), *_required("ote-logging[test]")}

    assert _distributions(name) & required


@pytest.mark.parametrize("name", sorted(_imported((PROJECT / "ote_logging").rglob("*.py"))))
def test_some_extra_brings_what_the_package_imports(name):
    """A package that ours imports, at the top or inside a function, is required or named by an extra."""
    options = _setup()
    asked = [options["options"]["install_requires"], *options["options.extras_require"].values()]
    required = {name for lines in asked for name in _required(lines)}

    assert _distributions(name) & required
