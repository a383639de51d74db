"""Access: service accounts, ACLs, API keys, role bindings.

A key is a user of its own on the real broker (SCRAM), so the rights of its account are copied to
it; the cloud's own principals stay `User:sa-…`, and only those are ever listed.
"""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

from . import faults, state
from .call import broker_at
from .errors import CliError

if TYPE_CHECKING:
    from .call import Answer, Call

_ROLE = ("principal", "role", "resource_type", "name", "pattern_type")


def list_accounts(_call: Call) -> Answer:
    return list(state.read()["service_accounts"])


def create_account(call: Call) -> Answer:
    name = call.said.words[0]
    with state.opened() as cloud:
        if name in [account["name"] for account in cloud["service_accounts"]]:
            hint = "To list all service account, use `confluent iam service-account list`."
            raise CliError(f'service name "{name}" is already in use', hint)
        row = {"id": f"sa-{secrets.token_hex(3)}", "name": name}
        row["description"] = call.text("description")
        cloud["service_accounts"].append(row)
    return row


def create_acls(call: Call) -> Answer:
    """Grant rights, also to an account that is not there."""
    if call.text("allow") == call.text("deny"):
        raise CliError("`--allow` or `--deny` must be set when adding or deleting an ACL")
    named = [("TOPIC", call.text("topic")), ("GROUP", call.text("consumer-group"))]
    given = [(kind, name) for kind, name in named if name]
    if len(given) != 1:
        raise CliError(
            "exactly one resource type (`--cluster-scope`, `--consumer-group`, `--topic`, "
            "`--transactional-id`) must be set"
        )
    rows = [
        {
            "principal": _principal(call),
            "permission": "ALLOW" if call.text("allow") else "DENY",
            "operation": operation.upper(),
            "resource_type": given[0][0],
            "resource_name": given[0][1],
            "pattern_type": "PREFIXED" if call.text("prefix") else "LITERAL",
        }
        for operation in call.said.lists["operations"]
    ]
    keys = state.read()["api_keys"].items()
    owners = {f"User:{kept['owner']}": f"User:{key}" for key, kept in keys}
    copies = [{**r, "principal": owners[r["principal"]]} for r in rows if r["principal"] in owners]
    call.broker().allow([*rows, *copies])
    return rows


def _principal(call: Call) -> str:
    account = call.text("service-account")
    if account and not account.startswith("sa-"):
        raise CliError(
            'failed to parse service account id: ensure service account id begins with "sa-"'
        )
    return f"User:{account}" if account else call.text("principal")


def list_acls(call: Call) -> Answer:
    wanted = _principal(call)
    rows = [row for row in call.broker().acls() if row["principal"].startswith("User:sa-")]
    mine = [row for row in rows if wanted in ("", row["principal"])]
    return [] if faults.hides("acl") else mine


def create_key(call: Call) -> Answer:
    resource = call.text("resource")
    owner = call.text("service-account") or call.email
    registries = [registry["cluster"] for registry in state.read()["registries"].values()]
    cluster = call.cluster(resource) if resource.startswith("lkc-") else None
    if cluster is None and resource not in registries:
        raise CliError(f'resource "{resource}" not found', f'Check that "{resource}" exists.')
    key, secret = secrets.token_hex(8).upper(), secrets.token_urlsafe(48)
    with state.opened() as cloud:
        cloud["api_keys"][key] = {"owner": owner, "resource": resource, "secret": secret}
    if cluster is not None:
        _activate(cluster["bootstrap"], key, secret, owner)
        state.remember_key(key, secret)
    if call.text("output") != "json":
        sys.stderr.write("Save the API key and secret. The secret is not retrievable later.\n")
    return {"api_key": key, "api_secret": secret}


def _activate(bootstrap: str, key: str, secret: str, owner: str) -> None:
    """Make the key work, now or, as in the cloud, some time after the CLI has gone."""
    broker = broker_at(bootstrap)
    mine = [row for row in broker.acls() if row["principal"] == f"User:{owner}"]
    broker.allow([{**row, "principal": f"User:{key}"} for row in mine])
    broker.add_user(key, secret, faults.active("slow-key") or 0)


def list_keys(call: Call) -> Answer:
    """List keys; of those of others only what this login may see."""
    wanted = {"resource": call.text("resource"), "owner": call.text("service-account")}
    seen = state.read()["api_keys"].items()
    if faults.active("unseen") is not None:
        seen = [(key, kept) for key, kept in seen if kept["owner"] == call.email]
    return [
        {
            "key": key,
            "description": "",
            "owner": kept["owner"],
            "owner_email": "<service account>",
            "resource_type": "kafka" if kept["resource"][:4] == "lkc-" else "schema-registry",
            "resource": kept["resource"],
            "created": "2026-01-01T00:00:00Z",
        }
        for key, kept in seen
        if all(not value or kept[name] == value for name, value in wanted.items())
    ]


def delete_keys(call: Call) -> Answer:
    """Delete keys; one that this login may not see is "not found" as well."""
    for key in call.said.words:
        kept = state.read()["api_keys"].get(key)
        if kept is None or (faults.active("unseen") is not None and kept["owner"] != call.email):
            hint = "List available API keys with `confluent api-key list`."
            raise CliError(f'API key "{key}" not found', hint)
        with state.opened() as cloud:
            del cloud["api_keys"][key]
        for cluster in state.read()["clusters"]:
            if cluster["id"] == kept["resource"]:
                broker_at(cluster["bootstrap"]).remove_user(key)
    return "".join(f'Deleted API key "{key}".\n' for key in call.said.words)


def bind_role(call: Call) -> Answer:
    row = _role(call)
    with state.opened() as cloud:
        if row not in cloud["role_bindings"]:
            cloud["role_bindings"].append(row)
    return {name: row[name] for name in _ROLE}


def list_roles(call: Call) -> Answer:
    if not (call.text("principal") or call.text("role")):
        raise CliError("must specify either principal or role")
    asked = {key: value for key, value in _role(call).items() if value}
    rows = state.read()["role_bindings"]
    found = [row for row in rows if all(row[key] == value for key, value in asked.items())]
    return [] if faults.hides("role") else found


def _role(call: Call) -> dict[str, object]:
    kind, _, name = call.text("resource").partition(":")
    return {
        "principal": call.text("principal"),
        "email": "",
        "role": call.text("role"),
        "environment": call.text("environment"),
        "cloud_cluster": "",
        "cluster_type": "Schema Registry",
        "logical_cluster": call.text("schema-registry-cluster"),
        "resource_type": kind,
        "name": name.removesuffix("*"),
        "pattern_type": "PREFIXED" if call.text("prefix") or name.endswith("*") else "LITERAL",
    }
