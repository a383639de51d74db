"""The running stack as a value: its addresses and logins, saved for `freezer` and the tests.

Two files: infra/local/.state/stack.json holds all of it, .env.local beside the project's .env
holds the two addresses that `freezer` needs. Both are mode 0600 and git-ignored.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from freezer_infra.local import files

_ENV_HEADER = """\
# Written by the local stack when it starts, removed when it stops.
# freezer reads this file when there is no .env.
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the SASL_SSL listener."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a Kafka and its Schema Registry are, and who may use the SASL_SSL listener.

    Over PLAINTEXT everything is allowed. Over SASL_SSL, `admin` may do everything and `freezer`
    nothing until an ACL allows it. The SASL fields are empty for a cluster without that listener.
    """

    bootstrap: str
    registry_url: str
    sasl_bootstrap: str = ""
    ca_path: str = ""
    admin_user: str = ""
    admin_password: str = field(default="", repr=False)
    freezer_user: str = ""
    freezer_password: str = field(default="", repr=False)

    @property
    def admin(self) -> Login:
        """The user who may do everything."""
        return Login(self.admin_user, self.admin_password)

    @property
    def freezer(self) -> Login:
        """The user who may do nothing without an ACL."""
        return Login(self.freezer_user, self.freezer_password)

    def plaintext(self) -> dict[str, str]:
        """Return the librdkafka properties of a client on the PLAINTEXT listener."""
        return {"bootstrap.servers": self.bootstrap}

    def sasl(
        self, login: Login, mechanism: Literal["PLAIN", "SCRAM-SHA-512"] = "PLAIN"
    ) -> dict[str, str]:
        """Return the librdkafka properties of a client that logs in over SASL_SSL."""
        return {
            "bootstrap.servers": self.sasl_bootstrap,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": login.user,
            "sasl.password": login.password,
            "ssl.ca.location": self.ca_path,
        }

    def save(self) -> None:
        """Write both files."""
        files.replace(files.STACK_FILE, json.dumps(asdict(self), indent=2) + "\n")
        env = f"BOOTSTRAP_SERVERS={self.bootstrap}\nSCHEMA_REGISTRY_URL={self.registry_url}\n"
        files.replace(files.ENV_FILE, _ENV_HEADER + env)

    @staticmethod
    def load() -> Stack | None:
        """Read what the last `up` saved; None where nothing (or nothing readable) is saved.

        It may have been stopped by other means since: `stack.answers` finds out.
        """
        try:
            return Stack(**json.loads(files.STACK_FILE.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @staticmethod
    def forget() -> None:
        """Remove both files."""
        files.STACK_FILE.unlink(missing_ok=True)
        files.ENV_FILE.unlink(missing_ok=True)
