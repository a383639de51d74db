"""Settings: how to reach a cluster and a registry, and the configuration of their clients."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.config import formats, trust
from freezer_events.config import properties as clients
from freezer_events.config.layers import Layers
from freezer_events.config.secrets import shown_property, shown_setting, without_credentials
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_events.event import Declared

DEFAULT_CLIENT_ID: Final = "freezer"
REGISTRY_TIMEOUT_S: Final = 10.0
_FILES: Final = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI")
_LINES: Final = ("compiled", "python")
TOPIC_OF_NONE: Final = (
    "TOPIC is no event's topic: there are several, and none is named (--event NAME)"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as `freezer config` shows it, with any secret in `value` already redacted."""

    key: str
    value: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one Kafka cluster and one Schema Registry.

    `Settings.load()` reads the environment and `.env`; in code and tests, pass the values.

    Raises:
        ConfigError: a value is malformed or contradicts another; names the key, never a secret.

    """

    bootstrap_servers: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    client_id: str = DEFAULT_CLIENT_ID
    topic: str | None = None
    schema_registry_url: str | None = field(default=None, repr=False)  # may embed credentials
    schema_registry_api_key: str | None = None
    schema_registry_api_secret: str | None = field(default=None, repr=False)
    security_protocol: str | None = None
    sasl_mechanism: str | None = None
    ssl_ca_location: str | None = None
    schema_registry_ssl_ca_location: str | None = None
    kafka_config: str | None = None
    freezer_line: str | None = None  # which line hands messages over; by default the quickest
    spool_dir: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reject malformed values and contradictions, before anything connects."""
        formats.refuse_bad_servers("BOOTSTRAP_SERVERS", self.bootstrap_servers)
        formats.refuse_bad_topic("TOPIC", self.topic)
        self._check_security()
        registry = ("SCHEMA_REGISTRY_API_KEY", "SCHEMA_REGISTRY_API_SECRET")
        formats.refuse_half(registry, self.schema_registry_api_key, self.schema_registry_api_secret)
        formats.refuse_bad_urls("SCHEMA_REGISTRY_URL", self.schema_registry_url)
        formats.refuse_missing_file("SSL_CA_LOCATION", self.ssl_ca_location)
        formats.refuse_missing_file(
            "SCHEMA_REGISTRY_SSL_CA_LOCATION", self.schema_registry_ssl_ca_location
        )
        clients.refuse_bad(self.properties)
        for name, value in self.properties.items():
            if name in {"bootstrap.servers", "metadata.broker.list"}:
                formats.refuse_account(name, value)  # a host alone is enough here
            if name.endswith(_FILES):
                formats.refuse_missing_file(name, value)

    def _check_security(self) -> None:
        formats.refuse_unknown("SECURITY_PROTOCOL", self.security_protocol, _PROTOCOLS)
        formats.refuse_unknown("SASL_MECHANISM", self.sasl_mechanism, _MECHANISMS)
        formats.refuse_unknown("FREEZER_LINE", self.freezer_line, _LINES)
        login = ("SASL_USERNAME", "SASL_PASSWORD")
        formats.refuse_half(login, self.sasl_username, self.sasl_password)
        if self.sasl_username and not self.protocol.startswith("SASL"):
            raise ConfigError(
                "SECURITY_PROTOCOL",
                f"is {self.protocol}, which would leave SASL_USERNAME and SASL_PASSWORD unused",
                "remove SECURITY_PROTOCOL, or set it to SASL_SSL",
            )

    @classmethod
    def load(
        cls,
        env_file: Path | str | None = None,
        *,
        options: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Self:
        """Read the settings: options win over the environment, then `.env`, then a properties file.

        Args:
            env_file: a file to read instead of `.env`; it must exist. By default `.env`, else
                `.env.local`, else none.
            options: settings by key ("TOPIC"); they win over everything else.
            properties: librdkafka properties; they win over those of the properties file.

        Raises:
            ConfigError: a file cannot be read, or a value is malformed.

        """
        layers = Layers.read(KEYS, env_file, options or {})
        extra = layers.properties | dict(properties or {})
        origins = layers.origins | dict.fromkeys(properties or {}, "option")
        values: dict[str, Any] = {key.lower(): value for key, value in layers.values.items()}
        return cls(**values, properties=extra, origins=origins)

    def kafka(self) -> dict[str, str]:
        """Return the librdkafka properties with which a client connects and logs in.

        `SSL_CERT_FILE` counts where the connection is encrypted and no CA is named.

        Raises:
            ConfigError: no broker is named, or the file in SSL_CERT_FILE is not there.

        """
        if not self.bootstrap_servers:
            raise ConfigError(
                "BOOTSTRAP_SERVERS",
                "is not set, so there is no broker to connect to",
                "put BOOTSTRAP_SERVERS=host:port into .env; or begin here: freezer local up",
            )
        wanted = {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": self.client_id,
            "security.protocol": self.protocol,
            "sasl.mechanism": self.mechanism if self.protocol.startswith("SASL") else None,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password,
            "ssl.ca.location": self.ssl_ca_location,
        }
        given = {key: value for key, value in wanted.items() if value is not None} | {
            name: value
            for name, value in self.properties.items()
            if not name.startswith(clients.REGISTRY)
        }
        return given | trust.kafka(given)

    def registry(self, timeout_s: float = REGISTRY_TIMEOUT_S) -> dict[str, Any]:
        """Return the configuration of Confluent's registry client.

        Args:
            timeout_s: seconds allowed for an answer.

        What is set for the registry alone counts first; CA and client certificate are else those
        of the connection to Kafka.

        Raises:
            ConfigError: no registry is named, or the file in SSL_CERT_FILE is not there.

        """
        if not self.schema_registry_url:
            raise ConfigError(
                "SCHEMA_REGISTRY_URL",
                "is not set, so there is no Schema Registry to ask",
                "put SCHEMA_REGISTRY_URL=https://… into .env",
            )
        if self.schema_registry_url.startswith("mock://"):
            return {"url": self.schema_registry_url}
        conf: dict[str, Any] = {
            "url": self.schema_registry_url,
            "timeout": timeout_s,
            "max.retries": 1,
            "retries.wait.ms": 200,  # at most: it counts into the time for the whole answer
        }
        if self.schema_registry_api_key:
            conf["basic.auth.user.info"] = (
                f"{self.schema_registry_api_key}:{self.schema_registry_api_secret}"
            )
        return conf | trust.registry(
            self.properties, self.schema_registry_ssl_ca_location, self.ssl_ca_location
        )

    def topic_for(self, event: Declared, *, named: str | None = None) -> str:
        """Return an event's topic. This is the only rule: whatever needs a topic asks here.

        `TOPIC` applies to one event: the one that `--event` names, else the only one, else
        freezer-reading. Every other event has the topic of its `event.toml`.

        Args:
            event: the event's generated type, or the declaration in its folder.
            named: the event that `--event` names, or None.

        """
        owns = event.default if named is None else event.name == named
        return self.topic if self.topic and owns else event.topic

    @property
    def protocol(self) -> str:
        """The security protocol as set; by default SASL_SSL with credentials, else PLAINTEXT."""
        return self.security_protocol or ("SASL_SSL" if self.sasl_username else "PLAINTEXT")

    @property
    def mechanism(self) -> str:
        """The SASL mechanism as set; by default PLAIN."""
        return self.sasl_mechanism or "PLAIN"

    @property
    def registry_address(self) -> str:
        """The registry's URL, without any credentials in it, for messages."""
        return without_credentials(self.schema_registry_url or "(no registry)")

    def shown(self) -> list[Setting]:
        """Return every setting, redacted, and where it came from, in the order of KEYS."""
        defaults = {"SECURITY_PROTOCOL": self.protocol, "CLIENT_ID": DEFAULT_CLIENT_ID}
        if self.protocol.startswith("SASL"):
            defaults["SASL_MECHANISM"] = self.mechanism
        rows = []
        for key in KEYS:
            value = getattr(self, key.lower()) or defaults.get(key)
            origin = self.origins.get(key) or ("default" if value else "not set")
            rows.append(Setting(key, shown_setting(key, value) if value else None, origin))
        rows += [
            Setting(name, shown_property(name, value), self.origins.get(name, "code"))
            for name, value in sorted(self.properties.items())
        ]
        return rows


KEYS: Final = tuple(
    f.name.upper() for f in fields(Settings) if f.name not in {"properties", "origins"}
)
