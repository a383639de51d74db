"""Three brokers as containers of their own, to be killed, paused and brought back.

They run the image of the local stack, on free ports of this machine, and are gone with their block.
"""

from __future__ import annotations

import socket
import subprocess
import time
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from pathlib import Path

_READY_WITHIN_S = 120
_POLL_S = 0.2
_CONFIG = """
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
log.dirs={logs}
listeners=PLAINTEXT://127.0.0.1:{port},FAR://127.0.0.1:{far},CONTROLLER://127.0.0.1:{control}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},FAR://127.0.0.1:{proxied}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FAR:{protocol},CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=3
min.insync.replicas=2
group.initial.rebalance.delay.ms=0
"""
_SECURE = """
sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.far.scram-sha-256.sasl.jaas.config=\\
org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
_LOGS = "/tmp/kraft-combined-logs"  # noqa: S108 - in the container
_SMALL_DISK = "/disk"
_HEAP = "-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Trio:
    """A cluster of three; brokers are numbered from 1.

    Args:
        folder: where their configuration is written.
        secure: behind the proxies, clients log in (SCRAM-SHA-256) and need permissions.
        disk_mb: the size of each broker's disk, which is memory then; None: there is enough.

    Attributes:
        proxies: between each broker and the clients that come by `proxied`.

    """

    def __init__(self, folder: Path, *, secure: bool = False, disk_mb: int | None = None) -> None:
        self._name = f"freezer-trio-{uuid.uuid4().hex[:8]}"
        ports = _free_ports(12)
        self._ports, control, far, self._proxied = (ports[n : n + 3] for n in (0, 3, 6, 9))
        self.proxies = [TcpProxy(*pair) for pair in zip(self._proxied, far, strict=True)]
        logs, size = (_SMALL_DISK, f"tmpfs-size={disk_mb}m") if disk_mb else (_LOGS, "")
        mount = f"type=tmpfs,destination={logs},tmpfs-mode=1777,{size}"
        self._disk = ("--mount", mount) if disk_mb else ()
        protocol = "SASL_PLAINTEXT" if secure else "PLAINTEXT"
        voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(control, 1))
        self._configs: dict[int, Path] = {}
        for node in (1, 2, 3):
            path = folder / f"broker{node}.properties"
            text = _CONFIG.format(
                node=node,
                voters=voters,
                port=self._ports[node - 1],
                control=control[node - 1],
                far=far[node - 1],
                proxied=self._proxied[node - 1],
                protocol=protocol,
                logs=logs,
            )
            path.write_text(text + _SECURE * secure)
            path.chmod(0o644)
            self._configs[node] = path

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            for node, path in self._configs.items():
                undo.callback(_docker, "rm", "--force", "--volumes", self._container(node))
                _docker(
                    *("run", "--detach", "--network", "host", "--name", self._container(node)),
                    *("--env", f"KAFKA_HEAP_OPTS={_HEAP}"),
                    *self._disk,
                    *("--volume", f"{path}:/mnt/shared/config/server.properties:ro"),
                    _image(),
                )
            self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            self.wait_for(3)
            for proxy in self.proxies:
                undo.enter_context(proxy)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self._ports)

    @property
    def proxied(self) -> str:
        """The bootstrap servers behind the proxies."""
        return ",".join(f"127.0.0.1:{port}" for port in self._proxied)

    def fill_disk(self, node: int) -> None:
        """Write a broker's disk full, to the last byte."""
        fill = f"dd if=/dev/zero of={_SMALL_DISK}/fill bs=64k 2>/dev/null; true"
        _docker("exec", self._container(node), "sh", "-c", fill)

    def create(self, topic: str, partitions: int = 3) -> None:
        new = NewTopic(topic, partitions, 3)
        self.admin.create_topics([new])[topic].result(30)
        deadline = time.monotonic() + _READY_WITHIN_S
        while self.leader(topic, 0) < 1:
            assert time.monotonic() < deadline
            time.sleep(_POLL_S)

    def leader(self, topic: str, partition: int) -> int:
        found = self.admin.list_topics(timeout=10).topics.get(topic)
        return -1 if found is None else found.partitions[partition].leader

    def kill(self, *nodes: int) -> None:
        """End brokers as `kill -9` does."""
        _docker("kill", *map(self._container, nodes))

    def restart(self, *nodes: int) -> None:
        """Start killed brokers with the disks that they had."""
        _docker("start", *map(self._container, nodes))

    def pause(self, *nodes: int) -> None:
        """Stop brokers as SIGSTOP does: connections stay, nothing is answered."""
        _docker("pause", *map(self._container, nodes))

    def go_on(self, *nodes: int) -> None:
        """End a pause."""
        _docker("unpause", *map(self._container, nodes))

    def wait_for(self, brokers: int) -> None:
        """Wait until so many brokers answer."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while self._answering() < brokers:
            assert time.monotonic() < deadline, f"fewer than {brokers} brokers answer"
            time.sleep(_POLL_S)

    def _answering(self) -> int:
        try:
            return len(self.admin.list_topics(timeout=2).brokers)
        except KafkaException:
            return 0

    def _container(self, node: int) -> str:
        return f"{self._name}-{node}"


def _image() -> str:
    label = "label=com.docker.compose.service=kafka"
    listed = _docker("ps", "--filter", label, "--format", "{{.Image}}")
    return listed.split()[0]


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
