"""The package as its users get it: built as a wheel, installed outside of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def interpreter(version: str) -> Path | None:
    """Find a Python of this version ("3.12"): the running one, on PATH, or among pyenv's."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    name = f"python{version}"
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/{name}"))
    found = [Path(each) for each in (shutil.which(name),) if each]
    return next((each for each in [*found, *pyenv] if _is(each, version)), None)


def _is(program: Path, version: str) -> bool:
    """Tell whether it runs and is of that version: pyenv's shims stand for what may be missing."""
    script = "import sys, venv; print(*sys.version_info[:2], sep='.')"
    done = subprocess.run([program, "-c", script], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


def borrow(wheel: Path, folder: Path) -> Path:
    """Install the wheel in a virtual environment in `folder`; returns its `freezer`.

    Nothing is downloaded: the dependencies are those of the environment that runs the tests. Its
    own installation of this package, which leads back to the checkout, is not found from there,
    because a `.pth` file is not read in a folder that another `.pth` file names.
    """
    environment = _environment(Path(sys.executable), folder / "venv")
    _pip(environment, "--no-deps", "--no-index", wheel)
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin" / "freezer"


def install(wheel: Path, python: Path, folder: Path) -> Path:
    """Install the wheel, with what it declares, in an empty environment; returns its `freezer`."""
    environment = _environment(python, folder / "venv")
    _pip(environment, "--no-compile", wheel)
    return environment / "bin" / "freezer"


def _environment(python: Path, folder: Path) -> Path:
    _run(python, "-m", "venv", "--without-pip", "--symlinks", folder)
    return folder


def _pip(environment: Path, *args: str | Path) -> None:
    """Use the pip of the running interpreter: unpacking one for each environment takes longer."""
    _run(sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "install",
         "--quiet", "--disable-pip-version-check", *args)  # fmt: skip


def build(folder: Path, *, compiled: bool = False) -> Path:
    """Build the wheel in `folder`, with the extension modules or without."""
    asked = {"FREEZER_COMPILE": str(int(compiled))}
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
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
