"""Formatters: TRACE markers for people, JSON lines for machines.

LOCATION: ote_logging/formatters/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from ote_logging.formatters.json import JsonFormatter
from ote_logging.formatters.trace import TraceFormatter

__all__ = ["JsonFormatter", "TraceFormatter"]
