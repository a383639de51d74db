"""librdkafka's mock cluster as a process of its own, so that its threads share no GIL with rows.

Prints its bootstrap servers, then runs until its standard input ends.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from freezer_events.kafka.embedded import EmbeddedCluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def mock_cluster(*topics: str, partitions: int = 3) -> Iterator[str]:
    """Run the cluster while the block runs; gives its bootstrap servers."""
    command = [sys.executable, "-m", "benchmarks.mock_cluster", str(partitions), *topics]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait()


def main(partitions: str, *topics: str) -> None:
    """Serve until told to end."""
    with EmbeddedCluster([(topic, int(partitions)) for topic in topics]) as cluster:
        print(cluster.settings.bootstrap_servers, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
