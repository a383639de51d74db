"""Files are replaced whole, keep what they were, and are private where they have to be."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config.atomic import replace_all, write_private
from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_replaced_all_or_none(tmp_path: Path) -> None:
    first, second, gone = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    first.write_text("old")
    gone.write_text("old")
    second.mkdir()  # a file cannot take its place
    with pytest.raises(UsageError, match="cannot be written"):
        replace_all({first: "new", tmp_path / "d": "new", second: "new"}, [gone])
    assert first.read_text() == gone.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b", "c"]
    second.rmdir()
    assert replace_all({first: "new", second: "new"}, [gone]) == [first, second, gone]
    assert replace_all({first: "new", second: "new"}) == []


def test_what_was_there_is_back_with_its_mode_where_a_later_file_cannot_go(tmp_path: Path) -> None:
    first, gone = tmp_path / "a", tmp_path / "b"
    first.write_text("old")
    gone.write_text("old")
    first.chmod(0o640)
    gone.chmod(0o600)
    with pytest.raises(UsageError, match="cannot be written"):
        replace_all({first: "new"}, [gone, tmp_path / "none"])
    assert (first.read_text(), mode(first)) == ("old", 0o640)
    assert (gone.read_text(), mode(gone)) == ("old", 0o600)


def test_a_file_keeps_its_mode_and_a_new_one_gets_what_new_files_have(tmp_path: Path) -> None:
    kept, new = tmp_path / "kept", tmp_path / "folder" / "new"
    kept.write_text("old")
    kept.chmod(0o751)
    replace_all({kept: "new", new: "new"})
    assert (mode(kept), mode(new)) == (0o751, 0o644)


def test_a_symbolic_link_stays_one_and_its_file_is_replaced(tmp_path: Path) -> None:
    real, link, empty = tmp_path / "real" / "file", tmp_path / "link", tmp_path / "empty"
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to("real/file")
    empty.symlink_to("real/later")
    assert replace_all({link: "new", empty: "new"}) == [link, empty]
    assert link.is_symlink()
    assert empty.is_symlink()
    assert real.read_text() == (real.parent / "later").read_text() == "new"
    assert sorted(each.name for each in real.parent.iterdir()) == ["file", "later"]


def test_a_secret_is_private_and_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    os.umask(0)
    seen = []

    opened = os.open

    def fsync(_: int) -> None:
        seen.append({(each.read_text(), mode(each)) for each in tmp_path.iterdir()})

    def opens(*args: Any) -> int:
        descriptor = opened(*args)
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077 == 0 or args[0] == tmp_path
        return descriptor

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "open", opens)
    write_private(path, "new")
    assert seen == [{("old", 0o644), ("new", 0o600)}, {("new", 0o600)}]
    write_private(path, "for a container", mode=0o644)
    assert (path.read_text(), mode(path)) == ("for a container", 0o644)


def test_a_secret_does_not_follow_a_link_and_leaves_nothing_where_it_fails(tmp_path: Path) -> None:
    real, link, folder = tmp_path / "real", tmp_path / "link", tmp_path / "folder"
    real.write_text("old")
    link.symlink_to(real)
    folder.mkdir()
    write_private(link, "new")
    assert (link.is_symlink(), link.read_text(), real.read_text()) == (False, "new", "old")
    with pytest.raises(OSError, match="directory"):
        write_private(folder, "new")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "link", "real"]
