"""The layers that settings are read from: options, environment, `.env`, properties file.

The only module that reads the process environment, `proxy` apart.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from freezer_events.config.formats import refuse_missing_file
from freezer_events.config.project import upwards
from freezer_events.config.properties import read_properties
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENV_FILES: Final = (".env", ".env.local")  # `.env.local` is what the local stack writes

# What the Confluent Cloud console's client.properties calls our settings.
_PROPERTY_KEYS: Final = {
    "bootstrap.servers": "BOOTSTRAP_SERVERS",
    "security.protocol": "SECURITY_PROTOCOL",
    "sasl.mechanism": "SASL_MECHANISM",
    "sasl.mechanisms": "SASL_MECHANISM",
    "sasl.username": "SASL_USERNAME",
    "sasl.password": "SASL_PASSWORD",
    "client.id": "CLIENT_ID",
    "ssl.ca.location": "SSL_CA_LOCATION",
    "schema.registry.url": "SCHEMA_REGISTRY_URL",
    "schema.registry.ssl.ca.location": "SCHEMA_REGISTRY_SSL_CA_LOCATION",
}
# What may hold a secret, or belongs to one: `SASL_PASSWORD_FILE` names the file that holds it.
_NAMED_BY_FILES: Final = (
    "SASL_USERNAME",
    "SASL_PASSWORD",
    "SCHEMA_REGISTRY_URL",
    "SCHEMA_REGISTRY_API_KEY",
    "SCHEMA_REGISTRY_API_SECRET",
)
_IN_FILE: Final = "_FILE"
_BASIC_AUTH: Final = "schema.registry.basic.auth.user.info"


def variables(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the variables that hold settings: their own, and those that name a file with one."""
    return (*keys, *(f"{key}{_IN_FILE}" for key in keys))


@dataclass(frozen=True, slots=True)
class Layers:
    """The settings found, by key, each with the layer it came from.

    Attributes:
        values: setting to value, for the keys that are set anywhere.
        properties: further librdkafka properties, from the properties file.
        origins: setting or property to "option", "environment" or the name of the file.

    """

    values: Mapping[str, str]
    properties: dict[str, str]
    origins: dict[str, str]

    @classmethod
    def read(
        cls, keys: tuple[str, ...], env_file: Path | str | None, options: Mapping[str, str]
    ) -> Self:
        """Look every key up: option, environment, `.env`, properties file; the first one counts.

        Raises:
            ConfigError: a file cannot be read.

        """
        environment = {key: os.environ[key] for key in variables(keys) if os.environ.get(key)}
        where, written = _env_file(env_file)
        layers = [
            ("option", options),
            *_with_files("environment", environment),
            *_with_files(where, written),
        ]
        extra: dict[str, str] = {}
        found = _first(layers, "KAFKA_CONFIG")
        path = found[0] if found else ""
        if path:
            known, extra = _split_properties(read_properties(Path(path)))
            layers.append((path, known))
        chosen = {key: hit for key in keys if (hit := _first(layers, key))}
        return cls(
            values={key: value for key, (value, _) in chosen.items()},
            properties=extra,
            origins={key: origin for key, (_, origin) in chosen.items()}
            | dict.fromkeys(extra, path),
        )


def _with_files(origin: str, values: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield a layer, and beside it what it names files for: `SASL_PASSWORD_FILE=/run/secrets/x`.

    Orchestrators mount secrets as files; an environment is shown to whoever may look at a process.

    Raises:
        ConfigError: a file cannot be read or is empty, or the same layer has the value itself.

    """
    yield origin, values
    for name in _NAMED_BY_FILES:
        path = values.get(f"{name}{_IN_FILE}")
        if not path:
            continue
        if values.get(name):
            why = f"is set, and so is {name}, in the same place ({origin})"
            raise ConfigError(f"{name}{_IN_FILE}", why, "leave one of them out")
        yield f"{origin}: {name}{_IN_FILE}", {name: _held_by(Path(path), f"{name}{_IN_FILE}")}


def _held_by(path: Path, key: str) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(key, f"{path} cannot be read: {_cause(error)}") from error
    if not text:
        raise ConfigError(key, f"{path} is empty", "write the value into it, and nothing else")
    return text


def system_ca() -> str | None:
    """Return the CA file that SSL_CERT_FILE names: OpenSSL and most HTTP clients go by it.

    Raises:
        ConfigError: it is not there.

    """
    named = os.environ.get("SSL_CERT_FILE")
    refuse_missing_file("SSL_CERT_FILE", named)
    return named or None


def _env_file(path: Path | str | None) -> tuple[str, Mapping[str, str]]:
    found = Path(path) if path else next(filter(None, map(upwards, ENV_FILES)), None)
    if found is None:
        return "", {}
    if not found.is_file():
        raise ConfigError(
            str(found),
            "does not exist",
            "write BOOTSTRAP_SERVERS=host:port and SCHEMA_REGISTRY_URL=… into it",
        )
    return str(found), _env_values(found)


def _env_values(path: Path) -> Mapping[str, str]:
    """Parse a `.env`: python-dotenv's own format, but a line that it cannot read is an error.

    Values are taken as they stand, nothing in them is expanded: API secrets contain `$`.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - `freezer --help` needs no .env

    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {_cause(error)}") from error
    found = {}
    for each in parse_stream(io.StringIO(text)):
        if each.error or (each.key and each.value is None):
            # Nothing of it is shown: who forgets the `=` may have begun with the secret.
            line = each.original.line + each.original.string[
                : -len(each.original.string.lstrip())
            ].count("\n")
            raise ConfigError(
                f"{path}:{line}",
                "is not of the form KEY=value",
                "write KEY=value; quotes must be closed",
            )
        if each.key and each.value:
            found[each.key] = each.value
    return found


def _cause(error: Exception) -> str:
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error.args[-1])


def _first(layers: list[tuple[str, Mapping[str, str]]], key: str) -> tuple[str, str] | None:
    return next(((values[key], origin) for origin, values in layers if values.get(key)), None)


def _split_properties(properties: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    known: dict[str, str] = {}
    extra: dict[str, str] = {}
    for name, value in properties.items():
        if name in _PROPERTY_KEYS:
            known[_PROPERTY_KEYS[name]] = value
        elif name == _BASIC_AUTH:
            user, _, secret = value.partition(":")
            known |= {"SCHEMA_REGISTRY_API_KEY": user, "SCHEMA_REGISTRY_API_SECRET": secret}
        else:
            extra[name] = value
    return known, extra
