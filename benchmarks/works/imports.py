"""Works on import: what a program pays before its first line, over a bare Python.

LOCATION: benchmarks/works/imports.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contest import Burst, Contender, Contest, Measure, NotThereError, Seat, Work

_PROJECT = Path(__file__).resolve().parents[2]
_IMPORTS: Mapping[str, str] = {
    "ours": "import ote_logging",
    "stdlib": "import logging, logging.config",
    "pjl-orjson": "import logging, pythonjsonlogger.orjson",
    "structlog": "import structlog",
    "loguru": "import loguru",
    "eliot": "import eliot",
    "picologging": "import picologging",
    "otel": (
        "import opentelemetry.trace, opentelemetry.sdk.trace.export, opentelemetry.sdk._logs.export, "
        "opentelemetry.instrumentation.logging.handler"
    ),
    "logfire": "import logfire",
}
_TO_FILE = "import logging; logging.basicConfig(filename='/dev/null', level='INFO')"
_CONFIGURED: Mapping[str, str] = {
    "ours": f"import ote_logging; ote_logging.configure({str(_PROJECT / 'logging.yaml')!r})",
    "stdlib": _TO_FILE,
    "pjl-orjson": (
        "import logging, pythonjsonlogger.orjson as o; h = logging.FileHandler('/dev/null'); "
        "h.setFormatter(o.OrjsonFormatter()); logging.basicConfig(handlers=[h], level='INFO')"
    ),
    "structlog": "import structlog; structlog.configure(logger_factory=structlog.BytesLoggerFactory())",
    "loguru": "from loguru import logger; logger.remove(); logger.add('/dev/null', serialize=True)",
    "eliot": "import eliot; eliot.to_file(open('/dev/null', 'ab'))",
    "logfire": "import logfire; logfire.configure(send_to_logfire=False, console=False, metrics=False)",
}


def _run(code: str, seat: Seat) -> None:
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=seat.folder,
        env=_environment(seat),
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def _environment(seat: Seat) -> dict[str, str]:
    """Return an environment in which what is imported is compiled once, ours too, as by an installer."""
    paths = os.pathsep.join(filter(None, (str(_PROJECT), os.environ.get("PYTHONPATH"))))
    compiled = {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(seat.scratch / "compiled")}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | compiled


def _runs(code: str, seat: Seat) -> Burst:
    def burst(first: int, count: int) -> None:
        for _ in range(count):
            _run(code, seat)

    return burst


def _contest(seat: Seat, codes: Mapping[str, str]) -> Contest:
    code = codes[seat.peer]
    try:
        _run(code, seat)
    except subprocess.CalledProcessError as error:
        raise NotThereError(error.stderr.decode().strip().rpartition("\n")[2]) from error
    return Contest(Contender(_runs("pass", seat)), Contender(_runs(code, seat)))


WORKS = (
    Work(
        "imports.module",
        "import",
        lambda seat: _contest(seat, _IMPORTS),
        tuple(_IMPORTS),
        against="bare Python",
        measure=Measure.EXTRA_MS,
        goal=25,
        events=5,
        quick_events=3,
        slices=5,
        processes=1,
    ),
    Work(
        "imports.configured",
        "import and configure",
        lambda seat: _contest(seat, _CONFIGURED),
        tuple(_CONFIGURED),
        against="bare Python",
        measure=Measure.EXTRA_MS,
        goal=45,
        events=5,
        quick_events=3,
        slices=5,
        processes=1,
    ),
)
