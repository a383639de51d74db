"""Every row of the benchmarks delivers the same events, all of them, decodable."""

from __future__ import annotations

import dataclasses
import re
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import targets
from benchmarks.arrived import prove
from benchmarks.from_c import LIMIT
from benchmarks.measure import Row
from benchmarks.peers import MISSING, PEERS
from benchmarks.report import chart, table
from benchmarks.way import Way
from benchmarks.ways import COMPILED, CONFLUENT, OURS, PIPELINE, READY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.way import BenchTarget

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target() -> Iterator[BenchTarget]:
    with targets.mock() as found:
        yield found


@pytest.mark.filterwarnings("ignore")  # what a peer warns of is the peer's business
@pytest.mark.parametrize(
    "way",
    [way for way in (OURS, PIPELINE, CONFLUENT, READY, *PEERS) if not way.real_only],
    ids=lambda way: way.name,
)
def test_a_row_delivers_every_event_once_equal_and_in_order(way: Way, target: BenchTarget) -> None:
    prove(way, target)


WRONG: dict[str, Callable[[list[Any]], list[Any]]] = {
    "loses": lambda given: given[1:],
    "changes": lambda given: [dataclasses.replace(given[0], note="another"), *given[1:]],
    "doubles": lambda given: [*given, given[-1]],
    "reorders": lambda given: [*reversed(given)],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_that_claims_what_it_did_not_deliver_is_found_out(
    wrong: str, target: BenchTarget
) -> None:
    @contextmanager
    def opened(target: BenchTarget) -> Iterator[Callable[[Iterable[Any]], int]]:
        def claim(given: Iterable[Any]) -> int:
            wanted = list(given)
            run(WRONG[wrong](wanted))
            return len(wanted)

        with CONFLUENT.open(target) as run:
            yield claim

    prove(CONFLUENT, target)
    with pytest.raises(AssertionError, match="missing, or changed, or out of order"):
        prove(Way(wrong, opened), target)


def test_the_table_ranks_rows_and_gives_ratios() -> None:
    rows = [Row("ours", [300.0, 400.0, 500.0]), Row("theirs", [100.0, 90.0, 110.0])]
    shown = table("mock", rows, "theirs", "ours").splitlines()
    assert shown[2] == "| ours | 400 | ±25% | 4.0 | 1.00 |"
    assert shown[3] == "| theirs | 100 | ±10% | 1.00 | 0.25 |"
    assert chart("mock", rows, "ours").count("<rect") == 2


def test_every_row_that_is_shown_is_one_that_is_measured() -> None:
    section = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    shown = {line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")}
    own = {way.name for way in (OURS, *COMPILED[:2], LIMIT, READY, CONFLUENT)}
    rows = own | {way.name for way in (PIPELINE, *COMPILED, *PEERS)} | set(MISSING)
    cells = {"encode", "send, encode included", "compiled: encode"}
    measured = {name for name in shown if name in rows | cells}
    assert measured >= own
    assert not {name for name in shown if "freezer" in name} - measured
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (bench[a-z-]*)`", section):
        assert f"\n{target}:" in makefile
    for module in re.findall(r"`python -m (benchmarks\.[a-z]+)`", section):
        assert find_spec(module) is not None
