"""Random expressions of CEL and values for them, and what cel-python says of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import celpy
from celpy import celtypes
from celpy.evaluation import CELEvalError
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What an expression may name: the kinds of the fields of `SAMPLE`.
FIELDS: Final = {
    "int": ("count", "other"),
    "double": ("level", "ratio"),
    "string": ("name", "label"),
    "bytes": ("raw",),
    "bool": ("open", "on"),
    "list of int": ("counts",),
    "list of string": ("names",),
}
NULLABLE: Final = {"int": "count_or_null", "double": "level_or_null", "string": "name_or_null"}
_TYPES: Final = {
    "int": "long",
    "double": "double",
    "string": "string",
    "bytes": "bytes",
    "bool": "boolean",
    "list of int": {"type": "array", "items": "long"},
    "list of string": {"type": "array", "items": "string"},
}
SAMPLE: Final = {
    "type": "record",
    "name": "Sample",
    "fields": [
        *({"name": n, "type": _TYPES[kind]} for kind, names in FIELDS.items() for n in names),
        *(
            {"name": name, "type": ["null", _TYPES[kind]], "default": None}
            for kind, name in NULLABLE.items()
        ),
        {"name": "labels", "type": {"type": "map", "values": "string"}},
    ],
}

_INTS: Final = st.one_of(
    st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**63 - 1])
)
_DOUBLES: Final = st.one_of(
    st.sampled_from([0.0, -0.0, 1.5, -20.25, 1e300]), st.floats(allow_nan=False, width=64)
)
_FINITE: Final = _DOUBLES.filter(lambda number: abs(number) != float("inf"))
_STRINGS: Final = st.one_of(
    st.sampled_from(["", "a", "ab", "sensor0", "é😀", "a\nb"]), st.text("abé\n'\"\\", max_size=4)
)
_BYTES: Final = st.binary(max_size=3)
VALUES: Final = {
    "int": _INTS,
    "double": _FINITE,
    "string": _STRINGS,
    "bytes": _BYTES,
    "bool": st.booleans(),
    "list of int": st.lists(_INTS, max_size=3),
    "list of string": st.lists(_STRINGS, max_size=3),
}


def samples() -> st.SearchStrategy[dict[str, Any]]:
    """Return values for the fields of `SAMPLE`."""
    fields = {name: VALUES[kind] for kind, names in FIELDS.items() for name in names}
    fields |= {name: st.none() | VALUES[kind] for kind, name in NULLABLE.items()}
    labels = st.dictionaries(st.sampled_from(["room", "shelf"]), _STRINGS, max_size=2)
    return st.fixed_dictionaries(fields | {"labels": labels})


def _quoted(text: str) -> str:
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    return '"' + "".join(marks.get(mark, mark) for mark in text) + '"'


def _literals(kind: str) -> st.SearchStrategy[str]:
    match kind:
        case "int":
            return _INTS.map(str)
        case "double":
            return _FINITE.map(lambda number: f"{number!r}")
        case "string":
            return _STRINGS.map(_quoted)
        case "bytes":
            return _BYTES.map(lambda data: "b'" + "".join(f"\\x{each:02x}" for each in data) + "'")
        case "bool":
            return st.sampled_from(["true", "false"])
    inside = kind.removeprefix("list of ")
    return st.lists(_literals(inside), min_size=1, max_size=3).map(
        lambda items: f"[{', '.join(items)}]"
    )


_ORDERED: Final = ("int", "double", "string", "bytes", "bool")
_SIGNS: Final = ("<", "<=", ">", ">=", "==", "!=")
# Each {kind} stands for an expression of that kind, {kind!} for a field or a constant, which are
# all that cel-python takes there. PREFIX is put before names.
_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "bool": (
        *("({bool} && {bool})", "({bool} || {bool})") * 3,
        *("!({bool})", "({bool} ? {bool} : {bool})", "({size} > 1)"),
        *(f"({{{kind}}} {sign} {{{kind}}})" for kind in _ORDERED for sign in _SIGNS),
        *("(PREFIXname_or_null == null)", "(PREFIXname_or_null != null)"),
        *("(PREFIXname_or_null == {string})", "(PREFIXname_or_null <= {string})"),
        *("(PREFIXcount_or_null < {int})", "(PREFIXlevel_or_null + {double} > {double})"),
        *("(-PREFIXcount_or_null * {int} > {int})", "(PREFIXname_or_null + {string} == {string})"),
        *(
            "({int} in {list of int})",
            "({string} in {list of string})",
            "({string} in PREFIXlabels)",
        ),
        *("has(PREFIXlabels.room)", "has(PREFIXlabels.shelf)"),
        *(f"{{string!}}.{name}({{string}})" for name in ("startsWith", "endsWith", "contains")),
        *(f"{{string!}}.matches('{each}')" for each in ("^a", "b$", "[a-z]+[0-9]$", "a|b", "[^a]")),
    ),
    "int": (
        *(f"({{int}} {sign} {{int}})" for sign in "+-*/%"),
        *("(-({int}))", "({bool} ? {int} : {int})", "{size}"),
    ),
    "double": (
        *(f"({{double}} {sign} {{double}})" for sign in "+-*"),
        *("(-({double}))", "({bool} ? {double} : {double})"),
    ),
    "string": ("({string} + {string})", "PREFIXlabels.room", "({bool} ? {string} : {string})"),
    "bytes": ("({bytes} + {bytes})", "({bool} ? {bytes} : {bytes})"),
    "list of int": ("({list of int} + {list of int})",),
    "list of string": ("({list of string} + {list of string})",),
    "size": tuple(f"size({{{each}}})" for each in ("string", "bytes", "list of int")),
}
_PLACE: Final = re.compile(r"\{([a-z ]+)(!?)\}")


@st.composite
def expressions(draw: st.DrawFn, kind: str = "bool", depth: int = 4, prefix: str = "") -> str:
    """Return an expression of a kind; names have this prefix ("this.").

    Left out is where cel-python differs from the specification: numbers that are equal to null or
    not, null in a list, the size of null, and doubles divided by zero.
    """
    leaf = depth == 0 or draw(st.integers(0, 3)) == 0
    if kind != "size" and leaf:
        return draw(st.sampled_from(FIELDS[kind]).map(prefix.__add__) | _literals(kind))
    template = draw(st.sampled_from(_TEMPLATES[kind])).replace("PREFIX", prefix)

    def part(place: re.Match[str]) -> str:
        return draw(expressions(place[1], 0 if place[2] else max(depth - 1, 0), prefix))

    return _PLACE.sub(part, template)


_ENVIRONMENT: Final = celpy.Environment()


def celpy_answer(text: str, values: dict[str, Any]) -> bool | None:
    """Return what cel-python says of a condition; None where it raises."""
    program = _ENVIRONMENT.program(_ENVIRONMENT.compile(text))
    try:
        found = program.evaluate({name: to_cel(value) for name, value in values.items()})
    except CELEvalError:
        return None
    return bool(found)


def to_cel(value: Any) -> Any:
    """Return a value as the client gives it to its rules."""
    if isinstance(value, list):
        return celtypes.ListType([to_cel(each) for each in value])
    if isinstance(value, dict):
        return celtypes.MapType({to_cel(key): to_cel(each) for key, each in value.items()})
    return _CEL[type(value)](value)


_CEL: Final[Mapping[type, Callable[[Any], Any]]] = {
    bool: celtypes.BoolType,
    int: celtypes.IntType,
    float: celtypes.DoubleType,
    str: celtypes.StringType,
    bytes: celtypes.BytesType,
    type(None): lambda _: None,
}
