"""The account: version, login and logout, environments, clusters, the environment's registry."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import faults, state
from .errors import CliError

if TYPE_CHECKING:
    from .call import Answer, Call

_LISTED = ("id", "name", "type", "cloud", "region", "availability", "status", "endpoint")


def version(_call: Call) -> Answer:
    number = "v4.73.0" if faults.active("old-version") is None else "v2.33.0"
    return f"confluent - Confluent CLI\n\nVersion:     {number}\nGo Version:  go1.26.1\n"


def login(_call: Call) -> Answer:
    email = os.environ.get("CONFLUENT_CLOUD_EMAIL", "")
    password = os.environ.get("CONFLUENT_CLOUD_PASSWORD", "")
    if not (email and password):
        sys.stdout.write("Enter your Confluent Cloud credentials:\nEmail: ")
        raise CliError("no credentials found")
    cloud = state.read()
    busy = faults.active("busy") is not None  # the real one blames the password then, too
    if busy or cloud["users"].get(email) != password:
        raise CliError(
            "incorrect email, password, or organization ID",
            "To log into an organization other than the default organization, use the "
            "`--organization` flag.",
        )
    state.save_login(email)
    where = cloud["organization"]
    return f'Logged in as "{email}" for organization "{where["id"]}" ("{where["name"]}").\n'


def logout(_call: Call) -> Answer:
    state.save_login("")
    return "You are now logged out.\n"


def environments(_call: Call) -> Answer:
    known = state.read()["environments"]
    return [{"is_current": e is known[0], **e} for e in known]


def clusters(call: Call) -> Answer:
    here = call.environment()
    mine = [c for c in state.read()["clusters"] if c["environment"] == here]
    return [{"is_current": False, **{key: c[key] for key in _LISTED}} for c in mine]


def cluster(call: Call) -> Answer:
    found = call.cluster(call.said.words[0] if call.said.words else "")
    listed = {key: found[key] for key in (*_LISTED, "rest_endpoint")}
    return {"is_current": False, **listed, "topic_count": 0}


def registry(call: Call) -> Answer:
    """Describe it; the real one asks the registry's /config and /mode too, and fails with them."""
    found = state.read()["registries"].get(call.environment())
    if found is None:
        raise CliError(
            "Schema Registry not enabled",
            "Schema Registry must be enabled for the environment in order to run the command.",
        )
    asked = call.text("schema-registry-endpoint")
    if asked and asked not in (found["endpoint_url"], found.get("private_endpoint_url")):
        raise CliError(f'Get "{asked}/config": dial tcp: lookup: no such host')
    return dict(found)
