"""What still waits when a process ends, forks or is terminated: it is written before, or by the parent.

LOCATION: ote_logging/handlers/endings.py
DEPENDENCIES: none; who has something waiting enters
TRACE POINTS: none
"""

import _thread
import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Protocol
from weakref import WeakSet


class Queued(Protocol):
    """What has records waiting."""

    def drain(self) -> None:
        """Write what waits."""

    def drain_and_hold(self) -> None:
        """Write what waits, and write nothing until ``release_hold``."""

    def release_hold(self) -> None:
        """Write again."""

    def end(self) -> None:
        """Write what waits; from now on nothing does."""


_alive: Final[WeakSet[Queued]] = WeakSet()


def enter(queued: Queued) -> None:
    """See to ``queued`` at every end, as long as it lives or until it leaves."""
    _alive.add(queued)


def leave(queued: Queued) -> None:
    """Let ``queued`` alone; with the last one goes the handler of SIGTERM."""
    _alive.discard(queued)
    if not _alive:
        _leave_sigterm()


def _each(act: Callable[[Queued], None]) -> None:
    for queue in list(_alive):
        act(queue)


def is_terminated_at_will() -> bool:
    """Whether this is a child of multiprocessing: pools end theirs by SIGTERM, in the middle of anything.

    A handler of that signal is run between two bytecodes, so one that comes just before the main thread waits
    in a lock of C is not run at all, and who joins the child waits for ever. Here records are written by the
    caller, nothing waits, and no handler is needed.
    """
    processes = sys.modules.get("multiprocessing.process")
    return processes is not None and processes.parent_process() is not None


def handle_sigterm() -> None:
    """Drain at SIGTERM, where it would end the program at once; only the main thread may ask for that."""
    is_main = threading.current_thread() is threading.main_thread()
    is_ours = is_main and not is_terminated_at_will()
    if is_ours and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        # A subinterpreter may not ask for signals.
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, _on_sigterm)


def _leave_sigterm() -> None:
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _on_sigterm(number: int, _frame: FrameType | None) -> None:
    _each(lambda queued: queued.drain())
    # A handler of the program that calls this one decides itself what happens next.
    if signal.getsignal(number) is _on_sigterm:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


# By thread: what it had blocked before it forked.
_masks: Final[dict[int, set[Any]]] = {}


def _before_fork() -> None:
    _each(lambda queued: queued.drain_and_hold())
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        # One that reaches a child before it has left our handler would be seen by nobody: it waits for that.
        _masks[_thread.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _after_fork_in_parent() -> None:
    _unblock()
    _each(lambda queued: queued.release_hold())


def _after_fork_in_child() -> None:
    _leave_sigterm()
    _unblock()


def _unblock() -> None:
    mask = _masks.pop(_thread.get_ident(), None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


os.register_at_fork(
    before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
)
# logging was imported before, so that its own shutdown, which closes the handlers behind, comes after this.
atexit.register(_each, lambda queued: queued.end())
# A child of multiprocessing ends without atexit.
threading._register_atexit(_each, lambda queued: queued.drain())  # type: ignore[attr-defined]
