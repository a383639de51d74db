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
        ref: what git knows the commit by: `origin/main`, `HEAD~1`.
        said: which commit it is and why that one, as people are told.
        files: text by path in the folder; "" where a file is not UTF-8.

    """

    ref: str
    said: str
    files: Mapping[PurePosixPath, str]


def committed(root: Path, ref: str) -> Committed:
    """Read a folder as it was where this branch left `ref`: in their merge base.

    Where nothing has been committed since, this is `ref` itself, or a commit that it holds. What is
    not committed yet is then compared with HEAD; without any such change, HEAD is compared with the
    commit before it.

    Raises:
        UsageError: it is in no git repository, or there is no such commit here; a shallow clone
            is named as what it is.

    """
    doing = f"--against {ref}"
    inside = _git(root, "rev-parse", "--show-prefix")
    if inside is None:
        raise UsageError(doing, f"{root} is in no git repository", "run it in a checkout")
    if ref.startswith("-") or _commit(root, ref) is None:
        raise _absent(root, ref, f"there is no commit {ref!r} here")
    base = _git(root, "merge-base", "HEAD", ref)
    if base is None:
        raise _absent(root, ref, f"HEAD and {ref!r} have no common commit here")
    commit, name, why = base.strip(), ref, f"where this branch left {ref}"
    if commit == _commit(root, "HEAD"):
        commit, name, why = _before(root, ref)
    files = {}
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", commit) or ""
    for path in filter(None, listed.split("\0")):
        # Symbolic links are read as the path they hold, which is no schema.
        text = _git(root, "show", f"{commit}:{inside.strip()}{path}")
        files[PurePosixPath(path)] = (text or "").replace("\r\n", "\n")
    return Committed(name, f"{commit[:10]}, {why}", files)


def _before(root: Path, ref: str) -> tuple[str, str, str]:
    """Return what to compare with where HEAD is in `ref` already: commit, its name, and why it."""
    head = _commit(root, "HEAD") or ""
    if _git(root, "status", "--porcelain", "--", "."):
        return head, "HEAD", "HEAD: something here is not committed yet"
    parent = _commit(root, "HEAD~1")
    if parent is not None:
        return parent, "HEAD~1", f"the commit before HEAD, which is in {ref} already"
    where = "in this shallow clone" if _shallow(root) else "in this repository"
    return head, "HEAD", f"HEAD itself: no commit before it is {where}"


def _absent(root: Path, ref: str, why: str) -> UsageError:
    doing = f"--against {ref}"
    if _shallow(root):
        fix = "fetch it first: git fetch --unshallow (in GitHub's checkout: fetch-depth: 0)"
        return UsageError(doing, f"{why}: this clone is shallow", fix)
    remote, _, branch = ref.partition("/")
    if branch and remote in (_git(root, "remote") or "").split():
        fix = f"fetch it first: git fetch {remote} {branch}:refs/remotes/{ref}"
        return UsageError(doing, f"{why}: this clone has other branches only", fix)
    return UsageError(doing, why, "name a branch, a tag or a commit: git branch --all")


def _shallow(root: Path) -> bool:
    return (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"


def _commit(root: Path, ref: str) -> str | None:
    found = _git(root, "rev-parse", "--verify", "-q", f"{ref}^{{commit}}")
    return None if found is None else found.strip()


def _git(root: Path, *args: str) -> str | None:
    """Return what git says about a folder, None where it fails."""
    try:
        done = subprocess.run(["git", "-C", root, *args], capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            "run git", f"it cannot be started: {error.strerror}", "install it"
        ) from error
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
