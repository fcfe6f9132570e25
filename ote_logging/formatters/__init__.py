"""Formatters: TRACE markers for people, JSON lines for machines.

LOCATION: ote_logging/formatters/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from ote_logging.formatters.json import JsonFormatter

__all__ = ["JsonFormatter"]
