"""The branches of a union in JSON: which one a value is of, and whether its JSON tells."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from freezer_events.avro.model import branch_name, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, RecordType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import Resolved, UnionType


class Branches:
    """The branches of one union.

    Attributes:
        names: what Avro's JSON encoding calls each: a full name, or the kind of type.

    """

    def __init__(self, model: Model, union: UnionType, types: Mapping[str, type]) -> None:
        self._branches = model.branches(union)
        self._types = types
        self.names = [branch_name(each) for each in self._branches]
        simple = Counter(name.rpartition(".")[2] for name in self.names)
        # A simple name is taken as well, where only one branch has it.
        self.named = {
            name.rpartition(".")[2]: at
            for at, name in enumerate(self.names)
            if simple[name.rpartition(".")[2]] == 1
        } | {name: at for at, name in enumerate(self.names)}
        self._kinds = [_json_kind(each) for each in self._branches]
        self._shared = {kind for kind, count in Counter(self._kinds).items() if count > 1}

    def of_value(self, value: Any) -> int:
        """Return which branch a typed value is of: the one that its encoder writes."""
        fits = [
            (*self._rank(each, value), at)
            for at, each in enumerate(self._branches)
            if self._takes(each, value)
        ]
        if not fits:  # a number that no branch would be sent as, from a foreign writer
            return next(at for at, kind in enumerate(self._kinds) if kind == "real")
        return min(fits)[-1]

    def need_name(self, at: int, plain: Any) -> bool:
        """Tell whether a value's JSON alone does not say that it is of this branch."""
        kind = self._kinds[at]
        if kind in self._shared:
            return True
        if kind == "real" and isinstance(plain, str):  # "NaN"
            return len([each for each in self._kinds if each != "null"]) > 1
        return type(plain) is dict and len(plain) == 1 and not self.named.keys().isdisjoint(plain)

    def _takes(self, of: Resolved, value: Any) -> bool:
        if isinstance(of, RecordType | EnumType):
            return type(value) is self._types[of.name.full]
        found = scalar_of(of)
        if found is None:
            return isinstance(value, list if isinstance(of, ArrayType) else dict)
        return found.problem(value) is None

    def _rank(self, of: Resolved, value: Any) -> tuple[int, int]:
        found = scalar_of(of)
        if found is None:
            return (0 if isinstance(of, EnumType) else 1), 0
        inexact = found.json_kind == "real" and type(value) is int
        return found.rank, int(inexact)


def _json_kind(of: Resolved) -> str:
    """Return what a branch's JSON is."""
    found = scalar_of(of)
    if found is not None:
        return found.json_kind
    if isinstance(of, EnumType):
        return "string"
    return "array" if isinstance(of, ArrayType) else "object"
