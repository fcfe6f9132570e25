"""Look at generated code without running it: does it parse, what does it define, do its imports exist.

LOCATION: ote_logging/stages/checks.py
DEPENDENCIES: none
TRACE POINTS: check_code() - a code is looked at
"""

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any, Final

MOST_CHARS: Final = 262_144
"""A longer code is not parsed: that takes a second or more for every megabyte."""

_MOST_NAMES: Final = 500
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_ABSENT: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class CodeError:
    """What is wrong with a code, and where in it; the names are those of the keys of a line."""

    error_type: str
    error_message: str
    line_number: int | None = None
    code_context: str | None = None

    def keys(self) -> dict[str, Any]:
        """Return what is known as keys of a line."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What a look at a code tells; methods stand as ``Class.method`` among the functions."""

    syntax_ok: bool = True
    functions: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    missing_imports: list[str] = field(default_factory=list)
    errors: list[CodeError] = field(default_factory=list)
    lines: int = 0

    def fields(self) -> dict[str, Any]:
        """Return the findings as fields of an event."""
        return {
            "syntax_ok": self.syntax_ok,
            "functions": self.functions,
            "classes": self.classes,
            "imports": self.imports,
            "missing_imports": self.missing_imports,
            "errors": [error.keys() for error in self.errors],
            "code_lines": self.lines,
        }


def check_code(code: str, *, imports: bool = True, known: Collection[str] = ()) -> CodeCheck | None:
    """Parse ``code`` as Python and look for its imports; None where it is longer than 262,144 characters.

    Nothing of it is run and no module imported: a package that makes its submodules when it is imported
    may be named as missing; name it in ``known``. Imports that are guarded by ``except ImportError`` and
    relative ones are taken to exist.
    """
    if len(code) > MOST_CHARS:
        return None
    lines = code.splitlines()
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return CodeCheck(syntax_ok=False, errors=[_syntax_error(error, lines)], lines=len(lines))
    found = list(_imports(tree))
    missing = _missing(found, known) if imports else []
    return CodeCheck(
        functions=list(_functions(tree.body))[:_MOST_NAMES],
        classes=[node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)][:_MOST_NAMES],
        imports=list(dict.fromkeys(name for name, _, _ in found))[:_MOST_NAMES],
        missing_imports=[name for name, _ in missing],
        errors=[_import_error(name, line, lines) for name, line in missing],
        lines=len(lines),
    )


def context_at(lines: Sequence[str], number: int | None) -> str | None:
    """Return line ``number`` of ``lines``, counted from 1, with the one before it; None where there is none.

    >>> context_at(["def f():", "return 1"], 2)
    'def f():\\nreturn 1'
    """
    if number is None or not 1 <= number <= len(lines):
        return None
    return "\n".join(lines[max(0, number - 2) : number])


def _syntax_error(error: Exception, lines: Sequence[str]) -> CodeError:
    number = getattr(error, "lineno", None)
    message = getattr(error, "msg", None) or str(error) or "too deeply nested"
    return CodeError(type(error).__name__, message, number, context_at(lines, number))


def _import_error(name: str, line: int, lines: Sequence[str]) -> CodeError:
    return CodeError("ModuleNotFoundError", f"no module named {name!r}", line, context_at(lines, line))


def _functions(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, _FUNCTIONS):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")


def _imports(tree: ast.AST) -> Iterator[tuple[str, int, bool]]:
    """Yield module, line, and whether the code copes without it, of each absolute import."""
    guarded = {id(inner) for node in ast.walk(tree) if _is_guard(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in guarded
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno, id(node) in guarded


def _is_guard(node: ast.AST) -> bool:
    """Tell whether ``node`` is a try whose except clauses take a failed import."""
    if not isinstance(node, ast.Try):
        return False
    caught = [handler.type for handler in node.handlers]
    names = {name.id for kind in caught if kind for name in ast.walk(kind) if isinstance(name, ast.Name)}
    return None in caught or not _ABSENT.isdisjoint(names)


def _missing(found: Sequence[tuple[str, int, bool]], known: Collection[str]) -> list[tuple[str, int]]:
    lines: dict[str, int] = {}
    for name, line, is_guarded in found:
        if not is_guarded and name.partition(".")[0] not in known and name not in known:
            lines.setdefault(name, line)
    return [(name, line) for name, line in lines.items() if not module_exists(name)]


def module_exists(name: str) -> bool:
    """Tell whether a module called ``name`` can be found, without importing its packages.

    >>> module_exists("json.decoder"), module_exists("json.nowhere")
    (True, False)
    """
    if name in sys.modules:
        return sys.modules[name] is not None
    top, *parts = name.split(".")
    try:
        spec = find_spec(top)
        for count in range(len(parts)):
            if spec is None or spec.submodule_search_locations is None:
                return False
            full = ".".join((top, *parts[: count + 1]))
            spec = PathFinder.find_spec(full, list(spec.submodule_search_locations))
    except Exception:  # finders of other packages run here
        return True
    return spec is not None
