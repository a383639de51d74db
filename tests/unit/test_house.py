"""The structure that people find their way by: one name for one thing, layers as they are drawn."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING

from tests.support.readme import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ROOMS = 18


def modules() -> Iterator[Path]:
    yield from (ROOT / "producer").rglob("*.py")
    yield from (ROOT / "infra").rglob("*.py")


def test_a_class_has_a_name_of_its_own() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_a_module_has_a_name_of_its_own() -> None:
    """Modules of commands are named as their commands are, which are named as what they do."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        if not path.stem.startswith("__") and not {"cli", "commands"} & set(path.parts):
            found[path.stem].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_the_rooms_are_few_and_each_says_what_it_is_for() -> None:
    package = ROOT / "producer" / "freezer_events"
    rooms = [path for path in package.iterdir() if path.is_dir() and path.name[:2] != "__"]
    alone = [path for path in package.glob("*.py") if path.stem != "__init__"]
    assert len(rooms) + len(alone) <= MOST_ROOMS
    for room in rooms:
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text())), room


def test_contributors_are_shown_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    drawn = " → ".join(re.sub(r"(\w+)", r"`\1`", layer.replace(" | ", " · ")) for layer in layers)
    assert drawn in " ".join((ROOT / "CONTRIBUTING.md").read_text().split())
