"""Count what passes: figures by operation, live, the same as those of the session file read back.

LOCATION: ote_logging/handlers/metrics.py
DEPENDENCIES: evaluation.metrics (the fold), evaluation.prices, evaluation.prometheus (text), events (the
    event), handlers: figures, waiting (what is counted), exporting, forks, losses, naming, opening,
    replacing, ticking; filters, records, context (whose session it is)
TRACE POINTS: MetricsHandler.handle() - a record is counted; MetricsHandler.tell() - the figures are written
"""

import atexit
import contextvars
import logging
import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, TypeGuard
from weakref import WeakSet

from ote_logging.context import current
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.prices import GenaiPrices, PriceSource, PriceSources, PriceTable
from ote_logging.evaluation.prometheus import Collector, Family, Surroundings, exposition, families_of
from ote_logging.events import Event
from ote_logging.filters import RedactFilter
from ote_logging.handlers.figures import figures_of, may_drop
from ote_logging.handlers.forks import renew_in_children
from ote_logging.handlers.losses import Tally
from ote_logging.handlers.naming import safe_name
from ote_logging.handlers.opening import make_folder
from ote_logging.handlers.replacing import add_file, replace_file
from ote_logging.handlers.ticking import Ticker
from ote_logging.handlers.waiting import Waiting
from ote_logging.remembered import Remembered
from ote_logging.schema import dump

if TYPE_CHECKING:
    from ote_logging.handlers.exporting import Exporter

LOGGER: Final = "ote_logging.metrics"
"""The logger of the ``metrics`` events."""

# A prime: a program that logs in a round of two or ten must not have the same record timed again and again.
_TIMED_ONE_IN: Final = 37
# Of the timed ones: what waits is folded after a thousand records, in a fifth of a millisecond.
_FOLDED_ONE_IN: Final = 28
_PATIENCE_S: Final = 5.0
_TOLD_OPERATIONS: Final = 50
_MOST_KINDS: Final = 100
_OWNER_ONLY: Final = 0o600
_FOR_ALL: Final = 0o644


class MetricsHandler(logging.Handler):
    """Aggregates every span end, stage event and text marker by operation, and all records by level.

    The figures go out at an interval and at the end: as a ``metrics`` event of the logger
    ``ote_logging.metrics`` in the session of the process (the 50 operations that took longest), as a file
    ``<directory>/metrics_<session id>.json`` that holds all of them, and as a Prometheus textfile. A process
    or configuration that joins a session writes ``metrics_<session id>.1.json`` and so on: merged, the
    files are the whole. A forked child counts from nothing.

    Nothing here blocks or raises into the program: what cannot be counted or written is counted itself
    (``skipped``), and stderr gets a line at most every 5 s.

    Args:
        level: as of any handler.
        directory: the folder of the snapshots (mode 0600); none are written without it.
        interval_s: seconds between two tellings; None for only one, at the end.
        prices: what models cost, see ``evaluation.prices``: a list of prices, or ``genai-prices``.
        textfile: file for the textfile collector of Prometheus, ``*.prom`` in a folder that is there; it is
            readable for all (mode 0644), since another user collects it.
        max_operations: operations that are counted each by itself; what is beyond goes to ``__other__``.
        port: serve Prometheus there by HTTP (extra ``prometheus``); 0 for any free port, see ``address``.
        host: the address to serve on; the default is seen by this machine alone.

    Raises:
        ConfigError: ``prices`` is no price table.
        MissingExtraError: ``prices`` or ``port`` needs a package that is not installed.
        OSError: a folder cannot be made or is not there, or the port is taken.
        ValueError: an option has no such value.
    """

    def __init__(
        self,
        level: int | str = logging.NOTSET,
        *,
        directory: str | os.PathLike[str] | None = None,
        interval_s: float | None = 60.0,
        prices: object = None,
        textfile: str | os.PathLike[str] | None = None,
        max_operations: int = 2_000,
        port: int | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(level)
        self._may_drop = False
        _check_numbers(interval_s, max_operations, port)
        self._prices = _prices_of(prices)
        self._max_operations = max_operations
        self._directory = None if directory is None else Path(directory).absolute()
        self._textfile = None if textfile is None else _textfile_at(Path(textfile).absolute())
        self._tally = Tally("metrics")
        self._ticker = None if interval_s is None else Ticker(interval_s, self.tell, "ote-metrics")
        self.renew()
        if self._directory is not None:
            make_folder(self._directory)
        self._collector = Collector(self.families) if port is not None else None
        self._exporter = _exported(host, port, self._collector)
        renew_in_children(self)
        _alive.add(self)

    def renew(self) -> None:
        """Begin anew in a forked child: an empty fold, its own files."""
        self._fold = PerformanceMetrics(prices=self._prices, max_operations=self._max_operations)
        self._folding = threading.Lock()
        self._lines: deque[dict[str, Any]] = deque()
        self._waiting = Waiting()
        self._take = self._waiting.take
        self._clean = Remembered(self._cleaned)
        self._anomalies: Counter[str] = Counter()
        self._turns = cycle((True, *[False] * (_TIMED_ONE_IN - 1)))
        self._timed = self._timed_ns = 0
        self._redacted_before = _redactions()
        self._telling = threading.Lock()
        self._folded = self._told = 0
        self._snapshot: Path | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port on which Prometheus is served."""
        return None if self._exporter is None else self._exporter.address

    @property
    def skipped(self) -> int:
        """Records that could not be counted, and files that could not be written."""
        return self._tally.stats()["lost"]

    # Counting

    def addFilter(self, filter: Any) -> None:
        """Add a filter."""
        super().addFilter(filter)
        self._see_filters()

    def removeFilter(self, filter: Any) -> None:
        """Remove a filter."""
        super().removeFilter(filter)
        self._see_filters()

    def _see_filters(self) -> None:
        self._may_drop = may_drop(self.filters)
        self._clean.clear()

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and count ``record``, without waiting for another thread."""
        if self._may_drop:
            kept: bool | logging.LogRecord = self.filter(record)
            if kept:
                self.emit(kept if isinstance(kept, logging.LogRecord) else record)
            return bool(kept)
        # As emit(), in line: a call more would cost a tenth.
        try:
            if next(self._turns):
                self._count_timed(record, self.filter)
            elif not self._take(record):
                self._count(record, self.filter)
        except Exception as error:  # values of the program are read here
            self._tally.lose(error)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Count ``record``."""
        try:
            if next(self._turns):
                self._count_timed(record, _as_it_is)
            elif not self._take(record):
                self._count(record, _as_it_is)
        except Exception as error:  # as above
            self._tally.lose(error)

    def _count(self, record: logging.LogRecord, prepare: Callable[[logging.LogRecord], object]) -> None:
        # What waits holds neither ids nor secrets: only now the filters are asked, and 2 us are saved.
        prepare(record)
        if not self._waiting.take_failed(record):
            self._lines.append(figures_of(record))
            self._unless_folding(self._fold_lines)

    def _count_timed(self, record: logging.LogRecord, prepare: Callable[[logging.LogRecord], object]) -> None:
        self._start()
        begun_ns = perf_counter_ns()
        if not self._take(record):
            self._count(record, prepare)
        # The first one, which is slow, stands for nothing.
        self._timed_ns += (perf_counter_ns() - begun_ns) * _TIMED_ONE_IN if self._timed else 0
        self._timed += 1
        if not self._timed % _FOLDED_ONE_IN:
            self._unless_folding(self._fold_waiting)

    def _unless_folding(self, fold: Callable[[], None]) -> None:
        """Fold; while another thread folds, or this one, interrupted by a signal, let all wait."""
        if self._folding.acquire(False):
            try:
                fold()
            finally:
                self._folding.release()

    def _fold_lines(self) -> None:
        # Not until none waits: other threads may go on adding.
        for _ in range(len(self._lines)):
            line = self._lines.popleft()
            self._fold.add_line(line)
            if line["event"] == "anomaly":
                self._count_anomaly(line)
            # The telling itself is no news: it would be told again, for ever.
            self._folded += line["event"] != "metrics"

    def _fold_waiting(self) -> None:
        begun_ns = perf_counter_ns()
        self._folded += self._waiting.fold_into(self._fold, self._clean.__getitem__)
        self._timed_ns += perf_counter_ns() - begun_ns

    def _count_anomaly(self, line: Mapping[str, Any]) -> None:
        kind = str(line.get("kind"))
        if line.get("state") == "open" and (kind in self._anomalies or len(self._anomalies) < _MOST_KINDS):
            self._anomalies[kind] += 1

    def _start(self) -> None:
        if self._ticker is not None:
            self._ticker.start()

    def _cleaned(self, text: str) -> str:
        """Return the name of an operation, or a path, as the filters of this handler leave it."""
        for found in self.filters:
            if isinstance(found, RedactFilter):
                text = found.redactor.text(text)
        return text

    # Reading

    def snapshot(self) -> PerformanceMetrics:
        """Return a copy of the figures of this moment, with what all handlers lost and redacted."""
        copy = PerformanceMetrics(max_operations=self._max_operations)
        with self._settled():
            copy.merge(self._fold)
        copy.lost += sum(_dropped().values())
        copy.redacted += max(_redactions() - self._redacted_before, 0)
        return copy

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the figures of each operation as text and as numbers, see ``PerformanceMetrics.report``."""
        return self.snapshot().report()

    def families(self) -> list[Family]:
        """Return the figures as Prometheus names them."""
        return families_of(self.snapshot(), self._surroundings())

    @property
    def self_ms(self) -> float | None:
        """Milliseconds that counting has cost, by one record in 37; None before that."""
        return self._timed_ns / 1e6 if self._timed > 1 else None

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Fold what waits, and keep others from folding."""
        # A signal handler may have interrupted the thread that folds; it must not wait for ever.
        is_mine = self._folding.acquire(timeout=_PATIENCE_S)
        try:
            if is_mine:
                self._fold_lines()
                self._fold_waiting()
            yield
        finally:
            if is_mine:
                self._folding.release()

    def _surroundings(self) -> Surroundings:
        cost = self.self_ms
        return Surroundings(_dropped(), dict(self._anomalies), None if cost is None else cost / 1000)

    # Telling

    def tell(self) -> None:
        """Write the files and log the ``metrics`` event, if anything was counted since the last time."""
        with self._settled():
            counted = self._folded
        if counted == self._told or not self._telling.acquire(False):
            return
        try:
            self._told = counted
            # In no thread's session, but in that of the process.
            contextvars.Context().run(self._tell)
        except Exception as error:  # disks, and handlers of the program
            self._tally.lose(error)
        finally:
            self._telling.release()

    def _tell(self) -> None:
        metrics = self.snapshot()
        self._write(lambda: self._write_snapshot(metrics))
        self._write(lambda: self._write_textfile(metrics))
        logging.getLogger(LOGGER).info(self._event(metrics))

    def _write(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            self._tally.lose(error)

    def _write_snapshot(self, metrics: PerformanceMetrics) -> None:
        if self._directory is None:
            return
        session_id = current().session_id
        head = {"session_id": session_id, "pid": os.getpid(), "self_ms": self.self_ms}
        content = dump({**head, **metrics.to_dict()})
        make_folder(self._directory)
        if self._snapshot is None:
            self._snapshot = add_file(
                self._directory, f"metrics_{safe_name(session_id)}", ".json", content, _OWNER_ONLY
            )
        else:
            replace_file(self._snapshot, content, _OWNER_ONLY)

    def _write_textfile(self, metrics: PerformanceMetrics) -> None:
        if self._textfile is not None:
            replace_file(self._textfile, exposition(metrics, self._surroundings()), _FOR_ALL)

    def _event(self, metrics: PerformanceMetrics) -> Event:
        rows = [row for row in metrics.operations.values() if row.calls]
        calls, failures = sum(row.calls for row in rows), sum(row.failures for row in rows)
        levels = sum((Counter(found) for found in metrics.records.values()), Counter[str]())
        text = f"METRICS: {len(rows)} operations, {calls} calls, {failures} failed; {levels.total()} records"
        figures = {
            "operations": _longest(metrics),
            "operations_in_all": len(rows),
            "calls": calls,
            "failures": failures,
            "records": dict(levels),
            "totals": _known(metrics.totals),
            "lost": metrics.lost,
            "redacted": metrics.redacted,
            "self_ms": self.self_ms,
            "snapshot": None if self._snapshot is None else str(self._snapshot),
        }
        return _Told(text, figures)

    # The end

    def flush(self) -> None:
        """Do nothing: figures are told at the interval and at the end."""

    def close(self) -> None:
        """Tell what was counted since the last time, and end the thread and the server."""
        self.tell()
        if self._ticker is not None:
            self._ticker.stop()
        if self._exporter is not None and self._collector is not None:
            self._exporter.close(self._collector)
        super().close()


class _Told(Event):
    """The figures: people read one line of them, not the table, which would fill their screen."""

    __slots__ = ()

    def __init__(self, text: str, figures: Mapping[str, Any]) -> None:
        super().__init__("metrics", text)
        self.keys = figures


def _check_numbers(interval_s: object, max_operations: object, port: object) -> None:
    if interval_s is not None and not (_is_number(interval_s) and 0 < interval_s <= threading.TIMEOUT_MAX):
        raise ValueError(f"interval_s is {interval_s!r}; give seconds above 0, or null for only one telling")
    if not (_is_number(max_operations) and isinstance(max_operations, int) and max_operations > 0):
        raise ValueError(f"max_operations is {max_operations!r}; give a whole number above 0")
    if port is not None and not (_is_number(port) and isinstance(port, int) and 0 <= port < 1 << 16):
        raise ValueError(f"port is {port!r}; give a whole number from 0 to 65535")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _prices_of(prices: object) -> PriceSource | None:
    if prices is None:
        return None
    return PriceSources(GenaiPrices() if prices == "genai-prices" else PriceTable.from_config(prices))


def _exported(host: str, port: int | None, collector: Collector | None) -> "Exporter | None":
    if port is None or collector is None:
        return None
    # A server costs 15 ms to import, and few programs serve.
    from ote_logging.handlers.exporting import export

    return export(host, port, collector)


def _textfile_at(path: Path) -> Path:
    if path.suffix != ".prom":
        raise ValueError(f"textfile is {str(path)!r}; the textfile collector reads *.prom alone")
    if not path.parent.is_dir():
        raise NotADirectoryError(20, "there is no such folder for the textfile", str(path.parent))
    return path


def _longest(metrics: PerformanceMetrics) -> dict[str, Any]:
    rows = ((name, row) for name, row in metrics.operations.items() if row.calls)
    longest = sorted(rows, key=lambda found: -found[1].total_ns)[:_TOLD_OPERATIONS]
    return {name: _known(row.as_numbers()) for name, row in longest}


def _known(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in numbers.items() if value not in (None, {})}


def _handlers() -> list[logging.Handler]:
    """Return all handlers that are alive, also those behind queues."""
    found = (reference() for reference in logging._handlerList[:])  # type: ignore[attr-defined]
    return [handler for handler in found if handler is not None]


def _dropped() -> dict[str, int]:
    """Return by reason how many records the handlers of this process lost."""
    reasons: Counter[str] = Counter()
    for handler in _handlers():
        stats = getattr(handler, "stats", None)
        with suppress(Exception):  # a handler of the program may mean something else by this name
            reasons.update(stats()["reasons"] if stats else {})
    return dict(reasons)


def _redactions() -> int:
    """Return how many values the filters of this process have redacted."""
    filters = {id(item): item for handler in _handlers() for item in handler.filters}
    redactors = (getattr(item, "redactor", None) for item in filters.values())
    return sum(int(getattr(redactor, "redactions", 0)) for redactor in redactors)


def _as_it_is(record: logging.LogRecord) -> None:
    """Prepare nothing: the record has been filtered."""


_alive: Final[WeakSet[MetricsHandler]] = WeakSet()


def _tell_all() -> None:
    for handler in list(_alive):
        handler.tell()


def _tell_all_in_child() -> None:
    """Tell at the end of a child of multiprocessing: it ends without atexit, so nobody flushes either."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is None or processes.parent_process() is None:
        return
    _tell_all()
    for handler in _handlers():
        handler.flush()


# logging was imported before, so that its own shutdown, which closes the session file, comes after this.
atexit.register(_tell_all)
threading._register_atexit(_tell_all_in_child)  # type: ignore[attr-defined]
