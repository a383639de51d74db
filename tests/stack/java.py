"""Java's Avro for the tests: a JDK and Maven, installed where that is allowed, and the jars."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.config import file_lock
from freezer_events.errors import UnreachableError
from freezer_infra.local.program import run
from tests.stack import debian

if TYPE_CHECKING:
    from collections.abc import Callable

POM: Final = Path(__file__).parents[1] / "java" / "pom.xml"
_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_JARS_WITHIN_S: Final = 300
_JDK: Final = "openjdk-17-jdk-headless"  # Debian's maven brings a runtime only, no compiler


def jars(say: Callable[[str], None]) -> Path:
    """Return the folder with what the oracle needs, fetched once into the user's cache.

    Raises:
        UnreachableError: Java or Maven is missing and may not be installed, or Maven failed.

    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "freezer-events"
    folder = cache / f"avro-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    busy = UnreachableError("fetch Java's Avro", "another run has been fetching it for too long")
    with file_lock.held("java-avro", lambda: None, busy, _JARS_WITHIN_S):
        _programs(say, with_maven=not folder.is_dir())
        if not folder.is_dir():
            say("fetching Java's Avro with Maven")
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            argv = ["mvn", "-q", "-B", "-f", str(POM), _PLUGIN, f"-DoutputDirectory={part}"]
            argv.append("-DincludeScope=runtime")
            run(argv, doing="fetch Java's Avro", within_s=_JARS_WITHIN_S)
            part.rename(folder)
    return folder


def runtime(say: Callable[[str], None]) -> None:
    """Have a JDK.

    Raises:
        UnreachableError: it is missing and may not be installed.

    """
    _programs(say, with_maven=False)


def _programs(say: Callable[[str], None], *, with_maven: bool) -> None:
    wanted = {"javac": _JDK, **({"mvn": "maven"} if with_maven else {})}
    missing = {program: package for program, package in wanted.items() if not shutil.which(program)}
    if not missing:
        return
    if not debian.can_install():
        why = f"there is no {' and no '.join(missing)} on the PATH"
        raise UnreachableError("run Java's Avro", why, "install a JDK from 17 on, and Maven")
    debian.install(tuple(missing.values()), "the tests compare with Java's Avro", say)
