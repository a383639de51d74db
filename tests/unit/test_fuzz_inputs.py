"""Mutated files: whatever is in them, rows = none + rejected + used, and no byte is read twice."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from freezer_events.cli.mapping_options import MappingOptions
from freezer_events.sources import Profile
from tests.support.readings import HANDED, Taken, outcome, profile, version_3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONG_S: Final = float(os.environ.get("FUZZ_SECONDS", "600"))
"""How long the long test runs: FUZZ_SECONDS=3600 make test-long."""
AS: Final = {
    "01-elitech-rc5.csv": "elitech", "03-hobo.csv": "hobo", "07-lascar-easylog.txt": "easylog",
    "08-govee_H5075_freezer_export.csv": "govee", "11-home-assistant.csv": "home-assistant",
    "12-influx-annotated.csv": "influxdb", "16-wide.csv": "wide", "17-telegraf.json": "telegraf",
    "18-z2m-mosquitto-v.txt": "zigbee2mqtt", "21-azure-iothub.json": "azure-iot-hub",
}  # fmt: skip
PIECES: Final = (
    b'"', b'""', b"\n", b"\r", b"\r\n", b",", b";", b"\0", b"\xff", b"\xe9", b"\xc3\xa9",
    b"\x1b[2J", b"[", b"]", b"{", b"}", b"\\", b"NaN", b"sensor_id,temperature\n",
    b"\xef\xbb\xbf", b"\xff\xfe",
    "f1,-18\n".encode("utf-16-le"), b"#", b" ", b"1e999", b"9" * 400, b"\xe2\x80\xa8",
)  # fmt: skip


def cut(data: bytes, source: random.Random) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def flipped(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << source.randrange(8))]) + data[at + 1 :]


def inserted(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.choice(PIECES) * source.choice((1, 1, 1, 2, 150)) + data[at:]


def removed(data: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data))
    return data[:at] + data[at + source.randrange(1, 40) :]


def repeated(data: bytes, source: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    at = source.randrange(len(lines))
    return b"".join([*lines[: at + 1], *lines[source.randrange(len(lines)) :]])


def doubled(data: bytes, source: random.Random) -> bytes:
    return data.replace(*source.choice([(b'"', b'""'), (b"\n", b"\n\n"), (b",", b",,")]))


def other_encoding(data: bytes, source: random.Random) -> bytes:
    text = data.decode("latin-1")
    at = source.randrange(len(text) + 1)
    return text[:at].encode("latin-1") + text[at:].encode(source.choice(["utf-16", "utf-8"]))


MUTATIONS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    cut, flipped, inserted, inserted, removed, repeated, doubled, other_encoding,
)  # fmt: skip


def mutants(source: random.Random) -> Iterator[tuple[str, Profile, bytes]]:
    """Yield files without end: a name, how it is said to be written, and its bytes."""
    files = sorted(HANDED.iterdir())
    while True:
        path = source.choice(files)
        data = path.read_bytes()
        for _ in range(source.randrange(1, 6)):
            data = source.choice(MUTATIONS)(data, source) or b" "
        said: dict[str, Any] = {"time_zone": "+02:00"}
        if source.random() < 0.3:
            said |= {"constants": ("sensor_id=f1",), "none": ("", "-127")}
        if source.random() < 0.2:
            said["encoding"] = source.choice(["cp1252", "utf-16", "utf-8", "shift_jis", "utf-32"])
        base = profile(AS[path.name]) if path.name in AS else Profile()
        yield path.name, MappingOptions(**said).over(base, version_3()), data


def checked(found: Taken, data: bytes) -> None:
    """Assert that each row was counted once, and that what is kept of it is what was there."""
    rows = found.rows
    assert rows.astray == 0
    assert rows.readings == len(found.events)
    assert rows.rejected == len(found.rejected)
    ends = 0
    for each in found.rejected:
        assert each.place.begin >= ends
        ends = each.place.begin + len(each.raw.rstrip())
        assert len(each.why) < 1000
        assert len(each.fix) < 1000
        if b"\n" not in each.raw.rstrip() and b" " not in each.raw:  # not put on one line
            assert data[each.place.begin :].startswith(each.raw.rstrip())


def fuzz(tmp_path: Path, seed: int, until: Callable[[int], bool]) -> int:
    number = 0
    for name, said, data in mutants(random.Random(seed)):
        if until(number):
            break
        number += 1
        path = tmp_path / name
        path.write_bytes(data)
        try:
            checked(outcome(path, said), data)
        except BaseException:
            kept = path.with_name(f"failed-{seed}-{number}-{name}")
            kept.write_bytes(data)
            print(f"{kept}: {said}")  # noqa: T201 - how to see it again
            raise
    return number


def test_mutated_files_are_accounted_for(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    assert fuzz(tmp_path, seed, lambda number: number >= 1000) == 1000


@pytest.mark.long
@pytest.mark.timeout(LONG_S + 300)
def test_mutated_files_are_accounted_for_as_long_as_one_likes(tmp_path: Path) -> None:
    end = time.monotonic() + LONG_S
    assert fuzz(tmp_path, random.randrange(1 << 30), lambda _: time.monotonic() > end) > LONG_S
