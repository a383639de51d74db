"""A Schema Registry in memory that answers as Confluent's 8.5 does: statuses, codes and bodies.

It stands in for Confluent's own, which no registry of packages has. What it says was recorded from
the real one; what it decides comes from `schema.compare`, so it tests no verdicts, only that
its answers are understood. `Karapace` answers in the ways in which Karapace differs.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from freezer_events.avro.parse import Schema, parse
from freezer_events.errors import SchemaError
from freezer_events.schema.compare import Finding, Kind, Level, compare, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPE: Final = "application/vnd.schemaregistry.v1+json"


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """An answer other than 200."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


@dataclass
class Subject:
    """One subject: its versions' texts by number, those soft-deleted, and its own level."""

    versions: dict[int, str] = field(default_factory=dict)
    deleted: dict[int, str] = field(default_factory=dict)

    @property
    def following(self) -> int:
        return max([*self.versions, *self.deleted], default=0) + 1


class ConfluentRegistry:
    """The registry; a context manager that serves it on a free port.

    Attributes:
        readonly: refuse to register, as mode READONLY does.
        requests: method and path of what was asked.

    """

    def __init__(self) -> None:
        self.readonly = False
        self.requests: list[tuple[str, str]] = []
        self._ids: dict[str, int] = {}
        self._subjects: dict[str, Subject] = {}
        self._levels: dict[str, Level] = {"": Level.BACKWARD}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        serve = partial(self._server.serve_forever, poll_interval=0.02)  # half a second by default
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, body: Any) -> Any:
        """Return the body of a 200, or raise a Refusal."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for verb, pattern, respond in self._routes():
            match = re.fullmatch(pattern, parts.path)
            if verb == method and match:
                return respond(*map(unquote, filter(None, match.groups())), query=query, body=body)
        raise Refusal(404, 404, "HTTP 404 Not Found")

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", "/subjects", self.list_subjects),
            ("POST", "/subjects/([^/]+)", self.look_up),
            ("DELETE", "/subjects/([^/]+)", self.delete),
            ("GET", "/subjects/([^/]+)/versions", self.list_versions),
            ("POST", "/subjects/([^/]+)/versions", self.register),
            ("GET", "/subjects/([^/]+)/versions/([^/]+)", self.get_version),
            ("GET", "/schemas/ids/([0-9]+)", self.get_schema),
            ("GET", "/config(?:/([^/]+))?", self.get_config),
            ("PUT", "/config(?:/([^/]+))?", self.put_config),
            ("POST", "/compatibility/subjects/([^/]+)/versions(?:/([^/]+))?", self.compatibility),
        ]  # fmt: skip

    def list_subjects(self, **_: Any) -> Any:
        return sorted(name for name, subject in self._subjects.items() if subject.versions)

    def look_up(self, name: str, *, body: Any, **_: Any) -> Any:
        subject = self._need(name)
        wanted = json.loads(self._valid(body).text)
        for number, text in subject.versions.items():
            if json.loads(text) == wanted:
                return self._shown(name, number, text)
        raise Refusal(404, 40403, "Schema not found")

    def register(self, name: str, *, body: Any, **_: Any) -> Any:
        if self.readonly:
            raise Refusal(422, 42205, f"Subject {name} is in read-only mode")
        new = self._valid(body)
        subject = self._subjects.setdefault(name, Subject())
        for number, text in subject.versions.items():
            if json.loads(text) == new.parsed:
                return self.registered(name, number, text)
        self._judge(name, subject, new)
        number = subject.following
        subject.versions[number] = new.text
        self._ids.setdefault(json.dumps(new.parsed), len(self._ids) + 1)
        return self.registered(name, number, new.text)

    def registered(self, name: str, number: int, text: str) -> Any:
        """Return what a registration is answered with."""
        return self._shown(name, number, text)

    def list_versions(self, name: str, **_: Any) -> Any:
        return sorted(self._need(name).versions)

    def get_version(self, name: str, number: str, **_: Any) -> Any:
        subject = self._need(name)
        found = max(subject.versions) if number == "latest" else int(number)
        if found not in subject.versions:
            raise Refusal(404, 40402, f"Version {number} not found.")
        return self._shown(name, found, subject.versions[found])

    def get_schema(self, number: str, **_: Any) -> Any:
        for text, known in self._ids.items():
            if known == int(number):
                return {"schema": self.text(text)}
        raise Refusal(404, 40403, f"Schema {number} not found")

    def get_config(self, name: str = "", *, query: Mapping[str, str], **_: Any) -> Any:
        if name not in self._levels and query.get("defaultToGlobal") != "true":
            raise Refusal(
                404, 40408,
                f"Subject '{name}' does not have subject-level compatibility configured",
            )  # fmt: skip
        return {"compatibilityLevel": self._level(name)}

    def put_config(self, name: str = "", *, body: Any, **_: Any) -> Any:
        level = body.get("compatibility")
        if level not in Level.__members__:
            raise Refusal(
                422, 42203,
                "Invalid compatibility level. Valid values are none, backward, forward, full, "
                "backward_transitive, forward_transitive, and full_transitive",
            )  # fmt: skip
        self._levels[name] = Level[level]
        return {"compatibility": level}

    def compatibility(self, name: str, number: str = "", *, body: Any, **_: Any) -> Any:
        subject = self._subjects.get(name, Subject())
        if number.isdigit() and int(number) not in subject.versions:
            raise Refusal(404, 40402, f"Version {number} not found.")
        _number, found = self._breaks(subject, self._valid(body), self._level(name))
        return {"is_compatible": not found, "messages": [_pseudo(each) for each in found]}

    def delete(self, name: str, *, query: Mapping[str, str], **_: Any) -> Any:
        subject = self._subjects.get(name)
        if subject is None:
            raise Refusal(404, 40401, f"Subject '{name}' not found.")
        if query.get("permanent") == "true":
            if subject.versions:
                raise Refusal(
                    404, 40405,
                    f"Subject '{name}' was not deleted first before being permanently deleted",
                )  # fmt: skip
            return sorted(self._subjects.pop(name).deleted)
        if not subject.versions:
            raise Refusal(
                404, 40404,
                f"Subject '{name}' was soft deleted. Set permanent=true to delete permanently",
            )  # fmt: skip
        gone, subject.versions = subject.versions, {}
        subject.deleted |= gone
        return sorted(gone)

    def text(self, text: str) -> str:
        """Return a schema's text as the registry gives it back."""
        return text

    def _need(self, name: str) -> Subject:
        subject = self._subjects.get(name)
        if subject is None or not subject.versions:
            raise Refusal(404, 40401, f"Subject '{name}' not found.")
        return subject

    def _level(self, name: str) -> Level:
        return self._levels.get(name, self._levels[""])

    def _valid(self, body: Any) -> Schema:
        try:
            return parse(body["schema"], "schema")
        except SchemaError as error:
            raise Refusal(422, 42201, f"Invalid schema of type AVRO, details: {error}") from None

    def _shown(self, name: str, number: int, text: str) -> dict[str, Any]:
        schema_id = self._ids[json.dumps(json.loads(text))]
        return {
            "subject": name,
            "version": number,
            "id": schema_id,
            "guid": f"00000000-0000-0000-0000-{schema_id:012}",
            "schemaType": "AVRO",
            "schema": self.text(text),
        }

    def _breaks(self, subject: Subject, new: Schema, level: Level) -> tuple[int, list[Finding]]:
        numbers = sorted(subject.versions, reverse=True)
        for number in numbers if level.transitive else numbers[:1]:
            findings = compare(parse(subject.versions[number], "old"), new)
            broken = [each for each in judge(findings, level) if each.kind is Kind.DECODE]
            if broken:
                return number, broken
        return 0, []

    def _judge(self, name: str, subject: Subject, new: Schema) -> None:
        level = self._level(name)
        number, broken = self._breaks(subject, new, level)
        if broken:
            details = ", ".join(map(_pseudo, broken))
            raise Refusal(
                409, 40901,
                "Schema being registered is incompatible with an earlier schema for subject "
                f'"{name}", details: [{details}, {{oldSchemaVersion: {number}}}, '
                f"{{oldSchema: '{subject.versions[number]}'}}, "
                f"{{validateFields: 'false', compatibility: '{level}'}}]",
            )  # fmt: skip

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                outer.requests.append((self.command, self.path))
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                status = 200
                try:
                    with outer._lock:
                        given = outer.answer(self.command, self.path, body)
                except Refusal as refusal:
                    status, given = refusal.status, refusal.body
                data = json.dumps(given).encode()
                self.send_response(status)
                self.send_header("Content-Type", _TYPE)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server calls

            def log_message(self, *_: Any) -> None:
                """Keep the test's output clean."""

        return Handler


class Karapace(ConfluentRegistry):
    """As Karapace answers: an id alone on registering, the keys of a schema sorted."""

    def registered(self, name: str, number: int, text: str) -> Any:
        return {"id": self._shown(name, number, text)["id"]}

    def text(self, text: str) -> str:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def _pseudo(finding: Finding) -> str:
    """Return one incompatibility in Confluent's pseudo-JSON."""
    kind = "TYPE_MISMATCH"
    what = f"The type (path '{finding.new_pointer}') of a field in the new schema does not match"
    if finding.code.startswith("FIELD_"):
        kind = "READER_FIELD_MISSING_DEFAULT_VALUE"
        what = f"The field '{finding.path}' at path '{finding.new_pointer}' has no default value"
    return f"{{errorType:'{kind}', description:\"{what}\", additionalInfo:'{finding.path}'}}"
