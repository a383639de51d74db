"""What a release is checked for sees what is wrong; what is published is what its tools take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import freezer_events
from tests.release import reference
from tests.release.__main__ import changelog_has, secrets_in
from tests.release.refusal import Refused
from tests.support.cli import FREEZER
from tests.support.project import Project
from tests.support.readme import ROOT

HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_a_version_without_an_entry_is_refused() -> None:
    changelog_has("0.1.0")
    changelog_has("0.2.0.dev7")
    with pytest.raises(Refused, match=r"no entry under \[9\\\.9\\\.9\]"):
        changelog_has("9.9.9")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("p/key.pem", b"-----BEGIN PRIVATE KEY-----\nMIIE", "a private key"),
        ("p/.env", b"", "a .env"),
        (
            "p/settings.py",
            b'URL = "https://me:s3cr3t@registry.example"',
            "an address with a password",
        ),
        ("p/notes", b"SASL_PASSWORD=s3cr3t\n", "a password"),
    ],
)
def test_a_secret_in_what_is_published_is_seen(name: str, data: bytes, kind: str) -> None:
    assert list(secrets_in(name, data)) == [kind]


def test_what_is_in_the_repository_holds_none() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            assert not list(secrets_in(name, path.read_bytes())), name


def test_the_reference_has_all_that_is_public() -> None:
    page = reference.page()
    for name in freezer_events.__all__:
        assert f"\n## {name}\n" in page
    assert "### EventConsumer.commit" in page
    assert "- `headers`: a mapping, or pairs, of name and value." in page
    assert page.count("```") % 2 == 0


def test_the_workflow_is_one() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [program, "--builtin-schema", "vendor.github-workflows", ".github/workflows/release.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_hook_lets_a_commit_pass_or_stops_it(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert {"id", "name", "entry", "language"} <= hook.keys()
    project = Project.begin(tmp_path)
    command = [FREEZER, *hook["entry"].split()[1:]]

    def code() -> int:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    project.run("release", "door-event")
    assert code() == 0
    (project.event / "v1.avsc").write_text("{", encoding="utf-8")
    assert code() != 0
