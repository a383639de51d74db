"""Every ordered pair of types that a union may hold, with a value of each."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from freezer_events.avro.runtime import Nanos
from tests.support.generated import module_of, record


def logical(base: str, kind: str, **more: Any) -> Any:
    return {"type": base, "logicalType": kind, **more}


def fixed(name: str, size: int, **more: Any) -> Any:
    return {"type": "fixed", "name": name, "size": size, **more}


# A name for each type, and how a value of it is made of the module's own classes.
BRANCHES: Final[dict[str, tuple[Any, Any]]] = {
    "null": ("null", lambda _: None),
    "opened": (
        record(("by", "string"), name="Opened"),
        lambda types: types["test.Opened"](by="ann"),
    ),
    "closed": (
        record(("by", "string"), name="Closed"),
        lambda types: types["test.Closed"](by="ann"),
    ),
    "overlapping": (
        record(("by", "string"), ("why", "string", ""), name="Locked"),
        lambda types: types["test.Locked"](by="ann", why=""),
    ),
    "nullable": (
        record(("by", ["null", "string"], None), name="Perhaps"),
        lambda types: types["test.Perhaps"](by=None),
    ),
    "no fields": (record(name="Empty"), lambda types: types["test.Empty"]()),
    "door": (
        {"type": "enum", "name": "Door", "namespace": "test", "symbols": ["OPEN", "SHUT"]},
        lambda types: types["test.Door"]("OPEN"),
    ),
    "window": (
        {"type": "enum", "name": "Window", "namespace": "test", "symbols": ["OPEN"]},
        lambda types: types["test.Window"]("OPEN"),
    ),
    "fixed": (fixed("Four", 4), lambda _: b"OPEN"),
    "fixed2": (fixed("Two", 2), lambda _: b"ab"),
    "map": ({"type": "map", "values": "string"}, lambda _: {"by": "ann"}),
    "array": ({"type": "array", "items": "string"}, lambda _: ["ann"]),
    "bytes": ("bytes", lambda _: b"OPEN"),
    "string": ("string", lambda _: "OPEN"),
    "uuid": (logical("string", "uuid"), lambda _: UUID(int=7)),
    "fixed uuid": (fixed("Id", 16, logicalType="uuid"), lambda _: UUID(int=7)),
    "decimal": (logical("bytes", "decimal", precision=4, scale=2), lambda _: Decimal("1.25")),
    "fixed decimal": (
        fixed("Amount", 5, logicalType="decimal", precision=9, scale=3),
        lambda _: Decimal("1.125"),
    ),
    "date": (logical("int", "date"), lambda _: date(2026, 1, 31)),
    "time-millis": (logical("int", "time-millis"), lambda _: time(12, 0, 0, 5000)),
    "time-micros": (logical("long", "time-micros"), lambda _: time(12, 0, 0, 5)),
    "instant": (logical("long", "timestamp-micros"), lambda _: datetime(2026, 1, 31, tzinfo=UTC)),
    "local": (
        logical("long", "local-timestamp-millis"),
        lambda _: datetime(2026, 1, 31),  # noqa: DTZ001 - a local time
    ),
    "nanos": (logical("long", "timestamp-nanos"), lambda _: Nanos(1_700_000_000_123_456_789)),
    "boolean": ("boolean", lambda _: True),
    "int": ("int", lambda _: 1),
    "long": ("long", lambda _: 2**40),
    "float": ("float", lambda _: 0.5),
    "double": ("double", lambda _: 1.0),
}


def base(kind: Any) -> str:
    """Return what a union may hold only once."""
    if isinstance(kind, str):
        return kind
    return str(kind.get("name", kind["type"]))


def pairs() -> list[tuple[str, str]]:
    return [
        (one, other)
        for one, (first, _) in BRANCHES.items()
        for other, (second, _) in BRANCHES.items()
        if base(first) != base(second)
    ]


PAIRS: Final = pairs()


class Pairs:
    """An event with a field for every pair, and with its values of the first or second branch."""

    def __init__(self, **more: Any) -> None:
        self._defined: set[str] = set()
        fields = [
            (f"p{n}", [self._once(BRANCHES[each][0]) for each in pair])
            for n, pair in enumerate(PAIRS)
        ]
        self.schema = record(*fields, name="Pairs", **more)
        self.module = module_of(self.schema, event="pairs", topic="pairs")
        types = self.module.EVENT.types
        self.events = [
            self.module.Pairs(
                **{f"p{n}": BRANCHES[pair[at]][1](types) for n, pair in enumerate(PAIRS)}
            )
            for at in (0, 1)
        ]

    def _once(self, kind: Any) -> Any:
        """Return a branch, by its name where it is defined already."""
        if not isinstance(kind, dict) or "name" not in kind:
            return kind
        again = kind["name"] in self._defined
        self._defined.add(kind["name"])
        return f"test.{kind['name']}" if again else {**kind, "namespace": "test"}

    def changed(self, found: Any, event: Any) -> list[Any]:
        """Return the pairs whose value came back as another one, or of another type."""
        return [
            (pair, getattr(found, f"p{n}"))
            for n, pair in enumerate(PAIRS)
            if getattr(found, f"p{n}") != getattr(event, f"p{n}")
            or type(getattr(found, f"p{n}")) is not type(getattr(event, f"p{n}"))
        ]
