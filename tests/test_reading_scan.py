"""A scan tells where secrets stand in files, and never what they are."""

import gzip
from pathlib import Path

import pytest
import secrets_corpus as corpus

from ote_logging.errors import ReadError
from ote_logging.reading.scan import Leak, files_in, scan
from ote_logging.redaction import Redactor

SECRET = corpus.token(corpus.Random(3), "github")
REDACTOR = Redactor(environ={})
LINES = (
    f'{{"message":"clean"}}\n{{"message":"used {SECRET}"}}\nplain {SECRET}\n'
    '{"a":[{"password":"tulip7"}]}\n'
)


@pytest.mark.parametrize("name", ["a.jsonl", "a.log", "a.jsonl.gz"])
def test_leaks_are_told_by_line_and_rule(tmp_path: Path, name: str) -> None:
    """In text, in JSON and under secret names; packed files as well."""
    file = tmp_path / name
    file.write_bytes(gzip.compress(LINES.encode()) if name.endswith(".gz") else LINES.encode())
    found = list(scan(str(file), REDACTOR))

    assert [leak.line for leak in found] == [2, 3, 4]
    assert found[2] == Leak(str(file), 4, "key")
    assert SECRET not in "".join(map(str, found))


def test_a_clean_file_has_none(tmp_path: Path) -> None:
    """Markers are no secrets, and what is no JSON or no UTF-8 is borne."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"password":"[REDACTED:key]","tokens_in":5}\n\xff\xfe\n{"torn')

    assert list(scan(str(file), REDACTOR)) == []


def test_folders_are_walked(tmp_path: Path) -> None:
    """Every file that may hold records, in order; others are left alone."""
    (tmp_path / "b").mkdir()
    for name in ("b/a.jsonl", "a.log", "x.png"):
        (tmp_path / name).write_text("x")

    assert files_in(tmp_path) == [str(tmp_path / "a.log"), str(tmp_path / "b/a.jsonl")]


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A scan that saw nothing must not look like a clean one."""
    (tmp_path / "a.gz").write_bytes(b"no gzip")

    with pytest.raises(ReadError, match="no such file"):
        files_in(tmp_path / "none")
    with pytest.raises(ReadError, match=r"a\.gz"):
        list(scan(str(tmp_path / "a.gz"), REDACTOR))
