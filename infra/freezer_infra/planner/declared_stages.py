"""Read `[stages]` of infra/topics.toml, and the configs that tables of every kind hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_infra.planner.stage import Override, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freezer_events.config.toml_table import Table
    from freezer_infra.planner.desired import Access
    from freezer_infra.planner.target import Topic

_PLACE = ("cluster", "environment", "url")


def read_stages(
    top: Table, names: Mapping[str, str], topics: Sequence[Topic], access: Sequence[Access]
) -> Iterator[tuple[str, Stage]]:
    """Read every stage, so that a mistake is found before its day comes.

    Args:
        top: the file.
        names: the topic of each event.
        topics: what is declared; a stage overrides nothing else.
        access: likewise.

    Raises:
        ConfigError: something is wrong in a table; names file, line, table and key.

    """
    accounts = list(dict.fromkeys(each.account for each in access))
    others = [topic.name for topic in topics if topic.name not in names.values()]
    tables = top.table("stages")
    for name in tables.values:
        table = tables.table(name)
        table.only(*_PLACE, "replication", "configs", "events", "topics", "service_accounts")
        renamed = table.table("service_accounts")
        renamed.only(*accounts)
        events, alone = table.table("events"), table.table("topics")
        events.only(*names)
        alone.only(*others)
        single = {names[event]: _override(events.table(event)) for event in events.values}
        single |= {topic: _override(alone.table(topic)) for topic in alone.values}
        yield (
            name,
            Stage(
                name,
                table.get("cluster", str) or "",
                table.get("environment", str) or "",
                table.get("url", str) or "",
                everywhere=Override(None, table.count("replication"), configs_of(table)),
                topics=single,
                accounts={each: renamed.need(each, str) for each in renamed.values},
            ),
        )


def _override(table: Table) -> Override:
    table.only("partitions", "replication", "configs")
    return Override(table.count("partitions"), table.count("replication"), configs_of(table))


def configs_of(table: Table) -> dict[str, str]:
    """Give the configs of a topic's table as Kafka writes them.

    Raises:
        ConfigError: one is neither text, number nor truth value.

    """
    configs = table.table("configs")
    return {key: _text(configs, key) for key in configs.values}


def _text(configs: Table, key: str) -> str:
    value = configs.values[key]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    why = "is neither text, number, true nor false"
    if isinstance(value, dict):
        why += '; a config\'s name goes into quotes: configs."retention.ms" = 1000'
    raise configs.error(why, key)
