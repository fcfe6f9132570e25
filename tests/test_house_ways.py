"""The three ways in: plain dictConfig, configure and the runner give the same lines for the same program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHIPPED = Path(__file__).parents[1] / "logging.yaml"

# Each takes a program's path and runs it as the main one.
DICT_CONFIG = """
import logging.config, runpy, sys, yaml
with open("logging.yaml") as file:
    logging.config.dictConfig(yaml.safe_load(file))
runpy.run_path(sys.argv[1], run_name="__main__")
"""
CONFIGURE = """
import runpy, sys, ote_logging
ote_logging.configure("logging.yaml")
runpy.run_path(sys.argv[1], run_name="__main__")
"""
WAYS = {
    "dictConfig": ("-c", DICT_CONFIG),
    "configure": ("-c", CONFIGURE),
    "runner": ("-m", "ote_logging.runner", "logging.yaml"),
    "runner with the packaged file": ("-m", "ote_logging.runner", ""),
}

FOREIGN = """
import logging, threading, warnings
log = logging.getLogger("shop.orders")
warnings.simplefilter("always")
logging.captureWarnings(True)
log.debug("TRACE: save -> validate (user=7, type=theme)")
log.info("order %d of %s", 3, "alice", extra={"rows": 3, "password": "hunter22", "name_": "x"})
log.warning("two\\nlines and \\x1b[31mcolour")
try:
    {}["absent"]
except KeyError:
    log.exception("TRACE: save -> FAILED at 178 | error=boom")
worker = threading.Thread(target=log.info, args=("from a thread",), name="worker")
worker.start()
worker.join()
warnings.warn("an old way")
logging.getLogger("shop").error("no arguments")
"""

OURS = """
import asyncio, logging
from ote_logging import TRACE, bind, observe, session, span
log = logging.getLogger("shop.orders")

@observe("load")
async def load(number):
    log.debug(TRACE("load -> read", number=number))

@observe("save", args=True)
def save(user_id):
    log.debug("TRACE: save -> validate | user_id=%d", user_id)
    raise ValueError("no such user")

with session("orders"), bind(tenant="acme"), span("order", rows=3) as order:
    order.set(total_usd=1.5)
    asyncio.run(load(4))
    try:
        save(7)
    except ValueError:
        log.info("went on")
"""

# What no two runs share.
OWN = {"timestamp", "session_id", "pid", "seq", "trace_id", "span_id", "parent_id", "duration_ms"}
TIMES = re.compile(r"\[20[^]]*\]|\d+\.\d+ ?s")


def run(folder: Path, *command: str) -> str:
    """Run Python in ``folder``, where the shipped file is; return its standard output."""
    folder.mkdir()
    (folder / "logging.yaml").write_bytes(SHIPPED.read_bytes())
    environment = {**os.environ, "PYTHONPATH": str(SHIPPED.parent)}
    return subprocess.check_output(
        [sys.executable, *command], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )


def lines_in(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of the program's own records, without ids and times."""
    files = sorted(folder.glob("logs/session_*.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    lines = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    return [_steady(line) for line in lines if line["logger"] != "ote_logging.run"]


def _steady(line: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in line.items() if name not in OWN}
    return {**kept, "message": TIMES.sub("*", kept["message"])}


@pytest.mark.parametrize(("text", "count"), [(FOREIGN, 7), (OURS, 10)], ids=["foreign", "ours"])
def test_three_ways_give_the_same_lines(tmp_path, text, count):
    """A program writes the same lines, in the same order, however it is switched on."""
    program = tmp_path / "program.py"
    program.write_text(text)

    for name, way in WAYS.items():
        run(tmp_path / name, *way, str(program))
    plain, *others = (lines_in(tmp_path / name) for name in WAYS)

    assert len(plain) == count
    assert others == [plain] * len(others)


def test_plain_dict_config_needs_nothing_of_ours_imported(tmp_path):
    """``dictConfig(yaml.safe_load(...))`` alone finds every class, and a line is written."""
    (tmp_path / "program.py").write_text('import logging; logging.getLogger("alone").info("here")')

    run(tmp_path / "alone", "-c", DICT_CONFIG, str(tmp_path / "program.py"))

    assert [line["message"] for line in lines_in(tmp_path / "alone")] == ["here"]
