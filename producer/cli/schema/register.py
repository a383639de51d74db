"""`freezer schema register`: put the version that producers write into the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from producer.cli import options
from producer.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path


@click.command("register")
@options.connection
@options.events
def command(
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
) -> None:
    """Register the version that producers write and set the subject's compatibility level.

    Doing it again changes nothing and says the same id.
    """
    from producer.registry import Registry, subject_name  # noqa: PLC0415
    from producer.schema.catalogue import Catalogue  # noqa: PLC0415

    event = Catalogue.find(schemas, into).event(event_name)
    settings = options.load_settings(env_file, properties, topic)
    default = event.name == Catalogue.find(schemas, into).event().name
    subject = subject_name(topic or (default and settings.topic) or event.topic)
    with Registry.connect(settings) as registry:
        if registry.level(subject) != event.level:
            registry.set_level(subject, event.level)  # first, so that it judges what comes next
        found = registry.register(subject, event.text(event.version))
    Output().line(
        f"{subject}: version {found.version}, schema id {found.schema_id},"
        f" compatibility {event.level} at {registry.address}"
    )
