"""`python -m tests.release`: build what would be published, and look at it as its users will."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.release import reference
from tests.release.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
_WITHIN_S: Final = 900
_HOLDS_NO_SECRET: Final = re.compile(r"/(tests|docs)/|\.md$|\.env\.example$")
_SECRETS: Final = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]"),
    "a password": re.compile(rb"(?m)^(SASL_PASSWORD|SCHEMA_REGISTRY_API_SECRET)=\S"),
    "an address with a password": re.compile(rb"https?://[^\s/@:'\"{}$]+:[^\s/@'\"{}$%]+@"),
}
# What may be used beside Apache-2.0 code, as distributions name it.
_LICENCES: Final = re.compile(
    r"apache|bsd|mit|isc|python software foundation|psf|mpl|mozilla|public domain|unlicense|zlib",
    re.IGNORECASE,
)


def main() -> int:
    """Run every check; returns the exit code."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="freezer-release-") as folder:
        built = Path(folder)
        checks: dict[str, Callable[[], None]] = {
            "wheel and sdist are built": lambda: _build(built),
            "the changelog has this version": lambda: changelog_has(_version(built)),
            "no secret is in them": lambda: _no_secret(built),
            "the README renders, the metadata are valid": lambda: _renders(built),
            "the wheel works in an empty environment": lambda: _works(next(built.glob("*.whl"))),
            "the sdist works in an empty environment": lambda: _works(next(built.glob("*.gz"))),
            "licences of what it needs": _licences,
            "links and examples on the pages": _pages,
            "the reference is that of the docstrings": reference.check,
        }
        for name, check in checks.items():
            try:
                check()
            except Refused as refusal:
                failed += 1
                sys.stdout.write(f"no   {name}: {refusal}\n")
            else:
                sys.stdout.write(f"ok   {name}\n")
            sys.stdout.flush()
    return 1 if failed else 0


def changelog_has(version: str) -> None:
    """Refuse a version of which the changelog says nothing; what is between tags is unreleased."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = "Unreleased" if "dev" in version else re.escape(version)
    section = re.search(
        rf"^## \[{heading}\].*?\n(.*?)(?=^## \[|\Z)", text, re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        raise Refused(f"CHANGELOG.md has no entry under [{heading}]")


def secrets_in(name: str, data: bytes) -> Iterator[str]:
    """Yield what kinds of secret a file holds; tests and pages hold made-up ones."""
    if Path(name).name in {".env", ".env.local"}:
        yield "a .env"
    if not _HOLDS_NO_SECRET.search(f"/{name}"):
        yield from (kind for kind, pattern in _SECRETS.items() if pattern.search(data))


def _build(folder: Path) -> None:
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))


def _version(folder: Path) -> str:
    return next(folder.glob("*.whl")).name.split("-")[1]


def _no_secret(folder: Path) -> None:
    for name, data in _files(folder):
        for kind in secrets_in(name, data):
            raise Refused(f"{name} holds {kind}")


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as file:
            yield from ((name, file.read(name)) for name in file.namelist())
    for sdist in folder.glob("*.tar.gz"):
        with tarfile.open(sdist) as archive:
            for member in archive.getmembers():
                held = archive.extractfile(member)
                if held is not None:
                    yield member.name, held.read()


def _renders(folder: Path) -> None:
    python = _environment(folder / "twine", "twine>=5")
    _run(python, "-m", "twine", "check", "--strict", *map(str, folder.glob("freezer*")))


def _works(distribution: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="freezer-works-") as folder:
        python = _environment(Path(folder), f"{distribution}[metrics]")
        freezer = str(Path(python).parent / "freezer")
        told = _run(freezer, "demo", cwd=Path(folder))
        if "10 delivered" not in told:
            raise Refused(f"freezer demo: {told}")
        version = _run(freezer, "--version", cwd=Path(folder))
        if distribution.name.split("-")[1].removesuffix(".tar.gz") not in version:
            raise Refused(f"--version says {version}")


def _licences() -> None:
    script = """
import importlib.metadata as m, re, sys
seen, wanted = {}, ["freezer-events"]
while wanted:
    name = wanted.pop()
    if name in seen: continue
    try: found = m.distribution(name)
    except m.PackageNotFoundError: continue
    seen[name] = " ".join(filter(None, [found.metadata.get("License-Expression"),
        found.metadata.get("License") and found.metadata["License"][:60],
        *[c for c in found.metadata.get_all("Classifier", []) if c.startswith("License")]]))
    wanted += [re.match(r"[\\w.-]+", r)[0] for r in found.requires or []
               if "extra ==" not in r or (name == "freezer-events" and "metrics" in r)
               or (name == "confluent-kafka" and "avro" in r)]
for each in seen.items(): print(*each, sep="\\t")
"""
    for line in _run(sys.executable, "-c", script).splitlines():
        name, _, licence = line.partition("\t")
        if not _LICENCES.search(licence):
            raise Refused(f"{name}: {licence or 'names no licence'}")


def _pages() -> None:
    _run(sys.executable, "-m", "pytest", "-q", "-n", "0", "tests/unit/test_pages.py", cwd=ROOT)


def _environment(folder: Path, requirement: str) -> str:
    """Make an empty environment, install into it; returns its Python."""
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    python = str(folder / "venv" / "bin" / "python")
    _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement)
    return python


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=_WITHIN_S, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Refused(f"{Path(command[0]).name} {' '.join(command[1:4])}: {' '.join(said[-3:])}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
