"""Tasks of a Celery worker with forked children and a broker of files."""

import os

from celery import Celery
from celery.utils.log import get_task_logger

folder = os.environ["PROOF_FOLDER"]
app = Celery("proof", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.broker_transport_options = {
    "data_folder_in": f"{folder}/queue",
    "data_folder_out": f"{folder}/queue",
    "control_folder": f"{folder}/control",
}
app.conf.worker_hijack_root_logger = False  # Celery's own switch: it would remove every handler of the root
log = get_task_logger(__name__)


@app.task
def double(number: int) -> int:
    """Return twice the number; every fifth task fails."""
    log.info("TRACE: double -> compute | number=%d", number)
    if number % 5 == 0:
        raise ValueError(f"number {number} is refused")
    return number * 2
