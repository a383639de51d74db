"""The classes of a module: a dataclass per record, a StrEnum per enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse.types import MISSING, EnumType, UnionType
from freezer_events.console.wrap import wrapped
from freezer_events.schema.codegen import pytypes
from freezer_events.schema.codegen.scope import indented

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import RecordField, RecordType
    from freezer_events.schema.codegen.scope import Scope

_WIDTH: Final = 96
UNKNOWN: Final = "UNKNOWN"


class Classes:
    """Makes the text of a module's classes."""

    def __init__(self, scope: Scope) -> None:
        self._model = scope.model
        fields = [each for record in self._model.records for each in record.fields]
        self._mentioned = {name for f in fields for name in pytypes.names(self._model, f.type)}
        self._mentioned |= {self._model.classes[enum.name.full] for enum in self._model.enums}
        hidden = {name for names in self._model.attributes.values() for name in names.values()}
        # Inside a class, an attribute named `datetime` hides the type for all that follows.
        names = sorted((self._mentioned | {"ClassVar", "EventType"}) & hidden)
        self._aliases = {name: f"_{name}_type" for name in names}
        # Type checkers see through no other name for this one.
        self._class_var = "_typing.ClassVar" if "ClassVar" in self._aliases else "ClassVar"
        self._aliases.pop("ClassVar", None)

    def text(self) -> str:
        """Return the definitions, the event's own class last."""
        enums = [self._enum(each) for each in self._model.enums]
        records = [self._record(each) for each in reversed(self._model.records)]
        made = {self._model.classes[each.name.full] for each in self._model.records}
        early = [self._alias(name) for name in self._aliases if name not in made]
        late = [self._alias(name) for name in self._aliases if name in made]
        return "\n\n".join([*enums, *_block(early), *records, *_block(late)])

    def imports(self) -> set[tuple[str, str]]:
        """Return what the classes import, as (module, name)."""
        found = {("dataclasses", "dataclass")}
        found |= {(home, name) for name, home in pytypes.homes(self._model).items()}
        found |= {("enum", "StrEnum")} if self._model.enums else set()
        found |= {("typing", "TypeAlias")} if self._aliases else set()
        return found | {("typing", self._class_var.removeprefix("_typing."))}

    def _alias(self, name: str) -> str:
        return f"{self._aliases[name]}: TypeAlias = {name}"

    def _enum(self, enum: EnumType) -> str:
        full = enum.name.full
        members = self._model.members[full]
        body = _docstring(enum.doc or f"The Avro enum {full}.", [])
        body += [""] + [f'{members[symbol]} = "{symbol}"' for symbol in enum.symbols]
        return "\n".join([f"class {self._model.classes[full]}(StrEnum):", *indented(body), ""])

    def _record(self, record: RecordType) -> str:
        full = record.name.full
        names = self._model.attributes[full]
        docs = [(names[each.name], each.doc) for each in record.fields if each.doc]
        body = [*_docstring(record.doc or f"The Avro record {full}.", docs), ""]
        if record is self._model.root:
            contract = self._aliases.get("EventType", "EventType")
            body += [f"__event__: {self._class_var}[{contract}]", ""]
        body += [self._field(record, each, names[each.name]) for each in record.fields]
        head = ["@dataclass(frozen=True, slots=True, kw_only=True)"]
        head.append(f"class {self._model.classes[full]}:")
        return "\n".join([*head, *indented(_trimmed(body)), ""])

    def _field(self, record: RecordType, field: RecordField, name: str) -> str:
        kind = pytypes.annotation(self._model, field.type, self._aliases)
        return f"{name}: {kind}{self._default(record, field)}"

    def _default(self, record: RecordType, field: RecordField) -> str:
        """Return the constructor's default: for what says that there is no value, and for lists.

        Another default is for readers of older data, and no reason to leave a value out.
        """
        if field.default is MISSING:
            return ""
        if field.default is None:
            return " = None"
        of = self._model.resolve(field.type)
        first = self._model.branches(of)[0] if isinstance(of, UnionType) else of
        if first.kind in {"array", "map"}:
            where = f"{record.name.full!r}, {field.name!r}"
            return f" = _field(default_factory=lambda: _default_value(EVENT, {where}))"
        if field.default == UNKNOWN and isinstance(first, EnumType):
            made = self._model.classes[first.name.full]
            member = self._model.members[first.name.full][UNKNOWN]
            return f" = {self._aliases.get(made, made)}.{member}"
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
        return [f'"""{_ended(lines[0])}"""']
    return [f'"""{lines[0]}', *lines[1:], '"""']


def _ended(line: str) -> str:
    """Return a line that quotes can follow."""
    return f'{line[:-1]}\\"' if line.endswith('"') else line


def _wrapped(text: str, indent: str) -> list[str]:
    # Whatever a doc holds, it must stay inside its quotes.
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    plain = "".join(each if each.isprintable() else " " for each in plain)
    more = indent + "    " if indent else ""
    return wrapped(plain, indent, more, _WIDTH) or [""]
