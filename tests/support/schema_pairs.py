"""Random pairs of Avro schemas, the second a changed first, and random bytes written with them.

A schema is held as a root and a table of named types; the text puts each definition at its first
use. So a change may move a definition to another place, as it does in real files.
"""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse import types as avro

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from freezer_events.avro.parse import Schema

PRIMITIVES: Final = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
SYMBOLS: Final = ("A", "B", "C", "D")
FIELD_NAMES: Final = ("a", "b", "c", "d", "e", "f")
TYPE_NAMES: Final = ("T0", "T1", "T2", "T3", "T4")


DEEPEST: Final = 12
DRAWS: Final = 50


class EndlessError(Exception):
    """A type has no finite value, since it cannot do without one of itself."""


@dataclass
class Model:
    """A schema that can be changed: `root` and what is inside refer to `types` by key."""

    root: Any
    types: dict[str, dict[str, Any]] = field(default_factory=dict)
    spaces: tuple[str, ...] = ("",)

    def text(self) -> str:
        """Return the schema as JSON, each definition at its first use."""
        return json.dumps(self._emit(self.root, set()), indent=1)

    def _emit(self, each: Any, seen: set[str]) -> Any:
        match each:
            case str():
                return each
            case ("array", inner):
                return {"type": "array", "items": self._emit(inner, seen)}
            case ("map", inner):
                return {"type": "map", "values": self._emit(inner, seen)}
            case ("union", branches):
                return [self._emit(branch, seen) for branch in branches]
            case ("ref", key):
                return self._define(key, seen)
        raise AssertionError(each)

    def _define(self, key: str, seen: set[str]) -> Any:
        named = self.types[key]
        full = f"{named['space']}.{named['name']}" if named["space"] else named["name"]
        if key in seen:
            return full
        seen.add(key)
        made = {k: v for k, v in named.items() if k not in ("space", "fields")}
        made["name"] = full
        if "fields" in named:
            made["fields"] = [
                {**each, "type": self._emit(each["type"], seen)} for each in named["fields"]
            ]
        return made


def model(rng: Random) -> Model:
    """Return a random schema: mostly a record, nested to a few levels."""
    made = Model("null", spaces=rng.choice([("",), ("a",), ("a", "b")]))
    made.root = _named(made, rng, "record", 3) if rng.random() < 0.8 else _type(made, rng, 3)
    return made


def changed(original: Model, rng: Random) -> Model:
    """Return a copy with one to three changes."""
    made = copy.deepcopy(original)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_CHANGES)(made, rng)
    return made


def _type(made: Model, rng: Random, depth: int, *, in_union: bool = False) -> Any:
    kinds = ["primitive"] * 5
    if depth > 0:
        kinds += ["array", "map", "record", "record", "enum", "fixed", "ref", "ref"]
        kinds += [] if in_union else ["union", "nullable", "nullable"]
    match rng.choice(kinds):
        case "primitive":
            return rng.choice(PRIMITIVES)
        case "array" | "map" as kind:
            return (kind, _type(made, rng, depth - 1))
        case "union":
            return ("union", _branches(made, rng, depth - 1))
        case "nullable":
            inner = _type(made, rng, depth - 1, in_union=True)
            return inner if inner == "null" else ("union", ["null", inner])
        case "ref":
            done = [key for key, named in made.types.items() if not named.get("open")]
            return ("ref", rng.choice(done)) if done else rng.choice(PRIMITIVES)
        case kind:
            return _named(made, rng, kind, depth - 1)


def _branches(made: Model, rng: Random, depth: int) -> list[Any]:
    branches: dict[str, Any] = {}
    for _ in range(rng.randint(1, 4)):
        each = _type(made, rng, depth, in_union=True)
        key = each if isinstance(each, str) else each[1] if each[0] == "ref" else each[0]
        branches.setdefault(key, each)
    return list(branches.values())


def _named(made: Model, rng: Random, kind: str, depth: int) -> Any:
    key = f"#{len(made.types)}"
    named: dict[str, Any] = {
        "type": kind,
        "name": rng.choice(TYPE_NAMES),
        "space": rng.choice(made.spaces),
    }
    taken = {(each["name"], each["space"]) for each in made.types.values()}
    if (named["name"], named["space"]) in taken:
        return rng.choice(PRIMITIVES)
    made.types[key] = named
    if kind == "enum":
        named["symbols"] = rng.sample(SYMBOLS, rng.randint(1, 4))
        if rng.random() < 0.4:
            named["default"] = rng.choice(named["symbols"])
    elif kind == "fixed":
        named["size"] = rng.randint(1, 3)
    else:
        named["open"] = True
        named["fields"] = []
        for name in rng.sample(FIELD_NAMES, rng.randint(0, 4)):
            named["fields"].append(_field(made, rng, name, depth))
        if rng.random() < 0.3:
            own = (
                ("union", ["null", ("ref", key)]) if rng.random() < 0.5 else ("array", ("ref", key))
            )
            named["fields"].append({"name": "self", "type": own})
        del named["open"]
    return ("ref", key)


def _field(made: Model, rng: Random, name: str, depth: int) -> dict[str, Any]:
    each: dict[str, Any] = {"name": name, "type": _type(made, rng, depth)}
    if rng.random() < 0.4:
        each["default"] = _default(made, each["type"])
    return each


_DEFAULTS: Final[dict[str, Any]] = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 1,
    "float": 0.5,
    "double": 0.5,
    "bytes": "x",
    "string": "x",
    "array": [],
    "map": {},
}


def _default(made: Model, each: Any, depth: int = DEEPEST) -> Any:
    if not depth:
        raise EndlessError
    match each:
        case ("union", branches):
            return _default(made, branches[0], depth - 1)
        case ("ref", key):
            return _named_default(made, made.types[key], depth - 1)
        case (kind, _):
            return _DEFAULTS[kind]
        case _:
            return _DEFAULTS[each]


def _named_default(made: Model, named: dict[str, Any], depth: int) -> Any:
    if named["type"] == "enum":
        return named["symbols"][0]
    if named["type"] == "fixed":
        return "x" * named["size"]
    return {each["name"]: _default(made, each["type"], depth) for each in named["fields"]}


def _records(made: Model) -> list[dict[str, Any]]:
    return [named for named in made.types.values() if "fields" in named]


def _a_field(made: Model, rng: Random) -> dict[str, Any] | None:
    fields = [each for named in _records(made) for each in named["fields"]]
    return rng.choice(fields) if fields else None


def _add_field(made: Model, rng: Random) -> None:
    records = _records(made)
    if records:
        named = rng.choice(records)
        free = sorted(set(FIELD_NAMES) - {each["name"] for each in named["fields"]})
        if free:
            at = rng.randint(0, len(named["fields"]))
            named["fields"].insert(at, _field(made, rng, rng.choice(free), 1))


def _drop_field(made: Model, rng: Random) -> None:
    records = [named for named in _records(made) if named["fields"]]
    if records:
        fields = rng.choice(records)["fields"]
        fields.pop(rng.randrange(len(fields)))


def _rename_field(made: Model, rng: Random) -> None:
    each = _a_field(made, rng)
    if each:
        old, each["name"] = each["name"], rng.choice([*FIELD_NAMES, "z"])
        if rng.random() < 0.7:
            each["aliases"] = [old]


def _retype_field(made: Model, rng: Random) -> None:
    each = _a_field(made, rng)
    if each:
        each["type"] = _changed_type(made, rng, each["type"])
        if "default" in each:
            each["default"] = _default(made, each["type"])


def _change_root(made: Model, rng: Random) -> None:
    made.root = _changed_type(made, rng, made.root)


def _changed_type(made: Model, rng: Random, each: Any) -> Any:
    """Change a type somewhere inside."""
    match each:
        case ("array" | "map" as kind, inner) if rng.random() < 0.8:
            return (kind, _changed_type(made, rng, inner))
        case ("union", branches):
            return _changed_union(made, rng, list(branches))
    ways = ["promote", "null", "other", "array"]
    match rng.choice(ways):
        case "promote" if isinstance(each, str):
            return rng.choice(("int", "long", "float", "double", "bytes", "string"))
        case "null" if each != "null":
            return ("union", rng.sample(["null", each], 2))
        case "array":
            return ("array", each)
        case _:
            return _type(made, rng, 1)


def _changed_union(made: Model, rng: Random, branches: list[Any]) -> Any:
    at = rng.randrange(len(branches))
    match rng.choice(["drop", "add", "shuffle", "inside", "one"]):
        case "drop" if len(branches) > 1:
            branches.pop(at)
        case "add":
            branches.insert(at, _type(made, rng, 1, in_union=True))
        case "shuffle":
            rng.shuffle(branches)
        case "one":
            return branches[at]
        case _:
            inner = _changed_type(made, rng, branches[at])
            if inner[0] != "union":
                branches[at] = inner
    return ("union", branches)


def _change_default(made: Model, rng: Random) -> None:
    each = _a_field(made, rng)
    if each and "default" in each:
        del each["default"]
    elif each:
        each["default"] = _default(made, each["type"])


def _default_later_branch(made: Model, rng: Random) -> None:
    """Give a union the default of any of its branches."""
    unions = [
        each
        for named in _records(made)
        for each in named["fields"]
        if isinstance(each["type"], tuple) and each["type"][0] == "union"
    ]
    if unions:
        each = rng.choice(unions)
        each["default"] = _default(made, rng.choice(each["type"][1]))


def _alias_field(made: Model, rng: Random) -> None:
    """Give a field the name of any other, or its own, as an alias."""
    each = _a_field(made, rng)
    if each:
        each["aliases"] = rng.sample(FIELD_NAMES, rng.randint(1, 2))


def _alias_type(made: Model, rng: Random) -> None:
    """Give a type the name of any other, or its own, as an alias."""
    if made.types:
        rng.choice(list(made.types.values()))["aliases"] = rng.sample(TYPE_NAMES, 1)


def _move_types(made: Model, rng: Random) -> None:
    """Put every type into another namespace."""
    space = rng.choice(["", "a", "c"])
    for named in made.types.values():
        named["space"] = space


def _shuffle_fields(made: Model, rng: Random) -> None:
    for named in _records(made):
        rng.shuffle(named["fields"])


def _change_enum(made: Model, rng: Random) -> None:
    enums = [named for named in made.types.values() if named["type"] == "enum"]
    if enums:
        named = rng.choice(enums)
        named["symbols"] = rng.sample(SYMBOLS, rng.randint(1, 4))
        named.pop("default", None)
        if rng.random() < 0.4:
            named["default"] = rng.choice(named["symbols"])


def _change_fixed(made: Model, rng: Random) -> None:
    sized = [named for named in made.types.values() if named["type"] == "fixed"]
    if sized:
        rng.choice(sized)["size"] = rng.randint(1, 3)


def _rename_type(made: Model, rng: Random) -> None:
    if made.types:
        named = rng.choice(list(made.types.values()))
        old = f"{named['space']}.{named['name']}" if named["space"] else named["name"]
        if rng.random() < 0.7:
            named["name"] = rng.choice([*TYPE_NAMES, "Other"])
        else:
            named["space"] = rng.choice(made.spaces)
        if rng.random() < 0.6:
            named["aliases"] = [rng.choice([old, old.rpartition(".")[2]])]


def _change_kind(made: Model, rng: Random) -> None:
    """Let a name be a type of another kind."""
    if made.types:
        key = rng.choice(list(made.types))
        named = made.types[key]
        for each in ("fields", "symbols", "size", "default", "aliases"):
            named.pop(each, None)
        named["type"] = rng.choice(["enum", "fixed"])
        named |= {"symbols": ["A", "B"]} if named["type"] == "enum" else {"size": 2}


_CHANGES: Final[tuple[Callable[[Model, Random], None], ...]] = (
    *(_add_field, _drop_field, _rename_field, _change_default) * 2,
    *(_retype_field,) * 4,
    *(_change_enum, _change_fixed, _rename_type, _shuffle_fields, _change_root, _change_kind),
    *(_default_later_branch, _alias_field, _alias_type, _move_types),
)


def endless(schema: Schema) -> bool:
    """Whether some named type has no finite value: it cannot do without one of itself."""
    finite: set[str] = set()
    while more := {
        name
        for name, named in schema.names.items()
        if name not in finite and _finite(named, finite)
    }:
        finite |= more
    return len(finite) < len(schema.names)


def _finite(each: avro.Type, finite: set[str]) -> bool:
    match each:
        case avro.Ref(name=name):
            return name in finite
        case avro.RecordType(fields=fields):
            return all(_finite(field.type, finite) for field in fields)
        case avro.UnionType(branches=branches):
            return any(_finite(branch, finite) for branch in branches)
    return True


def encoded(schema: Schema, rng: Random, depth: int = 4) -> bytes:
    """Return one random value's bytes; deeper than `depth` it takes the shortest way out.

    The encoder is the tests' own, so that each branch of each union can be chosen.

    Raises:
        EndlessError: no draw has come to an end; a type may have no finite value.

    """
    for _ in range(DRAWS):
        out = bytearray()
        try:
            _write(schema, schema.root, rng, depth, out)
        except EndlessError:
            continue
        return bytes(out)
    raise EndlessError


def _write(schema: Schema, use: avro.Type, rng: Random, depth: int, out: bytearray) -> None:
    if depth < -DEEPEST:
        raise EndlessError
    each = schema.resolve(use)
    match each:
        case avro.RecordType():
            for member in each.fields:
                _write(schema, member.type, rng, depth - 1, out)
        case avro.EnumType():
            _long(rng.randrange(len(each.symbols)), out)
        case avro.Fixed():
            out += rng.randbytes(each.size)
        case avro.ArrayType():
            _blocks(schema, each.items, rng, depth, out)
        case avro.MapType():
            _blocks(schema, each.values, rng, depth, out, key=b"\x02k")
        case avro.UnionType():
            index = _branch(each, rng, depth)
            _long(index, out)
            _write(schema, each.branches[index], rng, depth - 1, out)
        case avro.Primitive():
            _primitive(each.kind, rng, out)


def _branch(union: avro.UnionType, rng: Random, depth: int) -> int:
    flat = [n for n, e in enumerate(union.branches) if isinstance(e, avro.Primitive)]
    return rng.choice(flat) if flat and depth <= 0 else rng.randrange(len(union.branches))


def _blocks(
    schema: Schema, inner: avro.Type, rng: Random, depth: int, out: bytearray, key: bytes = b""
) -> None:
    count = 0 if depth <= 0 else rng.choice((0, 1, 1, 2))
    if count:
        _long(count, out)
        for _ in range(count):
            out += key
            _write(schema, inner, rng, depth - 1, out)
    _long(0, out)


def _primitive(kind: str, rng: Random, out: bytearray) -> None:
    match kind:
        case "boolean":
            out.append(rng.randrange(2))
        case "int":
            _long(rng.choice((0, -1, 2**31 - 1, -(2**31))), out)
        case "long":
            _long(rng.choice((0, -1, 2**63 - 1, -(2**63))), out)
        case "float":
            out += struct.pack("<f", rng.uniform(-5, 5))
        case "double":
            out += struct.pack("<d", rng.uniform(-5, 5))
        case "string" | "bytes":
            text = rng.choice((b"", b"k", "°C".encode(), b"\xff" if kind == "bytes" else b"x"))
            _long(len(text), out)
            out += text


def _long(value: int, out: bytearray) -> None:
    rest = (value << 1) ^ (value >> 63)
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
