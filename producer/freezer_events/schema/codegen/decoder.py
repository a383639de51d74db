"""Python that decodes: from what fastavro's reader returns to the generated classes.

The reader converts logical types in what was written, but hands out a field's default as the raw
JSON value; so each conversion takes both. In a union it may give the value of a named type as a
pair with the type's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.model import ArrayNode, MapNode, Named, Scalar, UnionNode, optional
from freezer_events.schema.codegen.scope import indented

if TYPE_CHECKING:
    from freezer_events.avro.model import EnumNode, FieldNode, Node, RecordNode
    from freezer_events.schema.codegen.scope import Scope

# Types that need no conversion when the reader gives them as they are; else the helper that looks.
_PLAIN = {
    "boolean": ("bool", "_bool_of"),
    "int": ("int", "_int_of"),
    "long": ("int", "_int_of"),
    "float": ("float", "_float_of"),
    "double": ("float", "_float_of"),
    "bytes": ("bytes", "_bytes_of"),
    "fixed": ("bytes", "_bytes_of"),
    "string": ("str", "_str_of"),
    "uuid": ("UUID", "_uuid_of"),
}
_CALLS = {
    "date": ("_date_of", ""),
    "time-millis": ("_time_of", ", 1000"),
    "time-micros": ("_time_of", ", 1"),
    "timestamp-millis": ("_instant", ", 1000"),
    "timestamp-micros": ("_instant", ", 1"),
    "local-timestamp-millis": ("_local_instant", ", 1000"),
    "local-timestamp-micros": ("_local_instant", ", 1"),
}


class Decoder:
    """Makes the text of `decode` and of the functions that it calls."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._tables: dict[str, str] = {}
        self._functions: list[str] = []
        # `decode` is not among them: inside itself an event may come with its type's name.
        self._known: dict[Node, str] = {}
        fields = [each for record in scope.model.records.values() for each in record.fields]
        self._partial = any(isinstance(each.default, dict | list) for each in fields)

    def text(self) -> str:
        """Return the definitions, `decode` last."""
        main = self._record(self._scope.model.records[self._scope.model.root], "decode")
        return "\n\n".join(["\n".join(self._tables.values()), *self._functions, main])

    def _record(self, record: RecordNode, function: str) -> str:
        made = self._scope.classes[record.full]
        names = self._scope.attributes[record.full]
        root = function == "decode"
        arguments = [
            f"{names[field.name]}={self._value(field.node, self._given(field, root))},"
            for field in record.fields
        ]
        kind, argument = ("dict[str, Any]", "datum") if root else ("Any", "value")
        start = [f'"""Return what fastavro read for this schema as a {made}."""'] if root else []
        if not root and arguments:
            start = [f"datum = {self._scope.use('_bare')}(value)"]
        body = [*start, f"return {made}(", *indented(arguments), ")"]
        return "\n".join([f"def {function}({argument}: {kind}) -> {made}:", *indented(body), ""])

    def _given(self, field: FieldNode, root: bool) -> str:  # noqa: FBT001
        """Return the expression that takes a field's value from `datum`."""
        # A record that is a default may leave out what has a default itself.
        if self._partial and field.has_default and not root:
            return f"datum.get({field.name!r}, {field.default!r})"
        return f"datum[{field.name!r}]"

    def _value(self, node: Node, value: str) -> str:
        """Return the expression that converts one value."""
        match node:
            case Scalar():
                return self._scalar(node, value)
            case Named() if node.full in self._scope.model.enums:
                table = self._symbols(self._scope.model.enums[node.full])
                return f"{table}[{self._scope.use('_bare')}({value})]"
            case ArrayNode():
                if self._scope.is_simple(node.items):
                    return f"[{self._value(node.items, 'item')} for item in {value}]"
            case MapNode():
                if self._scope.is_simple(node.values):
                    inside = self._value(node.values, "item")
                    return f"{{key: {inside} for key, item in {value}.items()}}"
            case UnionNode():
                nullable = optional(node)
                if nullable is not None:
                    return f"None if (v := {value}) is None else {self._value(nullable[1], 'v')}"
        return f"{self._function(node)}({value})"

    def _scalar(self, node: Scalar, value: str) -> str:
        if node.kind == "null":
            return "None"
        if node.kind == "decimal":
            return f"{self._scope.use('_decimal_of')}({value}, {node.scale})"
        if node.kind == "uuid" and node.base == "fixed":
            return f"{self._scope.use('_uuid_of_bytes')}({value})"
        if node.kind in _CALLS:
            helper, more = _CALLS[node.kind]
            return f"{self._scope.use(helper)}({value}{more})"
        kind, helper = _PLAIN[node.kind]
        test = f"type({value}) is {kind}" if value == "v" else f"type(v := {value}) is {kind}"
        return f"v if {test} else {self._scope.use(helper)}(v)"

    def _symbols(self, enum: EnumNode) -> str:
        made = self._scope.classes[enum.full]
        table = f"_{made}_symbols"
        self._tables[table] = f"{table} = {{each.value: each for each in {made}}}"
        return table

    def _function(self, node: Node) -> str:
        if node not in self._known:
            name = f"_decode_{len(self._known) + 1}"
            self._known[node] = name
            self._functions.append(self._definition(node, name))
        return self._known[node]

    def _definition(self, node: Node, name: str) -> str:
        if isinstance(node, Named):
            return self._record(self._scope.model.records[node.full], name)
        match node:
            case ArrayNode():
                body = [f"return [{self._value(node.items, 'item')} for item in value]"]
            case MapNode():
                inside = self._value(node.values, "item")
                body = [f"return {{key: {inside} for key, item in value.items()}}"]
            case UnionNode():
                body = self._union(node)
        return "\n".join([f"def {name}(value: Any) -> Any:", *indented(body), ""])

    def _union(self, union: UnionNode) -> list[str]:
        lines = ["v = value"]
        for test, node in self._by_name(union):
            lines += [f"if {test}:", f"    return {self._value(node, 'v')}"]
        # What is left under a name is a fixed: the value tells which one.
        lines.append(f"v = {self._scope.use('_bare')}(v)")
        for test, node in [*self._by_type(union), *self._by_default(union)]:
            lines += [f"if {test}:", f"    return {self._value(node, 'v')}"]
        return [*lines, f'raise {self._scope.use("_wrong")}(v, "one of the types of the union")']

    def _by_name(self, union: UnionNode) -> list[tuple[str, Node]]:
        named = [each for each in union.branches if isinstance(each, Named)]
        return [(f"{self._scope.use('_named')}(v, {each.full!r})", each) for each in named]

    def _by_type(self, union: UnionNode) -> list[tuple[str, Node]]:
        found: list[tuple[str, Node]] = [
            (_type_test(each), each) for each in union.branches if isinstance(each, Scalar)
        ]
        for each in union.branches:
            if isinstance(each, ArrayNode):
                found.append(("type(v) is list", each))
            elif isinstance(each, Named) and each.full in self._scope.model.records:
                fields = self._scope.model.records[each.full].fields
                names = ", ".join(repr(one.name) for one in fields)
                keys = f"{{{names}}}" if names else "set()"
                found.append((f"type(v) is dict and v.keys() == {keys}", each))
        maps = [each for each in union.branches if isinstance(each, MapNode)]
        return found + [("type(v) is dict", each) for each in maps]

    def _by_default(self, union: UnionNode) -> list[tuple[str, Node]]:
        """Return tests for a default, which comes as JSON and belongs to the first branch."""
        found: list[tuple[str, Node]] = []
        for each in union.branches:
            if self._scope.is_enum(each):
                found.append((f"type(v) is str and v in {self._table(each)}", each))
            elif isinstance(each, Scalar) and each.kind in {"float", "double", *_CALLS}:
                found.append(("type(v) is int", each))
            elif isinstance(each, Scalar) and each.kind in {"uuid", "decimal", "bytes", "fixed"}:
                found.append(("type(v) is str or type(v) is bytes", each))
        return found

    def _table(self, node: Node) -> str:
        assert isinstance(node, Named)  # noqa: S101 - is_enum said so
        return self._symbols(self._scope.model.enums[node.full])


def _type_test(node: Scalar) -> str:
    kinds = {"null": "v is None", "decimal": "type(v) is Decimal", "date": "type(v) is date"}
    if node.kind in kinds:
        return kinds[node.kind]
    if "timestamp" in node.kind:
        zone = "is" if node.kind.startswith("local") else "is not"
        return f"type(v) is datetime and v.tzinfo {zone} None"
    if node.kind.startswith("time"):
        return "type(v) is time"
    if node.kind == "fixed":
        return f"type(v) is bytes and len(v) == {node.size}"
    return f"type(v) is {_PLAIN[node.kind][0]}"
