"""Simulated readings: the tutorial's sensors, and plausible values for any other event."""

from __future__ import annotations

import base64
import itertools
import json
import random
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import attribute, from_json, required

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.event import EventType

LOWEST, HIGHEST = -5.0, 5.0  # what the tutorial's freezers report, in degrees Celsius


class Simulator:
    """Events made up from the schema: the fields that a reading must bring, each by its type.

    Args:
        event_type: what to simulate.
        count: how many; 0 for no end.
        sensors: how many keys, taken in turn: sensor0, sensor1, …
        seed: the same seed gives the same values; None gives others each time.

    """

    def __init__(
        self, event_type: EventType, *, count: int, sensors: int = 3, seed: int | None = None
    ) -> None:
        schema = json.loads(event_type.schema)
        needed = required(event_type)
        self._fields = [each for each in schema["fields"] if each["name"] in needed]
        self._key = event_type.key
        self._make = from_json(event_type)
        self._count = count
        self._sensors = sensors
        self._values = _Values(random.Random(seed))  # noqa: S311 - simulated, not secret

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        for number in range(self._count) if self._count else itertools.count():
            yield self._make({each["name"]: self._value(each, number) for each in self._fields})

    def _value(self, field: dict[str, Any], number: int) -> Any:
        if self._key and attribute(field["name"]) == self._key and field["type"] == "string":
            return f"{field['name'].removesuffix('_id')}{number % self._sensors}"
        return self._values.of(field["type"])


class _Values:
    """Random values in their JSON form."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def of(self, schema: Any) -> Any:
        """Return a value of the schema."""
        if isinstance(schema, list):
            return None if "null" in schema else self.of(schema[0])
        if isinstance(schema, str):
            return self._primitive(schema)
        logical = _LOGICAL.get(schema.get("logicalType", ""))
        return logical(self._random) if logical else self._complex(schema["type"], schema)

    def _complex(self, kind: Any, schema: dict[str, Any]) -> Any:
        if kind == "enum":
            return self._random.choice(schema["symbols"])
        if kind == "record":
            return {each["name"]: self.of(each["type"]) for each in schema["fields"]}
        if kind == "fixed":
            return base64.b64encode(self._random.randbytes(schema["size"])).decode()
        empty: dict[str, Any] = {"array": [], "map": {}}
        return empty[kind] if kind in empty else self.of(kind)

    def _primitive(self, kind: str) -> Any:
        source = self._random
        values: dict[str, Callable[[], Any]] = {
            "null": lambda: None,
            "boolean": lambda: source.random() < 0.5,  # noqa: PLR2004 - a fair coin
            "int": lambda: source.randrange(100),
            "long": lambda: source.randrange(100),
            "float": self._measured,
            "double": self._measured,
            "bytes": lambda: base64.b64encode(source.randbytes(4)).decode(),
            "string": lambda: f"text{source.randrange(100)}",
        }
        # Any other name is a type that was defined before; nothing here needs one twice.
        return values.get(kind, lambda: None)()

    def _measured(self) -> float:
        return round(self._random.uniform(LOWEST, HIGHEST), 2)  # no sensor tells more digits


_LOGICAL: Final[dict[str, Any]] = {
    "uuid": lambda source: str(uuid.UUID(int=source.getrandbits(128), version=4)),
    "timestamp-millis": lambda _: datetime.now(UTC).isoformat(),
    "timestamp-micros": lambda _: datetime.now(UTC).isoformat(),
    "local-timestamp-millis": lambda _: datetime.now(UTC).replace(tzinfo=None).isoformat(),
    "local-timestamp-micros": lambda _: datetime.now(UTC).replace(tzinfo=None).isoformat(),
    "date": lambda _: datetime.now(UTC).date().isoformat(),
    "time-millis": lambda _: datetime.now(UTC).time().isoformat(),
    "time-micros": lambda _: datetime.now(UTC).time().isoformat(),
    "decimal": lambda source: str(source.randrange(100)),
}
