"""The librdkafka that confluent-kafka brings, for calls that the Python client does not offer."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Final

_FEATURES_BYTES: Final = 1024
_NAMES: Final = ("librdkafka.so.1", "librdkafka.1.dylib")


@cache
def load() -> ctypes.CDLL | None:
    """Load the library, which sits beside the package in its wheel; None where there is none."""
    import confluent_kafka  # noqa: PLC0415 - it takes a while, and few need it

    package = Path(confluent_kafka.__file__).parent
    places = (package.parent / "confluent_kafka.libs", package / ".dylibs")
    found = [path for place in places for path in sorted(place.glob("librdkafka*"))]
    for candidate in [*map(str, found), *_NAMES]:
        try:
            return ctypes.CDLL(candidate)
        except OSError:
            continue
    return None


def features() -> frozenset[str]:
    """Return what the library was built with ("plugins", "zstd", …)."""
    library = load()
    if library is None:
        return frozenset()
    library.rd_kafka_conf_new.restype = ctypes.c_void_p
    library.rd_kafka_conf_destroy.argtypes = [ctypes.c_void_p]
    value = ctypes.create_string_buffer(_FEATURES_BYTES)
    size = ctypes.c_size_t(_FEATURES_BYTES)
    conf = ctypes.c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_get(conf, b"builtin.features", value, ctypes.byref(size))
    library.rd_kafka_conf_destroy(conf)
    return frozenset(value.value.decode().split(","))
