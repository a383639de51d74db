"""What was committed: the schemas folder as it was at the point where a branch began."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Committed:
    """The files of the schemas folder in one commit.

    Attributes:
        ref: what it is called by whoever asks: `origin/main`.
        files: text by path in the folder; "" where a file is not UTF-8.

    """

    ref: str
    files: Mapping[PurePosixPath, str]


def committed(root: Path, ref: str) -> Committed:
    """Read a folder as it was where this branch left `ref`: in their merge base.

    Raises:
        UsageError: it is in no git repository, or there is no such commit here; a shallow clone
            is named as what it is.

    """
    doing = f"--against {ref}"
    inside = _git(root, "rev-parse", "--show-prefix")
    if inside is None:
        raise UsageError(doing, f"{root} is in no git repository", "run it in a checkout")
    if (
        ref.startswith("-")
        or _git(root, "rev-parse", "--verify", "-q", f"{ref}^{{commit}}") is None
    ):
        raise _absent(root, doing, f"there is no commit {ref!r} here")
    base = _git(root, "merge-base", "HEAD", ref)
    if base is None:
        raise _absent(root, doing, f"HEAD and {ref!r} have no common commit here")
    prefix = inside.strip()
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", base.strip()) or ""
    files = {}
    for name in filter(None, listed.split("\0")):
        # Symbolic links are read as the path they hold, which is no schema.
        text = _git(root, "show", f"{base.strip()}:{prefix}{name}")
        files[PurePosixPath(name)] = (text or "").replace("\r\n", "\n")
    return Committed(ref, files)


def _absent(root: Path, doing: str, why: str) -> UsageError:
    if (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true":
        fix = "fetch it first: git fetch --unshallow (in GitHub's checkout: fetch-depth: 0)"
        return UsageError(doing, f"{why}: this clone is shallow", fix)
    return UsageError(doing, why, "name a branch, a tag or a commit: git branch --all")


def _git(root: Path, *args: str) -> str | None:
    """Return what git says about a folder, None where it fails."""
    try:
        done = subprocess.run(["git", "-C", root, *args], capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            "run git", f"it cannot be started: {error.strerror}", "install it"
        ) from error
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
