"""Build hook: compiles the extension modules into the wheel, where there is a compiler.

Without one the wheel is of Python alone, and does the same more slowly. With FREEZER_COMPILE=1 the
build fails instead, and says why; with FREEZER_COMPILE=0 nothing is compiled.
https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Module to its sources, from producer/; the first one is for Cython.
_MODULES: Final = {
    "freezer_events.avro.fast.columns": ["columns.pyx"],
    "freezer_events.avro.fast.nodes": ["nodes.pyx", "slots.h"],
    "freezer_events.avro.fast.readers": ["readers.pyx", "slots.h"],
    "freezer_events.send.fast.handover": ["handover.pyx", "plugin.h", "ledger.h"],
    "freezer_events.send.fast.packer": ["packer.pyx"],
    "freezer_events.send.fast.rows": ["rows.pyx", "plugin.h", "rows.h"],
}


class ExtensionModules(BuildHookInterface[Any]):
    """Puts the extension modules into the wheel; beside their sources for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatchling that the wheel is for this platform and Python."""
        self._scratch = TemporaryDirectory()  # until hatchling has taken what is made there
        wanted = os.environ.get("FREEZER_COMPILE", "")
        if wanted == "0":
            return
        editable = version == "editable"
        try:
            made = _compile(Path(self.root, "producer"), Path(self._scratch.name), editable)
        except Exception as error:
            if wanted:
                raise
            self.app.display_warning(f"freezer-events is installed without compiled code: {error}")
            return
        build_data["pure_python"], build_data["infer_tag"] = False, True
        if not editable:
            build_data["force_include"].update(made)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what is left of the build."""
        self._scratch.cleanup()


def _compile(root: Path, scratch: Path, editable: bool) -> dict[str, str]:  # noqa: FBT001
    """Compile all modules; returns each file with its place in the wheel."""
    from Cython.Build import cythonize  # noqa: PLC0415 - asked for here, so that it may be missing
    from setuptools import Distribution, Extension  # noqa: PLC0415
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415

    modules = []
    for name, files in _MODULES.items():
        sources = [root.joinpath(*name.split(".")[:-1], file) for file in files]
        # Tells a module that is older than its sources: `avro.fast` compares.
        stamp = zlib.crc32(b"".join(each.read_bytes() for each in sources))
        modules.append(
            Extension(
                name,
                [str(sources[0])],
                include_dirs=[str(sources[0].parent)],
                define_macros=[("SOURCES", str(stamp))],
                extra_compile_args=["-O2"],
            )
        )
    made = cythonize(modules, build_dir=str(scratch), quiet=True)  # type: ignore[no-untyped-call]
    command = build_ext(Distribution({"ext_modules": made}))
    command.build_temp = str(scratch)
    command.build_lib = str(root if editable else scratch)
    command.ensure_finalized()
    command.run()
    return {
        str(each): str(Path(each).relative_to(command.build_lib)) for each in command.get_outputs()
    }
