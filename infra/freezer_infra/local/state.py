"""The running stack as a value: its addresses and logins, saved for this machine's checkouts.

stack.json in the user's state folder holds all of it; .env.local beside a project's .env holds the
two addresses that `freezer` needs. Both are mode 0600.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from freezer_events.config.atomic import write_private
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

    Attributes:
        env_files: every `.env.local` that names this stack.

    """

    bootstrap: str
    registry_url: str
    sasl_bootstrap: str = ""
    ca_path: str = ""
    admin_user: str = ""
    admin_password: str = field(default="", repr=False)
    freezer_user: str = ""
    freezer_password: str = field(default="", repr=False)
    env_files: tuple[str, ...] = field(default=(), compare=False)

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
        """Write stack.json, and the addresses into this project's `.env.local`."""
        env_file = files.env_file()
        others = [name for name in self.env_files if Path(name).is_file()]
        known = dict.fromkeys((*others, str(env_file)))
        held = asdict(self) | {"env_files": list(known)}
        write_private(files.stack_file(), json.dumps(held, indent=2) + "\n")
        env = f"BOOTSTRAP_SERVERS={self.bootstrap}\nSCHEMA_REGISTRY_URL={self.registry_url}\n"
        write_private(env_file, _ENV_HEADER + env)

    @classmethod
    def load(cls) -> Stack | None:
        """Read what the last `up` saved; None where nothing (or nothing readable) is saved.

        It may have been stopped by other means since: `stack.answers` finds out.
        """
        try:
            held = json.loads(files.stack_file().read_text(encoding="utf-8"))
            return cls(**held | {"env_files": tuple(held.get("env_files", ()))})
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None

    def forget(self) -> None:
        """Remove stack.json, and each `.env.local` that still is as it was written."""
        files.stack_file().unlink(missing_ok=True)
        for name in self.env_files:
            path = Path(name)
            if path.is_file() and path.read_text(encoding="utf-8").startswith(_ENV_HEADER):
                path.unlink()
