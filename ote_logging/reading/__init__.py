"""Read sessions: entries from files, and what can be asked of them.

    for entry in reading.read("logs"): ...
    tree = reading.build_tree(reading.read("logs"))
    sums = reading.report(reading.Reader("logs"))
    slow = reading.find(reading.read("logs"), [reading.Condition.parse("duration_ms>100")])

LOCATION: ote_logging/reading/__init__.py
DEPENDENCIES: sessions, entries, tree, report, folds, following, find
TRACE POINTS: none
"""

from ote_logging.reading.entries import Reader, read
from ote_logging.reading.find import Condition, find
from ote_logging.reading.folds import fold_all, fold_of
from ote_logging.reading.following import Following
from ote_logging.reading.processes import Process
from ote_logging.reading.report import Failures, Operation, Report, Unfinished, report, report_of
from ote_logging.reading.sessions import locate
from ote_logging.reading.tree import Node, Tree, build_tree
from ote_logging.reading.where import Place, where

__all__ = [
    "Condition",
    "Failures",
    "Following",
    "Node",
    "Operation",
    "Place",
    "Process",
    "Reader",
    "Report",
    "Tree",
    "Unfinished",
    "build_tree",
    "find",
    "fold_all",
    "fold_of",
    "locate",
    "read",
    "report",
    "report_of",
    "where",
]
