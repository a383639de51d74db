"""The compiled code under an address sanitizer, while it is misused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import extensions
from tests.support.effort import LONG

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120 if LONG else 10
FLAGS = "-fsanitize=address -fno-omit-frame-pointer -g -O1"
COMPILE = """
import sys; from pathlib import Path; from hatch_hook import _compile
_compile(Path(sys.argv[1]), Path(sys.argv[2]), True)
"""


def sanitizer() -> str:
    """Return the sanitizer's library, or "" where the compiler has none."""
    compiler = shutil.which("gcc")
    if compiler is None or extensions.no_compiler():
        return ""
    asked = [compiler, "-print-file-name=libasan.so"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return found if Path(found).is_absolute() else ""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build all modules with the sanitizer; give what a program needs to use them."""
    library = sanitizer()
    if not library:
        pytest.skip("no address sanitizer (Debian: apt-get install gcc)")
    root, scratch = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("scratch")
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "producer", root / "producer", ignore=ignored)
    shutil.copytree(ROOT / "schemas", root / "schemas")
    path = f"{root / 'producer'}{os.pathsep}{ROOT}"
    clean = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": path}
    subprocess.run(
        [sys.executable, "-c", COMPILE, root / "producer", scratch],
        env=clean | {"CFLAGS": FLAGS, "LDFLAGS": "-fsanitize=address"},
        check=True,
        capture_output=True,
        timeout=300,
    )
    return clean | {
        "LD_PRELOAD": library,
        "PYTHONMALLOC": "malloc",  # or the sanitizer would not see what Python frees
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
    }


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_no_misuse_touches_memory_that_is_not_its_own(
    environment: dict[str, str], seed: int
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            "tests.support.misuse",
            str(seed),
            str(SECONDS),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * 4 + 120,
    )
    assert "AddressSanitizer" not in done.stderr, done.stderr[-8000:]
    assert done.returncode == 0, done.stderr[-8000:]
    assert int(done.stdout.split()[0]) > 3
