"""The account: version, login and logout, environments, clusters, the environment's registry."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import faults, home, state
from .errors import CliError, cluster_not_found
from .output import show_list, show_one

if TYPE_CHECKING:
    from .context import Context
    from .flags import Arguments

_LISTED = ("is_current", "id", "name", "type", "cloud", "region", "availability", "status")


def version(_context: Context, _arguments: Arguments) -> None:
    number = "v4.73.0" if faults.active("old-version") is None else "v2.33.0"
    sys.stdout.write(
        "confluent - Confluent CLI\n\n"
        f"Version:     {number}\n"
        "Git Ref:     0000000\n"
        "Build Date:  2026-01-01T00:00:00Z\n"
        "Go Version:  go1.26.1 (linux/amd64)\n"
        "Development: false\n"
    )


def login(_context: Context, arguments: Arguments) -> None:
    email = os.environ.get("CONFLUENT_CLOUD_EMAIL", "")
    password = os.environ.get("CONFLUENT_CLOUD_PASSWORD", "")
    if not (email and password) or arguments.on("prompt"):
        sys.stdout.write("Enter your Confluent Cloud credentials:\nEmail: ")
        raise CliError("no credentials found")
    cloud = state.read()
    if cloud["users"].get(email) != password:
        raise CliError(
            "incorrect email, password, or organization ID",
            "To log into an organization other than the default organization, use the "
            "`--organization` flag.",
        )
    name = f"login-{email}-https://confluent.cloud"
    home.save(
        {
            "current_context": name,
            "contexts": {
                name: {
                    "email": email,
                    "environment": cloud["environments"][0]["id"],
                    "cluster": "",
                    "auth_token": "token-of-" + email,
                }
            },
        }
    )
    organization = cloud["organization"]
    sys.stdout.write(
        f'Logged in as "{email}" for organization "{organization["id"]}" '
        f'("{organization["name"]}").\n'
    )


def logout(_context: Context, _arguments: Arguments) -> None:
    home.save({"current_context": "", "contexts": {}})
    sys.stdout.write("You are now logged out.\n")


def environments(context: Context, arguments: Arguments) -> None:
    current = context.require_login()["environment"]
    rows = [{"is_current": e["id"] == current, **e} for e in state.read()["environments"]]
    show_list(rows, arguments.text("output"))


def clusters(context: Context, arguments: Arguments) -> None:
    current = context.require_login().get("cluster")
    everywhere = arguments.on("all")
    environment = "" if everywhere else context.environment(arguments)
    rows = [
        {key: cluster[key] for key in (*_LISTED, "endpoint") if key in cluster}
        for cluster in ({"is_current": c["id"] == current, **c} for c in state.read()["clusters"])
        if everywhere or cluster["environment"] == environment
    ]
    show_list(rows, arguments.text("output"))


def cluster(context: Context, arguments: Arguments) -> None:
    wanted = arguments.words[0] if arguments.words else str(context.require_login()["cluster"])
    found = context.cluster_named(wanted, context.environment(arguments))
    if found["status"] != "UP":
        raise cluster_not_found(wanted)
    keys = (*_LISTED, "endpoint", "rest_endpoint", "topic_count")
    row = {"is_current": False, "topic_count": 0, **found}
    show_one({key: row[key] for key in keys}, arguments.text("output"))


def registry(context: Context, arguments: Arguments) -> None:
    environment = context.environment(arguments)
    found = state.read()["registries"].get(environment)
    if found is None:
        raise CliError(
            "Schema Registry not enabled",
            "Schema Registry must be enabled for the environment in order to run the command.",
        )
    show_one(found, arguments.text("output"))
