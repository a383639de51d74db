"""Files in object storage, by the file systems of Arrow: s3://bucket/folder, and gs, abfs, hdfs."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from freezer_events.errors import EventError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DENIED: Final = re.compile("ACCESS_DENIED|FORBIDDEN|INVALID_ACCESS_KEY|SIGNATURE_DOES_NOT_MATCH")
_URI: Final = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)")


class Stored(NamedTuple):
    """What is known of a stored file.

    Attributes:
        size_bytes: its length.
        mtime_ns: when it was last written.

    """

    size_bytes: int
    mtime_ns: int


def is_stored(name: str) -> bool:
    """Tell whether a name is the URI of something in a store."""
    return _URI.match(name) is not None


def files_in(uri: str) -> Iterator[str]:
    """Yield the files of a folder in a store, in the order of their names, or the file itself.

    Raises:
        UsageError: there is nothing, or it may not be read.
        UnreachableError: the store does not answer.

    """
    system, path, arrow_fs = _place(uri)
    try:
        here = system.get_file_info(path)
        if here.type == arrow_fs.FileType.Directory:
            chosen = arrow_fs.FileSelector(path, recursive=True)
            found = [each for each in system.get_file_info(chosen) if each.is_file]
            base, mark, query = uri.partition("?")
            inside = sorted(each.path.removeprefix(path.rstrip("/")) for each in found)
            yield from (base.rstrip("/") + quote(each, "/=") + mark + query for each in inside)
            return
    except OSError as error:
        raise _failed(uri, error) from error
    if here.type == arrow_fs.FileType.NotFound:
        raise UsageError(f"--from {uri}", "there is no such file or folder", "look at its name")
    yield uri


def look_at(uri: str) -> Stored:
    """Look at a file.

    Raises:
        UnreachableError: the store does not answer.

    """
    system, path, _ = _place(uri)
    try:
        found = system.get_file_info(path)
    except OSError as error:
        raise _failed(uri, error) from error
    return Stored(found.size or 0, found.mtime_ns or 0)


def opened(uri: str) -> Any:
    """Open a file for reading at any place.

    Raises:
        UsageError: it is not there, or may not be read.
        UnreachableError: the store does not answer.

    """
    system, path, _ = _place(uri)
    try:
        return system.open_input_file(path)
    except OSError as error:
        raise _failed(uri, error) from error


def _place(uri: str) -> tuple[Any, str, Any]:
    found = _URI.match(uri)
    if found is not None and "@" in found[2] and found[1] != "abfs" and found[1] != "abfss":
        shown = uri.replace(found[2].rpartition("@")[0], "…", 1)
        why = "has credentials in its name, which messages and logs would show"
        fix = "leave them to the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
        raise UsageError(f"read {shown}", why, fix)
    try:
        arrow_fs: Any = importlib.import_module("pyarrow.fs")
    except ImportError as error:
        fix = "pip install 'freezer-events[arrow]'"
        raise UsageError(f"read {uri}", "is in a store, which needs pyarrow", fix) from error
    arrow: Any = importlib.import_module("pyarrow")
    try:
        system, path = arrow_fs.FileSystem.from_uri(uri.replace(" ", "%20"))
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise _failed(uri, error) from error
    return system, path, arrow_fs


def _failed(uri: str, error: Exception) -> EventError:
    why = (str(error) or type(error).__name__).splitlines()[0]
    fix = "see that the store is reached, and may be read"
    refused = not isinstance(error, OSError) or isinstance(error, FileNotFoundError)
    if refused or _DENIED.search(why):
        return UsageError(f"read {uri}", why, fix)
    return UnreachableError(f"read {uri}", why, fix)
