"""A project of somebody's own: a folder with `pyproject.toml`, one event, and its released v1."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from pathlib import Path

DOORS = [
    {"name": "door_id", "type": "string", "doc": "Which door; the message key."},
    {"name": "open", "type": "boolean", "doc": "Whether it stood open."},
]
TOML = """\
topic = "doors"
partitions = 3
key = "door_id"
compatibility = "{level}"
version = 1
"""


def git(folder: Path, *args: str) -> None:
    """Run git in a folder, as somebody without a configuration of their own."""
    who = {f"GIT_{w}_{k}": "x@y" for w in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", *args],
        cwd=folder,
        check=True,
        capture_output=True,
        env=os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull},
    )


@dataclass(frozen=True)
class Project:
    """The folder, and `freezer schema` in it."""

    folder: Path

    @classmethod
    def begin(cls, folder: Path, level: str = "FULL_TRANSITIVE") -> Project:
        """Write the files; nothing is released yet."""
        project = cls(folder)
        project.event.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            '[tool.freezer]\nschemas = "schemas"\ninto = "my_events"\n', encoding="utf-8"
        )
        (project.event / "event.toml").write_text(TOML.format(level=level), encoding="utf-8")
        project.write(1, DOORS)
        return project

    @property
    def event(self) -> Path:
        """The event's folder."""
        return self.folder / "schemas" / "door-event"

    def write(self, version: int, fields: list[dict[str, Any]]) -> None:
        """Write a version with these fields, each on a line of its own, from line 6."""
        listed = ",\n".join(f"    {json.dumps(each)}" for each in fields)
        head = '{\n  "type": "record",\n  "name": "DoorEvent",\n  "namespace": "doors",\n'
        text = f'{head}  "fields": [\n{listed}\n  ]\n}}\n'
        (self.event / f"v{version}.avsc").write_text(text, encoding="utf-8")

    def schema(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run `freezer schema` with these arguments."""
        return Freezer(self.folder)("schema", *args)

    def run(self, *args: str) -> str:
        """Run it, see that it succeeds, and return what it printed."""
        done = self.schema(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refusal(self, *args: str, code: int) -> str:
        """Run it, see that it ends with this code and writes nothing; return what it said."""
        before = self.files()
        done = self.schema(*args)
        assert done.returncode == code, done.stdout + done.stderr
        assert self.files() == before
        return done.stderr

    def relabel(self) -> None:
        """Edit the released file, and release it again as if it were new."""
        path = self.event / "v1.avsc"
        path.write_text(path.read_text(encoding="utf-8").replace("Whether", "If"), encoding="utf-8")
        (self.event / "lock").unlink()
        self.run("release")

    def files(self) -> dict[str, bytes]:
        """Return every file of the project."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


@dataclass(frozen=True)
class Finding:
    """The few things of a finding that tests ask for."""

    check: str
    severity: str
    place: str
    why: str


def findings(project: Project) -> tuple[int, list[Finding]]:
    """Return the exit code of `schema check`, and what it found."""
    done = project.schema("check", "--output", "json")
    found = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    return done.returncode, [
        Finding(
            each["check"],
            each["severity"],
            f"{each['path'].rpartition('/')[2]}:{each['line']}",
            each["why"],
        )
        for each in found["findings"]
    ]
