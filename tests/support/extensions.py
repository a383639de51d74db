"""The extension modules for tests: those of the installation, else built as a wheel has them."""

from __future__ import annotations

import importlib
import shutil
import sys
import sysconfig
import zipfile
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freezer_events.avro import fast as encoding
from freezer_events.send import fast as sending
from tests.support import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    "freezer_events.avro.fast.columns",
    "freezer_events.avro.fast.nodes",
    "freezer_events.avro.fast.readers",
    "freezer_events.send.fast.handover",
    "freezer_events.send.fast.packer",
    "freezer_events.send.fast.rows",
)


@contextmanager
def present(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have them while the block runs; without a compiler the tests are skipped, and say so."""
    if not encoding.unusable():
        yield
        return
    if missing := no_compiler():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("compiled")
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(scratch))
        made = wheel.build(folder, compiled=True)
    assert not [*scratch.glob("tmp*")]
    assert sysconfig.get_platform().replace("-", "_").split("_")[0] in made.name
    zipfile.ZipFile(made).extractall(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            package, _, module = name.rpartition(".")
            place = folder / f"{name.replace('.', '/')}{EXTENSION_SUFFIXES[0]}"
            found = _loaded(name, place)
            patch.setitem(sys.modules, name, found)
            patch.setattr(importlib.import_module(package), module, found, raising=False)
            _forget()
        yield
    _forget()


def no_compiler() -> str:
    """Return what is missing to build an extension module, or ""."""
    program = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(program) is None:
        return f"no C compiler {program!r} (Debian: apt-get install gcc python3-dev)"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "no Python.h (Debian: apt-get install python3-dev)"
    return ""


def _loaded(name: str, library: Path) -> object:
    spec = spec_from_file_location(name, library)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _forget() -> None:
    encoding.unusable.cache_clear()
    sending.unusable.cache_clear()
