"""Fetch the suite, run it, say how it went.

LOCATION: tests/python_json_logger/__main__.py
DEPENDENCIES: pip (the source), pytest and freezegun (the suite), in_its_place (our class)
TRACE POINTS: none
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
NAME = "python-json-logger"


def fetched(folder: Path) -> Path:
    """Return the source distribution of the installed version, as pip finds it."""
    wanted = f"{NAME}=={version(NAME)}"
    command = ["pip", "download", "--quiet", "--no-deps", "--no-binary", NAME, "--dest", str(folder), wanted]
    subprocess.run([sys.executable, "-m", *command], check=True)
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def unpacked(sdist: Path, folder: Path) -> Path:
    """Return the folder of the sources, of which only the tests are used."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = (path for path in folder.iterdir() if path.is_dir())
    return root


def run(root: Path) -> int:
    """Run the tests of ``root`` with our class in place of theirs; return the exit status."""
    paths = [str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    command = [
        "pytest", "-q", "-ra", "-c", os.devnull, "--rootdir", str(root),
        "-p", "no:cacheprovider", "-p", "in_its_place", "tests",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([sys.executable, "-m", *command], cwd=root, env=environment).returncode


def main() -> int:
    """Run the suite of the given or of a fetched source distribution."""
    with tempfile.TemporaryDirectory() as folder:
        sdist = Path(sys.argv[1]) if len(sys.argv) > 1 else fetched(Path(folder))
        return run(unpacked(sdist, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
