"""Read a properties file: the `client.properties` that the Confluent Cloud console hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# Properties that only Java clients know; librdkafka would refuse them with a riddle.
_JAVA_ONLY = {
    "sasl.jaas.config": "put the user name into sasl.username, the password into sasl.password",
    "ssl.truststore.location": "name a PEM file in ssl.ca.location",
    "ssl.endpoint.identification.algorithm": "",  # librdkafka's own name is the same
}


def read_properties(path: Path) -> dict[str, str]:
    """Return the properties of a file, `name=value` a line; `#` and `!` start a comment line.

    Raises:
        ConfigError: the file cannot be read, a line is no property, or only Java knows it;
            names file and line, never a value.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError("KAFKA_CONFIG", f"{path} cannot be read: {why}") from error
    found = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#!":
            continue
        name, sep, value = line.partition("=")
        name = name.strip()
        if not sep or not name:
            raise ConfigError(f"{path}:{number}", "is not of the form property=value")
        if _JAVA_ONLY.get(name):
            raise ConfigError(
                f"{path}:{number}", f"{name} is a property of Java clients", _JAVA_ONLY[name]
            )
        found[name] = value.strip()
    return found
