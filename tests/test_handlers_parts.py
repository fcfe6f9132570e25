"""Session files in parts: limits of size, what is kept, what is packed, and who writes late."""

import gzip
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ote_logging.context import session
from ote_logging.handlers import SessionFileHandler
from ote_logging.handlers.parts import pack
from ote_logging.reading.sessions import locate


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    """A logger of its own in a session of its own; its handlers are closed behind the test."""
    logger = logging.Logger("parts", logging.DEBUG)
    with session("run"):
        yield logger
    for handler in logger.handlers:
        handler.close()


def attached(log: logging.Logger, folder: Path, **options: Any) -> SessionFileHandler:
    handler = SessionFileHandler(folder, **options)
    log.addHandler(handler)
    return handler


def text_of(path: str | Path) -> bytes:
    return gzip.decompress(Path(path).read_bytes()) if str(path).endswith(".gz") else Path(path).read_bytes()


def messages_of(folder: Path) -> list[str]:
    """The messages of the session, in the order in which the reader joins its parts."""
    first = min(folder.glob("session_run*"), key=lambda path: len(path.name.removesuffix(".gz")))
    lines = b"".join(text_of(part) for part in locate(first)).splitlines()
    return [json.loads(line)["message"] for line in lines]


def eventually(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def test_no_part_grows_beyond_its_limit(log: logging.Logger, tmp_path: Path) -> None:
    """1,000 records with ``max_bytes`` are in several parts, none too large, which read as one session."""
    attached(log, tmp_path, max_bytes=20_000)
    for number in range(1000):
        log.info("%d", number)

    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000
    assert len(list(tmp_path.iterdir())) > 5
    assert messages_of(tmp_path) == [str(number) for number in range(1000)]


def test_a_record_larger_than_a_part_has_one_for_itself(log: logging.Logger, tmp_path: Path) -> None:
    """The limit cuts no record."""
    attached(log, tmp_path, max_bytes=1000)
    for text in ("a", "b" * 5000, "c"):
        log.info(text)

    assert messages_of(tmp_path) == ["a", "b" * 5000, "c"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_later_handler_goes_on_in_the_last_part(log: logging.Logger, tmp_path: Path) -> None:
    """A session that is taken up again does not go back to its first part."""
    for number in range(2):
        handler = attached(log, tmp_path, max_bytes=2000)
        for step in range(20):
            log.info("%d %d", number, step)
        handler.close()
        log.removeHandler(handler)

    assert messages_of(tmp_path) == [f"{number} {step}" for number in range(2) for step in range(20)]


def test_two_writers_meet_in_the_same_parts(log: logging.Logger, tmp_path: Path) -> None:
    """Nobody renames anything, so both find the way to the next part."""
    attached(log, tmp_path, max_bytes=10_000)
    attached(log, tmp_path, max_bytes=10_000)
    for number in range(300):
        log.info("%d", number)

    assert sorted(messages_of(tmp_path)) == sorted(2 * [str(number) for number in range(300)])


def test_full_parts_are_packed(log: logging.Logger, tmp_path: Path) -> None:
    """With ``compress`` every part but the one being written ends as ``.jsonl.gz``."""
    attached(log, tmp_path, max_bytes=20_000, compress=True)
    for number in range(500):
        log.info("%d", number)

    assert eventually(lambda: len(list(tmp_path.glob("*.jsonl"))) == 1)
    assert not list(tmp_path.glob(".*"))
    assert messages_of(tmp_path) == [str(number) for number in range(500)]


def test_a_late_line_of_a_packed_part_is_carried_over(log: logging.Logger, tmp_path: Path) -> None:
    """Who has not noticed that its part was packed loses no line, and none stands twice."""
    attached(log, tmp_path, compress=True)
    log.info("early")
    pack(tmp_path / "session_run.jsonl")
    log.info("late")
    time.sleep(0.11)
    log.info("next")

    assert messages_of(tmp_path) == ["early", "late", "next"]
    assert sorted(os.listdir(tmp_path)) == ["session_run.1.jsonl", "session_run.jsonl.gz"]


@pytest.mark.parametrize("keep", [{"count": 3}, {"bytes": 1500}], ids=["count", "bytes"])
def test_the_newest_files_are_kept(log: logging.Logger, tmp_path: Path, keep: dict[str, float]) -> None:
    """Of ten sessions the oldest go, whichever limit is met."""
    attached(log, tmp_path, keep=keep)
    for number in range(10):
        with session(f"s{number}"):
            log.info("x" * 300)
            time.sleep(0.01)

    left = sorted(path.stem for path in tmp_path.iterdir())
    assert left == ["session_s7", "session_s8", "session_s9"]


def test_old_files_go(log: logging.Logger, tmp_path: Path) -> None:
    """What is older than ``age_s`` goes when the next file is begun; what is no session file stays."""
    for name in ("session_old.jsonl", "session_old.1.jsonl.gz", "notes.txt"):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0))
    attached(log, tmp_path, keep={"age_s": 3600})
    log.info("new")

    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "session_run.jsonl"]


def test_a_session_whose_file_went_goes_on_in_a_new_one(log: logging.Logger, tmp_path: Path) -> None:
    """``keep`` may take the file of a session that rests; its next record makes it anew."""
    attached(log, tmp_path, keep={"count": 1})
    log.info("one")
    time.sleep(0.02)
    with session("other"):
        log.info("other")
    time.sleep(0.11)
    log.info("two")

    assert messages_of(tmp_path) == ["two"]
