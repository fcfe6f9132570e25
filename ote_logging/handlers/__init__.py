"""Handlers: one sink, one file.

LOCATION: ote_logging/handlers/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from ote_logging.handlers.session import SessionFileHandler

__all__ = ["SessionFileHandler"]
