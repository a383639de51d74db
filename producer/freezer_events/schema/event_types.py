"""From a catalogue to the typed event that commands use: imported, or generated in memory.

Generation gives the same text every time, so a project that names no package for its events loses
nothing: `produce` and `consume` run what `freezer schema generate` would have written.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zlib
from importlib.abc import InspectLoader
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from types import ModuleType

    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import Catalogue, EventSpec

_OURS: Final = "freezer_events.events"
_GENERATE: Final = "generate them: freezer schema generate"


def event_type(catalogue: Catalogue, name: str | None = None) -> EventType:
    """Return the typed event of that name; without one the only event, or freezer-reading.

    Raises:
        UsageError: there is no such event.
        SchemaError: the package that holds the project's events lacks it, or cannot be imported;
            or, where no package is named, the schema cannot be generated from.

    """
    spec = catalogue.event(name)
    if catalogue.into is not None:
        package = import_package(catalogue.into)
    elif catalogue.borrowed:
        package = importlib.import_module(_OURS)
    else:
        return _generated(spec, default=spec.name == catalogue.default)
    events: dict[str, EventType] = package.EVENTS
    if spec.name not in events:
        doing = f"event {spec.name!r}"
        raise SchemaError(
            doing, "has no generated code yet", "generate it: freezer schema generate"
        )
    return events[spec.name]


def import_package(folder: Path) -> ModuleType:
    """Import a package of generated events by its folder, without touching the search path.

    It gets a name of its own, so that a folder called `types` hides no module of Python's, and two
    folders called `events` are two packages.

    Raises:
        SchemaError: there is no package of generated events in this folder.

    """
    folder = folder.resolve()
    if folder == Path(__file__).resolve().parent.parent / "events":
        return importlib.import_module(_OURS)
    name = f"_events_{zlib.crc32(bytes(folder)):08x}"
    init = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(name, init)
    if not init.is_file() or spec is None or spec.loader is None:
        raise SchemaError(str(folder), "holds no generated events", _GENERATE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # relative imports inside the package look here
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, AttributeError, TypeError) as error:
        raise SchemaError(str(folder), f"cannot be imported: {error}", _GENERATE) from error
    if not hasattr(module, "EVENTS"):
        raise SchemaError(str(folder), "holds no generated events", _GENERATE)
    return module


class _Text(InspectLoader):
    """Loads a module from its text, which tracebacks can show."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 - it has one module
        """Return the text."""
        return self._text


def _generated(event: EventSpec, *, default: bool) -> EventType:
    """Generate an event's module and run it from memory."""
    from freezer_events.schema.generated import module_text  # noqa: PLC0415 - slow, seldom needed

    text = module_text(event, default=default)
    name = f"_event_{zlib.crc32(text.encode()):08x}"
    spec = importlib.util.spec_from_loader(name, _Text(text), is_package=False)
    assert spec is not None  # noqa: S101 - there is a loader
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    made: EventType = module.EVENT
    return made
