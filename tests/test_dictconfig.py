"""The shipped kind of pipeline through plain dictConfig, as programs reach it."""

import logging
import logging.config
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from written import Written, pipeline

from ote_logging.context import current
from ote_logging.schema import decode
from ote_logging.spans import span

SHIPPED = Path(__file__).parent.parent / "logging.yaml"

PROGRAM = """
import logging, logging.config, yaml
logging.config.dictConfig(yaml.safe_load(open({path!r})))
log = logging.getLogger("shop")
log.debug("TRACE: save -> validate (user=7)")
log.info("saved %d", 3, extra={{"rows": 3}})
"""


def test_a_program_that_imports_nothing_of_ours_is_traced(tmp_path: Path) -> None:
    """The shipped file and plain dictConfig are enough; people read the console, machines the session."""
    root = SHIPPED.parent
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(path=str(SHIPPED))],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (file,) = (tmp_path / "logs").glob("session_*.jsonl")
    point, plain = map(decode, file.read_bytes().splitlines())

    assert (point.event, point.path, point.fields) == ("trace_point", ["save", "validate"], {"user": 7})
    assert (plain.message, plain.fields) == ("saved 3", {"rows": 3})
    assert "saved 3" in done.stderr
    assert done.stdout == ""


def test_the_shipped_file_is_read_by_plain_dictconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handlers, formatters and filters are ours; the root has them."""
    monkeypatch.chdir(tmp_path)
    logging.config.dictConfig(yaml.safe_load(SHIPPED.read_text()))

    assert [handler.name for handler in logging.root.handlers] == ["session", "console"]
    assert [len(handler.filters) for handler in logging.root.handlers] == [3, 2]


@pytest.mark.parametrize("name", ["json", None], ids=["json", "no formatter"])
def test_the_session_is_the_wire_format(tmp_path: Path, name: str | None) -> None:
    """Whether the formatter is named or not."""
    settings = pipeline(tmp_path)
    settings["handlers"]["session"].pop("formatter")
    settings["handlers"]["session"].update({"formatter": name} if name else {})
    logging.config.dictConfig(settings)
    with span("save"):
        logging.getLogger("shop").info("hello")
    (file,) = tmp_path.glob("session_*.jsonl")

    events = [decode(line).event for line in file.read_bytes().splitlines()]
    assert events == ["span_start", "log", "span_end"]


@pytest.mark.parametrize("key", ["()", "class"])
def test_the_formatter_may_be_given_in_both_ways(key: str) -> None:
    """dictConfig passes other arguments to ``class`` than to ``()``; both give the wire format."""
    settings: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {key: "ote_logging.formatters.JsonFormatter"}},
        "handlers": {"null": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["null"]},
    }
    logging.config.dictConfig(settings)
    formatter = logging.root.handlers[0].formatter
    assert formatter is not None
    line = formatter.format(logging.makeLogRecord({"msg": "hello"})).encode()

    assert (decode(line).message, decode(line).session_id) == ("hello", current().session_id)


def test_options_of_the_filter_reach_it(tmp_path: Path) -> None:
    """As they stand in YAML."""
    settings = pipeline(tmp_path)
    settings["filters"]["redact"] |= {
        "keys": ["internal_code"], "allow": ["password"],
        "patterns": {"ticket": "TCK-[0-9]{8}"}, "email": True,
    }  # fmt: skip
    logging.config.dictConfig(settings)
    logging.getLogger("shop").info(
        "for TCK-12345678 of ann@example.org", extra={"internal_code": "abc", "password": "shown"}
    )
    (file,) = tmp_path.glob("session_*.jsonl")
    entry = decode(file.read_bytes())

    assert entry.message == "for [REDACTED:ticket] of [REDACTED:email]"
    assert entry.fields == {"internal_code": "[REDACTED:key]", "password": "shown"}


def test_switched_on_twice_a_record_is_written_once(ote: Written, tmp_path: Path) -> None:
    """dictConfig replaces the handlers that were."""
    logging.config.dictConfig(pipeline(ote.directory))
    logging.getLogger("shop").info("hello")

    assert len(ote.lines()) == 1


def test_loggers_that_exist_stay_on(ote: Written) -> None:
    """The shipped file says so; dictConfig's own default would silence them."""
    assert not logging.getLogger(__name__).disabled
    assert yaml.safe_load(SHIPPED.read_text())["disable_existing_loggers"] is False


def test_an_incremental_configuration_changes_the_level(ote: Written) -> None:
    """As with any handler."""
    settings = {"version": 1, "incremental": True, "handlers": {"session": {"level": "ERROR"}}}
    logging.config.dictConfig(settings)
    logging.getLogger("shop").info("quiet")
    logging.getLogger("shop").error("loud")

    assert ote.one().message == "loud"
