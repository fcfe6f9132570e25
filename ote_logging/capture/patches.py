"""Attributes of modules that others wrote, wrapped as soon as those are imported, and put back on demand.

LOCATION: ote_logging/capture/patches.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any, Final

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patch:
    """An attribute to be wrapped: ``name`` of ``owner``, a class in ``module`` or the module where empty."""

    module: str
    owner: str
    name: str
    wrap: Callable[[Any, ModuleType], Any]

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it is; one place is wrapped once."""
        return self.module, self.owner, self.name


@dataclass(frozen=True, slots=True)
class _Made:
    owner: Any
    name: str
    original: Any
    wrapper: Any

    def undo(self) -> None:
        """Put the original back, unless somebody else has wrapped it since."""
        if vars(self.owner).get(self.name) is self.wrapper:
            setattr(self.owner, self.name, self.original)


class _Watch:
    """A finder that finds nothing itself: it has the modules of patches patched when they have run."""

    def __init__(self) -> None:
        self._wanted: dict[tuple[str, str, str], Patch] = {}
        self._made: dict[tuple[str, str, str], _Made] = {}
        self._lock = RLock()

    def add(self, patch: Patch) -> None:
        """Wrap what ``patch`` says, now or when its module is imported; once."""
        with self._lock:
            if patch.place in self._wanted:
                return
            self._wanted[patch.place] = patch
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)
            module = sys.modules.get(patch.module)
            if module is not None and not _is_being_imported(module):
                self._apply(patch, module)

    def remove_all(self) -> None:
        """Put everything back."""
        with self._lock:
            for made in self._made.values():
                made.undo()
            self._wanted.clear()
            self._made.clear()
            with suppress(ValueError):
                sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that another finder has for a module of ours, with its loader watched."""
        if not any(module == name for module, _, _ in self._wanted):
            return None
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._watch(spec)
                return spec
        return None

    def _watch(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            # The loader is as it was again when the module asks for it.
            vars(loader).pop("exec_module", None)
            execute(module)
            self._apply_to(module, spec.name)

        with suppress(AttributeError):  # a loader that takes no attributes is left alone
            loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]  # shown above

    def _apply_to(self, module: ModuleType, name: str) -> None:
        with self._lock:
            for patch in [patch for patch in self._wanted.values() if patch.module == name]:
                self._apply(patch, module)

    def _apply(self, patch: Patch, module: ModuleType) -> None:
        if patch.place in self._made:
            return
        try:
            owner = getattr(module, patch.owner) if patch.owner else module
            original = getattr(owner, patch.name)
            wrapper = patch.wrap(original, module)
            setattr(owner, patch.name, wrapper)
        except Exception as error:  # another version of the client may have other names
            log.warning("%s is not recorded: %s", ".".join(filter(None, patch.place)), error)
        else:
            self._made[patch.place] = _Made(owner, patch.name, original, wrapper)


def _is_being_imported(module: ModuleType) -> bool:
    return getattr(module.__spec__, "_initializing", False) is True


_watch = _Watch()
add: Final = _watch.add
remove_all: Final = _watch.remove_all
