"""``ote scan``: whether files hold secrets, told by status and by file:line:rule."""

from pathlib import Path

from typer.testing import CliRunner

from ote_logging.cli.app import app


def test_clean_files_are_said_to_be_so(tmp_path: Path) -> None:
    """Status 0 and a count."""
    (tmp_path / "app.log").write_text("the password must not be empty\n")

    done = CliRunner().invoke(app, ["scan", str(tmp_path)])

    assert (done.exit_code, done.stdout) == (0, "0 leaks in 1 file\n")


def test_a_secret_is_told_by_its_place_alone(tmp_path: Path) -> None:
    """Status 1, file, line and rule; the value is not shown."""
    secret = "hunter2" + "hunter2"
    (tmp_path / "app.log").write_text(f"all well\npassword={secret}\n")

    done = CliRunner().invoke(app, ["scan", str(tmp_path)])

    assert done.exit_code == 1
    assert "app.log:2:" in done.output
    assert secret not in done.output
