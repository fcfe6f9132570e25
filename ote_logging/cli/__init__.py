"""The command line: ``ote tree``, ``ote report``, ``ote find`` ... one command, one module.

LOCATION: ote_logging/cli/
DEPENDENCIES: typer (extra ``cli``); what a command needs it imports when it runs
TRACE POINTS: none
"""
