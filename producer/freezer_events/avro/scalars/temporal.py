"""Dates and times: date, times of day, timestamps with a zone and local ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, demand, load
from freezer_events.avro.values import EPOCH, LOCAL_EPOCH, Nanos

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use

_ORDINAL_OF_1970: Final = 719163
_EXAMPLE_MICROS: Final = 1_767_225_600_123_456
_NOON_MICROS: Final = 43_200_000_000
_DAY_MICROS: Final = 86_400_000_000
_NANOS: Final = 1_000_000_000
_LONG: Final = 1 << 63
# Between these a zigzag number takes six bytes (without its lowest 28 bits), or eight.
_SIX_BYTES: Final = (1 << 7, 1 << 14)
_EIGHT_BYTES: Final = (1 << 49, 1 << 56)
_FRACTION: Final = re.compile(r"(.*[T ]\d\d:?\d\d:?\d\d)(?:[.,](\d{1,9}))?(Z|[+-][\d:]+)?")


class DateScalar(Scalar):
    """A date: days since 1970."""

    python = "date"
    home = "datetime"
    key = True
    compiled = ("Date", ())
    examples = (20_454, 20_454)

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit; a datetime is a date to Python."""
        return None if type(value) is date else f"{shown(value)} is not a date"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"type({value}) is date"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        check = demand(use, f"type({local}) is not date", local, "a date")
        days = f"{local}.toordinal() - {_ORDINAL_OF_1970}"
        return load(local, value) + check, [f"{use('LONG')}[{days}]"]

    def typed(self, raw: Any) -> date:
        """Return the date of a day since 1970."""
        return date.fromordinal(raw + _ORDINAL_OF_1970)

    def to_json(self, value: Any) -> str:
        """Return the date in ISO 8601."""
        return str(value.isoformat())

    def from_json(self, value: Any) -> Any:
        """Take a date in ISO 8601."""
        return _iso(date, value, "a date (2026-01-31)")

    def random(self, source: random.Random) -> date:  # noqa: ARG002 - the base's signature
        """Return today."""
        return datetime.now(UTC).date()


@dataclass(frozen=True)
class TimeScalar(Scalar):
    """A time of day, in milliseconds or microseconds (`unit` is how many microseconds)."""

    unit: int = 1

    python: ClassVar[str] = "time"
    home: ClassVar[str] = "datetime"

    @property
    def rank(self) -> int:
        """Microseconds first: milliseconds would cut a value."""
        return 1 if self.unit == 1 else 2

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """One node for both."""
        return "TimeOfDay", (self.unit,)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        return _NOON_MICROS // self.unit, _NOON_MICROS // self.unit

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, time):
            return f"{shown(value)} is not a time of day"
        return None if value.tzinfo is None else f"{value.isoformat()} has a time zone"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"isinstance({value}, time)"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        unlike = f"not isinstance({local}, time) or {local}.tzinfo is not None"
        seconds = f"(({local}.hour * 60 + {local}.minute) * 60 + {local}.second)"
        rest = f"* 1000000 + {local}.microsecond"
        if self.unit > 1:
            rest = f"* 1000 + {local}.microsecond // 1000"
        check = demand(use, unlike, local, "a time of day without a zone")
        return load(local, value) + check, [f"{use('LONG')}[{seconds} {rest}]"]

    def typed(self, raw: Any) -> time:
        """Return the time so many units after midnight."""
        if not 0 <= raw * self.unit < _DAY_MICROS:
            raise ValueError(f"{raw} is not a time of day")
        seconds, rest = divmod(raw * self.unit, 1_000_000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)

    def to_json(self, value: Any) -> str:
        """Return the time in ISO 8601."""
        return str(value.isoformat())

    def from_json(self, value: Any) -> Any:
        """Take a time in ISO 8601."""
        return self.checked(_iso(time, value, "a time of day (12:00:00)"))

    def random(self, source: random.Random) -> time:  # noqa: ARG002 - the base's signature
        """Return the time of day in UTC."""
        return _cut(datetime.now(UTC), self.unit).time()


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
        if self.local:
            why = f"{value.isoformat()} has a time zone, a local time has none"
            return why if zone is not None else None
        if zone is None:
            return f"{value.isoformat()} has no time zone"
        try:
            value.astimezone(UTC)
        except OverflowError:
            return f"{value.isoformat()} is outside the years 1 to 9999 in UTC"
        return None

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
            *demand(use, f"not isinstance({local}, datetime)", local, "a datetime"),
            f"{local} = {local} - {epoch}  # {other} does not subtract",
            *(self._millis if self.unit > 1 else self._micros)(use, local, prefix),
        ], [local]

    def _millis(self, use: Use, local: str, prefix: bytes) -> list[str]:
        units = f"{local}.seconds * 2000 + {local}.microseconds // 1000 * 2"
        items = f"{use('PAIR')}[low & 16383], {use('PAIR')}[low >> 14], {use('END')}[top]"
        # Split early: Python is quick with numbers below 2**30.
        return [
            f"low = {units}",  # zigzag doubles them
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
            found = _iso(datetime, value, "a local time (2026-01-31T12:00:00)")
            return self.checked(found)  # type: ignore[no-any-return]
        found = _iso(datetime, value, "a time (2026-01-31T12:00:00Z)")
        if found.tzinfo is None:
            raise BadValue("", f"{value} has no time zone (2026-01-31T12:00:00Z)")
        self.checked(found)
        return found.astimezone(UTC)  # type: ignore[no-any-return]

    def random(self, source: random.Random) -> datetime:  # noqa: ARG002 - the base's signature
        """Return the time now."""
        now = _cut(datetime.now(UTC), self.unit)
        return now.replace(tzinfo=None) if self.local else now


@dataclass(frozen=True)
class NanosScalar(Scalar):
    """A timestamp in nanoseconds: a whole number of its own class; ISO 8601 in JSON and text."""

    local: bool = False

    python: ClassVar[str] = "Nanos"
    home: ClassVar[str] = "freezer_events.avro.runtime"
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

    def random(self, source: random.Random) -> Nanos:
        """Return the time now."""
        since = datetime.now(UTC) - EPOCH
        seconds = since.days * 86400 + since.seconds
        return Nanos(seconds * _NANOS + source.randrange(_NANOS))


def _packed(use: Use, packer: str, items: str, prefix: bytes) -> str:
    if len(prefix) == 1:
        return f"{use(f'index_{packer}')}({prefix[0]}, {items})"
    return f"{_led(prefix)}{use(packer)}({items})"


def _led(prefix: bytes) -> str:
    return f"{prefix!r} + " if prefix else ""


def _cut(found: datetime, unit: int) -> datetime:
    return found.replace(microsecond=found.microsecond // unit * unit)


def _iso(kind: Any, value: Any, what: str) -> Any:
    try:
        return kind.fromisoformat(value)
    except TypeError:
        raise BadValue("", f"{shown(value)} is not a string") from None
    except ValueError:
        raise BadValue("", f"{shown(value)} is not {what}") from None
