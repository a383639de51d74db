"""Which environment and which cluster: named, the only one there is, or chosen by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from freezer_infra.confluent.confluent_cli import ConfluentCli, Row

# Takes a question and the choices, gives the index of the one chosen.
Ask = Callable[[str, Sequence[str]], int]


@dataclass(frozen=True)
class Chosen:
    """The cluster (`lkc-…`) to provision, in its environment (`env-…`)."""

    environment: str
    cluster: str


@dataclass(frozen=True)
class _Kind:
    title: str
    flag: str
    list_command: str


_ENVIRONMENT = _Kind("environment", "--environment", "confluent environment list")
_CLUSTER = _Kind("Kafka cluster", "--cluster", "confluent kafka cluster list --environment …")


def choose(cli: ConfluentCli, environment: str, cluster: str, ask: Ask | None) -> Chosen:
    """Find where to provision; what is named must be there.

    Args:
        cli: a CLI that is logged in.
        environment: an id, or nothing.
        cluster: an id, or nothing.
        ask: asks a person where there are several; None where there is nobody to ask.

    Raises:
        ConfigError: there is none, not the named one, or several and nobody to ask.

    """
    environments = cli.rows("list the environments", "environment", "list")
    found = _pick(_ENVIRONMENT, environments, environment, ask)
    clusters = cli.rows("list the clusters", "kafka", "cluster", "list", "--environment", found)
    return Chosen(found, _pick(_CLUSTER, clusters, cluster, ask))


def _pick(kind: _Kind, rows: Sequence[Row], named: str, ask: Ask | None) -> str:
    ids = [str(row.get("id")) for row in rows]
    doing = f"find the {kind.title}"
    if named:
        if named not in ids:
            there = ", ".join(ids) or "none"
            raise ConfigError(doing, f"'{named}' is not among: {there}", kind.list_command)
        return named
    if not ids:
        fix = "create one at https://confluent.cloud (the smallest is enough), then run this again"
        raise ConfigError(doing, "there is none", fix)
    if len(ids) == 1:
        return ids[0]
    lines = [f"{row.get('id')}  {row.get('name', '')}" for row in rows]
    if ask is None:
        raise ConfigError(doing, f"there are several: {'; '.join(lines)}", f"pass {kind.flag} ID")
    return ids[ask(f"Which {kind.title}?", lines)]
