"""Access: service accounts, ACLs, API keys, role bindings.

A key is a user of its own on the real broker (SCRAM), so the rights of its account are copied to
it; the cloud's own principals stay `User:sa-…`, and only those are ever listed.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from . import faults, home, later, state
from .broker import Acl, Broker
from .errors import CliError
from .flags import Arguments
from .output import serialized, show_list, show_one

if TYPE_CHECKING:
    from .context import Context


def list_accounts(context: Context, arguments: Arguments) -> None:
    context.require_login()
    show_list(state.read()["service_accounts"], arguments.text("output"))


def create_account(context: Context, arguments: Arguments) -> None:
    context.require_login()
    name = arguments.words[0]
    with state.opened() as cloud:
        known = cloud["service_accounts"]
        if any(account["name"] == name for account in known):
            raise CliError(
                f'service name "{name}" is already in use',
                "To list all service account, use `confluent iam service-account list`.",
            )
        account = {
            "id": f"sa-{secrets.token_hex(3)}",
            "name": name,
            "description": arguments.text("description"),
        }
        known.append(account)
    faults.after_mutation()
    show_one(account, arguments.text("output"))


def create_acls(context: Context, arguments: Arguments) -> None:
    broker = context.broker(arguments)
    rows = _wanted_acls(arguments)
    broker.allow(rows)
    _copy_to_keys(broker, rows)
    faults.after_mutation()
    show_list([asdict(row) for row in rows], arguments.text("output"))


def _wanted_acls(arguments: Arguments) -> list[Acl]:
    if arguments.on("allow") == arguments.on("deny"):
        raise CliError("`--allow` or `--deny` must be set when adding or deleting an ACL")
    kind, name = _resource(arguments)
    return [
        Acl(
            principal=_principal(arguments),
            permission="ALLOW" if arguments.on("allow") else "DENY",
            operation=operation.upper().replace("-", "_"),
            resource_type=kind,
            resource_name=name,
            pattern_type="PREFIXED" if arguments.on("prefix") else "LITERAL",
        )
        for operation in arguments.lists["operations"]
    ]


def _resource(arguments: Arguments) -> tuple[str, str]:
    named = [("TOPIC", arguments.text("topic")), ("GROUP", arguments.text("consumer-group"))]
    given = [(kind, name) for kind, name in named if name]
    if len(given) != 1:
        raise CliError(
            "exactly one resource type (`--cluster-scope`, `--consumer-group`, `--topic`, "
            "`--transactional-id`) must be set"
        )
    return given[0]


def _principal(arguments: Arguments) -> str:
    account = arguments.text("service-account")
    if not account:
        return arguments.text("principal")
    if not account.startswith("sa-"):
        raise CliError(
            'failed to parse service account id: ensure service account id begins with "sa-"'
        )
    if account not in [known["id"] for known in state.read()["service_accounts"]]:
        raise CliError(
            f'service account "{account}" not found',
            "List service accounts with `confluent service-account list`.",
        )
    return f"User:{account}"


def _copy_to_keys(broker: Broker, rows: list[Acl]) -> None:
    for key, kept in state.read()["api_keys"].items():
        mine = [row for row in rows if row.principal == f"User:{kept['owner']}"]
        if mine:
            broker.allow([replace(row, principal=f"User:{key}") for row in mine])


def list_acls(context: Context, arguments: Arguments) -> None:
    rows = [acl for acl in context.broker(arguments).acls() if acl.principal.startswith("User:sa-")]
    if arguments.text("service-account") or arguments.text("principal"):
        rows = [acl for acl in rows if acl.principal == _principal(arguments)]
    if arguments.text("topic"):
        rows = [acl for acl in rows if acl.resource_name == arguments.text("topic")]
    show_list([asdict(row) for row in rows], arguments.text("output"))


def create_key(context: Context, arguments: Arguments) -> None:
    resource, form = arguments.text("resource"), arguments.text("output")
    owner = arguments.text("service-account") or str(context.require_login()["email"])
    cluster = _kafka(context, arguments, resource)
    key, secret = secrets.token_hex(8).upper(), secrets.token_urlsafe(48)
    with state.opened() as cloud:
        cloud["api_keys"][key] = {"owner": owner, "resource": resource, "secret": secret}
    if cluster is not None:
        _activate(cluster, key, secret, owner)
        _remember(key, secret)
    faults.after_mutation()
    if not serialized(form):
        sys.stderr.write("It may take a couple of minutes for the API key to be ready.\n")
        sys.stderr.write("Save the API key and secret. The secret is not retrievable later.\n")
    show_one({"api_key": key, "api_secret": secret}, form)
    if arguments.on("use"):
        sys.stdout.write(f'Using API Key "{key}".\n')


def _kafka(context: Context, arguments: Arguments, resource: str) -> Broker | None:
    """Give the cluster's Kafka for `lkc-…`, nothing for a registry; else refuse."""
    context.require_login()
    if resource.startswith("lkc-"):
        of_cluster = Arguments(flags={**arguments.flags, "cluster": resource})
        return context.broker(of_cluster)
    if resource in [r["cluster"] for r in state.read()["registries"].values()]:
        return None
    raise CliError(
        f'resource "{resource}" not found', f'Check that the resource "{resource}" exists.'
    )


def _activate(broker: Broker, key: str, secret: str, owner: str) -> None:
    """Make the key work, now or, as in the cloud, some time after the CLI has gone."""
    rights = [
        replace(a, principal=f"User:{key}") for a in broker.acls() if a.principal[5:] == owner
    ]
    broker.allow(rights)
    delay = faults.active("slow-key")
    if delay is None:
        broker.add_user(key, secret)
    else:
        later.add_user(state.read()["clusters"][0]["bootstrap"], key, secret, delay)


def _remember(key: str, secret: str) -> None:
    """Store the secret in the CLI's own config, as the real one does for Kafka keys."""
    config = home.load()
    config.setdefault("api_keys", {})[key] = "encrypted:" + secret[::-1]
    home.save(config)


def list_keys(context: Context, arguments: Arguments) -> None:
    context.require_login()
    wanted = {"resource": arguments.text("resource"), "owner": arguments.text("service-account")}
    rows = [
        _key_row(key, kept)
        for key, kept in state.read()["api_keys"].items()
        if all(not value or kept[name] == value for name, value in wanted.items())
    ]
    show_list(rows, arguments.text("output"))


def _key_row(key: str, kept: dict[str, Any]) -> dict[str, object]:
    return {
        "key": key,
        "description": "",
        "owner_id": kept["owner"],
        "owner_email": "<service account>",
        "resource_type": "kafka" if kept["resource"].startswith("lkc-") else "schema-registry",
        "resource": kept["resource"],
        "created": "2026-01-01T00:00:00Z",
    }


def delete_key(context: Context, arguments: Arguments) -> None:
    for key in arguments.words:
        with state.opened() as cloud:
            kept = cloud["api_keys"].pop(key, None)
        if kept is None:
            raise CliError(f'API key not found: "{key}"')
        if kept["resource"].startswith("lkc-"):
            of_cluster = Arguments(flags={"cluster": kept["resource"]})
            context.broker(of_cluster).remove_user(key)
        sys.stdout.write(f'Deleted API key "{key}".\n')


def bind_role(context: Context, arguments: Arguments) -> None:
    context.require_login()
    row = _role_row(arguments)
    with state.opened() as cloud:
        if row not in cloud["role_bindings"]:
            cloud["role_bindings"].append(row)
    faults.after_mutation()
    shown = ("principal", "role", "resource_type", "name", "pattern_type")
    show_one({name: row[name] for name in shown}, arguments.text("output"))


def _role_row(arguments: Arguments) -> dict[str, str]:
    kind, _, name = arguments.text("resource").partition(":")
    return {
        "principal": arguments.text("principal"),
        "role": arguments.text("role"),
        "environment": arguments.text("environment"),
        "logical_cluster": arguments.text("schema-registry-cluster"),
        "resource_type": kind,
        "name": name,
        "pattern_type": "PREFIXED" if arguments.on("prefix") else "LITERAL",
    }


def list_roles(context: Context, arguments: Arguments) -> None:
    context.require_login()
    if not (arguments.text("principal") or arguments.text("role") or arguments.on("current-user")):
        raise CliError("must specify either principal or role")
    asked = _role_row(arguments)
    asked = {key: value for key, value in asked.items() if value and key != "pattern_type"}
    rows = [
        row for row in state.read()["role_bindings"] if all(row[k] == v for k, v in asked.items())
    ]
    show_list(rows, arguments.text("output"))
