"""Let a real Prometheus scrape the metrics handler, and compare what it answers with the handler's figures.

Takes about 10 s, and the programs ``prometheus`` and ``promtool`` (Debian: package ``prometheus``)::

    python tests/endurance/scrape.py

Seen with 2.42.0 of both: promtool finds nothing to say of the page and of the textfile (exit status 0), the
target is up, and every answer is that of the handler. Exit status 1 where one is not.
"""

import json
import logging
import logging.config
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parents[2]))

from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.handlers import MetricsHandler
from ote_logging.spans import span
from ote_logging.stages import LLMInteraction

PROMETHEUS = "127.0.0.1:19090"
OPERATIONS = ('save "it"', "load\\größe", "ask")
PATIENCE_S = 30.0

log = logging.getLogger("program")


def configured(folder: Path) -> MetricsHandler:
    """Switch the handler on, by plain dictConfig."""
    handler = {
        "class": "ote_logging.handlers.MetricsHandler",
        "port": 0,
        "textfile": str(folder / "ote.prom"),
        "prices": [{"model": "small", "input": 1, "output": 2}],
    }
    config = {"version": 1, "disable_existing_loggers": False, "handlers": {"metrics": handler}}
    logging.config.dictConfig({**config, "root": {"level": "DEBUG", "handlers": ["metrics"]}})
    (found,) = [h for h in logging.root.handlers if isinstance(h, MetricsHandler)]
    return found


def work(calls: int) -> None:
    """Run operations of which some fail and some ask a model."""
    chance = random.Random(7)
    for _ in range(calls):
        with suppress(KeyError), span(chance.choice(OPERATIONS), logger=log):
            log.info(LLMInteraction(model="small", tokens_in=100, tokens_out=20))
            if chance.random() < 0.1:
                raise KeyError("planned")


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[None]:
    """Run Prometheus on loopback, scraping ``target`` every second."""
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "ote", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "prometheus.log").open("wb") as output:
        server = subprocess.Popen([*command, f"--web.listen-address={PROMETHEUS}"], stderr=output)
        try:
            yield
        finally:
            server.terminate()
            server.wait(PATIENCE_S)


def answer(query: str) -> dict[str, float]:
    """Return the values of a query by the operation they stand under."""
    with urlopen(f"http://{PROMETHEUS}/api/v1/query?query={quote(query)}", timeout=5) as response:
        found: list[dict[str, Any]] = json.load(response)["data"]["result"]
    return {row["metric"].get("operation", ""): float(row["value"][1]) for row in found}


def expected(metrics: PerformanceMetrics) -> dict[str, dict[str, float]]:
    """Return what Prometheus should answer to each query."""
    rows = metrics.operations
    called = {name: row for name, row in rows.items() if row.calls}
    asking = {name: rows[name].sums for name in OPERATIONS}
    failures = 'ote_operations_total{outcome="failure"}'
    return {
        "up": {"": 1.0},
        "sum by (operation) (ote_operations_total)": {name: row.calls for name, row in called.items()},
        failures: {name: row.failures for name, row in called.items()},
        "ote_operation_duration_seconds_count": {n: row.timed for n, row in called.items() if row.timed},
        'ote_llm_tokens_total{direction="input"}': {
            n: sums.get("tokens_in") or 0 for n, sums in asking.items()
        },
        "sum(ote_llm_cost_usd_total)": {"": metrics.totals["cost_usd"] or 0},
    }


def agrees(query: str, wanted: dict[str, float]) -> bool:
    """Ask until the answer is the wanted one or patience ends; tell how it was."""
    until = time.monotonic() + PATIENCE_S
    found: dict[str, float] = {}
    while found != wanted and time.monotonic() < until:
        time.sleep(0.5)
        with suppress(OSError):
            found = answer(query)
    sys.stdout.write(f"{'agrees ' if found == wanted else 'DIFFERS'} {query}: {found}\n")
    return found == wanted


def is_accepted(name: str, page: bytes) -> bool:
    """Ask promtool about a page of metrics."""
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    sys.stdout.write(f"promtool on the {name}: exit status {checked.returncode}\n")
    sys.stdout.write((checked.stdout + checked.stderr).decode())
    return checked.returncode == 0


def main() -> int:
    """Work, let Prometheus scrape, and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        handler = configured(folder)
        work(2_000)
        target = "{}:{}".format(*handler.address or ("", 0))
        handler.tell()
        with urlopen(f"http://{target}/metrics", timeout=5) as response:
            good = [is_accepted("page", response.read())]
        good.append(is_accepted("textfile", (folder / "ote.prom").read_bytes()))
        with prometheus(folder, target):
            good += [agrees(*question) for question in expected(handler.snapshot()).items()]
        handler.close()
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
