"""Build the broker's and the registry's images on this machine, where they cannot be pulled.

Each folder under images/ is a build context less what Maven adds to it. Jars come through Maven on
the host, not in the container: a container does not know the private CAs that a host may trust.
"""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.local import debian, files
from freezer_infra.local.command import run
from freezer_infra.local.engine import has_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = "debian:bookworm-slim"
_CODENAME = "bookworm"
_TOOLS = {"mvn": "maven", "debootstrap": "debootstrap"}
_STEP_WITHIN_S = 900


def tag(service: str) -> str:
    """Name the image that is built for `service`; another name once its folder changes."""
    digest = hashlib.sha256()
    for path in sorted((files.IMAGES / service).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"freezer-local/{service}:{digest.hexdigest()[:12]}"


def build(services: tuple[str, ...], refusal: str, say: Callable[[str], None]) -> dict[str, str]:
    """Build the images of `services`; return service → tag.

    Args:
        services: names of folders under images/.
        refusal: why they cannot be pulled, for the message when they cannot be built either.
        say: gets a line per step.

    Raises:
        UnreachableError: this machine lacks what building takes, or a step failed.

    """
    need_base = not has_image(BASE)
    _tools(need_base=need_base, refusal=refusal, say=say)
    say(f"building {' and '.join(services)} on this machine; this takes a minute or two")
    work = files.STATE / "build"
    with ThreadPoolExecutor() as pool:  # each waits for the network, so all at once
        steps = [pool.submit(_context, work, service) for service in services]
        if need_base:
            steps.append(pool.submit(_base, work))
        for step in steps:
            step.result()
    built = {service: _image(work, service) for service in services}
    shutil.rmtree(work)
    return built


def _tools(*, need_base: bool, refusal: str, say: Callable[[str], None]) -> None:
    wanted = [tool for tool in _TOOLS if tool == "mvn" or need_base]
    missing = [tool for tool in wanted if shutil.which(tool) is None]
    if not debian.can_install() and (missing or need_base):
        why = f"the images can neither be pulled ({refusal}) nor built: that takes root on Debian"
        fix = "give this machine access to Docker Hub, or set KAFKA_IMAGE and REGISTRY_IMAGE"
        raise UnreachableError("get the images of the local stack", why, fix)
    if missing:
        packages = tuple(_TOOLS[tool] for tool in missing)
        debian.install(packages, "needed to build images", say)


def _base(work: Path) -> None:
    root, archive = work / "base", work / "base.tar"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    doing = f"make the base image {BASE}"
    for argv in (
        ["debootstrap", "--variant=minbase", _CODENAME, str(root)],
        ["tar", "-C", str(root), "-cf", str(archive), "."],
        ["docker", "import", str(archive), BASE],
    ):
        run(argv, doing=doing, within_s=_STEP_WITHIN_S)


def _context(work: Path, service: str) -> None:
    context = work / service
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(files.IMAGES / service, context)
    run(
        ["mvn", "-B", "-q", "-ntp", "-f", str(context / "pom.xml"), "generate-resources"],
        doing=f"download what the {service} image holds",
        within_s=_STEP_WITHIN_S,
    )


def _image(work: Path, service: str) -> str:
    name = tag(service)
    run(
        ["docker", "build", "-q", "-t", name, str(work / service)],
        doing=f"build the image {name}",
        within_s=_STEP_WITHIN_S,
    )
    return name
