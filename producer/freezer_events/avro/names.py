"""Python names for what a schema names: classes, attributes, enum members."""

from __future__ import annotations

import builtins
import keyword
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# What generated modules import or define themselves. Helpers, tables and functions have names with
# an underscore in front, which no class has.
_TAKEN: Final = frozenset(
    {
        *(name for name in dir(builtins) if name.islower()),
        *("Any", "ClassVar", "Decimal", "EVENT", "EventType", "Final", "Nanos", "StrEnum"),
        *("TypeAlias", "UUID", "annotations", "dataclass", "date", "datetime", "encode", "field"),
        *("time", "event", "EVENTS"),
        # Locals of generated functions; there are v1, v2 and so on as well.
        *("body", "item", "k", "key", "left", "low", "parts", "top", "v", "value"),
    }
)
_LOCAL: Final = re.compile(r"v[0-9]+")


def attributes(names: Collection[str]) -> dict[str, str]:
    """Return the attribute of each field: its name, unless Python has other uses for that."""
    found: dict[str, str] = {}
    for name in names:
        found[name] = _free(_attribute(name), {*found.values(), *(set(names) - {name})})
    return found


def _attribute(name: str) -> str:
    # A class whose attribute hides `mro` cannot be made, and `_field` is called in its body.
    if keyword.iskeyword(name) or name in {"mro", "_field"}:
        return f"{name}_"
    # Inside a class Python mangles names that begin with two underscores.
    return f"field{name}" if name.startswith("__") else name


def members(symbols: Collection[str]) -> dict[str, str]:
    """Return the member name of each symbol of an enum."""
    found: dict[str, str] = {}
    for symbol in symbols:
        found[symbol] = _free(_member(symbol), {*found.values(), *(set(symbols) - {symbol})})
    return found


def _member(symbol: str) -> str:
    # Underscores in front are reserved by Enum; names of str's own methods would hide them.
    if symbol.startswith("_"):
        return f"symbol{symbol}"
    taken = keyword.iskeyword(symbol) or hasattr(StrEnum, symbol)
    return f"{symbol}_" if taken or symbol in {"mro", "name", "value"} else symbol


def class_names(full_names: Sequence[str]) -> Mapping[str, str]:
    """Return the class name of records and enums, by full name; the first one chooses first."""
    found: dict[str, str] = {}
    for full in full_names:
        bare = full.rpartition(".")[2]
        found[full] = _free(_class(bare), {*found.values(), *_TAKEN})
    return found


def _class(bare: str) -> str:
    if bare.startswith("_"):
        return f"Type{bare}"
    taken = keyword.iskeyword(bare) or bare in _TAKEN or _LOCAL.fullmatch(bare)
    return f"{bare}_" if taken else bare


def _free(wanted: str, taken: Collection[str]) -> str:
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
