"""Tasks of a Huey consumer on SQLite: some succeed, some fail and are tried again."""

import logging
import os

from huey import SqliteHuey

log = logging.getLogger("tasks")
huey = SqliteHuey("proof", filename=os.environ["PROOF_DATABASE"])


@huey.task()
def double(number: int) -> int:
    """Return twice the number."""
    log.info("TRACE: double -> compute | number=%d", number)
    return number * 2


@huey.task(retries=1)
def fail(number: int) -> None:
    """Raise; Huey logs the traceback and tries once more."""
    log.warning("about to fail with %d", number)
    raise ValueError(f"number {number} is refused")
