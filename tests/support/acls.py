"""Remove from a real Kafka the rights that a test gave."""

# The library re-exports these names without saying so, and its stubs deny what it accepts.
# mypy: disable-error-code="attr-defined,arg-type"

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluent_kafka.admin import AdminClient

WITHIN_S = 30.0


def remove_acls(admin: AdminClient, accounts: Iterable[str]) -> None:
    """Remove every right of these users, whatever it is on."""
    anything = (AclOperation.ANY, AclPermissionType.ANY)
    filters = [
        AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, f"User:{account}", None, *anything
        )
        for account in accounts
    ]
    for done in admin.delete_acls(filters).values() if filters else ():
        done.result(WITHIN_S)
