"""The engines that answer SQL over sessions: DuckDB in this process, Spark on many machines.

Each makes of the files one view, ``lines``: a row a line, the columns of ``columns`` and besides::

    has_exception  whether the line holds an exception     raised_file, raised_line  its innermost frame
    time_s         timestamp in seconds since the epoch

A line that is no JSON becomes a row of nulls. All other SQL is the same for both.

LOCATION: ote_logging/reading/engines.py
DEPENDENCIES: duckdb (extra ``query``), pyspark (extra ``spark``), columns, errors
TRACE POINTS: Engine.register() - files become a view; Engine.rows() - a query becomes rows
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from logging import getLogger
from typing import Any, Final, Protocol

from ote_logging.errors import MissingExtraError, ReadError
from ote_logging.reading.columns import NUMBER, TEXT, TRUTH, WHOLE

Row = dict[str, Any]

_ROWS_AT_ONCE: Final = 1_000


class Engine(Protocol):
    """Whoever can answer SQL."""

    def register(self, paths: Sequence[str], columns: Mapping[str, str], *, keep: bool = False) -> None:
        """Make of ``paths`` the view ``lines``; read once and kept, if several queries will ask for it."""

    def rows(self, sql: str) -> Iterator[Row]:
        """Run one statement and yield its rows by the names of their columns.

        Raises:
            ReadError: the statement is wrong, or a file cannot be read.
        """

    def close(self) -> None:
        """Let go of everything."""


class DuckDB:
    """DuckDB, in this process and on all its cores."""

    _TYPES: Final = {TEXT: "VARCHAR", WHOLE: "BIGINT", NUMBER: "DOUBLE", TRUTH: "BOOLEAN"}
    _EXCEPTION: Final = "STRUCT(frames STRUCT(file VARCHAR, line BIGINT)[])"

    def __init__(self) -> None:
        """Open a database in memory.

        Raises:
            MissingExtraError: duckdb is not installed; the extra ``query`` brings it.
        """
        try:
            duckdb = import_module("duckdb")
        except ImportError as error:
            raise MissingExtraError("duckdb", "query") from error
        self._duckdb = duckdb
        # Nothing is fetched: what a query needs is inside the package, or the query is refused.
        self._connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})

    def register(self, paths: Sequence[str], columns: Mapping[str, str], *, keep: bool = False) -> None:
        """See Engine."""
        kinds = {**{name: self._TYPES[kind] for name, kind in columns.items()}, "exception": self._EXCEPTION}
        listed = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in kinds.items())
        # A table that only sums are taken of may be filled by all cores at once, and in less memory.
        self._run(f"SET preserve_insertion_order = {str(not keep).lower()}")
        self._run(
            "CREATE OR REPLACE TEMP VIEW lines AS SELECT * EXCLUDE (exception), "
            "exception IS NOT NULL AS has_exception, "
            "exception.frames[-1].file AS raised_file, exception.frames[-1].line AS raised_line, "
            "epoch_us(TRY_CAST(timestamp AS TIMESTAMPTZ)) / 1e6 AS time_s "
            f"FROM read_json([{', '.join(map(_text, paths))}], format = 'newline_delimited', "
            f"columns = {{{listed}}}, ignore_errors = true)"
        )
        if keep:
            self._run("CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM lines")
            self._run("CREATE OR REPLACE TEMP VIEW lines AS SELECT * FROM kept")

    def rows(self, sql: str) -> Iterator[Row]:
        """See Engine."""
        found = self._run(sql)
        names = [column[0] for column in found.description or ()]
        while batch := found.fetchmany(_ROWS_AT_ONCE):
            yield from (dict(zip(names, row, strict=True)) for row in batch)

    def _run(self, sql: str) -> Any:
        try:
            return self._connection.execute(sql)
        except self._duckdb.Error as error:
            raise ReadError(_first_lines(str(error))) from error

    def close(self) -> None:
        """See Engine."""
        self._connection.close()


class Spark:
    """Spark SQL, in this process or on a cluster whose workers see the files under the same paths."""

    _TYPES: Final = {TEXT: "STRING", WHOLE: "BIGINT", NUMBER: "DOUBLE", TRUTH: "BOOLEAN"}
    _EXCEPTION: Final = "STRUCT<frames: ARRAY<STRUCT<file: STRING, line: BIGINT>>>"

    def __init__(self, master: str | None = None) -> None:
        """Start a session on ``master``, such as ``spark://host:7077``; else on the cores of this machine.

        Raises:
            MissingExtraError: pyspark is not installed; the extra ``spark`` brings it.
            ReadError: Spark does not start: there is no Java, or no such master.
        """
        try:
            errors, sql = import_module("pyspark.errors"), import_module("pyspark.sql")
        except ImportError as error:
            raise MissingExtraError("pyspark", "spark") from error
        self._error = errors.PySparkException
        # It would print what is raised besides, with a trace of the JVM.
        getLogger("SQLQueryContextLogger").disabled = True
        builder = sql.SparkSession.builder.appName("ote").master(master or "local[*]")
        if master is None:
            # A session for oneself has no business on the network.
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        for key, value in _SPARK_SETTINGS.items():
            builder = builder.config(key, value)
        try:
            self._session = builder.getOrCreate()
        except Exception as error:  # of the JVM's bridge, of pyspark, or of the operating system
            raise ReadError(f"Spark does not start, it needs Java 17: {_first_lines(str(error))}") from error

    def register(self, paths: Sequence[str], columns: Mapping[str, str], *, keep: bool = False) -> None:
        """See Engine."""
        kinds = {**{name: self._TYPES[kind] for name, kind in columns.items()}, "exception": self._EXCEPTION}
        schema = ", ".join(f"`{name.replace('`', '``')}` {kind}" for name, kind in kinds.items())
        places = [path if "://" in path else f"file://{os.path.abspath(path)}" for path in paths]
        found = (
            self._session.read.schema(schema)
            .json(places)
            .selectExpr(
                *(f"`{name.replace('`', '``')}`" for name in columns),
                "exception IS NOT NULL AS has_exception",
                "try_element_at(exception.frames, -1).file AS raised_file",
                "try_element_at(exception.frames, -1).line AS raised_line",
                "unix_micros(TRY_CAST(timestamp AS TIMESTAMP)) / 1e6 AS time_s",
            )
        )
        (found.cache() if keep else found).createOrReplaceTempView("lines")

    def rows(self, sql: str) -> Iterator[Row]:
        """See Engine."""
        try:
            for row in self._session.sql(sql).toLocalIterator():
                yield row.asDict(recursive=True)
        except self._error as error:
            # Its plan of the query follows the first line.
            raise ReadError(str(error).partition("\n")[0].rstrip(";")) from error

    def close(self) -> None:
        """See Engine."""
        self._session.stop()


_SPARK_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "8",
    "spark.log.level": "ERROR",
}


def _text(value: str) -> str:
    """Return ``value`` as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def _first_lines(message: str) -> str:
    """Return what an engine says is wrong, without the trace of its own that follows."""
    return message.split("\n\n")[0].strip()
