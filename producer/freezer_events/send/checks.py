"""What is checked of a message before it is taken: a bad one is refused alone, with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from freezer_events.errors import InvalidEvent

if TYPE_CHECKING:
    from freezer_events.send.line import Extra
    from freezer_events.send.report import Headers

    Key = str | bytes | int | UUID | None
    GivenHeaders = Mapping[str, str | bytes | None] | Sequence[tuple[str, str | bytes | None]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT: Final = 1024  # bytes of a key that cannot make its message too large
_LATEST_MS: Final = 2**63 - 1


class KeyField:
    """The type of KEY_FIELD."""

    def __repr__(self) -> str:
        return "KEY_FIELD"


KEY_FIELD: Final = KeyField()


def message_key(key: Any) -> str | bytes | None:
    """Return a message key as it travels: numbers and UUIDs as their text.

    Raises:
        InvalidEvent: it is of no type that a key can have, or text that UTF-8 cannot hold.

    """
    if key is None or isinstance(key, bytes):
        return key
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, UUID | date) or (isinstance(key, int) and not isinstance(key, bool)):
        return str(key)  # a date in ISO 8601, as `avro.keys` writes them
    if not isinstance(key, str):
        raise InvalidEvent(
            f"key {key!r}", f"is a {type(key).__name__}", "give a str, bytes, int, UUID or None"
        )
    return _text("key", key)


def extras(
    key: str | bytes | None, headers: GivenHeaders | None, timestamp: datetime | int | None
) -> Extra | None:
    """Return what makes a message travel alone; None for one that may travel in a batch.

    Raises:
        InvalidEvent: headers or timestamp are impossible.

    """
    if headers is None and timestamp is None and (key is None or len(key) <= _SHORT):
        return None
    return message_headers(headers), timestamp_ms(timestamp)


def message_headers(headers: Any) -> Headers | None:
    """Return headers as pairs.

    Raises:
        InvalidEvent: they are neither a mapping nor a sequence of pairs, or a name or a value is
            of no type that a header can have.

    """
    if headers is None:
        return None
    if isinstance(headers, Mapping):
        return [_header(pair) for pair in headers.items()]
    if not isinstance(headers, Sequence) or isinstance(headers, str | bytes):
        raise InvalidEvent(
            "headers", f"are a {type(headers).__name__}", "give a mapping, or a list of pairs"
        )
    return [_header(pair) for pair in headers]


def timestamp_ms(timestamp: datetime | int | None) -> int:
    """Return a timestamp in milliseconds since 1970; 0 where none is given.

    Raises:
        InvalidEvent: it has no time zone, is not after 1970-01-01, or is neither datetime nor int.

    """
    if timestamp is None:
        return 0
    found: Any = timestamp
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise InvalidEvent("timestamp", f"{timestamp} has no time zone", "add tzinfo=UTC")
        found = (timestamp - _EPOCH) // timedelta(milliseconds=1)
    if not isinstance(found, int) or isinstance(found, bool):
        raise InvalidEvent(
            "timestamp", f"is a {type(found).__name__}", "give a datetime, or milliseconds"
        )
    if found <= 0:
        raise InvalidEvent("timestamp", f"{timestamp} is not after 1970-01-01")
    if found > _LATEST_MS:
        raise InvalidEvent("timestamp", f"{timestamp} is later than Kafka can write down")
    return found


def callback_or_none(on_delivery: Any) -> Any:
    """Return a callback.

    Raises:
        InvalidEvent: it cannot be called.

    """
    if on_delivery is not None and not callable(on_delivery):
        raise InvalidEvent("on_delivery", f"a {type(on_delivery).__name__} cannot be called")
    return on_delivery


def _header(pair: Any) -> tuple[str, str | bytes | None]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:  # noqa: PLR2004 - a pair
        raise InvalidEvent("headers", f"{pair!r} is not a pair of name and value")
    name, value = pair
    if not isinstance(name, str):
        raise InvalidEvent("headers", f"the name {name!r} is not a str")
    if "\0" in name:
        raise InvalidEvent(
            "headers", f"the name {name!r} has a zero byte, where librdkafka ends it"
        )
    if not isinstance(value, str | bytes | None):
        kind = type(value).__name__
        raise InvalidEvent(f"header {name!r}", f"is a {kind}, not str, bytes or None")
    return _text("header", name), _text("header", value) if isinstance(value, str) else value


def _text(what: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidEvent(f"{what} {text!r}", "is no text that UTF-8 can hold") from error
    return str(text)
