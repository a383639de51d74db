"""Messages that librdkafka gives back after a fatal error are sent again in their order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from freezer_events.send.departures import Departures
from freezer_events.send.report import Returned


def returned(number: int) -> Returned:
    return Returned("topic", b"%d" % number, b"key", None, 0, None)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_what_comes_back_in_another_order_is_sorted(
    sizes: list[int], arrived: int, taken_up: int
) -> None:
    """As librdkafka does it: what its own thread had not taken up comes before what it had."""
    departures, sent = Departures(hash), 0
    for size in sizes:
        values = [b"%d" % number for number in range(sent, sent + size)]
        sent += size
        departures.add_values("topic", values, sent - min(arrived, sent))
    open_ones = [returned(number) for number in range(min(arrived, sent), sent)]
    back = open_ones[taken_up:] + open_ones[:taken_up]
    assert departures.sort(back) == (open_ones, [])


def test_of_the_same_value_twice_the_later_one_is_open() -> None:
    departures = Departures(hash)
    departures.add_values("topic", [b"1", b"2", b"1", b"3"], 4)
    assert departures.sort([returned(3), returned(1), returned(2)])[0] == [
        returned(2),
        returned(1),
        returned(3),
    ]


def test_what_was_forgotten_is_told_apart() -> None:
    departures: Any = Departures(hash)
    departures.add_values("topic", [b"1"], 1)
    for number in range(2, 20):
        departures.add_values("topic", [b"%d" % number], 1)
    assert departures.sort([returned(19), returned(1)]) == ([returned(19)], [returned(1)])
