"""A Schema Registry in memory that answers as Confluent's 8.5 does: statuses, codes and bodies.

It stands in for Confluent's own, which no registry of packages has. What it answers was recorded
from the real one, and is stored here: what becomes of a schema's text (`stored_schema`), and what
is incompatible with what, in which words (`REFUSED`). Nothing of ours decides, so that a fault of
ours is not repeated. Statuses, codes and words are those of a table of what each call was seen to
answer ("What registries answer", Confluent 8.5, 2026-11-25); where only the code is on record, the
words are `UNRECORDED`. `Karapace` answers in the ways in which Karapace differs there.
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

from tests.support.evolution import INT, V1, door
from tests.support.stored_schema import stored_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNRECORDED: Final = "(its words are not on record)"
_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_LEVELS: Final = {
    f"{way}{more}" for way in ("BACKWARD", "FORWARD", "FULL") for more in ("", "_TRANSITIVE")
} | {"NONE"}

_MISMATCH: Final = (
    "{errorType:'TYPE_MISMATCH', description:'The type (path '/fields/0/type') of a field in the "
    "new schema does not match with the old schema', "
)
_NO_DEFAULT: Final = (
    "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'open' at path "
    "'/fields/1' in the new schema has no default value and is missing in the old schema'}"
)
REFUSED: Final[Mapping[tuple[str, str], list[str]]] = {
    (stored_schema(door(V1)), stored_schema(door(INT))): [
        _MISMATCH + "additionalInfo:'reader type: INT not compatible with writer type: STRING'}"
    ],
    (stored_schema(door(INT)), stored_schema(door(V1))): [
        _MISMATCH + "additionalInfo:'reader type: STRING not compatible with writer type: INT'}",
        _NO_DEFAULT,
    ],
}
"""What the level BACKWARD refuses, as Confluent's registry worded it: (old, new) to its details.

Every other pair that the suite registers was taken, also those that change a logical type.
"""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """An answer other than 200."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


@dataclass(frozen=True)
class Held:
    """One schema as it is held; the id and GUID are those of all of this."""

    text: str
    references: str = "[]"
    rules: str = "null"
    metadata: str = "null"


@dataclass
class Subject:
    """One subject: its versions by number, and those soft-deleted."""

    versions: dict[int, Held] = field(default_factory=dict)
    deleted: dict[int, Held] = field(default_factory=dict)

    @property
    def following(self) -> int:
        return max([*self.versions, *self.deleted], default=0) + 1


class ConfluentRegistry:
    """The registry; a context manager that serves it on a free port.

    Attributes:
        modes: subject to its mode; that of "" holds where a subject has none.
        requests: method and path of what was asked.

    """

    def __init__(self) -> None:
        self.modes: dict[str, str] = {"": "READWRITE"}
        self.requests: list[tuple[str, str]] = []
        self._ids: dict[Held, int] = {}
        self._subjects: dict[str, Subject] = {}
        self._levels: dict[str, str] = {"": "BACKWARD"}
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
        raise Refusal(404, 404, UNRECORDED)

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", "/subjects", self.list_subjects),
            ("POST", "/subjects/([^/]+)", self.look_up),
            ("DELETE", "/subjects/([^/]+)", self.delete),
            ("GET", "/subjects/([^/]+)/versions", self.list_versions),
            ("POST", "/subjects/([^/]+)/versions", self.register),
            ("GET", "/subjects/([^/]+)/versions/([^/]+)", self.get_version),
            ("GET", "/schemas/ids/([0-9]+)", self.get_schema),
            ("GET", "/schemas/guids/([0-9a-f-]+)", self.get_schema_of_guid),
            ("GET", "/mode(?:/([^/]+))?", self.get_mode),
            ("DELETE", "/config/([^/]+)", self.delete_config),
            ("GET", "/config(?:/([^/]+))?", self.get_config),
            ("PUT", "/config(?:/([^/]+))?", self.put_config),
            ("POST", "/compatibility/subjects/([^/]+)/versions(?:/([^/]+))?", self.compatibility),
        ]  # fmt: skip

    def list_subjects(self, **_: Any) -> Any:
        return sorted(name for name, subject in self._subjects.items() if subject.versions)

    def look_up(self, name: str, *, body: Any, **_: Any) -> Any:
        subject = self._need(name)
        wanted = self._held(body)
        for number, held in subject.versions.items():
            if (held.text, held.references) == (wanted.text, wanted.references):
                return self._shown(name, number, held)
        raise Refusal(404, 40403, "Schema not found")

    def register(self, name: str, *, body: Any, **_: Any) -> Any:
        mode = self.modes.get(name, self.modes[""])
        if mode == "READONLY":
            raise Refusal(422, 42205, UNRECORDED)
        if mode == "IMPORT":
            raise Refusal(422, 42205, UNRECORDED)
        new = self._held(body)
        subject = self._subjects.setdefault(name, Subject())
        for number, held in subject.versions.items():
            if held == new:
                return self.registered(name, number, held)
        self._judge(name, subject, new)
        number = subject.following
        subject.versions[number] = new
        self._ids.setdefault(new, len(self._ids) + 1)
        return self.registered(name, number, new)

    def registered(self, name: str, number: int, held: Held) -> Any:
        """Return what a registration is answered with."""
        return self._shown(name, number, held)

    def list_versions(self, name: str, *, query: Mapping[str, str], **_: Any) -> Any:
        if query.get("deleted", "").lower() == "true" and name in self._subjects:
            subject = self._subjects[name]
            return sorted([*subject.versions, *subject.deleted])
        return sorted(self._need(name).versions)

    def get_version(self, name: str, number: str, *, query: Mapping[str, str], **_: Any) -> Any:
        deleted = query.get("deleted", "").lower() == "true" and name in self._subjects
        subject = self._subjects[name] if deleted else self._need(name)
        known = subject.versions | (subject.deleted if deleted else {})
        found = max(subject.versions) if number == "latest" else int(number)
        if found not in known:
            raise Refusal(404, 40402, UNRECORDED)
        return self._shown(name, found, known[found])

    def get_schema(self, number: str, **_: Any) -> Any:
        for held, known in self._ids.items():
            if known == int(number):
                return self._schema(held)
        raise Refusal(404, 40403, UNRECORDED)

    def get_schema_of_guid(self, guid: str, **_: Any) -> Any:
        return self.get_schema(str(int(guid.rpartition("-")[2])))

    def get_mode(self, name: str = "", *, query: Mapping[str, str], **_: Any) -> Any:
        if name not in self.modes and query.get("defaultToGlobal") != "true":
            raise Refusal(404, 40409, UNRECORDED)
        return {"mode": self.modes.get(name, self.modes[""])}

    def delete_config(self, name: str, **_: Any) -> Any:
        return {"compatibilityLevel": self._levels.pop(name)}

    def get_config(self, name: str = "", *, query: Mapping[str, str], **_: Any) -> Any:
        if name not in self._levels and query.get("defaultToGlobal") != "true":
            raise Refusal(
                404, 40408,
                f"Subject '{name}' does not have subject-level compatibility configured",
            )  # fmt: skip
        return {"compatibilityLevel": self._level(name)}

    def put_config(self, name: str = "", *, body: Any, **_: Any) -> Any:
        level = body.get("compatibility")
        if level not in _LEVELS:
            raise Refusal(422, 42203, UNRECORDED)
        self._levels[name] = level
        return {"compatibility": level}

    def compatibility(self, name: str, number: str = "", *, body: Any, **_: Any) -> Any:
        subject = self._subjects.get(name, Subject())
        if number.isdigit() and int(number) not in subject.versions:
            raise Refusal(404, 40402, UNRECORDED)
        _number, found = self._breaks(subject, self._held(body), self._level(name))
        return {"is_compatible": not found, "messages": found}

    def delete(self, name: str, *, query: Mapping[str, str], **_: Any) -> Any:
        subject = self._subjects.get(name)
        if subject is None:
            raise Refusal(404, 40401, f"Subject '{name}' not found.")
        if query.get("permanent") == "true":
            if subject.versions:
                raise Refusal(404, 40405, UNRECORDED)
            return sorted(self._subjects.pop(name).deleted)
        if not subject.versions:
            raise Refusal(404, 40404, UNRECORDED)
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

    def _level(self, name: str) -> str:
        return self._levels.get(name, self._levels[""])

    def _held(self, body: Any) -> Held:
        """Return a schema as the registry stores it.

        Raises:
            Refusal: it is none. Only "type": "nonsense" is known to be so here.

        """
        if '"nonsense"' in body["schema"]:
            raise Refusal(422, 42201, f"Invalid schema of type AVRO, details: {UNRECORDED}")
        return Held(
            stored_schema(body["schema"]),
            json.dumps(body.get("references") or []),
            json.dumps(body.get("ruleSet")),
            json.dumps(body.get("metadata")),
        )

    def _schema(self, held: Held) -> dict[str, Any]:
        """Return a schema as answers have it: what it lacks is not in them."""
        made: dict[str, Any] = {"schema": self.text(held.text)}
        if held.references != "[]":
            made["references"] = json.loads(held.references)
        if held.rules != "null":
            made["ruleSet"] = json.loads(held.rules)
        if held.metadata != "null":
            made["metadata"] = json.loads(held.metadata)
        return made

    def _shown(self, name: str, number: int, held: Held) -> dict[str, Any]:
        schema_id = self._ids[held]
        return {
            "subject": name,
            "version": number,
            "id": schema_id,
            "guid": f"00000000-0000-0000-0000-{schema_id:012}",
            "schemaType": "AVRO",
            **self._schema(held),
        }

    def _breaks(self, subject: Subject, new: Held, level: str) -> tuple[int, list[str]]:
        numbers = sorted(subject.versions, reverse=True)
        for number in numbers if level.endswith("_TRANSITIVE") else numbers[:1]:
            old = subject.versions[number].text
            found = REFUSED.get((old, new.text), [])
            if "FORWARD" in level or "FULL" in level:
                found = found + REFUSED.get((new.text, old), [])
            if found and level != "NONE":
                return number, found
        return 0, []

    def _judge(self, name: str, subject: Subject, new: Held) -> None:
        level = self._level(name)
        number, broken = self._breaks(subject, new, level)
        if broken:
            raise Refusal(
                409, 40901,
                "Schema being registered is incompatible with an earlier schema for subject "
                f'"{name}", details: [{", ".join(broken)}, {{oldSchemaVersion: {number}}}, '
                f"{{oldSchema: '{subject.versions[number].text}'}}, "
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
    """As Karapace answers: an id alone on registering, the keys of a schema sorted, no DELETE."""

    def registered(self, name: str, number: int, held: Held) -> Any:
        return {"id": self._shown(name, number, held)["id"]}

    def delete_config(self, name: str, **_: Any) -> Any:
        del name
        raise Refusal(405, 405, UNRECORDED)

    def text(self, text: str) -> str:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
