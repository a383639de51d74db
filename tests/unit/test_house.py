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


def test_only_the_parser_reads_the_json_of_a_schema() -> None:
    """Whoever walks a schema's JSON a second time has ideas of their own about it."""
    other_json = {
        "avro/forms/cells.py": "a cell that holds a list",
        "registry/client.py": "what the registry answers",
        "registry/known_ids.py": "a schema's canonical text, to name it by",
        "schema/field_spec.py": "a default as a person types it",
        "schema/golden_file.py": "golden files, which hold readings",
        "sources/json_file.py": "readings",
        "testing/http_registry.py": "requests",
    }
    package = ROOT / "producer" / "freezer_events"
    rooms = ("avro", "events", "read", "registry", "schema", "send", "sources", "testing")
    found = {
        str(path.relative_to(package))
        for room in rooms
        for path in (package / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"json.loads", "json.load"}
    }
    assert found - other_json.keys() == {"avro/parse/document.py"}
    looks = re.compile(r"""\[["'](logicalType|items|symbols)["']\]|document\.(at|value)\b""")
    walks = [path for path in package.rglob("*.py") if looks.search(path.read_text())]
    assert {path.parent.name for path in walks} <= {"parse"}
    whole = {
        "avro/parse/__init__.py": "for fastavro, which takes the fingerprint",
        "schema/compare/__init__.py": "equal or not, as fastavro asks it",
        "schema/generate.py": "written into the module",
        "schema/lock.py": "written into the lock",
    }
    takes = [
        path for path in package.rglob("*.py") if re.search(r"\.parsed\b(?!\()", path.read_text())
    ]
    assert {str(path.relative_to(package)) for path in takes} == whole.keys()


def test_no_code_is_made_of_text_but_by_the_generator() -> None:
    for path in (ROOT / "producer").rglob("*.py"):
        calls = [
            each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Call)
        ]
        assert not [each for each in calls if ast.unparse(each.func) in {"exec", "eval"}], path


def test_contributors_are_shown_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    drawn = " → ".join(re.sub(r"(\w+)", r"`\1`", layer.replace(" | ", " · ")) for layer in layers)
    assert drawn in " ".join((ROOT / "CONTRIBUTING.md").read_text().split())


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports for types count too: a circle of them is two modules that are one."""
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts[1:]) for path in modules()}
    names = {path: name.removesuffix(".__init__") for path, name in names.items()}
    known: dict[str, set[str]] = {}
    for path, name in names.items():
        known[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                for each in (f"{node.module}.{alias.name}" for alias in node.names):
                    is_module = each in names.values() or each.endswith(
                        (
                            ".fast.columns",
                            ".fast.nodes",
                            ".fast.readers",
                            ".fast.handover",
                            ".fast.packer",
                            ".fast.rows",
                        )
                    )  # compiled
                    known[name].add(each if is_module else node.module or "")
    known = {name: uses & set(names.values()) - {name} for name, uses in known.items()}
    while ends := {name for name, uses in known.items() if not uses}:
        known = {name: uses - ends for name, uses in known.items() if name not in ends}
    while tops := known.keys() - set().union(*known.values()):
        known = {name: uses for name, uses in known.items() if name not in tops}
    assert known == {}
