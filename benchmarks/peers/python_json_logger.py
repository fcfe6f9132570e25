"""python-json-logger: its three formatters behind FileHandler and the floor's filter.

The fields are asked for by name, the message in the middle, as its documentation does.

LOCATION: benchmarks/peers/python_json_logger.py
DEPENDENCIES: python-json-logger; orjson or msgspec by variant
TRACE POINTS: none
"""

import json
from importlib import import_module
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
    module: Any = import_module(f"pythonjsonlogger.{ask.variant}")
    log = floor.logger(ask, "bench")
    log.handlers[0].setFormatter(getattr(module, _FORMATTERS[ask.variant])(list(_NAMES.values())))
    return Writer(calls.records(log), _read, floor.ids)


def _read(line: bytes) -> Facts:
    data = json.loads(line)
    facts = {fact: data.get(name) for fact, name in _NAMES.items()}
    return facts | {"number": number_in(data["message"]), "fields": has_fields(data)}
