"""Python that encodes: one function per record, array, map and union of several types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.model import ArrayNode, MapNode, Named, Scalar, UnionNode, optional
from freezer_events.schema.codegen.scalars import demand, load, scalar
from freezer_events.schema.codegen.scope import indented, index_bytes

if TYPE_CHECKING:
    from freezer_events.avro.model import EnumNode, Node, RecordNode
    from freezer_events.schema.codegen.scalars import Code
    from freezer_events.schema.codegen.scope import Scope


class Encoder:
    """Makes the text of `encode` and of the functions that it calls."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._tables: dict[str, str] = {}
        self._functions: list[str] = []
        self._known: dict[Node, str] = {Named(scope.model.root): "encode"}

    def text(self) -> str:
        """Return the definitions, `encode` last."""
        main = self._record(self._scope.model.records[self._scope.model.root], "encode", "event")
        return "\n\n".join(["\n".join(self._tables.values()), *self._functions, main])

    def _record(self, record: RecordNode, function: str, argument: str) -> str:
        made = self._scope.classes[record.full]
        names = self._scope.attributes[record.full]
        lines = demand(self._scope, f"type({argument}) is not {made}", argument, f"a {made}")
        parts: list[str] = []
        for number, field in enumerate(record.fields, 1):
            value = f"{argument}.{names[field.name]}"
            more, bytes_of = self._code(field.node, value, f"v{number}", b"")
            lines += more
            parts += bytes_of
        head = f"def {function}({argument}: Any) -> bytes:"
        if function == "encode":
            doc = f"Return the Avro body of a {made}; raise if a value does not fit."
            lines.insert(0, f'"""{doc}"""')
        return "\n".join(
            [head, *indented([*lines, f"body: bytes = {_joined(parts)}", "return body"]), ""]
        )

    def _code(self, node: Node, value: str, local: str, prefix: bytes) -> Code:
        if isinstance(node, Scalar):
            return scalar(self._scope, node, value, local, prefix)
        if isinstance(node, Named) and node.full in self._scope.model.enums:
            return self._enum(self._scope.model.enums[node.full], value, local, prefix)
        nullable = optional(node)
        if nullable is not None:
            return self._nullable(*nullable, value, local)
        call = f"{self._function(node)}({value})"
        return [], [repr(prefix), call] if prefix else [call]

    def _nullable(self, index: int, node: Node, null: int, value: str, local: str) -> Code:
        lines, parts = self._code(node, local, local, index_bytes(index))
        if parts != [local]:
            lines = [*lines, f"{local} = {_joined(parts)}"]
        return [
            *load(local, value),
            f"if {local} is None:",
            f"    {local} = {index_bytes(null)!r}",
            "else:",
            *indented(lines),
        ], [local]

    def _enum(self, enum: EnumNode, value: str, local: str, prefix: bytes) -> Code:
        made = self._scope.classes[enum.full]
        table = f"_{made}_bytes" + (f"_{prefix.hex()}" if prefix else "")
        if table not in self._tables:
            members = self._scope.members[enum.full]
            rows = [
                f"    {made}.{members[symbol]}: {prefix + index_bytes(index)!r},"
                for index, symbol in enumerate(enum.symbols)
            ]
            self._tables[table] = "\n".join([f"{table} = {{", *rows, "}"])
        check = demand(self._scope, f"type({local}) is not {made}", local, f"a {made}")
        return load(local, value) + check, [f"{table}[{local}]"]

    def _function(self, node: Node) -> str:
        if node not in self._known:
            name = f"_encode_{len(self._known)}"
            self._known[node] = name
            self._functions.append(self._definition(node, name))
        return self._known[node]

    def _definition(self, node: Node, name: str) -> str:
        match node:
            case ArrayNode():
                return self._sequence(name, node.items, "list", "item", [])
            case MapNode():
                lines, parts = self._code(Scalar("string", "string"), "key", "k", b"")
                extra = [*lines, f"parts += ({', '.join(parts)})"]
                return self._sequence(name, node.values, "dict", "key, item", extra)
            case UnionNode():
                return self._union(name, node)
            case _:
                return self._record(self._scope.model.records[node.full], name, "value")  # type: ignore[union-attr]

    def _sequence(self, name: str, items: Node, kind: str, each: str, key: list[str]) -> str:
        lines, parts = self._code(items, "item", "v", b"")
        tail = [f"parts += ({', '.join(parts)},)"] if parts else []
        source = "value.items()" if kind == "dict" else "value"
        body = [
            *demand(self._scope, f"not isinstance(value, {kind})", "value", f"a {kind}"),
            "if not value:",
            '    return b"\\x00"',
            f"parts = [{self._scope.use('_COUNT')}[len(value)]]",
            f"for {each} in {source}:",
            *indented([*key, *lines, *tail]),
            'parts.append(b"\\x00")',
            'return b"".join(parts)',
        ]
        return "\n".join([f"def {name}(value: Any) -> bytes:", *indented(body), ""])

    def _union(self, name: str, union: UnionNode) -> str:
        # Declared, because a type checker takes the sum of bytes and Any for Any.
        body = ["body: bytes"]
        for index, test in self._tests(union):
            lines, parts = self._code(union.branches[index], "value", "value", index_bytes(index))
            # A scalar null has no bytes of its own, and a union's index is always written.
            found = [*lines, f"body = {_joined(parts)}", "return body"]
            body += [f"if {test}:", *indented(found)]
        body.append(f'raise {self._scope.use("_wrong")}(value, "one of the types of the union")')
        return "\n".join([f"def {name}(value: Any) -> bytes:", *indented(body), ""])

    def _tests(self, union: UnionNode) -> list[tuple[int, str]]:
        ranked = [(*self._test(node), index) for index, node in enumerate(union.branches)]
        tests = [(index, test) for _, test, index in sorted(ranked, key=lambda each: each[0])]
        # A whole number goes to a floating-point branch only if no other takes it.
        reals = [(i, "type(value) is int") for i, test in tests if test in _REAL_TESTS]
        return tests + reals

    def _test(self, node: Node) -> tuple[int, str]:
        """Return the rank of a branch (lower is tried first) and what tells its values."""
        match node:
            case Scalar():
                return _RANKS.get(node.kind, 1), _scalar_test(node)
            case Named():
                rank = 0 if node.full in self._scope.model.enums else 1
                return rank, f"type(value) is {self._scope.classes[node.full]}"
            case ArrayNode():
                return 1, "isinstance(value, list)"
            case _:
                return 1, "isinstance(value, dict)"


# fastavro prefers double to float as well.
_RANKS = {"null": 0, "double": 2, "float": 3}
_REAL_TESTS = {"isinstance(value, float)"}
_SCALAR_TESTS = {
    "null": "value is None",
    "boolean": "value is True or value is False",
    "int": "type(value) is int and -2147483648 <= value <= 2147483647",
    "long": "type(value) is int",
    "float": "isinstance(value, float)",
    "double": "isinstance(value, float)",
    "string": "isinstance(value, str)",
    "bytes": "isinstance(value, bytes)",
    "uuid": "isinstance(value, UUID)",
    "decimal": "isinstance(value, Decimal)",
    "date": "type(value) is date",
    "time-millis": "isinstance(value, time)",
    "time-micros": "isinstance(value, time)",
}


def _scalar_test(node: Scalar) -> str:
    if node.kind == "fixed":
        return f"isinstance(value, bytes) and len(value) == {node.size}"
    if node.kind.startswith("local"):
        return "isinstance(value, datetime) and value.utcoffset() is None"
    if "timestamp" in node.kind:
        return "isinstance(value, datetime) and value.utcoffset() is not None"
    return _SCALAR_TESTS[node.kind]


def _joined(parts: list[str]) -> str:
    """Return the expression that puts parts together: `+` is the quicker one for a few."""
    if not parts:
        return 'b""'
    if len(parts) <= 3:  # noqa: PLR2004
        return " + ".join(f"({each})" if " % " in each else each for each in parts)
    return f'b"".join(({", ".join(parts)}))'
