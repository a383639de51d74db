"""What a delivery has, with a spool or without: counts, reports, and a look at its topics."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from freezer_events.console.words import counted
from freezer_events.errors import ConfigError, UsageError
from freezer_events.kafka.topic_watch import TopicWatch
from freezer_events.send import watching
from freezer_events.send.client_properties import partitioner
from freezer_events.send.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings
    from freezer_events.errors import EventError
    from freezer_events.send.tally import Tally

_LAST_LOOK_S: Final = 2.0

_log = logging.getLogger("freezer_events.send")


class Delivering:
    """The base of `Delivery` and `SpooledDelivery`.

    Args:
        settings: the cluster.

    Attributes:
        settings: as given.
        reports: what is known of messages.
        on_notice: told in a sentence how long an outage lasts, or what happened to a topic; by
            default a line in the log.
        watch: looks at the topics now and then.
        changes: what happened to topics under way, in sentences.

    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reports = Reports(settings)
        self.on_notice: Callable[[str], None] = _log.warning
        self.watch = TopicWatch(settings)
        self.changes: list[str] = []

    @property
    def trouble(self) -> EventError | None:
        """Why no event can be taken any more, else None."""
        return self.reports.trouble

    @property
    def tally(self) -> Tally:
        """Accepted, delivered, failed and unconfirmed, counted where each happens."""
        return self.reports.tally

    @property
    def partitioner(self) -> str:
        """The partitioner in force."""
        return partitioner(self.settings)

    def outside_callbacks(self, doing: str) -> None:
        """Refuse what would wait for reports within a callback, in which none can come.

        Raises:
            UsageError: the current thread runs a callback.

        """
        if self.reports.in_callback:
            raise UsageError(
                doing,
                "not possible within a delivery callback: no report can come before it returns",
                "callbacks may call send while there is room; do the rest after it",
            )

    def look_at_topics(self, timeout_s: float | None = None) -> None:
        """Tell what happened to topics; with a time, look at once and wait that long for it."""
        watch = self.watch
        for each in watch.look() if timeout_s is None else watch.look_now(timeout_s):
            told = each.text
            if each.is_emptied and (delivered := self.tally.delivered):
                told += f": some or all of {counted(delivered, 'delivered event')} are gone with it"
            self.changes.append(told)
            self.on_notice(told)
            watching.happened("topic changed", logging.WARNING, change=told)

    def look_back(self) -> None:
        """Look at the topics once more, at the end of a run that was long or lost its topic."""
        if self.watch.has_looked or isinstance(self.trouble, ConfigError):
            self.look_at_topics(_LAST_LOOK_S)
