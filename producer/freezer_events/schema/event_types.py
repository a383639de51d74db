"""From a catalogue to the typed event that commands use, without running what lies around.

Generation gives the same text every time. So the text is made from the schemas and run from memory,
whether the project names a package for it or not. What lies in that package is compared and not
imported: `pyproject.toml` in somebody else's folder must not make a command run code of theirs.
(An import would also take a folder, a compiled module or a cached one of the same name.)
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.avro.loaded_text import load_text
from freezer_events.config.atomic import read_or_none
from freezer_events.config.merge_marker import merge_marker
from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from types import ModuleType

    from freezer_events.avro.parse import Schema
    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import Catalogue, EventSpec

_OURS: Final = "freezer_events.events"
_OUR_FOLDER: Final = Path(__file__).resolve().parent.parent / "events"
_GENERATE: Final = "generate them: freezer schema generate"


class OutOfStep(SchemaError):  # noqa: N818 - it names the state
    """The generated code on disk is not what the schemas give."""


def event_type(
    catalogue: Catalogue, name: str | None = None, *, trust_generated: bool = False
) -> EventType:
    """Return the typed event of that name; without one the only event, or freezer-reading.

    Args:
        catalogue: the events.
        name: the event's name.
        trust_generated: import the package that holds the project's events, whatever is in it.

    Raises:
        UsageError: there is no such event.
        OutOfStep: the project's package lacks the event, or holds another text than is generated.
        SchemaError: the schema cannot be generated from, or the package cannot be imported.

    """
    spec = catalogue.event(name)
    if catalogue.into is None:
        return _packaged(spec) if catalogue.borrowed else in_memory(catalogue, spec)
    if trust_generated:
        return _held(import_package(catalogue.into), spec)
    refuse_out_of_step(catalogue, spec)
    ours = catalogue.into.resolve() == _OUR_FOLDER
    return _packaged(spec) if ours else in_memory(catalogue, spec)


def in_memory(catalogue: Catalogue, event: EventSpec) -> EventType:
    """Return an event's type, generated from its schema and run from memory.

    Raises:
        SchemaError: the schema cannot be generated from.

    """
    return _run(_text(catalogue, event))


def type_of_version(event: EventSpec, version: int) -> EventType:
    """Return an event's type in any of its versions, for reading; made once.

    Raises:
        SchemaError: there is no such version, or it cannot be generated from.

    """
    return _for_reading(event.name, version, event.schema(version))


@lru_cache(maxsize=256)
def _for_reading(name: str, version: int, schema: Schema) -> EventType:
    from freezer_events.schema.generate import module_source  # noqa: PLC0415 - slow to import

    made = module_source(
        event=name,
        version=version,
        topic=name,
        key=None,
        fill={},
        default=False,
        schema=schema,
        source_name=f"v{version}.avsc",
    )
    return _run(made.text)


def _run(text: str) -> EventType:
    made: EventType = load_text(text).EVENT
    return made


def refuse_out_of_step(catalogue: Catalogue, event: EventSpec) -> None:
    """Compare an event's module with what its schema gives; nothing is run.

    Raises:
        OutOfStep: it is missing, foreign or different; a project without a package has none.
        SchemaError: the schema cannot be generated from.

    """
    from freezer_events.schema import generated  # noqa: PLC0415 - slow to import

    if catalogue.into is None:
        return
    init, path = catalogue.into / "__init__.py", generated.module_path(catalogue, event)
    if not (read_or_none(init) or "").strip():
        raise OutOfStep(str(catalogue.into), "holds no generated events", _GENERATE)
    for file in filter(Path.exists, (init, path)):
        text = read_or_none(file)
        line = merge_marker(text or "")
        if line:
            raise OutOfStep(f"{file}:{line}", "has merge markers", _GENERATE)
        if not generated.is_ours(text):
            why = "was not generated: it is code of somebody's own"
            raise OutOfStep(str(file), why, "generate into a folder of its own: --into PACKAGE_DIR")
    if not path.exists():
        raise OutOfStep(f"event {event.name!r}", "has no generated code yet", _GENERATE)
    if read_or_none(path) != _text(catalogue, event):
        why = f"is out of step with {event.path(event.version)} and {event.toml}"
        raise OutOfStep(str(path), why, "freezer schema generate")


def _text(catalogue: Catalogue, event: EventSpec) -> str:
    from freezer_events.schema.generated import module_text  # noqa: PLC0415 - slow to import

    return module_text(event, default=event.name == catalogue.default)


def _packaged(spec: EventSpec) -> EventType:
    return _held(importlib.import_module(_OURS), spec)


def _held(package: ModuleType, spec: EventSpec) -> EventType:
    events: dict[str, EventType] = package.EVENTS
    if spec.name not in events:
        raise OutOfStep(f"event {spec.name!r}", "has no generated code yet", _GENERATE)
    return events[spec.name]


def import_package(folder: Path) -> ModuleType:
    """Import a package of generated events by its folder: runs whatever code is in it.

    It gets a name of its own, so that a folder called `types` hides no module of Python's, and two
    folders called `events` are two packages. The search path stays as it is.

    Raises:
        SchemaError: there is no package of generated events in this folder.

    """
    folder = folder.resolve()
    if folder == _OUR_FOLDER:
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
    except Exception as error:
        raise SchemaError(str(folder), f"cannot be imported: {error}", _GENERATE) from error
    if not hasattr(module, "EVENTS"):
        raise SchemaError(str(folder), "holds no generated events", _GENERATE)
    return module
