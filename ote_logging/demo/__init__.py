"""A small program to be traced: see ``pipeline``.

LOCATION: ote_logging/demo/
DEPENDENCIES: none
TRACE POINTS: none
"""
