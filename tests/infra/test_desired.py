"""What is declared in topics.toml and event.toml: read, and refused with its place named."""

from __future__ import annotations

from pathlib import Path

import pytest

import freezer_infra
from freezer_events.config import Settings
from freezer_events.errors import ConfigError, UsageError
from freezer_events.schema.catalogue import Catalogue
from freezer_infra.planner.declared import load
from freezer_infra.planner.desired import Access
from freezer_infra.planner.target import Right, Topic

EVENT = 'topic = "{topic}"\npartitions = {partitions}\ncompatibility = "FULL"\nversion = 1\n'


def catalogue(folder: Path, **topics: str) -> Catalogue:
    """Make events named as the keyword (its underscores become dashes)."""
    for name, topic in (topics or {"freezer_reading": "freezer-temperatura"}).items():
        event = folder / "schemas" / name.replace("_", "-")
        event.mkdir(parents=True, exist_ok=True)
        (event / "event.toml").write_text(EVENT.format(topic=topic, partitions=3))
    return Catalogue(folder / "schemas")


def toml(folder: Path, text: str) -> Path:
    path = folder / "topics.toml"
    path.write_text(text)
    return path


def test_an_event_has_its_topic_without_a_word_in_topics_toml(tmp_path: Path) -> None:
    desired = load(toml(tmp_path, ""), catalogue(tmp_path))
    assert desired.topics == (Topic("freezer-temperatura", 3),)
    assert desired.access == ()


def test_an_event_that_is_opt_in_has_its_topic_only_where_it_is_named(tmp_path: Path) -> None:
    events = catalogue(tmp_path, dead="dead-ones", freezer_reading="freezer-temperatura")
    with (tmp_path / "schemas" / "dead" / "event.toml").open("a") as file:
        file.write("opt_in = true\n")
    unnamed = load(toml(tmp_path, "schemas = true"), events)
    assert [topic.name for topic in unnamed.topics] == ["freezer-temperatura"]
    named = load(toml(tmp_path, "[events.dead]\n"), events)
    assert [topic.name for topic in named.topics] == ["dead-ones", "freezer-temperatura"]


def test_configs_are_the_text_that_kafka_shows(tmp_path: Path) -> None:
    text = """
    [events.freezer-reading]
    replication = 3
    configs."retention.ms" = 86_400_000
    configs."preallocate" = true
    configs."min.cleanable.dirty.ratio" = 0.5
    configs."cleanup.policy" = "compact,delete"
    """
    (topic,) = load(toml(tmp_path, text), catalogue(tmp_path)).topics
    assert topic.replication == 3
    assert topic.configs == {
        "retention.ms": "86400000",
        "preallocate": "true",
        "min.cleanable.dirty.ratio": "0.5",
        "cleanup.policy": "compact,delete",
    }


def test_the_setting_topic_overrides_the_default_event_only(tmp_path: Path) -> None:
    events = catalogue(tmp_path, door_opened="doors", freezer_reading="freezer-temperatura")
    text = '[[access]]\nservice_account = "p"\nallow = "produce"\nevent = "freezer-reading"\n'
    desired = load(toml(tmp_path, text), events, Settings(topic="elsewhere").topic_for)
    assert [topic.name for topic in desired.topics] == ["doors", "elsewhere"]
    assert desired.access == (Access("p", "produce", "elsewhere", subject="elsewhere-value"),)


def test_a_topic_without_an_event_has_no_subject(tmp_path: Path) -> None:
    text = """
    [topics."alarms.raw"]
    partitions = 1
    [[access]]
    service_account = "reader"
    allow = "consume"
    topic = "alarms.raw"
    group = "alarms"
    """
    desired = load(toml(tmp_path, text), catalogue(tmp_path))
    assert desired.topics[1] == Topic("alarms.raw", 1)
    assert desired.rights() == {
        "reader": {
            Right("READ", "TOPIC", "alarms.raw"),
            Right("DESCRIBE", "TOPIC", "alarms.raw"),
            Right("READ", "GROUP", "alarms"),
        }
    }


def test_a_producer_needs_to_write_describe_and_read_one_subject(tmp_path: Path) -> None:
    text = '[[access]]\nservice_account = "p"\nallow = "produce"\nevent = "freezer-reading"\n'
    rights = load(toml(tmp_path, text), catalogue(tmp_path)).rights()["p"]
    assert rights == {
        Right("WRITE", "TOPIC", "freezer-temperatura"),
        Right("DESCRIBE", "TOPIC", "freezer-temperatura"),
        Right("READ", "SUBJECT", "freezer-temperatura-value"),
    }


def test_exactly_once_takes_the_topic_of_positions_and_ids_of_transactions(tmp_path: Path) -> None:
    text = (
        '[[access]]\nservice_account = "p"\nallow = "produce"\nevent = "freezer-reading"\n'
        "exactly_once = true\n"
    )
    desired = load(toml(tmp_path, text), catalogue(tmp_path))
    assert desired.topics[1:] == (Topic("freezer-positions", 1, {"cleanup.policy": "compact"}),)
    plain = load(toml(tmp_path, text.replace("true", "false")), catalogue(tmp_path))
    assert plain.topics == desired.topics[:1]
    assert desired.rights()["p"] - plain.rights()["p"] == {
        Right("READ", "TOPIC", "freezer-positions"),
        Right("WRITE", "TOPIC", "freezer-positions"),
        Right("DESCRIBE", "TOPIC", "freezer-positions"),
        Right("WRITE", "TRANSACTIONAL_ID", "freezer-spool-", "PREFIXED"),
        Right("DESCRIBE", "TRANSACTIONAL_ID", "freezer-spool-", "PREFIXED"),
    }


P = '[[access]]\nservice_account = "p"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[event.freezer-reading]",
            ":1: event: no such key; there are: schemas, events, topics, access, stages",
        ),
        ("[events.freezer]", ":1: [events] freezer: no such key; there are: freezer-reading"),
        ("\n[events.freezer-reading]\npartitions = 4", ":3: [events.freezer-reading] partitions:"),
        ("[events.freezer-reading]\nreplication = true", ":2: [events.freezer-reading] repl"),
        ("[events.freezer-reading]\nreplication = 0", "replication: 0 is less than 1"),
        ("[topics.a]\npartitions = 0", ":2: [topics.a] partitions: 0 is less than 1"),
        ("[topics.a]\npartitions = 1\n[topics.b]\npartitions = 0", ":4: [topics.b] partitions:"),
        ("[topics.a]", ":1: [topics.a]: partitions is missing"),
        ('[topics.a]\npartitions = "3"', ":2: [topics.a] partitions: '3' is not a whole number"),
        ('[topics."a b"]\npartitions = 1', ":1: [topics.a b]: 'a b' is not a topic name"),
        ("[topics.freezer-temperatura]\npartitions = 3", "is the topic of event 'freezer-reading'"),
        ("[topics.a]\npartitions = 1\n[topics.a]", "is not TOML"),
        (
            "[topics.a]\npartitions = 1\nconfigs.retention.ms = 1",
            ":3: [topics.a.configs] retention",
        ),
        ("[topics.a]\npartitions = 1\nconfigs.x = [1]", "x: is neither text, number"),
        ("access = 1", ":1: access: 1 is not an array"),
        ("access = [1]", ":1: [access]: 1 is not a table: write [[access]]"),
        (P, ":1: [access]: allow is missing"),
        (P + 'allow = "write"', ":3: [access] allow: 'write' is none of produce, consume"),
        (P + 'allow = "produce"', "[access]: needs either a topic or an event"),
        (P + 'allow = "produce"\ntopic = "a"\nevent = "b"', "needs either a topic or an event"),
        (P + 'allow = "produce"\ntopic = "a"', ":4: [access] topic: 'a' is not declared"),
        (P + 'allow = "produce"\nevent = "b"', ":4: [access] event: 'b' is none of freezer-"),
        (P + 'allow = "consume"\nevent = "freezer-reading"', "[access]: group is missing"),
        (P + 'allow = "produce"\ngroup = "g"\nevent = "freezer-reading"', ":4: [access] group: a"),
        ('[[access]]\nservice_account = "a b"', ":2: [access] service_account: 'a b' is not"),
        (2 * (P + 'allow = "produce"\nevent = "freezer-reading"\n'), ":5: [access]: 'p' has this"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(toml(tmp_path, text), catalogue(tmp_path))
    assert str(caught.value).startswith(str(tmp_path / "topics.toml"))
    assert said in str(caught.value)


def test_two_events_do_not_share_a_topic(tmp_path: Path) -> None:
    events = catalogue(tmp_path, a="same", b="same")
    with pytest.raises(ConfigError, match=r"b.event\.toml: topic: 'same' .* of event 'a'"):
        load(toml(tmp_path, ""), events)


def test_an_event_with_a_bad_topic_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"event\.toml: topic: 'a/b' is not a topic name"):
        load(toml(tmp_path, ""), catalogue(tmp_path, a="a/b"))


def test_the_key_in_env_is_the_first_producers(tmp_path: Path) -> None:
    both = """
    [[access]]
    service_account = "reader"
    allow = "consume"
    group = "g"
    event = "freezer-reading"
    [[access]]
    service_account = "writer"
    allow = "produce"
    event = "freezer-reading"
    """
    desired = load(toml(tmp_path, both), catalogue(tmp_path))
    assert desired.client().account == "writer"
    assert desired.client("reader").account == "reader"
    with pytest.raises(UsageError, match="service accounts there: reader, writer"):
        desired.client("nobody")


def test_what_this_project_declares_is_valid() -> None:
    here = Path(freezer_infra.__file__).parents[1]
    desired = load(here / "topics.toml", Catalogue(here.parent / "schemas"))
    assert ("freezer-temperatura", 3) in [(t.name, t.partitions) for t in desired.topics]
