"""python-json-logger: its three formatters behind FileHandler and the floor's filter.

The fields are asked for by name, the message in the middle, as its documentation does.

LOCATION: benchmarks/peers/python_json_logger.py
DEPENDENCIES: python-json-logger; orjson or msgspec by variant
TRACE POINTS: none
"""

import json
from collections.abc import Mapping
from importlib import import_module
from logging import Logger
from typing import Any

from benchmarks.contest import Facts
from benchmarks.peers import Ask, Writer, calls, floor, has_fields, number_in

_FORMATTERS = {"json": "JsonFormatter", "orjson": "OrjsonFormatter", "msgspec": "MsgspecFormatter"}
_NAMES = {
    "time": "asctime", "level": "levelname", "logger": "name", "message": "message", "file": "filename",
    "line": "lineno", "function": "funcName", "session": "session_id", "trace": "trace_id", "span": "span_id",
}  # fmt: skip


def records(ask: Ask) -> Writer:
    """Take part in: enriched records."""
    return Writer(calls.records(_logger(ask)), _read, floor.ids)


def interactions(ask: Ask) -> Writer:
    """Take part in: a call of a model with what was said, as extras."""
    wanted = (*floor.WANTED, "prompt", "response")
    return Writer(calls.interactions(_logger(ask)), _read_interaction, floor.ids, wanted=wanted)


def _logger(ask: Ask) -> Logger:
    module: Any = import_module(f"pythonjsonlogger.{ask.variant}")
    log = floor.logger(ask, "bench")
    log.handlers[0].setFormatter(getattr(module, _FORMATTERS[ask.variant])(list(_NAMES.values())))
    return log


def _read(line: bytes) -> Facts:
    data = json.loads(line)
    return _facts(data) | {"number": number_in(data["message"]), "fields": has_fields(data)}


def _read_interaction(line: bytes) -> Facts:
    data = json.loads(line)
    return _facts(data) | calls.said_in(data)


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {fact: data.get(name) for fact, name in _NAMES.items()}
