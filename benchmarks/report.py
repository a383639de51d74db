"""What a run leaves: markdown tables for docs/speed.md, JSON, and a chart."""

from __future__ import annotations

import json
import os
import platform
from html import escape
from typing import TYPE_CHECKING, Any

import confluent_kafka

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measure import Row

_BAR_WIDTH, _BAR_HEIGHT, _NAMES_WIDTH = 360, 22, 270


def table(title: str, rows: Sequence[Row], base: str, *others: str) -> str:
    """Return the rows, fastest first, with their ratios to some of them."""
    ranked = sorted(rows, key=lambda row: -row.median)
    medians = {row.name: row.median for row in rows}
    compared = [base, *(name for name in others if name in medians)]
    lines = [f"| {title} | events/s | spread |" + "".join(f" × {name} |" for name in compared)]
    lines.append("|---|--:|--:|" + "--:|" * len(compared))
    for row in ranked:
        line = f"| {row.name} | {row.median:,.0f} | ±{row.spread:.0%} |"
        ratios = (row.median / medians[name] for name in compared)
        lines.append(line + "".join(f" {each:.{1 if each > 1 else 2}f} |" for each in ratios))
    return "\n".join(lines)


def machine() -> str:
    """Say what it ran on."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"confluent-kafka {confluent_kafka.__version__}"
    )


def as_json(groups: dict[str, Sequence[Row]]) -> str:
    """Return all rounds of all rows."""
    found: dict[str, Any] = {"machine": machine()}
    for title, rows in groups.items():
        found[title] = {
            row.name: {"median": row.median, "rounds": row.rates, "spread": row.spread}
            for row in rows
        }
    return json.dumps(found, indent=1)


def chart(title: str, rows: Sequence[Row], ours: str) -> str:
    """Return the rows as bars, in SVG that reads on a light and on a dark page."""
    ranked = sorted(rows, key=lambda row: -row.median)
    unit = _BAR_WIDTH / ranked[0].median
    width, height = _NAMES_WIDTH + _BAR_WIDTH + 90, 40 + _BAR_HEIGHT * len(ranked)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        '<g font-family="system-ui, sans-serif" font-size="13" fill="#808890">',
        f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>',
    ]
    for number, row in enumerate(ranked):
        top = 34 + number * _BAR_HEIGHT
        colour = "#2f81f7" if row.name.startswith(ours) else "#9aa4ae"
        name = escape(row.name)
        long = max(1, round(row.median * unit))
        parts += [
            f'<text x="{_NAMES_WIDTH - 8}" y="{top + 12}" text-anchor="end">{name}</text>',
            f'<rect x="{_NAMES_WIDTH}" y="{top}" width="{long}" height="15" fill="{colour}"/>',
            f'<text x="{_NAMES_WIDTH + long + 6}" y="{top + 12}">{row.median:,.0f}</text>',
        ]
    return "\n".join([*parts, "</g></svg>", ""])


def write(folder: Path, name: str, text: str) -> None:
    """Write one result."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
