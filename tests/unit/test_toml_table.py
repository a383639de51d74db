"""The strict TOML reader: what it refuses, and the line it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config.toml_table import Table
from freezer_events.errors import ConfigError
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """\
# a = 1
a = 1
b = [ # with a comment
  "b = 2",
]
c.d = {e = 1}
"quoted key" = '''
[f]
'''

[topics."x.y"] # [topics.z]
partitions = 1

[topics.z]
  partitions=2
  configs."retention.ms" = 3

[[access]]
topic = "one"
[[access]]
topic = "two"
[access.more]
topic = "three"

[f]
a = 2
"""


@pytest.fixture
def top(tmp_path: Path) -> Table:
    path = tmp_path / "some.toml"
    path.write_text(TEXT)
    return Table.read(path)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b",), 3),
        (("c", "d", "e"), 6),
        (("quoted key",), 7),
        (("topics", "x.y"), 11),
        (("topics", "x.y", "partitions"), 12),
        (("topics", "z", "partitions"), 15),
        (("topics", "z", "configs", "retention.ms"), 16),
        (("topics", "z", "nowhere"), 14),
        (("f",), 25),
        (("f", "a"), 26),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_a_key_is_found_in_its_own_table(top: Table, path: tuple[str, ...], line: int) -> None:
    assert top.line(*path) == line


def test_a_key_is_found_in_its_own_table_of_an_array(top: Table) -> None:
    first, second = top.tables("access")
    assert (first.line(), first.line("topic")) == (18, 19)
    assert (second.line(), second.line("topic")) == (20, 21)
    assert second.table("more").line("topic") == 23


@pytest.mark.parametrize("name", ["pyproject.toml", "infra/topics.toml"])
def test_every_key_of_a_real_file_is_found_where_it_is_written(name: str) -> None:
    top = Table.read(ROOT / name)
    lines = top.text.splitlines()
    for table, key in keys(top):
        assert key in lines[table.line(key) - 1], (table.path, key)


def keys(table: Table) -> Iterator[tuple[Table, str]]:
    for key, value in table.values.items():
        yield table, key
        if isinstance(value, dict):
            yield from keys(table.table(key))
        elif is_tables(value):
            for each in table.tables(key):
                yield from keys(each)


def is_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[t]\nnumber = 1\ntext = true", "some.toml:3: [t] text: True is not a string"),
        ("[t]\ntext = 'x'\nnumber = false", "some.toml:3: [t] number: False is not a whole"),
        ("[t]\ntext = 'x'\nnumber = 1.0", "some.toml:3: [t] number: 1.0 is not a whole number"),
        ("[t]\ntext = 'x'\nnumber = 0", "some.toml:3: [t] number: 0 is less than 1"),
        ("[t]\nnumber = 1", "some.toml:1: [t]: text is missing"),
        ("t = 1", "some.toml:1: t: 1 is not a table"),
        ("[t]\ntexts = 'x'", "some.toml:2: [t] texts: no such key; there are: text, number"),
        ("", "some.toml:1: [t]: text is missing"),
        ("[t]\ntext = ", "some.toml: is not TOML: Invalid value (at "),
        ("t = '\ufffe\udcff'", "some.toml: is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_table_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "some.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(said)


def read(path: Path) -> tuple[str, int | None]:
    table = Table.read(path).table("t")
    table.only("text", "number")
    return table.need("text", str), table.count("number")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: cannot be read: No such file"):
        Table.read(tmp_path / "none.toml")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "nested",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        "a" + ".a" * 100_000 + " = 1",
        "[a" + ".a" * 100_000 + "]",
        "[[ a" + " . 'a'" * 100_000 + "]]",
        "b = 1\na" + '."a"' * 100_000 + " = 1",
        "b = {a" + ".a" * 100_000 + " = 1}",
    ],
)
def test_nesting_without_end_is_refused_at_once(tmp_path: Path, nested: str) -> None:
    path = tmp_path / "event.toml"
    path.write_text(nested)
    with pytest.raises(ConfigError, match=r"event\.toml: is nested too deep"):
        Table.read(path)


def test_a_long_value_is_no_deep_key(tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    path.write_text(f'topic = "{"a." * 1000}"\n')
    assert Table.read(path).need("topic", str) == "a." * 1000


def test_merge_markers_are_named_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    path.write_text('topic = "a"\n<<<<<<< HEAD\nkey = "b"\n=======\n>>>>>>> other\n')
    with pytest.raises(ConfigError, match=r"event\.toml:2: has merge markers"):
        Table.read(path)
