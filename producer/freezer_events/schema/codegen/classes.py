"""The classes of a module: a dataclass per record, a StrEnum per enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.model import Named, UnionNode
from freezer_events.console.wrap import wrapped
from freezer_events.schema.codegen import pytypes
from freezer_events.schema.codegen.scope import indented

if TYPE_CHECKING:
    from freezer_events.avro.model import EnumNode, FieldNode, RecordNode
    from freezer_events.schema.codegen.scope import Scope

_WIDTH: Final = 96
UNKNOWN: Final = "UNKNOWN"


class Classes:
    """Makes the text of a module's classes."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        fields = [each for record in scope.model.records.values() for each in record.fields]
        self._mentioned = {
            name for each in fields for name in pytypes.names(each.node, scope.classes)
        }
        self._mentioned |= {scope.classes[full] for full in scope.model.enums}
        hidden = {name for names in scope.attributes.values() for name in names.values()}
        # Inside a class, an attribute named `datetime` hides the type for all that follows.
        names = sorted((self._mentioned | {"ClassVar", "EventType"}) & hidden)
        self._aliases = {name: f"_{name}_type" for name in names}
        # Type checkers see through no other name for this one.
        self._class_var = "_typing.ClassVar" if "ClassVar" in self._aliases else "ClassVar"
        self._aliases.pop("ClassVar", None)

    def text(self) -> str:
        """Return the definitions, the event's own class last."""
        enums = [self._enum(each) for each in self._scope.model.enums.values()]
        records = [self._record(each) for each in reversed(self._scope.model.records.values())]
        made = {self._scope.classes[full] for full in self._scope.model.records}
        early = [self._alias(name) for name in self._aliases if name not in made]
        late = [self._alias(name) for name in self._aliases if name in made]
        return "\n\n".join([*enums, *_block(early), *records, *_block(late)])

    def imports(self) -> set[tuple[str, str]]:
        """Return what the classes import, as (module, name)."""
        found = {("dataclasses", "dataclass"), *pytypes.imports(self._mentioned)}
        found |= {("enum", "StrEnum")} if self._scope.model.enums else set()
        found |= {("typing", "TypeAlias")} if self._aliases else set()
        return found | {("typing", self._class_var.removeprefix("_typing."))}

    def _alias(self, name: str) -> str:
        return f"{self._aliases[name]}: TypeAlias = {name}"

    def _enum(self, enum: EnumNode) -> str:
        members = self._scope.members[enum.full]
        body = _docstring(enum.doc or f"The Avro enum {enum.full}.", [])
        body += [""] + [f'{members[symbol]} = "{symbol}"' for symbol in enum.symbols]
        return "\n".join([f"class {self._scope.classes[enum.full]}(StrEnum):", *indented(body), ""])

    def _record(self, record: RecordNode) -> str:
        names = self._scope.attributes[record.full]
        made = self._scope.classes[record.full]
        docs = [(names[each.name], each.doc) for each in record.fields if each.doc]
        body = [*_docstring(record.doc or f"The Avro record {record.full}.", docs), ""]
        if record.full == self._scope.model.root:
            contract = self._aliases.get("EventType", "EventType")
            body += [f"__event__: {self._class_var}[{contract}]", ""]
        body += [self._field(each, names[each.name]) for each in record.fields]
        head = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {made}:"]
        return "\n".join([*head, *indented(_trimmed(body)), ""])

    def _field(self, field: FieldNode, name: str) -> str:
        kind = pytypes.annotation(field.node, self._scope.classes, self._aliases)
        return f"{name}: {kind}{self._default(field)}"

    def _default(self, field: FieldNode) -> str:
        """Return the constructor's default: only for what says that there is no value."""
        if not field.has_default:
            return ""
        if field.default is None:
            return " = None"
        first = field.node.branches[0] if isinstance(field.node, UnionNode) else field.node
        if field.default == UNKNOWN and isinstance(first, Named) and self._scope.is_enum(first):
            made = self._scope.classes[first.full]
            return f" = {self._aliases.get(made, made)}.{self._scope.members[first.full][UNKNOWN]}"
        return ""


def _block(lines: list[str]) -> list[str]:
    return ["\n".join([*lines, ""])] if lines else []


def _trimmed(lines: list[str]) -> list[str]:
    return lines[:-1] if lines[-1] == "" else lines


def _docstring(doc: str, fields: list[tuple[str, str]]) -> list[str]:
    """Return the lines of a docstring: the schema's doc, and the docs of its fields."""
    lines = _wrapped(doc, "")
    if fields:
        lines += ["", "Attributes:"]
        lines += [line for name, text in fields for line in _wrapped(f"{name}: {text}", "    ")]
        lines.append("")
    if len(lines) == 1:
        return [f'"""{lines[0]}"""']
    return [f'"""{lines[0]}', *lines[1:], '"""']


def _wrapped(text: str, indent: str) -> list[str]:
    # Whatever a doc holds, it must stay inside its quotes.
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    if plain.endswith('"'):
        plain += " "
    plain = "".join(each if each.isprintable() else " " for each in plain)
    more = indent + "    " if indent else ""
    return wrapped(plain, indent, more, _WIDTH) or [""]
