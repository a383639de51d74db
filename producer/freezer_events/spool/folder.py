"""The folder of a spool: private, on a disk of this machine, and one process's at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from freezer_events.errors import ConfigError, UnreachableError

LOCK: Final = "lock"
RESERVE: Final = "reserve"
RESERVE_BYTES: Final = 2 << 20
_MOUNTS: Final = Path("/proc/self/mountinfo")
# Their locks and syncs promise what they do not keep. https://www.sqlite.org/faq.html#q5
_NETWORK: Final = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|glusterfs|lustre|gpfs|beegfs|ocfs2|gfs2|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|gcsfuse|juicefs|davfs2?|smbnetfs)"
)


class SpoolFolder:
    """A folder that this process holds until `release`.

    Args:
        path: made with mode 0700 where it is not there.

    Raises:
        ConfigError: it cannot be made or written, or is on a network file system.
        UnreachableError: another process holds it.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_network(path)
            self._lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise unwritable(path, error) from error
            raise UnreachableError(
                f"open the spool {path}",
                f"process {holder(path) or '(unknown)'} uses it",
                "stop that process, or name another folder: --spool DIR",
            ) from None
        _held.add(self)
        with suppress(OSError):  # on a full disk the lock holds without its number
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process have it."""
        _held.discard(self)
        with suppress(OSError):
            os.close(self._lock)

    def keep_reserve(self) -> bool:
        """Make sure that there is a reserve; False where the disk has no room for one."""
        path = self.path / RESERVE
        if path.exists() and path.stat().st_size >= RESERVE_BYTES:
            return True
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            finally:
                os.close(descriptor)
        except OSError:
            path.unlink(missing_ok=True)
            return False
        return True

    def free_reserve(self) -> bool:
        """Give the reserve's room back to the disk: a deletion needs some. False: there is none."""
        try:
            (self.path / RESERVE).unlink()
        except OSError:
            return False
        return True


# A fork's child would keep the lock that it inherits for as long as it lives.
_held: weakref.WeakSet[SpoolFolder] = weakref.WeakSet()


def _in_child() -> None:
    for each in list(_held):
        each.release()


os.register_at_fork(after_in_child=_in_child)


def holder(path: Path) -> int | None:
    """Return the number of the process that uses a spool; None where there is none."""
    try:
        descriptor = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(descriptor, 32, 0).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def refuse_network(path: Path) -> None:
    """Make sure that a folder is on a disk of this machine, as far as this system tells.

    Raises:
        ConfigError: it is on a network file system.

    """
    try:
        found = filesystem(str(path.resolve()), _MOUNTS.read_text())
    except OSError:
        return  # no Linux
    if _NETWORK.fullmatch(found):
        raise ConfigError(
            f"open the spool {path}",
            f"it is on a network file system ({found}), whose locks and syncs cannot be relied on",
            "name a folder on a disk of this machine: --spool DIR",
        )


def filesystem(path: str, mounts: str) -> str:
    """Return the type of the file system that holds a path, by the text of `mountinfo`.

    https://docs.kernel.org/filesystems/proc.html: the fifth word is where it is mounted, the first
    one after a lone dash is its type. The last of several mounts in one place counts.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        words = before.split()
        at = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), words[4])
        if (path + "/").startswith(at.rstrip("/") + "/") and len(at) >= best:
            best, kind = len(at), after.split()[0]
    return kind


def unwritable(path: Path, error: OSError) -> ConfigError:
    """Make the error for a folder that cannot be a spool."""
    return ConfigError(
        f"open the spool {path}",
        f"cannot be written: {error.strerror}",
        "name a folder that this user may write to: --spool DIR",
    )
