"""`freezer local`: Kafka and a Schema Registry in containers on this machine."""

from __future__ import annotations

import click

from freezer_infra.local import stack


@click.group("local")
def command() -> None:
    """Kafka and a Schema Registry in containers on this machine."""


@command.command()
def up() -> None:
    """Start them."""
    stack.up(click.echo)


@command.command()
def down() -> None:
    """Stop them; their topics and schemas are gone then."""
    stack.down(click.echo)
