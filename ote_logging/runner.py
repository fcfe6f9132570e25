"""Run a program as ``python`` does, switched on: ``python -m ote_logging.runner CONFIG program.py ARGS``.

``ote run`` replaces its own process by this one, so that the program finds an interpreter in which only
the standard library and what the configuration needs are loaded.

LOCATION: ote_logging/runner.py
DEPENDENCIES: config (switches on), events (session_start and session_end)
TRACE POINTS: main() - session_start; _Frame.close() - session_end
"""

import atexit
import logging
import os
import runpy
import sys
import threading
import time
from types import ModuleType, TracebackType
from typing import Any

from ote_logging.config import configure
from ote_logging.errors import ConfigError
from ote_logging.events import Event

_log = logging.getLogger("ote_logging.run")


class _Frame:
    """The records around a program's run."""

    def __init__(self, argv: list[str]) -> None:
        self._begun_ns = time.perf_counter_ns()
        self._keys: dict[str, Any] = {"status": "ok"}
        self._exit_status: int | str = 0
        version = ".".join(map(str, sys.version_info[:3]))
        text = f"session starts: {' '.join(argv)}"
        _log.info(Event("session_start", text, argv=argv, directory=os.getcwd(), python=version))

    def failed(self, error: BaseException) -> None:
        """Keep how the program ended; what it did not handle is logged with its traceback."""
        if isinstance(error, SystemExit):
            self._exit_status = error.code if isinstance(error.code, int) else int(error.code is not None)
            self._keys["status"] = "ok" if not error.code else "error"
            return
        self._exit_status = "SIGINT" if isinstance(error, KeyboardInterrupt) else 1
        self._keys["status"] = "error"
        _log.critical("unhandled %s", type(error).__name__, exc_info=error)

    def close(self) -> None:
        """Log the end: when the threads have ended and the program's own exit functions have run."""
        self._keys["duration_ms"] = (time.perf_counter_ns() - self._begun_ns) / 1e6
        end = Event("session_end", f"session ends: {self._keys['status']}", exit_status=self._exit_status)
        end.keys = self._keys
        _log.info(end)


def main(argv: list[str]) -> None:
    """Run ``argv``, [configuration or "", program or "-m", ...], as the main program.

    Raises:
        SystemExit: the program's own; 2 where the configuration is refused or there is no such program.
    """
    source, *command = argv
    is_module = command[0] == "-m"
    sys.argv = command[1:] if is_module else command
    try:
        if not is_module:
            os.stat(sys.argv[0])
        configure(source or None)
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"ote run: {error}\n")
        sys.exit(2)
    frame = _Frame(list(sys.argv))
    atexit.register(frame.close)
    _log_unhandled_in_threads()
    try:
        _run_module(sys.argv[0]) if is_module else _run_file(sys.argv[0])
    except BaseException as error:
        error.__traceback__ = _without_runner(error.__traceback__)
        frame.failed(error)
        _hide_runner(error)
        raise


def _run_file(path: str) -> None:
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        runpy.run_path(path, run_name="__main__")
        return
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    path = os.path.abspath(path)
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__file__ = path
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


def _run_module(name: str) -> None:
    sys.path[0] = os.getcwd()
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _log_unhandled_in_threads() -> None:
    shown = threading.excepthook

    def hook(args: threading.ExceptHookArgs, /) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
            _log.critical("unhandled %s in a thread", args.exc_type.__name__, exc_info=exc_info)
        shown(args)

    threading.excepthook = hook


def _hide_runner(error: BaseException) -> None:
    """Let the interpreter show ``error`` as it would without us."""
    shown = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        if value is error:
            value.__traceback__ = trace = _without_runner(trace)
        shown(kind, value, trace)

    sys.excepthook = hook


def _without_runner(trace: TracebackType | None) -> TracebackType | None:
    """Return ``trace`` from the first frame on that is the program's."""
    ours = {__file__, runpy.__file__, "<frozen runpy>"}
    while trace is not None and trace.tb_frame.f_code.co_filename in ours:
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main(sys.argv[1:])
