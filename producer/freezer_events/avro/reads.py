"""The pieces that a decoder is put together from, in Python: one function for each type.

`avro.resolving` says which pieces; `avro.fast` has the same ones compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro import binary
from freezer_events.avro.bad_value import BadValue
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.avro.binary import Cursor, Read
    from freezer_events.avro.scalars import Scalar

    # The fields of a record in the writer's order: the place in the reader's record, or -1 for a
    # value that the reader does not want.
    Steps = Sequence[tuple[int, Read]]
    Fill = Sequence[tuple[int, Callable[[], Any]]]


class PythonReads:
    """Functions from a cursor to a value."""

    def decoder(self, read: Read, name: str) -> Callable[[bytes], Any]:
        """Return the function from a whole body to a value of this name."""

        def decode(body: bytes) -> Any:
            cursor = binary.Cursor(body)
            found = read(cursor)
            if rest := len(body) - cursor.at:
                raise binary.DamagedError(f"has {rest} bytes left over after a {name}")
            return found

        return decode

    def primitive(self, base: str, size: int) -> Read:
        """Read a raw value; `size` is a fixed's."""
        return binary.read_fixed(size) if base == "fixed" else binary.PRIMITIVES[base]

    def promoted(self, read: Read, promote: Callable[[Any], Any]) -> Read:
        """Read a value, and turn it into another one."""
        return lambda cursor: promote(read(cursor))

    def typed(self, read: Read, scalar: Scalar) -> Read:
        """Read the typed values of a scalar, whose raw ones `read` reads."""
        return self.promoted(read, scalar.typed)

    def array(self, item: Read) -> Read:
        """Read an array of items."""

        def read(cursor: Cursor) -> list[Any]:
            cursor.enter()
            found: list[Any] = []
            for count in binary.blocks(cursor):
                for _ in range(count):
                    found.append(item(cursor))  # noqa: PERF401 - one frame less for each level
            cursor.depth -= 1
            return found

        return read

    def map(self, item: Read) -> Read:
        """Read a map of items."""

        def read(cursor: Cursor) -> dict[str, Any]:
            cursor.enter()
            found: dict[str, Any] = {}
            for count in binary.blocks(cursor):
                for _ in range(count):
                    key = binary.read_string(cursor)
                    found[key] = item(cursor)
            cursor.depth -= 1
            return found

        return read

    def union(self, branches: Sequence[Read]) -> Read:
        """Read the index of a branch, and its value."""
        count = len(branches)

        def read(cursor: Cursor) -> Any:
            index = binary.read_long(cursor)
            if not 0 <= index < count:
                raise binary.DamagedError(f"has branch {index} of a union of {count}")
            return branches[index](cursor)

        return read

    def enum(self, members: Sequence[Any], refuse: Callable[[int], Exception]) -> Read:
        """Read a member by its index; `refuse` makes the error for one that is None."""

        def read(cursor: Cursor) -> Any:
            index = binary.read_long(cursor)
            if not 0 <= index < len(members):
                raise binary.DamagedError(f"has symbol {index} of an enum of {len(members)}")
            found = members[index]
            if found is None:
                raise refuse(index)
            return found

        return read

    def record(
        self, made: type, attributes: Sequence[str], names: Sequence[str], steps: Steps, fill: Fill
    ) -> Read:
        """Read a record of a generated class.

        Args:
            made: the class.
            attributes: the attributes of all its fields.
            names: as many names, for errors.
            steps: what is read.
            fill: what makes the values of fields that the writer does not have, by place.

        """
        make = twin(made, list(attributes))
        blank = [None] * len(names)

        def read(cursor: Cursor) -> Any:
            cursor.enter()
            values: list[Any] = blank.copy()
            at = -1
            try:
                for at, step in steps:
                    if at < 0:
                        step(cursor)
                    else:
                        values[at] = step(cursor)
            except (ValueError, OverflowError) as error:
                raise _under(names[at], error) if at >= 0 else error from None
            for place, default in fill:
                values[place] = default()
            cursor.depth -= 1
            found = make(*values)
            found.__class__ = made
            return found

        return read

    def fields(self, reads: Sequence[Read]) -> Read:
        """Pass over a record; `reads` may still grow."""

        def read(cursor: Cursor) -> None:
            cursor.enter()
            for each in reads:
                each(cursor)
            cursor.depth -= 1

        return read

    def refused(self, error: Callable[[], Exception]) -> Read:
        """Refuse a value once it is met."""

        def refuse(_: Cursor) -> Any:
            raise error()

        return refuse

    def later(self, look_up: Callable[[], Read]) -> Read:
        """Read what a function is for that is not made yet."""
        return lambda cursor: look_up()(cursor)  # noqa: PLW0108 - not ready


def _under(name: str, error: Exception) -> Exception:
    if isinstance(error, BadValue):
        return error.under(name)
    return BadValue(name, " ".join(str(error).split()))
