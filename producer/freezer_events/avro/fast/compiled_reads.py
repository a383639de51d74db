"""The pieces that a decoder is put together from, compiled; the same as those of `avro.reads`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from freezer_events.avro.fast import readers
from freezer_events.avro.reads import PythonReads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.avro.binary import Read
    from freezer_events.avro.reads import Fill, Steps
    from freezer_events.avro.scalars import Scalar

_PRIMITIVES: Final = {
    "null": readers.Null(),
    "boolean": readers.Boolean(),
    "int": readers.Whole(32),
    "long": readers.Whole(64),
    "float": readers.Real(4),
    "double": readers.Real(8),
    "bytes": readers.Bytes(),
    "string": readers.String(),
}
_TYPED: Final = ("Uuid", "Timestamp")  # of the compiled nodes: those that have a reader, too


class CompiledReads(PythonReads):
    """Compiled objects in place of functions.

    Args:
        again: makes the decoder in Python, for bodies that this one cannot read: it says why.

    """

    def __init__(self, again: Callable[[], Callable[[bytes], Any]]) -> None:
        self._again = again

    def decoder(self, read: Read, name: str) -> Callable[[bytes], Any]:  # noqa: ARG002 - for errors
        """Return the function from a whole body to a value."""
        return readers.Decoder(_own(read), lambda body: self._again()(body))  # noqa: PLW0108 - not made yet

    def primitive(self, base: str, size: int) -> Read:
        """Read a raw value."""
        return readers.Fixed(size) if base == "fixed" else _PRIMITIVES[base]

    def promoted(self, read: Read, promote: Callable[[Any], Any]) -> Read:
        """Read a value, and turn it into another one."""
        return readers.Converted(_own(read), promote)

    def typed(self, read: Read, scalar: Scalar) -> Read:
        """Read the typed values of a scalar."""
        name, arguments = scalar.compiled or ("", ())
        if name in _TYPED and read is self.primitive(scalar.base, scalar.size):
            made: Read = getattr(readers, name)(*arguments)
            return made
        return self.promoted(read, scalar.typed)

    def array(self, item: Read) -> Read:
        """Read an array of items."""
        return readers.Array(_own(item))

    def map(self, item: Read) -> Read:
        """Read a map of items."""
        return readers.Map(_own(item))

    def union(self, branches: Sequence[Read]) -> Read:
        """Read the index of a branch, and its value."""
        return readers.Union(tuple(map(_own, branches)))

    def enum(self, members: Sequence[Any], refuse: Callable[[int], Exception]) -> Read:  # noqa: ARG002 - for errors
        """Read a member by its index."""
        return readers.Enum(tuple(members))

    def record(
        self,
        made: type,
        attributes: Sequence[str],
        names: Sequence[str],  # noqa: ARG002 - for errors
        steps: Steps,
        fill: Fill,
    ) -> Read:
        """Read a record of a generated class."""
        own = tuple((at, _own(each)) for at, each in steps)
        return readers.Record(made, tuple(attributes), own, tuple(fill))

    def fields(self, reads: Sequence[Read]) -> Read:
        """Pass over a record; `reads` may still grow."""
        return readers.Skipped(cast("list[readers.Read]", reads))

    def refused(self, error: Callable[[], Exception]) -> Read:
        """Refuse a value once it is met."""

        def refuse(_: Any) -> Any:
            raise error()

        return readers.Converted(readers.Null(), refuse)

    def later(self, look_up: Callable[[], Read]) -> Read:
        """Read what a piece is for that is not made yet."""
        return readers.Later(lambda: _own(look_up()))


def _own(read: Read) -> readers.Read:
    """Tell the type checker that all pieces are of this kind; the compiled ones check it."""
    return cast("readers.Read", read)
