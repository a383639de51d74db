"""Service accounts on a Kafka of one's own: a SCRAM-SHA-512 user with ACLs.

In the cloud an account and its keys are two things; here the user's password is the key. A user
without a key has a password that nobody has seen.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

# The package exports these without saying so to type checkers.
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from freezer_infra.admin.call import Admin, until_shown
from freezer_infra.planner.target import GROUP, TOPIC, TRANSACTION, Right

if TYPE_CHECKING:
    from concurrent.futures import Future

    from confluent_kafka.admin import AdminClient

_ITERATIONS: Final = 4096  # the least that Kafka takes; the password has 128 bits of its own
_KINDS: Final = {
    TOPIC: ResourceType.TOPIC,
    GROUP: ResourceType.GROUP,
    TRANSACTION: ResourceType.TRANSACTIONAL_ID,
}


def new_password() -> str:
    """Make a password that needs no quoting anywhere."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class AdminAccess:
    """The SCRAM users and ACLs of one cluster."""

    admin: Admin

    def has_account(self, account: str) -> bool:
        """Tell whether there is such a user."""

        def describe(client: AdminClient, within_s: float) -> Future[object]:
            asked = client.describe_user_scram_credentials([account], request_timeout=within_s)
            future: Future[object] = asked[account]  # type: ignore[index] # one future per name
            return future

        return self.admin.exists(f"look up user {account!r}", describe)

    def set_password(self, account: str, password: str) -> None:
        """Make the user, or replace its password; connections that are open stay open."""
        change: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(
                account,
                ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS),
                password.encode(),
            )
        ]
        self.admin.wait(
            f"set the password of user {account!r}",
            lambda client, s: client.alter_user_scram_credentials(change, request_timeout=s)[
                account
            ],
        )
        until_shown(f"user {account!r}", lambda: self.has_account(account))

    def create_account(self, account: str) -> None:
        """Make the user, unless there is one; its password is forgotten at once."""
        if not self.has_account(account):
            self.set_password(account, new_password())

    def rights(self, account: str) -> frozenset[Right] | None:
        """Read what the user is allowed; None where there is no such user."""
        if not self.has_account(account):
            return None
        found = self.admin.wait(
            f"list the ACLs of user {account!r}",
            lambda client, s: client.describe_acls(_all_of(account), request_timeout=s),
        )
        names = {kind: name for name, kind in _KINDS.items()}
        return frozenset(
            Right(acl.operation.name, names[acl.restype], acl.name, acl.resource_pattern_type.name)
            for acl in found
            if acl.restype in names and acl.host == "*"
        )

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        """Grant these rights; those it has stay."""
        for right in sorted(rights):
            binding = _binding(account, right)

            self.admin.wait(
                f"allow {account!r} to {right.operation} {right.name!r}", partial(_create, binding)
            )
        until_shown(
            f"the ACLs of {account!r}", lambda: rights <= (self.rights(account) or frozenset())
        )


def _create(binding: AclBinding, client: AdminClient, within_s: float) -> Future[object]:
    made: dict[AclBinding, Future[object]] = client.create_acls([binding], request_timeout=within_s)
    return made[binding]


def _binding(account: str, right: Right) -> AclBinding:
    return AclBinding(
        _KINDS[right.resource_type],
        right.name,
        ResourcePatternType[right.pattern],
        f"User:{account}",
        "*",
        AclOperation[right.operation],
        AclPermissionType.ALLOW,
    )


def _all_of(account: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type] # any name; the type stub forgets it
        ResourcePatternType.ANY,
        f"User:{account}",
        None,  # type: ignore[arg-type] # any host, as above
        AclOperation.ANY,
        AclPermissionType.ALLOW,
    )
