"""What every generated event class carries: its name, schema and the functions compiled from it.

Generated code imports this module and nothing else of ours, so it stays at the bottom layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, make_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

Fill = Literal["now", "uuid", "count"]

DEFAULT_EVENT: Final = "freezer-reading"


def default_event(names: Collection[str]) -> str | None:
    """Return the event that is meant where none is named: the only one, or freezer-reading.

    None where there are several (or none at all) and none of them is freezer-reading.
    """
    if len(names) == 1:
        return next(iter(names))
    return DEFAULT_EVENT if DEFAULT_EVENT in names else None


@dataclass(frozen=True, slots=True)
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
        decode: what fastavro's reader returned for this schema (a dict) to an event. Also turns
            reader defaults into their generated types: fastavro hands them out as raw JSON values.
        default: whether this event is meant where none is named (`default_event`).

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
    decode: Callable[[dict[str, Any]], Any]
    default: bool = False


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
        (each.name, Any, field(default=each.default))
        for each in fields(record)
        if each.name not in names
    ]
    return make_dataclass(record.__name__, [*names, *rest], eq=False, repr=False, slots=True)
