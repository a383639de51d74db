"""The collector of garbage is as it was once a run is over, however the run ended."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from freezer_events.send.collector import looking_less_often

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("given", [(700, 10, 10), (0, 10, 10), (1_000_000, 5, 5)])
def test_it_looks_less_often_only_meanwhile(given: tuple[int, int, int]) -> None:
    def run() -> None:
        with looking_less_often():
            meanwhile.append(gc.get_threshold()[0])
            raise KeyError

    meanwhile: list[int] = []
    gc.set_threshold(*given)
    with pytest.raises(KeyError):
        run()
    assert meanwhile == [0 if given[0] == 0 else max(given[0], 50_000)]
    assert gc.get_threshold() == given
