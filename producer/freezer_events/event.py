"""What every generated event class carries: its name, schema, model and encoder.

Generated code imports this module and the runtime of the encoder, so it stays at the bottom layer.
"""

from __future__ import annotations

from dataclasses import MISSING, InitVar, dataclass, field, fields, make_dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

Fill = str
"""How a producer supplies a field: now, uuid, count, or `uuid5:FIELD,FIELD`."""

DEFAULT_EVENT: Final = "freezer-reading"
GENERATOR: Final = 3
"""Which generated modules fit: counted up when they need something that older ones do not bring."""


def default_event(names: Collection[str]) -> str | None:
    """Return the event that is meant where none is named: the only one, or freezer-reading.

    None where there are several (or none at all) and none of them is freezer-reading.
    """
    if len(names) == 1:
        return next(iter(names))
    return DEFAULT_EVENT if DEFAULT_EVENT in names else None


class EventModel(Protocol):
    """The model of an event's schema as this layer sees it: `freezer_events.avro.model.Model`."""

    @property
    def fields(self) -> Mapping[str, str]:
        """The event's own fields, in their order: attribute to the name in the schema."""


@dataclass(frozen=True, eq=False)
class EventType:
    """One event in the version that producers write.

    Attributes:
        name: the event's folder under `schemas/` ("freezer-reading").
        version: the number N of the `vN.avsc` that this was generated from.
        topic: the topic that `event.toml` names; `Settings.topic_for` says where events go.
        key: the field whose value is the message key, or None (spread over the partitions).
        fill: field name to the way a producer supplies it when the reading did not bring it.
        schema: the Avro schema as JSON text, one line.
        types: Avro full name to generated class, for every record and enum of the schema.
        record: the class of the event itself.
        encode: event to Avro body (no framing). Pure. Raises some exception on a value that does
            not fit; `freezer_events.avro.wire` turns it into an InvalidEvent that names the field.
        read_model: makes the model of the schema; `model` has it, made once.
        default: whether this event is meant where none is named (`default_event`).
        generator: the GENERATOR that the module was made for.
        headers: what every message is to carry beside what it was sent with: "cloudevents" to the
            source that its headers name, "traceparent" to nothing.
        decode: what older modules brought instead of a model.

    Raises:
        SchemaError: the module was made by another version of the generator.

    """

    name: str
    version: int
    topic: str
    key: str | None
    fill: Mapping[str, Fill]
    schema: str
    types: Mapping[str, type]
    record: type[Any]
    encode: Callable[[Any], bytes]
    read_model: Callable[[str], EventModel] | None = None
    default: bool = False
    generator: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    decode: InitVar[Any] = None

    def __post_init__(self, decode: Any) -> None:
        """Refuse a module that does not fit."""
        del decode
        if self.generator != GENERATOR:
            age = "an older" if self.generator < GENERATOR else "a newer"
            raise SchemaError(
                f"generated code of the event {self.name!r}",
                f"was made by {age} version of freezer-events",
                "make it again: freezer schema generate",
            )

    @cached_property
    def model(self) -> EventModel:
        """The model of the schema, parsed when it is first asked for."""
        assert self.read_model is not None  # noqa: S101 - modules of this generator bring it
        return self.read_model(self.schema)


class Event(Protocol):
    """Any instance of a generated event class; `__event__` describes it."""

    __event__: ClassVar[EventType]


class Declared(Protocol):
    """An event as far as its topic goes: its generated type, or its folder."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def topic(self) -> str:
        """The topic that its `event.toml` names."""

    @property
    def default(self) -> bool:
        """Whether it is meant where no event is named."""


def twin(record: type[Any], names: Sequence[str]) -> type[Any]:
    """Return a class whose objects become those of a generated class: `made.__class__ = record`.

    The generated classes are frozen, so that their constructors set each attribute through
    `object.__setattr__`: that takes four times as long. The twin has the same slots, is not frozen,
    and takes values by position.

    Args:
        record: the generated class, of an event or of a record inside one.
        names: the attributes, in the order in which values come; the others must have defaults.

    """
    rest = [
        (
            each.name,
            Any,
            field(default=each.default)
            if each.default_factory is MISSING
            else field(default_factory=each.default_factory),
        )
        for each in fields(record)
        if each.name not in names
    ]
    return make_dataclass(record.__name__, [*names, *rest], eq=False, repr=False, slots=True)
