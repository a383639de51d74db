"""Python that was made of a schema or an expression, run from memory as a module."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from importlib.abc import InspectLoader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType


def load_text(text: str, given: Mapping[str, Any] | None = None) -> ModuleType:
    """Run the text of a module and return it.

    Args:
        text: the source, made by this package of nothing but what it has parsed.
        given: names that the source uses and does not define.

    """
    name = f"_made_{zlib.crc32(text.encode()):08x}"
    spec = importlib.util.spec_from_loader(name, _Text(text), is_package=False)
    assert spec is not None  # noqa: S101 - there is a loader
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    vars(module).update(given or {})
    if given is None:
        sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class _Text(InspectLoader):
    """Loads a module from its text, which tracebacks can show."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 - it has one module
        """Return the text."""
        return self._text
