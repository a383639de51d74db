"""Arrow batches, and their rows as JSON: so all that holds for lines of JSON holds for them."""

from __future__ import annotations

import importlib
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import UnionType
from freezer_events.avro.scalars.numeric import RealScalar
from freezer_events.avro.scalars.textual import StringScalar, UuidScalar
from freezer_events.errors import EventError
from freezer_events.sources.arrow_values import column_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from freezer_events.event import EventType
    from freezer_events.sources.profile import Profile


class ArrowRows:
    """The batches of one input; stands in for `InputBytes`.

    Args:
        name: what they are called.
        batches: RecordBatches.
        event_type: what the rows are to be.
        profile: says which column holds which field.
        constants: further columns, with one value for all rows.

    Attributes:
        error: why it could not be read to its end, told once what came before has been read.
        position: how many bytes have been read, estimated by the share of the rows.

    """

    left = turned = False  # it is whole before it is read

    def __init__(
        self,
        name: str,
        batches: Iterable[Any],
        event_type: EventType,
        profile: Profile,
        constants: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.error: EventError | None = None
        self.position = 0
        self._constants = constants
        self._texts = _columns_of(event_type, profile, StringScalar)
        self._uuids = _columns_of(event_type, profile, UuidScalar)
        self._reals = _columns_of(event_type, profile, RealScalar)
        self._batches = batches

    @property
    def cut(self) -> bool:
        """Tell whether it ended before its end."""
        return self.error is not None

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches; take note of what ends them early."""
        done = 0
        try:
            for batch in self._batches:
                yield self._whole(batch)
                done += batch.num_rows
                self._passed(done)
        except Exception as error:  # noqa: BLE001 - decoders raise errors of many kinds
            self.fail(f"failed behind row {done:,}: {first_line(error)}")
            return
        self._ended()

    def close(self) -> None:
        """Do nothing: whoever gives the batches closes them."""

    def texts(self, batch: Any) -> list[str]:
        """Return the rows of a batch as JSON, without line ends.

        Raises:
            Exception: the batch is damaged, as decoders find out late.

        """
        names = batch.schema.names
        columns = [
            column_values(
                column,
                is_text=name in self._texts,
                is_uuid=name in self._uuids,
                is_real=name in self._reals,
            )
            for name, column in zip(names, batch.columns, strict=True)
        ]
        rows = zip(*columns, strict=True) if columns else [()] * batch.num_rows
        return [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]

    def _passed(self, rows: int) -> None:
        """Take note that so many rows have been read."""

    def _ended(self) -> None:
        """Take note that all have been read."""

    def fail(self, why: str) -> None:
        """Take note of why it cannot be read further."""
        fix = "what came before has been taken; get the file whole and go on with --start-at"
        self.error = EventError(f"read {self.name}", why, fix)

    def _whole(self, batch: Any) -> Any:
        """Return a batch with the further columns."""
        if not self._constants:
            return batch
        arrow: Any = importlib.import_module("pyarrow")
        more = [
            arrow.repeat(arrow.scalar(value, arrow.string()), batch.num_rows)
            for value in self._constants.values()
        ]
        names = [*batch.schema.names, *self._constants]
        return arrow.RecordBatch.from_arrays([*batch.columns, *more], names)


def _columns_of(event_type: EventType, profile: Profile, kind: type) -> frozenset[str]:
    """Return the columns that fields of a kind take their values from."""
    model = model_of(event_type)
    found: set[str] = set()
    for each in model.root.fields:
        of = model.resolve(each.type)
        optional = model.optional(of) if isinstance(of, UnionType) else None
        if isinstance(scalar_of(optional[1] if optional else of), kind):
            source = profile.fields.get(each.name)
            found.update(source.columns if source and source.columns else (each.name,))
    return frozenset(found)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return (str(error) or type(error).__name__).splitlines()[0]
