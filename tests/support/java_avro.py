"""Java's Avro as an oracle: one JVM that answers what its reader makes of schemas and bytes.

Its answers are compared with fastavro's by `disagreement`, value by value.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fastavro

from freezer_events.avro.parse import types as avro

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.avro.parse import Schema

SOURCE: Final = Path(__file__).parents[1] / "java" / "Oracle.java"


@dataclass(frozen=True)
class Java:
    """The jars that the oracle runs with."""

    jars: Path

    def ask(self, questions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield an answer per question; all are written first, so that one JVM serves a run."""
        text = "".join(f"{json.dumps(each)}\n" for each in questions)
        argv = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        argv += ["-cp", f"{self.jars}/*", str(SOURCE)]
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        yield from map(json.loads, done.stdout.splitlines())


def question(writer: str, reader: str, bodies: Iterable[bytes]) -> dict[str, Any]:
    """Return what to ask about bytes written with one schema and read with another."""
    return {"writer": writer, "reader": reader, "bodies": [each.hex() for each in bodies]}


def read(writer: Schema, reader: Schema, body: bytes) -> Any:
    """Return what fastavro reads, named branches as (name, value) where it can name them.

    It cannot where a type is used by name in one schema's union and defined in the other's
    (fastavro 1.13: `read_union` indexes the name).
    """
    stream = io.BytesIO(body)
    value = fastavro.schemaless_reader(stream, writer.fastavro, reader.fastavro)
    assert not stream.read()
    with suppress(TypeError):
        return fastavro.schemaless_reader(
            io.BytesIO(body), writer.fastavro, reader.fastavro, return_named_type=True
        )
    return value


def disagreement(java: Any, ours: Any, schema: Schema, use: avro.Type) -> str:
    """Return where Java's answer and fastavro's value differ, or "".

    fastavro gives a default as it stands in the schema, and names the branch of a union only where
    the writer had a union, too.
    """
    each = schema.resolve(use)
    if isinstance(each, avro.UnionType):
        return _union(java, ours, schema, each)
    if isinstance(ours, tuple):
        ours = ours[1]
    match each:
        case avro.RecordType():
            found = [
                disagreement(java["record"][f.name], ours.get(f.name, f.default), schema, f.type)
                for f in each.fields
            ]
        case avro.ArrayType(items=items):
            found = [disagreement(*pair, schema, items) for pair in zip(java, ours, strict=False)]
            found += [f": {java!r} {ours!r}"] * (len(java) != len(ours))
        case avro.MapType(values=values):
            both = set(java["map"]) & set(ours)
            found = [disagreement(java["map"][k], ours[k], schema, values) for k in both]
            found += [f": {java!r} {ours!r}"] * (set(java["map"]) != set(ours))
        case _:
            found = [f": {java!r} {ours!r}"] * (java != _scalar(each, ours))
    return _first(found)


def _union(java: Any, ours: Any, schema: Schema, union: avro.UnionType) -> str:
    named = isinstance(java, dict) and "branch" in java
    if isinstance(ours, tuple):
        name, ours = ours
        if not named or java["branch"] != name:
            return f": {java!r} {name} {ours!r}"
    found = []
    for branch in union.branches:
        full = branch.name if isinstance(branch, avro.Ref) else getattr(branch, "name", None)
        full = full.full if isinstance(full, avro.Name) else full
        if named != (full is not None) or (named and java["branch"] != full):
            continue
        try:
            found.append(disagreement(java["of"] if named else java, ours, schema, branch))
        except (TypeError, KeyError, AttributeError, ValueError, struct.error):
            found.append(f": {java!r} {ours!r}")
    return "" if "" in found else _first([*found, f": {java!r} {ours!r}"])


def _scalar(each: avro.Type, value: Any) -> Any:
    kind = "" if isinstance(each, avro.Ref) else each.kind
    if kind in ("bytes", "fixed"):
        data = value.encode("latin-1") if isinstance(value, str) else value
        return {"bytes": data.hex()}
    if kind in ("float", "double"):
        if kind == "float":
            value = struct.unpack(">f", struct.pack(">f", value))[0]
        (bits,) = struct.unpack(">Q", struct.pack(">d", value))
        return {"double": f"{bits:x}"}
    if kind == "string" and not isinstance(value, str):
        raise TypeError(value)
    return value


def _first(found: Iterable[str]) -> str:
    return next(filter(None, found), "")
