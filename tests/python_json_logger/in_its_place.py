"""A pytest plugin: our JsonFormatter under the names of python-json-logger's classes.

Who moves to our class from that library gives a format, which is how our class is told to do what that
library documents. Its own default is ``%(message)s``; here it is said. Nothing else is changed.

LOCATION: tests/python_json_logger/in_its_place.py
DEPENDENCIES: ote_logging.formatters, python-json-logger
TRACE POINTS: none
"""

from typing import Any

import pythonjsonlogger.json
import pythonjsonlogger.msgspec
import pythonjsonlogger.orjson

from ote_logging.formatters import JsonFormatter


class InItsPlace(JsonFormatter):
    """Our class, told to write what python-json-logger writes."""

    def __init__(self, fmt: Any = "%(message)s", *args: Any, **kwargs: Any) -> None:
        super().__init__(fmt, *args, **kwargs)


pythonjsonlogger.json.JsonFormatter = InItsPlace  # type: ignore[misc]
pythonjsonlogger.orjson.OrjsonFormatter = InItsPlace  # type: ignore[assignment,misc]
pythonjsonlogger.msgspec.MsgspecFormatter = InItsPlace  # type: ignore[assignment,misc]
