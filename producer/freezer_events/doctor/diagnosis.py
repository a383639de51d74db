"""The list of checks, what each waits for, and what all of them together mean.

    .env ─▶ dns ─▶ tcp ─▶ tls ─▶ authentication ─▶ topic ─▶ write
       │                                         └─▶ brokers
       └──▶ registry ─▶ schema
                    └─▶ clock

A check waits for `.env` only where the setting that is missing is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

# Here, and not in the checks: those run in threads, and two threads that import confluent_kafka for
# the first time at once find it half made.
from freezer_events.doctor import (
    clock,
    cluster,
    network,
    settings_file,
    subjects,
    tls,
    transactions,
)
from freezer_events.doctor.verdicts import Check, Step, Verdict, run
from freezer_events.errors import ConfigError, SchemaError
from freezer_events.kafka.servers import TIMEOUT_S
from freezer_events.registry.client import subject_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import EventSpec

NAMES: Final = (
    *(settings_file.NAME, "dns", "tcp", "tls", "authentication", "brokers", "topic", "write"),
    *("registry", "schema", "clock"),
)
WITHIN_S: Final = 30.0
_OWN_S: Final = 1.0  # kept back for starting and printing
_REGISTRY_S: Final = 10.0
_KAFKA_S: Final = 10.0
_BROKERS_S: Final = 15.0  # first the list, then a connection to each
_REGISTRY_HINT: Final = "check SCHEMA_REGISTRY_URL, then try again"
_KAFKA_HINT: Final = "check BOOTSTRAP_SERVERS and that the broker is up; try again"


@dataclass(frozen=True, slots=True)
class Destination:
    """What is to be delivered where.

    Attributes:
        event_type: the event's generated type.
        spec: its folder.
        topic: where it goes.
        exactly_once: in transactions, from a spool.
        stale: why the generated code on disk is not what the schemas give; None where it is.

    """

    event_type: EventType
    spec: EventSpec
    topic: str
    stale: SchemaError | None = None
    exactly_once: bool = False

    @property
    def subject(self) -> str:
        """The subject of the topic's values."""
        return subject_name(self.topic)


def diagnose(
    settings: Settings | ConfigError, target: Destination, within_s: float = WITHIN_S
) -> Iterator[Check]:
    """Yield every check in order, each once its verdict is known, all within `within_s` seconds.

    Args:
        settings: the settings, or the reason why there are none: then nothing else can run.
        target: what is to be delivered where.
        within_s: the time for all checks together.

    """
    if isinstance(settings, ConfigError):
        return run(_without_settings(settings), within_s)
    return run(_steps(settings, target), within_s - _OWN_S)


def exit_code(checks: Iterable[Check]) -> int:
    """Return that of the first failure; 0 where nothing failed."""
    return next((check.exit_code for check in checks if check.verdict is Verdict.FAIL), 0)


def _steps(settings: Settings, target: Destination) -> list[Step]:
    stopped = {gap.stops for gap in settings_file.gaps(settings)}

    def step(
        name: str,
        check: Callable[[], Check],
        after: str = "",
        timeout_s: float = TIMEOUT_S + 2,
        hint: str = _KAFKA_HINT,
    ) -> Step:
        needs = (settings_file.NAME,) if name in stopped else ()
        return Step(name, check, (*needs, after) if after else needs, timeout_s, hint)

    subject, event_type, spec = target.subject, target.event_type, target.spec
    topic = partial(cluster.topic, settings, target.topic, spec.partitions)
    registry = partial(subjects.registry, settings, subject, event_type.schema)

    def schema() -> Check:
        if target.stale is not None:
            raise target.stale
        return subjects.schema(settings, subject, event_type, spec)

    return [
        Step(settings_file.NAME, partial(settings_file.env_file, settings)),
        step("dns", partial(network.dns, settings)),
        step("tcp", partial(network.tcp, settings), "dns"),
        step("tls", partial(tls.tls, settings), "tcp"),
        step("authentication", partial(cluster.authentication, settings), "tls", _KAFKA_S),
        step("brokers", partial(cluster.brokers, settings), "authentication", _BROKERS_S),
        step("topic", topic, "authentication", _KAFKA_S),
        step("write", partial(cluster.write, settings, target.topic), "topic", _KAFKA_S),
        step("registry", registry, "", _REGISTRY_S, _REGISTRY_HINT),
        step("schema", schema, "registry", _REGISTRY_S, _REGISTRY_HINT),
        step("clock", partial(clock.clock, settings), "registry", hint=_REGISTRY_HINT),
        *_spool_steps(settings, target),
    ]


def _spool_steps(settings: Settings, target: Destination) -> list[Step]:
    """Return what is checked for a spool, where there is one, and for exactly once."""
    steps = []
    if settings.spool_dir:
        check = partial(transactions.spool, settings.spool_dir)
        steps.append(Step("spool", check, (settings_file.NAME,), TIMEOUT_S + 2, "try again"))
    if target.exactly_once:
        for name, asked in (
            ("positions", transactions.positions),
            ("transactions", transactions.transactions),
        ):
            check = partial(asked, settings)
            steps.append(Step(name, check, ("authentication",), _KAFKA_S, _KAFKA_HINT))
    return steps


def _without_settings(error: ConfigError) -> list[Step]:
    def refuse() -> Check:
        raise error

    rest = [Step(name, refuse, (settings_file.NAME,)) for name in NAMES[1:]]
    return [Step(settings_file.NAME, refuse), *rest]
