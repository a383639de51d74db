"""Build substitutes of the broker's and the registry's images, where those cannot be pulled.

Each folder under images/ is a build context less what Maven adds to it. Jars come through Maven on
the host, not in the container: a container does not know the private CAs that a host may trust.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.local.engine import has_image
from freezer_infra.local.program import run
from tests.stack import debian

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = Path(__file__).resolve().parent / "images"
OFFICIAL_BASE = "debian:bookworm-slim"
PREFIX = "freezer-test/"
OUR_BASE = f"{PREFIX}debian:bookworm"
_CODENAME = "bookworm"
_TOOLS = {"mvn": "maven", "debootstrap": "debootstrap"}
_STEP_WITHIN_S = 900


def tag(service: str) -> str:
    """Name the image that is built for `service`; another name once its folder changes."""
    digest = hashlib.sha256()
    for path in sorted((IMAGES / service).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{PREFIX}{service}:{digest.hexdigest()[:12]}"


def build(services: tuple[str, ...], refusal: str, say: Callable[[str], None]) -> None:
    """Build the images of `services` under the names that `tag` gives.

    Args:
        services: names of folders under images/.
        refusal: why they cannot be pulled, for the message when they cannot be built either.
        say: gets a line per step.

    Raises:
        UnreachableError: this machine lacks what building takes, or a step failed.

    """
    base = next(filter(has_image, (OFFICIAL_BASE, OUR_BASE)), None)
    _tools(need_base=base is None, refusal=refusal, say=say)
    say(f"building {' and '.join(services)} on this machine; this takes a minute or two")
    with tempfile.TemporaryDirectory(prefix="freezer-images-") as folder:
        work = Path(folder)
        with ThreadPoolExecutor() as pool:  # each waits for the network, so all at once
            steps = [pool.submit(_context, work, service) for service in services]
            if base is None:
                steps.append(pool.submit(_base, work))
            for step in steps:
                step.result()
        for service in services:
            _image(work, service, base or OUR_BASE)


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
    root.mkdir()
    doing = f"make the base image {OUR_BASE}"
    for argv in (
        ["debootstrap", "--variant=minbase", _CODENAME, str(root)],
        ["tar", "-C", str(root), "-cf", str(archive), "."],
        ["docker", "import", str(archive), OUR_BASE],
    ):
        run(argv, doing=doing, within_s=_STEP_WITHIN_S)


def _context(work: Path, service: str) -> None:
    context = work / service
    shutil.copytree(IMAGES / service, context)
    run(
        ["mvn", "-B", "-q", "-ntp", "-f", str(context / "pom.xml"), "generate-resources"],
        doing=f"download what the {service} image holds",
        within_s=_STEP_WITHIN_S,
    )


def _image(work: Path, service: str, base: str) -> None:
    name = tag(service)
    run(
        ["docker", "build", "-q", "--build-arg", f"BASE={base}", "-t", name, str(work / service)],
        doing=f"build the image {name}",
        within_s=_STEP_WITHIN_S,
    )
