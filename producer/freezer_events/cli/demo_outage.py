"""`freezer demo --outage`: brokers go down, the process is killed, and every reading arrives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.config.layers import variables
from freezer_events.config.settings import KEYS
from freezer_events.console.escape import one_line
from freezer_events.console.words import counted
from freezer_events.errors import NotDelivered
from freezer_events.events import FreezerReading
from freezer_events.kafka.positions import POSITIONS_TOPIC
from freezer_events.testing import EventCluster

if TYPE_CHECKING:
    from freezer_events.cli.output import Output

_ROWS: Final = 2_000
_KEYS: Final = 3
_PACE_S: Final = 0.001
_ENDS_WITHIN_S: Final = 60
_SAID: Final = "said"  # what the processes wrote to standard error


def outage(out: Output, *, exactly_once: bool) -> int:
    """Show it; returns the exit code.

    The cluster in this process takes transactions, and shows what was not committed as well.

    Raises:
        NotDelivered: a reading is missing, or out of order.

    """
    with EventCluster(partitions=3) as cluster, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (place / "readings.csv").open("w") as file:
            file.write("sensor_id,temperature\n")
            file.writelines(f"sensor{n % _KEYS},{n}\n" for n in range(_ROWS))
        cluster.provision(FreezerReading)
        settings = cluster.settings
        environment = _environment() | {
            "BOOTSTRAP_SERVERS": str(settings.bootstrap_servers),
            "SCHEMA_REGISTRY_URL": str(settings.schema_registry_url),
        }
        how = ("--exactly-once",) if exactly_once else ()
        if exactly_once:
            cluster.cluster.create_topic(POSITIONS_TOPIC, 1)
        out.line(f"{_ROWS:,} readings in a file, a spool on disk, three brokers in this process")
        first = _start(place, environment, how)
        _wait_for_some(cluster)
        cluster.cluster.take_down()
        out.line("the brokers go down")
        time.sleep(1.0)
        first.kill()
        first.wait()
        out.line("the process is killed")
        second = _start(place, environment, how)
        time.sleep(2.0)
        cluster.cluster.bring_up()
        out.line("it is started again; then the brokers come back")
        code = second.wait(_ENDS_WITHIN_S)
        out.line(f"the second run ends with exit code {code}\n")
        _compare(out, cluster, place / _SAID)
        if exactly_once:
            out.line(
                "(the cluster in this process shows uncommitted readings too; to consumers that"
            )
            out.line("read committed ones only, brokers show none of them, and so none twice)")
        return code


def _environment() -> dict[str, str]:
    """Return the environment of this process without the settings of another cluster."""
    settings = {*variables(KEYS)} - {"FREEZER_LINE"}
    return {name: value for name, value in os.environ.items() if name not in settings}


def _start(
    place: Path, environment: dict[str, str], how: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    command = (
        *(sys.executable, "-m", __spec__.name, "produce", "--from", "readings.csv"),
        *("--spool", "spool", "--interval", str(_PACE_S), "--no-lines", *how),
    )
    with (place / _SAID).open("ab") as said:
        return subprocess.Popen(
            command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=said
        )


def _wait_for_some(cluster: EventCluster) -> None:
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while not cluster.events(FreezerReading) and time.monotonic() < deadline:
        time.sleep(0.05)


def _compare(out: Output, cluster: EventCluster, said: Path) -> None:
    found = [(each.sensor_id, int(each.temperature)) for each in cluster.events(FreezerReading)]
    counts = Counter(number for _, number in found)
    missing = _ROWS - len(counts)
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in dict.fromkeys(found):
        by_key[key].append(number)
    in_order = all(numbers == sorted(numbers) for numbers in by_key.values())
    twice = sum(counts.values()) - len(counts)
    out.line(f"{counted(len(counts), 'reading')} on the topic, {missing:,} missing,")
    out.line(f"{twice:,} twice, each sensor's {'in order' if in_order else 'OUT OF ORDER'}")
    if missing or not in_order:
        last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        why = "some are missing or out of order"
        raise NotDelivered("deliver every reading in order", "; ".join([why, *map(one_line, last)]))


if __name__ == "__main__":  # the process that is killed
    from freezer_events.cli import main
    from freezer_events.kafka.servers import IN_PROCESS

    IN_PROCESS.add(os.environ["BOOTSTRAP_SERVERS"])  # what answers fewer questions than brokers do
    main(sys.argv[1:])
