"""Arrow and Avro: batches to bodies here, column by column; values to columns in `to_arrow`.

No Python object is made for any value on the way to bodies.
It does what is certain. A row that may not fit, and a type or column that it does not know, is left
to the reader of single rows, which has the rules and the words for all that can be wrong.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro import fast
from freezer_events.avro.arrow.in_python import PythonEncoder
from freezer_events.avro.arrow.layouts import columns_of, text_of
from freezer_events.avro.arrow.run import ELSEWHERE, EncodedRun
from freezer_events.avro.model import model_of
from freezer_events.avro.rule_checks import rule_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.event import EventType

__all__ = ["BatchEncoder", "EncodedRun"]

_FILLED_LATE: Final = "now"  # nothing that was measured before now is given that


class BatchEncoder:
    """Encodes rows of batches as events of one type.

    Args:
        event_type: the event.
        is_key: tells whether a text can be a message key.
        is_mine: tells whether the row of a key is to be kept; None: all are.
        compiled: False for the encoder in Python even where the compiled one can be used.

    """

    def __init__(
        self,
        event_type: EventType,
        is_key: Callable[[str], bool],
        is_mine: Callable[[str], bool] | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self._event_type = event_type
        self._is_key = is_key
        self._is_mine = is_mine
        self._key = event_type.key and model_of(event_type).fields[event_type.key]
        self._make = _compiled() if compiled and not fast.unusable() else PythonEncoder

    @staticmethod
    def suits(event_type: EventType) -> bool:
        """Tell whether it can encode any row: no rules to check, nothing to fill in or to add."""
        filled = {*event_type.fill.values()} - {_FILLED_LATE}
        more = filled or event_type.headers or rule_checks(model_of(event_type))
        return not more and sys.byteorder == "little"

    def runs(
        self, batch: Any, first: int = 0, place_of: Callable[[int], Any] = lambda at: at
    ) -> Iterator[EncodedRun | int]:
        """Yield runs of rows that are encoded, and the index of each row in between.

        Rows that fit and are not to be kept are passed over; a run tells how many these were.

        Args:
            batch: a RecordBatch.
            first: the number of its first row.
            place_of: gives the place of a row, by its index in the batch.

        """
        count = batch.num_rows
        columns = columns_of(self._event_type, batch)
        keys = None if columns is None or not self._key else text_of(batch, self._key)
        if columns is None or (self._key and keys is None):
            yield from range(count)
            return
        encode = self._make(columns, keys, None if keys is None else self._fits(keys), count)
        at = 0
        while at < count:
            length, data, looked, indexes = encode(at)
            if looked:
                place = partial(_nth, place_of, at, indexes)
                yield EncodedRun(
                    self._event_type, first + at, length, data, place, passed=looked - length
                )
                at += looked
            else:
                yield at
                at += 1

    def _fits(self, keys: Any) -> Any:
        """Return an array of uint8: 0 where a key can be none, and ELSEWHERE; None for all good."""
        arrow: Any = importlib.import_module("pyarrow")
        compute: Any = importlib.import_module("pyarrow.compute")
        distinct = compute.unique(keys).to_pylist()
        good = [each for each in distinct if each is not None and self._is_key(each)]
        is_mine = self._is_mine
        mine = good if is_mine is None else [each for each in good if is_mine(each)]
        if len(mine) == len(distinct):
            return None
        codes = [1] * len(mine) + [ELSEWHERE] * (len(good) - len(mine))
        ordered = [*mine, *({*good} - {*mine})]
        found = compute.index_in(keys, value_set=arrow.array(ordered, keys.type))
        return arrow.array(codes, arrow.uint8()).take(found).fill_null(0)


def _nth(place_of: Callable[[int], Any], by: int, indexes: bytes | None, at: int) -> Any:
    return place_of(by + (at if indexes is None else memoryview(indexes).cast("i")[at]))


def _compiled() -> Any:
    from freezer_events.avro.fast.columns import ColumnEncoder  # noqa: PLC0415 - it may lack

    return ColumnEncoder
