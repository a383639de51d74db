"""Example values of a schema: the least that fits it, and the most."""

from __future__ import annotations

from typing import Any, Final

_PRIMITIVES: Final[dict[str, tuple[Any, Any]]] = {
    "null": (None, None),
    "boolean": (False, True),
    "int": (0, 2**31 - 1),
    "long": (0, 2**63 - 1),
    "float": (0.0, -0.5),
    "double": (0.0, -18.1),
    "bytes": (b"", b"\x00\xff"),
    "string": ("", "sensor0 \u00e9\u4e16"),
}
_LOGICAL: Final[dict[str, Any]] = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "timestamp-millis": 1_767_225_600_123,
    "timestamp-micros": 1_767_225_600_123_456,
    "local-timestamp-millis": 1_767_225_600_123,
    "local-timestamp-micros": 1_767_225_600_123_456,
    "date": 20_454,
    "time-millis": 43_200_000,
    "time-micros": 43_200_000_000,
}
_DEEPEST: Final = 4


def examples(schema: Any) -> list[Any]:
    """Return two data of the schema: unions at their first branch, then at their last.

    In the second one arrays and maps have an element, and enums are at their last symbol.
    """
    return [_Maker(most=most).make(schema, "") for most in (False, True)]


class _Maker:
    def __init__(self, *, most: bool) -> None:
        self._most = most
        self._named: dict[str, Any] = {}
        self._depth = 0

    def make(self, schema: Any, namespace: str) -> Any:
        if isinstance(schema, str):
            return self._by_name(schema, namespace)
        if isinstance(schema, list):
            # Deep inside a recursive type only the branch that ends it will do.
            most = self._most and self._depth < _DEEPEST
            return self.make(schema[-1 if most else 0], namespace)
        kind = schema["type"]
        if isinstance(kind, dict | list):
            return self.make(kind, namespace)
        if schema.get("logicalType") in _LOGICAL:
            return _LOGICAL[schema["logicalType"]]
        maker = getattr(self, f"_{kind}", None)
        return self._by_name(kind, namespace) if maker is None else maker(schema, namespace)

    def _by_name(self, name: str, namespace: str) -> Any:
        if name in _PRIMITIVES:
            return _PRIMITIVES[name][self._most]
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        inner = full.rpartition(".")[0]
        return self.make(self._named.get(full, self._named.get(name)), inner)

    def _remember(self, schema: Any, namespace: str) -> str:
        name = schema["name"]
        space = schema.get("namespace", namespace)
        full = name if "." in name or not space else f"{space}.{name}"
        self._named[full] = schema
        return full.rpartition(".")[0]

    def _record(self, schema: Any, namespace: str) -> dict[str, Any]:
        inner = self._remember(schema, namespace)
        self._depth += 1
        made = {field["name"]: self.make(field["type"], inner) for field in schema["fields"]}
        self._depth -= 1
        return made

    def _enum(self, schema: Any, namespace: str) -> str:
        self._remember(schema, namespace)
        return str(schema["symbols"][-1 if self._most else 0])

    def _fixed(self, schema: Any, namespace: str) -> bytes:
        self._remember(schema, namespace)
        return bytes(range(schema["size"] % 256)).ljust(schema["size"], b"\0")

    def _array(self, schema: Any, namespace: str) -> list[Any]:
        deep = self._depth >= _DEEPEST
        return [self.make(schema["items"], namespace)] if self._most and not deep else []

    def _map(self, schema: Any, namespace: str) -> dict[str, Any]:
        deep = self._depth >= _DEEPEST
        return {"key": self.make(schema["values"], namespace)} if self._most and not deep else {}
