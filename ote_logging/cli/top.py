"""``ote top``: the operations of a session while it runs, drawn anew every second.

LOCATION: ote_logging/cli/top.py
DEPENDENCIES: errors, reading (Following, folds), report (the page), screen
TRACE POINTS: none
"""

import shutil
import sys
import time
from contextlib import suppress
from typing import Final

from ote_logging.cli.report import Page, in_order
from ote_logging.cli.screen import Screen
from ote_logging.errors import ReadError
from ote_logging.reading import Following
from ote_logging.reading.folds import are_snapshots

_EVERY_S: Final = 1.0
_LEAST_S: Final = 0.1
_HOME_AND_CLEAR: Final = "\x1b[H\x1b[J"
# The other screen of a terminal, without a cursor: what stood there before is there again afterwards.
_TO_OTHER_SCREEN: Final = "\x1b[?1049h\x1b[?25l"
_BACK: Final = "\x1b[?25h\x1b[?1049l"


def show(session: str, order: str, *, once: bool) -> None:
    """Draw a session until interrupted; a single time where ``once``, or where no terminal is there."""
    if are_snapshots(session):
        raise ReadError(f"{session}: a snapshot does not run; ote report shows it")
    following = Following(session)
    if once or not sys.stdout.isatty():
        _draw(following, order, None)
        return
    sys.stdout.write(_TO_OTHER_SCREEN)
    try:
        with suppress(KeyboardInterrupt):
            _watch(following, order)
    finally:
        sys.stdout.write(_BACK)


def _watch(following: Following, order: str) -> None:
    while True:
        began_s = time.monotonic()
        _draw(following, order, shutil.get_terminal_size().lines - 1)
        sys.stdout.flush()
        time.sleep(max(_EVERY_S - (time.monotonic() - began_s), _LEAST_S))


def _draw(following: Following, order: str, most_lines: int | None) -> None:
    sums = in_order(following.report(), order)
    if most_lines is not None:
        sys.stdout.write(_HOME_AND_CLEAR)
    Page(Screen(most_lines=most_lines), sums, most_lines).print_running()
