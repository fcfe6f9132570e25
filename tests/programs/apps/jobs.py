"""APScheduler jobs in threads, with SQLAlchemy logging all it does, and in forked processes."""

import logging
import multiprocessing
import sys
import time

from apscheduler.executors.pool import ProcessPoolExecutor, ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, text

log = logging.getLogger("jobs")
engine = create_engine("sqlite://")
logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)


def store(number: int) -> None:
    """Write one row; every fourth job fails."""
    with engine.begin() as connection:
        connection.execute(text("select :number"), {"number": number}).all()
    if number % 4 == 0:
        raise RuntimeError(f"job {number} is refused")


def compute(number: int) -> int:
    """Return the square, in another process."""
    log.info("TRACE: compute -> square | number=%d", number)
    return number * number


def main() -> None:
    """Run forty jobs in threads and twenty in processes, then stop."""
    # Forked before any thread logs: logging's own FileHandler can stay locked for ever in a later child.
    processes = ProcessPoolExecutor(2, pool_kwargs={"mp_context": multiprocessing.get_context("fork")})
    processes._pool.submit(compute, 0).result()
    scheduler = BackgroundScheduler(executors={"default": ThreadPoolExecutor(4), "processes": processes})
    for number in range(1, 41):
        scheduler.add_job(store, args=[number])
    for number in range(1, 20):
        scheduler.add_job(compute, args=[number], executor="processes", misfire_grace_time=60)
    scheduler.start()
    while scheduler.get_jobs():
        time.sleep(0.05)
    scheduler.shutdown(wait=True)
    sys.stdout.write("60 jobs\n")


if __name__ == "__main__":
    main()
