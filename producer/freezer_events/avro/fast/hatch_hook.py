"""Build hook: compiles `nodes.pyx` when asked to, with HATCH_BUILD_HOOK_ENABLE_CUSTOM=true.

https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext


class CompiledEncoder(BuildHookInterface[Any]):
    """Puts the extension module into the wheel; beside its source for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatchling that the wheel is for this platform and Python."""
        source = Path(self.root, "producer/freezer_events/avro/fast/nodes.pyx")
        self._scratch = TemporaryDirectory()  # until hatchling has taken what is made there
        scratch = self._scratch.name
        module = Extension(
            "freezer_events.avro.fast.nodes", [str(source)], extra_compile_args=["-O2"]
        )
        modules = cythonize([module], build_dir=scratch, quiet=True)  # type: ignore[no-untyped-call]
        command = build_ext(Distribution({"ext_modules": modules}))
        command.build_temp = scratch
        command.build_lib = str(Path(self.root, "producer")) if version == "editable" else scratch
        command.ensure_finalized()
        command.run()
        (made,) = command.get_outputs()
        build_data["pure_python"], build_data["infer_tag"] = False, True
        if version != "editable":
            build_data["force_include"][made] = str(Path(made).relative_to(scratch))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what is left of the build."""
        self._scratch.cleanup()
