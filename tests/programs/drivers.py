"""Drive the programs from outside, as their users do: start, ask, stop. Nothing here touches their code."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

APPS = Path(__file__).parent / "apps"
PATIENCE_S = 90


@dataclass(frozen=True)
class Run:
    """One run of a program: ``way`` stands before its own command; all it writes is in ``folder``."""

    way: tuple[str, ...]
    folder: Path
    port: int
    environment: dict[str, str]

    @contextmanager
    def started(self, *command: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the program; wait for its end when the block is left; kill it if the end does not come."""
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            process = subprocess.Popen(
                [*self.way, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env={**self.environment, **environment},
                start_new_session=True,
            )
            try:
                yield process
                status = process.wait(PATIENCE_S)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        (self.folder / "status").write_text(str(status))


def flask(run: Run) -> None:
    """Ask a Flask server for 200 pages from eight threads, then interrupt it."""
    with run.started("-m", "flask", "--app", "flask_pages", "run", "--port", str(run.port)) as server:
        _wait_for(run.port)
        _ask([f"/item/{number}" for number in range(200)], run.port)
        server.send_signal(signal.SIGINT)


def uvicorn(run: Run) -> None:
    """Ask a FastAPI application under uvicorn for 200 pages from eight threads, then terminate it."""
    with run.started("-m", "uvicorn", "uvicorn_pages:app", "--port", str(run.port)) as server:
        _wait_for(run.port)
        kinds = ("async", "thread")
        _ask([f"/{kinds[number % 2]}/{number}" for number in range(200)], run.port)
        server.send_signal(signal.SIGINT)


def huey(run: Run) -> None:
    """Let a Huey consumer with four forked workers do 100 tasks."""
    database = {"PROOF_DATABASE": str(run.folder / "tasks.db")}
    _call(run, "import huey_tasks as t; [(t.double(n), n % 5 or t.fail(n)) for n in range(100)]", **database)
    consumer = ("-m", "huey.bin.huey_consumer", "huey_tasks.huey", "-k", "process", "-w", "4", "-d", "0.05")
    done = "import huey_tasks as t; print(t.huey.result_count() == 120 and not len(t.huey))"
    with run.started(*consumer, **database) as process:
        _wait_until(lambda: _call(run, done, **database) == "True")
        process.send_signal(signal.SIGINT)


def celery(run: Run) -> None:
    """Let a Celery worker with three forked children do 100 tasks."""
    for name in ("queue", "control", "results"):
        (run.folder / name).mkdir()
    folder = {"PROOF_FOLDER": str(run.folder)}
    _call(run, "import celery_tasks as t; [t.double.delay(n) for n in range(100)]", **folder)
    worker = ("-m", "celery", "--app", "celery_tasks", "worker", "-P", "prefork", "-c", "3", "-l", "DEBUG")
    with run.started(*worker, **folder) as process:
        _wait_until(lambda: len(list((run.folder / "results").iterdir())) == 100)
        process.send_signal(signal.SIGTERM)


def scrapy(run: Run) -> None:
    """Let Scrapy crawl a site of 120 pages on this machine."""
    with (
        _served(_Site) as port,
        run.started(
            "-m", "scrapy", "runspider", str(APPS / "crawl.py"), "-O", "titles.json", PROOF_PORT=str(port)
        ),
    ):
        pass


def openai(run: Run) -> None:
    """Let the openai client ask a scripted model: 24 calls in threads, one refused, 12 as tasks."""
    with _served(_Model) as port, run.started(str(APPS / "chat.py"), PROOF_PORT=str(port)):
        pass


def apscheduler(run: Run) -> None:
    """Let APScheduler run 40 jobs in threads, with SQLAlchemy at DEBUG, and 20 in forked processes."""
    with run.started(str(APPS / "jobs.py")):
        pass


def _ask(paths: list[str], port: int) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda path: _status_of(f"http://127.0.0.1:{port}{path}"), paths))


def _status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _call(run: Run, code: str, **environment: str) -> str:
    """Run a line of code in the program's interpreter, without any logging of ours."""
    variables = {**run.environment, **environment}
    answer = subprocess.check_output([run.way[0], "-c", code], env=variables, cwd=run.folder, text=True)
    return answer.strip()


def _wait_for(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _wait_until(answers)


def _wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"{is_so.__qualname__} did not come true in {PATIENCE_S} s")
        time.sleep(0.2)


@contextmanager
def _served(kind: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what counts is what the program says."""

    def answer(self, body: bytes, kind: str, status: int = 200) -> None:
        """Send ``body`` whole."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Site(_Quiet):
    """120 pages; each links to three others, one has no title, two are not found."""

    def do_GET(self) -> None:
        """Answer a page."""
        number = int("".join(filter(str.isdigit, self.path)) or 500)
        links = "".join(f'<a href="/{(number * 3 + step) % 122}.html">next</a>' for step in (1, 2, 3))
        title = "" if number == 60 else f"<title>page {number}</title>"
        page = f"<html>{title}<body>{links}</body></html>"
        self.answer(page.encode(), "text/html", 200 if number < 120 else 404)


class _Model(_Quiet):
    """A scripted language model behind the usual address; seed 500 is an error of the server."""

    def do_POST(self) -> None:
        """Answer a chat completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seed = asked["seed"]
        message = {"role": "assistant", "content": f"answer {seed}"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "scripted", "usage": usage}
        body["choices"] = [choice]
        self.answer(json.dumps(body).encode(), "application/json", 500 if seed == 500 else 200)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
