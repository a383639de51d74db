"""Python names for what a schema names: classes, attributes, enum members."""

from __future__ import annotations

import builtins
import keyword
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from producer.schema.codegen.helpers import HELPER_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from producer.schema.codegen.model import Model

# What generated modules import or define themselves.
_TAKEN: Final = HELPER_NAMES | frozenset(
    {
        *(name for name in dir(builtins) if name.islower()),
        *("TypeError", "OverflowError", "_typing", "_SCHEMA"),
        *("Any", "ClassVar", "Decimal", "EVENT", "EventType", "Final", "StrEnum", "Struct"),
        *("TypeAlias", "UTC", "UUID", "annotations", "dataclass", "date", "datetime", "decode"),
        *("encode", "hexlify", "time", "timedelta", "unpack", "event", "datum"),
    }
)


def attributes(names: Collection[str]) -> dict[str, str]:
    """Return the attribute of each field: its name, unless Python has other uses for that."""
    found: dict[str, str] = {}
    for name in names:
        found[name] = _free(_attribute(name), {*found.values(), *(set(names) - {name})})
    return found


def _attribute(name: str) -> str:
    if keyword.iskeyword(name):
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


def class_names(model: Model) -> Mapping[str, str]:
    """Return the class name of every record and enum, by full name."""
    found: dict[str, str] = {}
    for full in (model.root, *model.records, *model.enums):
        if full in found:
            continue
        bare = full.rpartition(".")[2]
        wanted = f"{bare}_" if keyword.iskeyword(bare) or bare in _TAKEN else bare
        if wanted.startswith("__"):
            wanted = f"Type{wanted}"
        found[full] = _free(wanted, {*found.values(), *_TAKEN})
    return found


def _free(wanted: str, taken: Collection[str]) -> str:
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
