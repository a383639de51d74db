"""The package as its users get it: built as a wheel, installed outside of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path) -> Path:
    """Build the wheel, install it in a virtual environment in `folder`; returns its `freezer`.

    Nothing is downloaded: the dependencies are those of the environment that runs the tests. Its
    own installation of this package, which leads back to the checkout, is not found from there,
    because a `.pth` file is not read in a folder that another `.pth` file names.
    """
    wheel = build(folder)
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", "--disable-pip-version-check", wheel)  # fmt: skip
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "freezer"


def build(folder: Path, *, compiled: bool = False) -> Path:
    """Build the wheel in `folder`, with the compiled encoder or without."""
    asked = {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "true"} if compiled else {}
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT,
         **asked)  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpacked(folder: Path) -> Path:
    """Build the sdist in `folder` and unpack it; returns the folder of its sources."""
    _run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def _run(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        [*map(str, command)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
