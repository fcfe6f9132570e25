"""Reading: what SESSION may name, and what is said when it names nothing."""

import os

import pytest

from ote_logging.errors import ReadError
from ote_logging.reading import locate


@pytest.fixture
def folder(tmp_path):
    """A folder with two sessions; ``b`` is the newer one, in three parts."""
    names = [
        "session_a.jsonl",
        "session_b.jsonl.gz",
        "session_b.2.jsonl",
        "session_b.10.jsonl",
        "notes.jsonl",
    ]
    for age, name in enumerate(names):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (age, age))
    return tmp_path


def names(session) -> list[str]:
    return [os.path.basename(path) for path in locate(session)]


def test_a_folder_stands_for_its_newest_session(folder):
    """All parts of it, in the order of their numbers; other files do not count."""
    assert names(folder) == ["session_b.jsonl.gz", "session_b.2.jsonl", "session_b.10.jsonl"]


def test_a_file_brings_its_rotated_parts(folder):
    """The unnumbered file is the session."""
    assert names(folder / "session_b.jsonl.gz") == names(folder)


@pytest.mark.parametrize("name", ["session_a.jsonl", "session_b.2.jsonl", "notes.jsonl"])
def test_any_other_file_stands_for_itself(folder, name):
    """A numbered part, or a file of any name, is read alone."""
    assert names(folder / name) == [name]


def test_a_glob_stands_for_all_that_it_matches(folder):
    """Sessions by name, their parts by number."""
    assert names(folder / "session_*") == ["session_a.jsonl", *names(folder)]


def test_a_glob_of_folders_stands_for_the_newest_of_each(folder):
    """A folder that is matched is taken as one that is named."""
    assert names(f"{str(folder)[:-1]}?") == names(folder)


def test_a_part_that_is_being_packed_is_read_once(tmp_path):
    """Of the plain and the packed file of one part the plain one is whole."""
    for name in ("session_a.jsonl", "session_a.jsonl.gz"):
        (tmp_path / name).write_bytes(b"")

    assert names(tmp_path) == ["session_a.jsonl"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "no such file or folder: .*missing"),
        (".", r"no session in .*session_\*\.jsonl"),
        ("session_*.jsonl", "nothing matches .*session_"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, name, said):
    """The error names what was asked for and what was looked for."""
    with pytest.raises(ReadError, match=said):
        locate(tmp_path / name)
