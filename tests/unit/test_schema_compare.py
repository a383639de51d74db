"""`freezer schema compare` as a person and a script meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.evolution import V1, V2, door

if TYPE_CHECKING:
    from pathlib import Path

WORSE = [V1[0], {"name": "open", "type": "string"}, {"name": "by", "type": "string"}]


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    for name, fields in (("v1", V1), ("v2", V2), ("worse", WORSE)):
        (tmp_path / f"{name}.avsc").write_text(door(fields), encoding="utf-8")
    return Freezer(tmp_path)


def test_a_safe_change_is_said_to_be_one(freezer: Freezer) -> None:
    done = freezer("schema", "compare", "v1.avsc", "v2.avsc")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "compatible both ways (FULL)"


def test_a_break_says_which_field_where_why_and_what_to_write(freezer: Freezer) -> None:
    done = freezer("schema", "compare", "v1.avsc", "worse.avsc")
    assert done.returncode == 5
    text = " ".join(done.stdout.split())
    assert "New readers of old data (BACKWARD): 2 breaks" in text
    assert "decode FIELD_ADDED_WITHOUT_DEFAULT by new worse.avsc:14 /fields/2 old v1.avsc:5" in text
    assert '{"name": "by", "type": ["null", "string"], "default": null}' in text
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout


def test_a_level_decides_which_breaks_count(freezer: Freezer) -> None:
    (freezer.folder / "less.avsc").write_text(door(V1[:1]), encoding="utf-8")
    assert freezer("schema", "compare", "v1.avsc", "less.avsc").returncode == 5
    done = freezer("schema", "compare", "v1.avsc", "less.avsc", "--level", "BACKWARD")
    assert done.returncode == 0
    assert "(FORWARD): 1 break, which BACKWARD allows" in done.stdout
    assert done.stdout.endswith("compatible under BACKWARD\n")
    assert (
        freezer("schema", "compare", "v1.avsc", "less.avsc", "--level", "forward").returncode == 5
    )


def test_machines_get_every_field(freezer: Freezer) -> None:
    done = freezer("schema", "compare", "v1.avsc", "worse.avsc", "--output", "json",
                   "--level", "FORWARD")  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["compatible"], told["level"], done.returncode) == (False, "FORWARD", 5)
    breaks = {(each["code"], each["direction"]): each["break"] for each in told["findings"]}
    assert breaks == {
        ("TYPE_CHANGED", "new_reads_old"): False,
        ("FIELD_ADDED_WITHOUT_DEFAULT", "new_reads_old"): False,
        ("TYPE_CHANGED", "old_reads_new"): True,
    }
    first = told["findings"][0]
    assert (first["kind"], first["path"], first["new_pointer"]) == (
        "decode",
        "open",
        "/fields/1/type",
    )
    assert first["new_line"] == 12
    assert first["why"]
    assert first["fix"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "bad.avsc:1:2: not JSON"),
        (b'{"type": "recrod"}', "bad.avsc:1:10: unknown type 'recrod'"),
        (b'"str\xffing"', "bad.avsc:1:5: is not UTF-8"),
        (b"[" * 1000 + b"]" * 1000, "nested more than 128 levels deep"),
        (b" " * 5_000_000, "is larger than"),
        (None, "bad.avsc: cannot be read: No such file"),
    ],
)
def test_a_bad_file_is_one_line_with_its_place(
    freezer: Freezer, content: bytes | None, words: str
) -> None:
    if content is not None:
        (freezer.folder / "bad.avsc").write_bytes(content)
    done = freezer("schema", "compare", "v1.avsc", "bad.avsc")
    assert (done.returncode, done.stdout) == (5, "")
    error, *rest = done.stderr.splitlines()
    assert words in error
    assert all(line.startswith("  next: ") for line in rest)
