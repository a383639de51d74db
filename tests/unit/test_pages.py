"""The pages for users: each of their blocks belongs to a test, and what they name is there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from freezer_events.cli.tree import cli
from tests.support.cli import FREEZER, Freezer
from tests.support.readme import (
    README,
    ROOT,
    assert_alike,
    blocks,
    every_block,
    pages,
    shape,
    shown,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.readme import Block

OTHERS = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
ALL = [*pages(), *OTHERS]
MOST_LINES = 250
# Which language a function of tests/support/readme.py asks for; `blocks` is told.
ASKS = {"shown": "console", "programs": "python", "blocks": ""}


@cache
def asked() -> set[tuple[str, str | None, str]]:
    """Find what tests ask for: page, heading (None for the whole page), language."""
    return {
        what
        for path in (ROOT / "tests").rglob("test_*.py")
        for what in _asked_in(ast.parse(path.read_text(encoding="utf-8")))
    }


def _asked_in(module: ast.Module) -> Iterator[tuple[str, str | None, str]]:
    constants = {"README": README} | {
        name.id: value.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for name, value in _assigned(node.targets[0], node.value)
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant)
    }
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ASKS:
            given = [_constant(each, constants) for each in node.args]
            page, heading, language = [*given, None, None, None][:3]
            yield str(page), heading, ASKS[name] or str(language)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _constant(node: ast.expr, constants: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    return node.value if isinstance(node, ast.Constant) else ""


@pytest.mark.parametrize(
    "block", every_block(), ids=lambda each: f"{each.page}:{each.heading}:{each.language}"
)
def test_a_block_is_run_by_a_test(block: Block) -> None:
    assert block.language in {"console", "python", "ini", "toml", "text"}
    if block.language in {"console", "python"}:
        headings = {
            heading
            for page, heading, language in asked()
            if (page, language) == (block.page, block.language)
        }
        assert headings & {block.heading, None}, block.text


def test_the_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", ALL)
def test_a_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text_of(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in _anchors(there), target


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", ALL)
def test_a_make_target_that_is_named_is_there(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in re.findall(r"`make ([^`]+)`", text_of(page)):
        for word in words.split():
            assert "=" in word or f"\n{word}:" in makefile, word


@pytest.mark.parametrize("page", ALL)
def test_a_command_that_is_named_and_its_options_are_there(page: str) -> None:
    for line in re.findall(r"`freezer ([a-z][^`]*)`", text_of(page)):
        command: click.Command = cli
        for word in line.split():
            if word.startswith("-"):
                option = word.partition("=")[0]
                known = {name for each in command.params for name in each.opts}
                assert option in known, line
            elif isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, line
                command = found


def test_make_demo_is_the_demo_that_is_shown() -> None:
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [each.command for each in shown(README, "Demo")] == ["freezer demo"]
    assert recipe.stdout.splitlines()[-1].endswith("/freezer demo")


def test_a_page_begins_with_its_readers_problem() -> None:
    for page in pages():
        title, _, first, *_ = text_of(page).split("\n")
        assert title.startswith("# ")
        assert first, page


def test_doctor_says_what_the_page_for_trouble_shows(tmp_path: Path) -> None:
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    environment = Freezer(tmp_path).environment
    environment["PATH"] = f"{Path(FREEZER).parent}{os.pathsep}{environment['PATH']}"
    for each in shown("docs/troubleshooting.md"):
        done = subprocess.run(
            ["/bin/sh", "-c", each.command],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=60,
        )
        assert_alike(shape(done.stdout), shape(each.output), each.command)


def test_messages_that_are_explained_are_those_that_are_printed() -> None:
    told = re.findall(r"^\| `([^`]+)` \|", text_of("docs/troubleshooting.md"), re.MULTILINE)
    sources = [*(ROOT / "producer").rglob("*.py"), *(ROOT / "infra").rglob("*.py")]
    code = re.sub(r'"\s+f?"', "", "\n".join(path.read_text(encoding="utf-8") for path in sources))
    assert told
    for message in told:
        for part in re.split(r"[A-Z]{2,}(?:_[A-Z]+)+: |…|[A-Z]+_[A-Z]+|WRITE", message):
            assert part.strip(" ,") in code, message


def test_the_blocks_on_the_page_of_events_are_what_event_toml_holds() -> None:
    declared, project = map(tomllib.loads, blocks("docs/your-own-event.md", None, "toml"))
    assert set(declared) == {"topic", "partitions", "key", "compatibility", "version", "fill"}
    assert set(project["tool"]["freezer"]) == {"schemas", "into", "topics"}
