"""Text and bytes: string, bytes, fixed, and uuid on a string or a fixed."""

from __future__ import annotations

import base64
import uuid
from binascii import Error, unhexlify
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, SafeUUID

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, demand, load

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use

_UUID_LETTERS: Final = 36
_UUID_BYTES: Final = 16
_UUID_EXAMPLE: Final = "00000000-0000-4000-8000-000000000001"
_new: Final = object.__new__
_set_int: Final = vars(UUID)["int"].__set__
_set_is_safe: Final = vars(UUID)["is_safe"].__set__
_UNKNOWN: Final = SafeUUID.unknown  # to look a member up takes as long as all the rest


class StringScalar(Scalar):
    """A string."""

    python = "str"
    strip = False
    key = True
    compiled = ("String", ())
    examples = ("", "sensor0 \u00e9\u4e16")

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, str):
            return f"{shown(value)} is not a string"
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{shown(value)} has half a surrogate pair, which UTF-8 cannot hold"
        return None

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"isinstance({value}, str)"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it; `str.encode` refuses what is no string."""
        text = f"{use('utf8')}({value})"
        return [f"{local} = {text}"], [f"{use('COUNT')}[len({local})]", local]

    def from_json(self, value: Any) -> str:
        """Take a string."""
        if isinstance(value, str):
            return value
        raise BadValue("", f"{shown(value)} is not a string")

    def random(self, source: random.Random) -> str:
        """Return some text."""
        return f"text{source.randrange(100)}"


class BytesScalar(Scalar):
    """bytes, or a fixed: base64 in JSON and text."""

    python = "bytes"

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """A fixed knows its size."""
        return ("Fixed", (self.size,)) if self.base == "fixed" else ("Bytes", ())

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        if self.base == "bytes":
            return b"", b"\x00\xff"
        found = bytes(range(self.size % 256)).ljust(self.size, b"\0")
        return found, found

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, bytes):
            return f"{shown(value)} is not bytes"
        fits = self.base == "bytes" or len(value) == self.size
        return None if fits else f"{len(value)} bytes are not {self.size}"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        long = f" and len({value}) == {self.size}" if self.base == "fixed" else ""
        return f"isinstance({value}, bytes){long}"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        if self.base == "bytes":
            check = demand(use, f"not isinstance({local}, bytes)", local, "bytes")
            return load(local, value) + check, [f"{use('COUNT')}[len({local})]", local]
        unlike = f"not isinstance({local}, bytes) or len({local}) != {self.size}"
        return load(local, value) + demand(use, unlike, local, f"{self.size} bytes"), [local]

    def to_json(self, value: Any) -> str:
        """Return base64."""
        return base64.b64encode(value).decode()

    def from_json(self, value: Any) -> Any:
        """Take base64 text."""
        if not isinstance(value, str):
            raise BadValue("", f"{shown(value)} is not a string")
        try:
            found = base64.b64decode(value, validate=True)
        except (Error, ValueError) as error:
            raise BadValue("", f"{shown(value)} is not base64") from error
        return self.checked(found)

    def random(self, source: random.Random) -> bytes:
        """Return some bytes."""
        return source.randbytes(self.size if self.base == "fixed" else 4)


class UuidScalar(Scalar):
    """A UUID, written as a string or as 16 bytes."""

    python = "UUID"
    home = "uuid"
    key = True
    fill = "uuid"

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """One node for both; it is told whether it writes text."""
        return "Uuid", (self.base == "string",)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        found = UUID(_UUID_EXAMPLE)
        raw = str(found) if self.base == "string" else found.bytes
        return raw, raw

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        return None if isinstance(value, UUID) else f"{shown(value)} is not a UUID"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"isinstance({value}, UUID)"

    def code(self, use: Use, value: str, local: str, prefix: bytes) -> Code:
        """Return the Python that encodes it; the length of the text is one with the prefix."""
        if self.base == "fixed":
            return super().code(use, value, local, prefix)
        check = demand(use, f"not isinstance({local}, UUID)", local, "a UUID")
        # Twice as quick as str(): a UUID is always 36 characters, the hex digits in five groups.
        digits = f"{use('hexlify')}({local}.int.to_bytes(16, 'big'))"
        text = f"b'-'.join({use('groups')}({digits}))"
        return load(local, value) + check, [repr(prefix + b"\x48"), text]

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it as 16 bytes."""
        check = demand(use, f"not isinstance({local}, UUID)", local, "a UUID")
        return load(local, value) + check, [f"{local}.bytes"]

    def typed(self, raw: Any) -> UUID:
        """Return the UUID of 16 bytes, or of a text in any form that Python's UUID takes.

        A foreign writer's text may lack the dashes.
        """
        return UUID(raw) if isinstance(raw, str) else UUID(bytes=raw)

    def to_json(self, value: Any) -> str:
        """Return the usual text form."""
        return str(value)

    def from_json(self, value: Any) -> UUID:
        """Take the usual text form."""
        if not isinstance(value, str):
            raise BadValue("", f"{shown(value)} is not a string")
        try:
            bits = unhexlify(value.replace("-", ""))
        except ValueError:
            bits = b""
        if len(value) != _UUID_LETTERS or len(bits) != _UUID_BYTES or value[8:24:5] != "----":
            raise BadValue("", f"{shown(value)} is not a UUID")
        # As `UUID(bytes=bits)` ends up doing; to sort out what it was given takes it twice as long.
        found = _new(UUID)
        _set_int(found, int.from_bytes(bits))
        _set_is_safe(found, _UNKNOWN)
        return found

    def random(self, source: random.Random) -> UUID:
        """Return a random one."""
        return uuid.UUID(int=source.getrandbits(128), version=4)
