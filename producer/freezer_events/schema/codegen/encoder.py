"""Python that encodes: one function per record, array, map and union of several types.

Where a value can be nested too deeply, functions are given how many levels are `left`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.expression.kinds import kind_of
from freezer_events.avro.model import scalar_of, shape
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType
from freezer_events.avro.rules import rule_source, rules_at
from freezer_events.avro.scalars import scalar
from freezer_events.avro.scalars.entry import demand, load
from freezer_events.avro.values import DEEPEST
from freezer_events.schema.codegen.scope import indented, index_bytes

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import RecordField, Resolved, Type
    from freezer_events.avro.scalars.entry import Code
    from freezer_events.schema.codegen.scope import Scope

_STRING: Final = scalar("string")


class Encoder:
    """Makes the text of `encode` and of the functions that it calls."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._model = scope.model
        self._tables: dict[str, str] = {}
        self._functions: list[str] = []
        self._known: dict[Any, str] = {}
        self._deep = _gets_too_deep(scope)

    def text(self) -> str:
        """Return the definitions, `encode` last."""
        root = self._model.root
        made = self._model.classes[root.name.full]
        doc = f'"""Return the Avro body of a {made}; raise if a value does not fit."""'
        if self._deep:
            call = self._call(root, "event")
            main = ["def encode(event: Any) -> bytes:", f"    {doc}", f"    return {call}", ""]
        else:
            main = ["def encode(event: Any) -> bytes:", f"    {doc}"]
            main += indented(self._record(root, "event"))
            main += [""]
        return "\n\n".join(["\n".join(self._tables.values()), *self._functions, "\n".join(main)])

    def _record(self, record: RecordType, argument: str) -> list[str]:
        made = self._model.classes[record.name.full]
        names = self._model.attributes[record.name.full]
        lines = demand(self._scope.use, f"type({argument}) is not {made}", argument, f"a {made}")
        lines += self._rules(record, record, argument)
        parts: list[str] = []
        for number, field in enumerate(record.fields, 1):
            value, local = f"{argument}.{names[field.name]}", f"v{number}"
            if rules_at(self._model.schema, field):
                lines += [*load(local, value), *self._rules(field, field.type, local)]
                value = local
            more, bytes_of = self._code(field.type, value, local, b"")
            lines += more
            parts += bytes_of
        return [*lines, f"body: bytes = {_joined(parts)}", "return body"]

    def _rules(self, holder: RecordType | RecordField, of: Type, this: str) -> list[str]:
        """Return the lines that refuse what breaks a rule; null is skipped."""
        nullable = kind_of(self._model, of).nullable
        lines = []
        for rule in rules_at(self._model.schema, holder):
            holds = rule_source(self._model, rule, of, this, self._scope.operate, self._constant)
            unless = f"{this} is not None and not ({holds})" if nullable else f"not ({holds})"
            lines += [f"if {unless}:", f"    raise {self._scope.use('broken')}({rule.name!r})"]
        return lines

    def _constant(self, maker: str, text: str) -> str:
        """Return the name of a constant of the module, which is written the first time."""
        known = {each: name for name, each in self._tables.items()}
        made = f"{self._scope.operate(maker)}({text!r})"
        name = f"_{maker}_{len(self._tables) + 1}"
        found = next((known[each] for each in known if each.endswith(f" = {made}")), None)
        if found is None:
            self._tables[name] = f"{name}: Final = {made}"
        return found or name

    def _code(self, use: Type, value: str, local: str, prefix: bytes) -> Code:
        of = self._model.resolve(use)
        found = scalar_of(of)
        if found is not None:
            return found.code(self._scope.use, value, local, prefix)
        if isinstance(of, EnumType):
            return self._enum(of, value, local, prefix)
        nullable = self._model.optional(of) if isinstance(of, UnionType) else None
        if nullable is not None:
            return self._nullable(*nullable, value, local)
        call = self._call(of, value)
        return [], [repr(prefix), call] if prefix else [call]

    def _nullable(self, index: int, of: Resolved, null: int, value: str, local: str) -> Code:
        lines, parts = self._code(of, local, local, index_bytes(index))
        if parts != [local]:
            lines = [*lines, f"{local} = {_joined(parts)}"]
        return [
            *load(local, value),
            f"if {local} is None:",
            f"    {local} = {index_bytes(null)!r}",
            "else:",
            *indented(lines),
        ], [local]

    def _enum(self, enum: EnumType, value: str, local: str, prefix: bytes) -> Code:
        made = self._model.classes[enum.name.full]
        table = f"_{made}_bytes" + (f"_{prefix.hex()}" if prefix else "")
        if table not in self._tables:
            members = self._model.members[enum.name.full]
            rows = [
                f"    {made}.{members[symbol]}: {prefix + index_bytes(index)!r},"
                for index, symbol in enumerate(enum.symbols)
            ]
            self._tables[table] = "\n".join([f"{table} = {{", *rows, "}"])
        check = demand(self._scope.use, f"type({local}) is not {made}", local, f"a {made}")
        return load(local, value) + check, [f"{table}[{local}]"]

    def _call(self, of: Resolved, value: str) -> str:
        """Return the call of the function for a type, which is written the first time."""
        key = shape(of)
        if key not in self._known:
            self._known[key] = f"_encode_{len(self._known) + 1}"
            self._functions.append(self._definition(of, self._known[key]))
        return f"{self._known[key]}({value}{self._left(of, value)})"

    def _left(self, of: Resolved, value: str) -> str:
        """Return the argument that says how many levels are left; a union is none of its own."""
        if not self._deep:
            return ""
        if value == "event":
            return f", {DEEPEST - 1}"
        return ", left" if isinstance(of, UnionType) else ", left - 1"

    def _definition(self, of: Resolved, name: str) -> str:
        match of:
            case ArrayType():
                body = self._sequence(of.items, "list", "item", [])
            case MapType():
                lines, parts = _STRING.code(self._scope.use, "key", "k", b"")
                extra = [*lines, f"parts += ({', '.join(parts)})"]
                body = self._sequence(of.values, "dict", "key, item", extra)
            case UnionType():
                body = self._union(of)
            case RecordType():
                body = self._record(of, "value")
        left = ", left: int" if self._deep else ""
        limit = []
        if self._deep and not isinstance(of, UnionType):
            limit = ["if left < 0:", f"    raise {self._scope.use('too_deep')}()"]
        head = f"def {name}(value: Any{left}) -> bytes:"
        return "\n".join([head, *indented([*limit, *body]), ""])

    def _sequence(self, items: Type, kind: str, each: str, key: list[str]) -> list[str]:
        lines, parts = self._code(items, "item", "v", b"")
        tail = [f"parts += ({', '.join(parts)},)"] if parts else []
        source = "value.items()" if kind == "dict" else "value"
        return [
            *demand(self._scope.use, f"not isinstance(value, {kind})", "value", f"a {kind}"),
            "if not value:",
            '    return b"\\x00"',
            f"parts = [{self._scope.use('COUNT')}[len(value)]]",
            f"for {each} in {source}:",
            *indented([*key, *lines, *tail]),
            'parts.append(b"\\x00")',
            'return b"".join(parts)',
        ]

    def _union(self, union: UnionType) -> list[str]:
        branches = self._model.branches(union)
        # Declared, because a type checker takes the sum of bytes and Any for Any.
        body = ["body: bytes"]
        for number, (index, test) in enumerate(self._tests(branches), 1):
            # A name of its own: type checkers believe the test about `value`.
            lines, parts = self._code(branches[index], "value", f"v{number}", index_bytes(index))
            body += [f"if {test}:", *indented([*lines, f"body = {_joined(parts)}", "return body"])]
        wanted = "one of the types of the union"
        return [*body, f'raise {self._scope.use("wrong")}(value, "{wanted}")']

    def _tests(self, branches: list[Resolved]) -> list[tuple[int, str]]:
        ranked = [(*self._test(each), index) for index, each in enumerate(branches)]
        ranked.sort(key=lambda each: each[0])
        tests = [(index, test) for _, test, index in ranked]
        # A whole number goes to a floating-point branch only if no other takes it.
        reals = [
            (index, "type(value) is int")
            for _, _, index in ranked
            if branches[index].kind in {"float", "double"}
        ]
        return tests + reals

    def _test(self, of: Resolved) -> tuple[int, str]:
        """Return the rank of a branch (lower is tried first) and what tells its values."""
        found = scalar_of(of)
        if found is not None:
            return found.rank, found.test(self._scope.use, "value")
        match of:
            case RecordType() | EnumType():
                rank = 0 if isinstance(of, EnumType) else 1
                return rank, f"type(value) is {self._model.classes[of.name.full]}"
            case ArrayType():
                return 1, "isinstance(value, list)"
            case _:
                return 1, "isinstance(value, dict)"


def _gets_too_deep(scope: Scope) -> bool:
    """Tell whether a value can be nested more deeply than a reader takes.

    One of a type that contains itself, or at the end of a long chain of types used by their names.
    """
    model = scope.model
    open_: set[str] = set()
    done: dict[str, float] = {}

    def depth(use: Type) -> float:
        of = model.resolve(use)
        match of:
            case RecordType():
                full = of.name.full
                if full in open_:
                    return math.inf
                if full not in done:
                    open_.add(full)
                    done[full] = 1 + max((depth(field.type) for field in of.fields), default=0)
                    open_.remove(full)
                return done[full]
            case ArrayType():
                return 1 + depth(of.items)
            case MapType():
                return 1 + depth(of.values)
            case UnionType():
                return max(depth(each) for each in of.branches)
            case _:
                return 0

    return depth(model.root) > DEEPEST


def _joined(parts: list[str]) -> str:
    """Return the expression that puts parts together: `+` is the quicker one for a few."""
    if not parts:
        return 'b""'
    if len(parts) <= 3:  # noqa: PLR2004
        return " + ".join(f"({each})" if " % " in each else each for each in parts)
    return f'b"".join(({", ".join(parts)}))'
