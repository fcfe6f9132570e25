"""Let the stream, DuckDB and Spark sum up the same lines, and compare their reports figure by figure.

Needs the extras ``query`` and ``spark`` and Java 17. A standalone master with two workers is started on
loopback and ended again; takes some minutes for 1,000,000 lines (360 MB)::

    python tests/endurance/engines.py --lines 1000000

Prints what each took and whether it agrees: all counts, sums, errors, gaps and amounts are equal, quantiles
differ by 1 % at most. Exit status 1 where anything differs.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any

import orjson

from ote_logging.reading import Reader, Report, report
from ote_logging.reading.engines import DuckDB, Engine, Spark
from ote_logging.reading.sql import report_by

MASTER = ("127.0.0.1", 17077)
BEGIN = datetime(2026, 1, 1, microsecond=1)
OPERATIONS = [(f"step_{number}", 10 ** (number / 10)) for number in range(40)]
FAILED = {"status": "error", "error_type": "ValueError", "error_message": "boom", "level": "ERROR"}
PATIENCE_S = 60.0


def lines(count: int) -> Iterator[bytes]:
    """Yield lines with all that a report tells of: ends, costs, points, errors, gaps, messages."""
    chance = random.Random(1)
    for number in range(count):
        span, place = divmod(number, 8)
        operation, ms = OPERATIONS[span * 7 % len(OPERATIONS)]
        line = {
            "timestamp": (BEGIN + timedelta(milliseconds=number)).isoformat() + "Z",
            "level": "INFO",
            "logger": f"app.part{span % 5}",
            "message": f"saved {number} rows " + "x" * 60,
            "event": "log",
            "session_id": f"9f1b6f0e-7b65-4f3c-8f57-3b6f8e5a1c0{span % 2}",
            "seq": number + 1 + number // 100_000,
            "pid": 4711 + span % 2,
            "trace_id": f"{span // 5:032x}",
            "span_id": f"{span:016x}",
            "operation": operation,
        }
        yield orjson.dumps(line | event(chance, span, place, operation, ms), option=orjson.OPT_APPEND_NEWLINE)


def event(chance: random.Random, span: int, place: int, operation: str, ms: float) -> dict[str, Any]:
    """Return what makes a line one of eight of a call."""
    if place == 0:
        return {"event": "span_start"}
    if place == 2:
        return {"event": "trace_point", "path": [operation, "check"]}
    if place == 3 and span % 4 == 0:
        cost = {"cost_usd": span % 100 / 1024} if span % 8 else {}
        return {
            "event": "llm_interaction",
            "status": "ok",
            "model": "m",
            "tokens_in": span,
            "tokens_out": 7,
        } | cost
    if place == 4 and span % 50 == 0:
        return {"level": "ERROR", "message": f"no row {span}"}
    if place == 5 and span % 9 == 0:
        return {"event": "evaluation", "operation": "old", "status": "ok", "duration_ms": chance.random()}
    if place == 7:
        outcome = FAILED if chance.random() < 0.03 else {"status": "ok"}
        more = {"retries": 1, "cache_hit": span % 3 == 0}
        return (
            {"event": "span_end", "duration_ms": round(ms * chance.lognormvariate(0, 1), 4)} | more | outcome
        )
    return {}


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Run a standalone master and two workers on loopback; yield the master's address."""
    import pyspark

    home = Path(pyspark.__file__).parent
    host, port = MASTER
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": host,
        "SPARK_WORKER_DIR": str(folder),
    }
    place = "org.apache.spark.deploy"
    url = f"spark://{host}:{port}"
    commands = [
        [f"{place}.master.Master", "--host", host, "--port", str(port), "--webui-port", "18080"],
        *([f"{place}.worker.Worker", "--host", host, "--cores", "1", "--memory", "1500m", url],) * 2,
    ]
    running = []
    try:
        for number, command in enumerate(commands):
            log = (folder / f"{number}.log").open("wb")
            running.append(
                subprocess.Popen(
                    [str(home / "bin" / "spark-class"), *command], env=environment, stdout=log, stderr=log
                )
            )
            time.sleep(5)
        os.environ["SPARK_LOCAL_IP"] = host
        yield url
        workers = (folder / "0.log").read_text().count("Registering worker")
        executors = sum((folder / f"{n}.log").read_text().count("Launched executor") for n in (1, 2)) or (
            sum((folder / f"{n}.log").read_text().count("Asked to launch executor") for n in (1, 2))
        )
        sys.stdout.write(f"         {workers} workers, {executors} executors\n")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(PATIENCE_S)


def differences(one: Report, other: Report) -> list[str]:
    """Return the names of the figures that two reports do not share."""
    whole = (
        "records",
        "first",
        "last",
        "totals",
        "errors",
        "loggers",
        "unfinished",
        "processes",
        "reported_lost",
    )
    found = [name for name in whole if getattr(one, name) != getattr(other, name)]
    if one.damaged + one.foreign != other.damaged + other.foreign:
        found.append("damaged")
    if [row.name for row in one.operations] != [row.name for row in other.operations]:
        return [*found, "operations"]
    for row, answered in zip(one.operations, other.operations, strict=True):
        # The course is a picture: the stream draws it before it knows where the end is.
        for name, value in vars(row).items():
            if name != "course_ms" and not agree(
                value, getattr(answered, name), 0.0101 if name[0] == "p" else 1e-6
            ):
                found.append(f"{row.name}.{name}: {value} {getattr(answered, name)}")
    return found


def agree(one: Any, other: Any, error: float) -> bool:
    """Tell whether two values are equal, numbers within ``error`` of them."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(agree(a, b, error) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, int | float):
        # The stream adds up nanoseconds.
        return isclose(one, other, rel_tol=error, abs_tol=1e-6)
    return bool(one == other)


def answered(name: str, make: Callable[[], Engine], file: Path, wanted: Report) -> bool:
    """Let an engine answer; tell what it took, and whether the report is the wanted one."""
    began = time.monotonic()
    with closing(make()) as engine:
        started = time.monotonic()
        found = report_by(engine, [str(file)])
    ended = time.monotonic()
    differing = differences(wanted, found)
    told = "DIFFERS" if differing else "agrees "
    sys.stdout.write(f"{told}  {name}: {ended - began:.1f} s, of it {started - began:.1f} s to start\n")
    sys.stdout.writelines(f"         {text}\n" for text in differing[:20])
    sys.stdout.flush()
    return not differing


def main() -> int:
    """Write the lines, ask everybody, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "session_a.jsonl"
        with file.open("wb") as out:
            out.writelines(lines(asked.lines))
        began = time.monotonic()
        wanted = report(Reader(file))
        sys.stdout.write(
            f"{datetime.now(UTC):%Y-%m-%d}, {asked.lines:,} lines, {file.stat().st_size / 1e6:.0f} MB\n"
        )
        sys.stdout.write(f"         stream: {time.monotonic() - began:.1f} s\n")
        good = [answered("DuckDB", DuckDB, file, wanted)]
        good.append(answered("Spark, local", lambda: Spark("local[2]"), file, wanted))
        with cluster(folder) as url:
            good.append(answered("Spark, master and two workers", lambda: Spark(url), file, wanted))
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
