"""What two looks at a topic say of what happened between them."""

from __future__ import annotations

import pytest

from freezer_events.kafka.topic_watch import GONE, TopicSight, change

THREE = TopicSight("id1", 3)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (THREE, THREE, None),
        (THREE, TopicSight("id1", 6), "topic 't' has 6 partitions now, 3 before"),
        (THREE, TopicSight("id2", 3), "topic 't' was deleted and made anew, with 3 partitions"),
        (THREE, TopicSight("id2", 1), "topic 't' was deleted and made anew, with 1 partition"),
        (THREE, GONE, "topic 't' was deleted"),
        (GONE, TopicSight("id2", 3), "topic 't' was made anew, with 3 partitions"),
        (GONE, GONE, None),
        (TopicSight("", 3), TopicSight("", 4), "topic 't' has 4 partitions now, 3 before"),
    ],
)
def test_the_change_is_named(before: TopicSight, now: TopicSight, said: str | None) -> None:
    found = change("t", before, now)
    assert (found and found.text) == said


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        (THREE, TopicSight("id1", 6), False),
        (THREE, TopicSight("id2", 6), True),
        (THREE, GONE, True),
        (GONE, THREE, False),
    ],
)
def test_it_is_known_whether_what_was_delivered_is_gone(
    before: TopicSight, now: TopicSight, *, gone: bool
) -> None:
    found = change("t", before, now)
    assert found is not None
    assert found.is_emptied is gone
