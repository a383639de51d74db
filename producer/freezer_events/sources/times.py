"""Times as people write them: ISO 8601 in any spelling, a format that is named, epochs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from freezer_events.avro.bad_value import shown
from freezer_events.avro.values import EPOCH, LOCAL_EPOCH, Nanos
from freezer_events.errors import UsageError
from freezer_events.sources.reading import BadReading

if TYPE_CHECKING:
    from datetime import tzinfo

EPOCHS: Final = {"epoch-s": 0, "epoch-ms": 3, "epoch-us": 6, "epoch-ns": 9}
"""Names of formats that count from 1970-01-01 UTC, and the digits of a second in a unit."""
_NANOS: Final = 9
_LEAST: Final = -62_135_596_800  # seconds of the year 1
_ISO: Final = re.compile(
    r"(?P<date>\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d-?\d)[Tt ]\s*"
    r"(?P<time>\d\d(?::?\d\d(?::?\d\d)?)?)(?:[.,](?P<part>\d+))?\s*"
    "(?P<zone>[Zz]|UTC|GMT|[+\u2212-]\\d\\d(?::?\\d\\d(?::?\\d\\d)?)?)?"
)
_POINT: Final = len("2026-01-31T12:00:00")
_END: Final = {end + len(zone): end for end in (_POINT + 4, _POINT + 7) for zone in ("Z", "+00:00")}
"""The length of a time in its usual spelling, and where its digits of a second end."""
_MIDNIGHT: Final = re.compile(r"24(:?00)?(:?00)?")
_OFFSET: Final = re.compile("(?:UTC|GMT)?\\s*([+\u2212-])(\\d{1,2})(?::?(\\d\\d))?")
_SPELLED: Final = (
    (r"\d{9,10}(\.\d+)?", "--time-format epoch-s"),
    (r"\d{12,13}(\.\d+)?", "--time-format epoch-ms"),
    (r"\d{15,16}", "--time-format epoch-us"),
    (r"\d{18,19}", "--time-format epoch-ns"),
    (r"[45]\d{4}(\.\d+)?", "a spreadsheet's day number: format the column as a date there"),
)
_PIECES: Final = (
    (r"^\d{4}([-/.])\d{1,2}\1\d{1,2}", r"%Y\1%m\1%d"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    (r"^\d{1,2}\.\d{1,2}\.\d{2}\b", "%d.%m.%y"),
    (r"^\d{1,2}([-/])\d{1,2}\1\d{4}", r"%d\1%m\1%Y"),
    (r"^\d{1,2}([-/])\d{1,2}\1\d{2}\b", r"%d\1%m\1%y"),
    (r"^[A-Z][a-z]{2} \d{1,2}, \d{4}", "%b %d, %Y"),
    (r"^\d{1,2}[ -]([A-Z][a-z]{2})[ -]\d{4}", "%d %b %Y"),
    (r"\d{1,2}:\d\d:\d\d\.\d{1,6}(?= ?[AaPp][Mm])", "%I:%M:%S.%f"),
    (r"\d{1,2}:\d\d:\d\d(?= ?[AaPp][Mm])", "%I:%M:%S"),
    (r"\d{1,2}:\d\d(?= ?[AaPp][Mm])", "%I:%M"),
    (r"\b[AaPp][Mm]\b", "%p"),
    (r"(?<!%)\b\d{1,2}:\d\d:\d\d\.\d{1,6}", "%H:%M:%S.%f"),
    (r"(?<!%)\b\d{1,2}:\d\d:\d\d", "%H:%M:%S"),
    (r"(?<!%)\b\d{1,2}:\d\d", "%H:%M"),
)


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How times are written, and what a field of a timestamp type keeps of them.

    Attributes:
        digits: the digits of a second that the field holds: 3, 6 or 9.
        local: it holds local times, without a zone.
        form: "" for ISO 8601, a name of EPOCHS, or a format of strptime's.
        zone: that of times that name none; None where nobody said.
        cut: digits that the field cannot hold are cut, not refused.

    """

    digits: int
    local: bool = False
    form: str = ""
    zone: tzinfo | None = None
    cut: bool = False

    def parse(self, text: str) -> Any:
        """Return the typed value of a text; raises BadReading."""
        if not self.form and self.digits < _NANOS and not self.local:
            try:
                found = datetime.fromisoformat(text)
            except ValueError:
                return self._parse(text)
            if found.tzinfo is not None and self._keeps_all(text):
                return _in_utc(found, text)
        return self._parse(text)

    def _keeps_all(self, text: str) -> bool:
        """Tell of a time that Python reads whether that is all of it, as it is usually written.

        That is without digits of a second, or with three or six, of which the field loses none.
        """
        if "." not in text:
            return "," not in text
        end = _END.get(len(text))
        return (
            end is not None
            and text[_POINT] == "."
            and text[10] in "T "
            and text[end] in "Z+-"
            and not text[_POINT + 1 + self.digits : end].strip("0")
        )

    def of_number(self, value: float) -> Any:
        """Return the typed value of a number: an epoch where one is named, else Avro's own."""
        if self.form in EPOCHS:
            return self._epoch(Decimal(repr(value)), str(value))
        if self.form or not isinstance(value, int):
            raise BadReading("", f"{value} is not a time{self._as_said()}", _suggested(str(value)))
        return self._epoch(Decimal(value).scaleb(-self.digits), str(value), 0)

    def _parse(self, text: str) -> Any:
        text = text.strip()
        if self.form in EPOCHS:
            try:
                number = Decimal(text if "_" not in text else "_")
            except InvalidOperation:
                raise BadReading("", f"{shown(text)} is not an {self.form} time") from None
            return self._epoch(number, text)
        moment, part = self._formatted(text) if self.form else _iso(text)
        return self._typed(moment, part, text)

    def _formatted(self, text: str) -> tuple[datetime, str]:
        try:
            found = datetime.strptime(text, self.form)  # noqa: DTZ007 - the zone is said apart
        except ValueError:
            try:  # a column may hold both
                return _iso(text)
            except BadReading:
                why = f"{shown(text)} is not a time{self._as_said()}"
                raise BadReading("", why) from None
        return found.replace(microsecond=0), f"{found.microsecond:06}" if found.microsecond else ""

    def _typed(self, moment: datetime, part: str, text: str) -> Any:
        """Put whole seconds and digits together, in UTC, or without a zone for a local time."""
        if self.local and moment.tzinfo is not None:
            raise BadReading("", f"{shown(text)} has a time zone, a local time has none")
        if not self.local:
            if moment.tzinfo is None:
                moment = self._placed(moment, text)
            moment = _in_utc(moment, text)
        if part[self.digits :].strip("0") and not self.cut:
            why = f"{shown(text)} has more digits of a second than the {self.digits} of the field"
            raise BadReading("", why, "cut them: --cut-times")
        part = part[: self.digits]
        if self.digits == _NANOS:
            since = moment - (LOCAL_EPOCH if self.local else EPOCH)
            seconds = since.days * 86400 + since.seconds
            return Nanos(seconds * 10**_NANOS + int(part.ljust(_NANOS, "0")))
        return moment.replace(microsecond=int(part.ljust(6, "0")[:6])) if part else moment

    def _placed(self, moment: datetime, text: str) -> datetime:
        """Give a time that names no zone the one that was said, if it is one time there."""
        if self.zone is None:
            why = f"{shown(text)} has no time zone"
            raise BadReading("", why, "say where its clock was: --time-zone UTC, Europe/Paris, …")
        found = moment.replace(tzinfo=self.zone)
        if found.utcoffset() != found.replace(fold=1).utcoffset():
            back = found.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None)
            what = "occurs twice" if back == moment else "does not exist"
            why = f"{shown(text)} {what} in {self.zone}: the clock was changed then"
            raise BadReading("", why, "give its offset: --time-zone +02:00, for such rows alone")
        return found

    def _epoch(self, number: Decimal, text: str, digits: int | None = None) -> Any:
        power = EPOCHS[self.form] if digits is None else digits
        if not number.is_finite() or number.adjusted() > 20:  # noqa: PLR2004 - far beyond all
            raise BadReading("", f"{shown(text)} is not a time{self._as_said()}")
        seconds = number.scaleb(-power)
        whole = int(seconds // 1) - (1 if seconds < 0 and seconds % 1 else 0)
        part = f"{seconds - whole:f}".partition(".")[2].rstrip("0")
        if not _LEAST <= whole < 253_402_300_800:  # noqa: PLR2004 - the year 10000
            raise BadReading("", f"{shown(text)} is outside the years 1 to 9999")
        moment = EPOCH + timedelta(seconds=whole)
        return self._typed(moment.replace(tzinfo=None) if self.local else moment, part, text)

    def _as_said(self) -> str:
        return f" of the form {self.form}" if self.form else ""


def time_zone(name: str) -> tzinfo:
    """Return a zone by its name or offset: Europe/Paris, UTC, +08:00.

    Raises:
        UsageError: there is none of that name.

    """
    text = name.strip()
    if text.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    offset = _OFFSET.fullmatch(text)
    if offset:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if shift < timedelta(hours=24):
            return timezone(shift if offset[1] == "+" else -shift)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        why = "is no time zone of this machine's database, and no offset"
        fix = "for example UTC, Europe/Paris, +02:00 (a bare machine: pip install tzdata)"
        raise UsageError(f"--time-zone {name}", why, fix) from error


def _iso(text: str) -> tuple[datetime, str]:
    """Read ISO 8601, and what passes for it: blanks, small letters, UTC; 24:00 is the next day."""
    found = _ISO.fullmatch(text)
    if found is None:
        why = f"{shown(text)} is not a time (2026-01-31T12:00:00Z)"
        raise BadReading("", why, _suggested(text))
    clock, zone = found["time"], (found["zone"] or "").replace("\u2212", "-")
    later = timedelta(days=1) if _MIDNIGHT.fullmatch(clock) else timedelta()
    if later:
        clock = f"00{clock[2:]}"
    zone = "+00:00" if zone and zone[0] not in "+-" else zone
    part = found["part"] or ""
    if part and len(clock.replace(":", "")) < 6:  # noqa: PLR2004 - a fraction of a minute
        raise BadReading("", f"{shown(text)} has a fraction of something other than a second")
    try:
        return datetime.fromisoformat(f"{found['date']}T{clock}{zone}") + later, part
    except (ValueError, OverflowError):
        raise BadReading("", f"{shown(text)} is not a time that there is") from None


def _in_utc(moment: datetime, text: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadReading("", f"{text.strip()} is outside the years 1 to 9999 in UTC") from None


def _suggested(text: str) -> str:
    """Return the option that would read a text, "" where it is nothing that one knows."""
    for shape, option in _SPELLED:
        if re.fullmatch(shape, text):
            return option
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "the time of day is missing: join its column, --join DATE,TIME=FIELD"
    found = text
    for shape, piece in _PIECES:
        found = re.sub(shape, piece, found, count=1)
    if found == text or re.search(r"\d", found):
        return ""
    month_first = found.replace("%d/%m", "%m/%d").replace("%d-%m", "%m-%d")
    other = f", or month first: '{month_first}'" if month_first != found else ""
    zone = "" if "%z" in found else "; and --time-zone"
    return f"--time-format '{found}'{other}{zone}"
