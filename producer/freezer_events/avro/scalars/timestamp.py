"""Timestamps, with a zone and local ones: in milliseconds, microseconds and nanoseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import TYPE_CHECKING, Any, ClassVar, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, demand, load
from freezer_events.avro.scalars.time_of_day import iso
from freezer_events.avro.values import EPOCH, LOCAL_EPOCH, MORE_THAN, Nanos, cut

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use

_EXAMPLE_MICROS: Final = 1_767_225_600_123_456
_NANOS: Final = 1_000_000_000
_LONG: Final = 1 << 63
# Between these a zigzag number takes six bytes (without its lowest 28 bits), or eight.
_SIX_BYTES: Final = (1 << 7, 1 << 14)
_EIGHT_BYTES: Final = (1 << 49, 1 << 56)
_FRACTION: Final = re.compile(r"(.*[T ]\d\d:?\d\d:?\d\d)(?:[.,](\d{1,9}))?(Z|[+-][\d:]+)?")


@dataclass(frozen=True)
class InstantScalar(Scalar):
    """A timestamp, in milliseconds or microseconds (`unit` is how many microseconds)."""

    unit: int = 1
    local: bool = False

    python: ClassVar[str] = "datetime"
    home: ClassVar[str] = "datetime"

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """One node for all."""
        return "Timestamp", (self.unit, self.local)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        return _EXAMPLE_MICROS // self.unit, _EXAMPLE_MICROS // self.unit

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, datetime):
            return f"{shown(value)} is not a datetime"
        zone = value.utcoffset()
        if self.local and zone is not None:
            return f"{value.isoformat()} has a time zone, a local time has none"
        if not self.local and zone is None:
            return f"{value.isoformat()} has no time zone"
        try:
            since = value - LOCAL_EPOCH if self.local else value.astimezone(UTC) - EPOCH
        except OverflowError:
            return f"{value.isoformat()} is outside the years 1 to 9999 in UTC"
        more = since.microseconds % self.unit or getattr(value, "nanosecond", 0)
        return f"{value.isoformat()} {MORE_THAN[self.unit]}" if more else None

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        zone = "is" if self.local else "is not"
        return f"isinstance({value}, datetime) and {value}.utcoffset() {zone} None"

    def code(self, use: Use, value: str, local: str, prefix: bytes) -> Code:
        """Return the Python that encodes it, two bytes at a time where it is of our days."""
        epoch = use("LOCAL_EPOCH" if self.local else "EPOCH")
        other = "a time that has a zone" if self.local else "a naive time"
        return [
            *load(local, value),
            f"if type({local}) is not datetime:",
            f"    {use('moment')}({local})",
            f"{local} = {local} - {epoch}  # {other} does not subtract",
            *(self._millis if self.unit > 1 else self._micros)(use, local, prefix),
        ], [local]

    def _millis(self, use: Use, local: str, prefix: bytes) -> list[str]:
        items = f"{use('PAIR')}[low & 16383], {use('PAIR')}[low >> 14], {use('END')}[top]"
        # Split early: Python is quick with numbers below 2**30.
        return [
            f"low = {local}.microseconds",
            *demand(use, "low % 1000", local, "a whole number of milliseconds"),
            f"low = {local}.seconds * 2000 + low // 500",  # zigzag doubles them
            f"top = {local}.days * 172800000 + low",
            "low = top & 268435455",
            "top >>= 28",
            f"if {_SIX_BYTES[0]} <= top < {_SIX_BYTES[1]}:",
            f"    {local} = {_packed(use, 'pairs3', items, prefix)}",
            "else:",
            f"    {local} = {_led(prefix)}{use('millis')}({local})",
        ]

    def _micros(self, use: Use, local: str, prefix: bytes) -> list[str]:
        seconds = f"({local}.days * 86400 + {local}.seconds)"
        items = f"{use('PAIR')}[low & 16383], {use('PAIR')}[low >> 14 & 16383]"
        items += f", {use('PAIR')}[low >> 28 & 16383], {use('PAIR')}[low >> 42] & 32767"
        return [
            f"low = ({seconds} * 1000000 + {local}.microseconds) << 1",
            f"if {_EIGHT_BYTES[0]} <= low < {_EIGHT_BYTES[1]}:",
            f"    {local} = {_packed(use, 'pairs4', items, prefix)}",
            "else:",
            f"    {local} = {_led(prefix)}{use('micros')}({local})",
        ]

    def typed(self, raw: Any) -> datetime:
        """Return the time so many units after 1970."""
        return (LOCAL_EPOCH if self.local else EPOCH) + timedelta(microseconds=raw * self.unit)

    def to_json(self, value: Any) -> str:
        """Return the time in ISO 8601, UTC as Z."""
        return str(value.isoformat().replace("+00:00", "Z"))

    def from_json(self, value: Any) -> datetime:
        """Take a time in ISO 8601."""
        if self.local:
            found = iso(datetime, value, "a local time (2026-01-31T12:00:00)", self.unit)
            return self.checked(found)  # type: ignore[no-any-return]
        found = iso(datetime, value, "a time (2026-01-31T12:00:00Z)", self.unit)
        if found.tzinfo is None:
            raise BadValue("", f"{value} has no time zone (2026-01-31T12:00:00Z)")
        self.checked(found)
        return found.astimezone(UTC)  # type: ignore[no-any-return]

    @property
    def fill(self) -> str:
        """A local time is nobody's to fill in: the producer does not know where."""
        return "" if self.local else "now"

    @property
    def per_second(self) -> int:
        """How many of its units a second has."""
        return 1_000_000 // self.unit

    def now(self) -> datetime:
        """Return the time now, to the precision of the type."""
        found = cut(datetime.now(UTC), self.unit)
        return found.replace(tzinfo=None) if self.local else found

    def random(self, source: random.Random) -> datetime:  # noqa: ARG002 - the base's signature
        """Return the time now."""
        return self.now()


@dataclass(frozen=True)
class NanosScalar(Scalar):
    """A timestamp in nanoseconds: a whole number of its own class; ISO 8601 in JSON and text."""

    local: bool = False

    python: ClassVar[str] = "Nanos"
    home: ClassVar[str] = "freezer_events.avro.runtime"
    per_second = _NANOS
    examples = (0, _EXAMPLE_MICROS * 1000 + 789)

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if type(value) is not Nanos:
            return f"{shown(value)} is not a Nanos (nanoseconds since 1970)"
        return None if -_LONG <= value < _LONG else f"{shown(value)} does not fit an Avro long"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"type({value}) is Nanos"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        check = demand(use, f"type({local}) is not Nanos", local, "a Nanos")
        return load(local, value) + check, [f"{use('LONG')}[{local}]"]

    def typed(self, raw: Any) -> Nanos:
        """Return the number in its class."""
        return Nanos(raw)

    def to_json(self, value: Any) -> str:
        """Return the time in ISO 8601 with nine digits."""
        seconds, rest = divmod(int(value), _NANOS)
        found = LOCAL_EPOCH + timedelta(seconds=seconds)
        return f"{found.isoformat()}.{rest:09d}{'' if self.local else 'Z'}"

    def from_json(self, value: Any) -> Any:
        """Take a time in ISO 8601 with up to nine digits."""
        if not isinstance(value, str):
            raise BadValue("", f"{shown(value)} is not a string")
        match = _FRACTION.fullmatch(value)
        if match is None:
            raise BadValue("", f"{shown(value)} is not a time (2026-01-31T12:00:00.000000000Z)")
        whole = InstantScalar("long", self.name, local=self.local)
        moment = whole.from_json(match[1] + (match[3] or ""))
        since = moment - (LOCAL_EPOCH if self.local else EPOCH)
        seconds = since.days * 86400 + since.seconds
        return self.checked(Nanos(seconds * _NANOS + int((match[2] or "0").ljust(9, "0"))))

    @property
    def fill(self) -> str:
        """As for the other timestamps."""
        return "" if self.local else "now"

    def now(self) -> Nanos:
        """Return the time now, in UTC."""
        return Nanos(time_ns())

    def random(self, source: random.Random) -> Nanos:  # noqa: ARG002 - the base's signature
        """Return the time now."""
        return self.now()


def _packed(use: Use, packer: str, items: str, prefix: bytes) -> str:
    if len(prefix) == 1:
        return f"{use(f'index_{packer}')}({prefix[0]}, {items})"
    return f"{_led(prefix)}{use(packer)}({items})"


def _led(prefix: bytes) -> str:
    return f"{prefix!r} + " if prefix else ""
