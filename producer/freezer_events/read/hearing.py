"""What a consumer's client says of its troubles, and the error that each is to whoever reads."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from freezer_events.errors import EventError, UnreachableError
from freezer_events.kafka import codes
from freezer_events.kafka.codes import Meaning
from freezer_events.read.away import Away

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError

    from freezer_events.config import Settings


_log = logging.getLogger("freezer_events.read")


class Hearing:
    """Listens to one client.

    Args:
        settings: the cluster, to explain errors with.
        topic: what is read.
        group: the consumer group, or None.
        timeout_s: how long an answer of a broker may take, in seconds.

    Attributes:
        trouble: the first error that all reading meets from now on, else None.
        on_notice: told in a sentence how long the cluster has been away; by default a line in the
            log.
        unreachable: what was last said of a broker that cannot be reached; None once one was.

    """

    def __init__(self, settings: Settings, topic: str, group: str | None, timeout_s: float) -> None:
        self.trouble: EventError | None = None
        self.unreachable: KafkaError | None = None
        self._settings = settings
        self._topic = topic
        self._group = group
        self._timeout_s = timeout_s
        self._answered_at = time.monotonic()
        self._away = Away()
        self.on_notice: Callable[[str], None] = _log.warning

    def look(self) -> None:
        """Say, now and then, that the cluster is away; and that it is back."""
        told = self._away.look(time.monotonic())
        if told:
            cause = "" if self.unreachable is None else f" ({codes.words(self.unreachable)})"
            self.on_notice(f"{told}{cause}; still trying")
        elif told is not None:
            self.on_notice("reading again")

    def on_error(self, error: KafkaError) -> None:
        """Take a client-wide error."""
        if codes.is_authentication(error) or error.fatal():
            self.trouble = self.trouble or self._explained(error)
        elif codes.is_unreachable(error) and not codes.is_summary(error):
            self.unreachable = error
            self._away.failed(time.monotonic())

    def on_message(self, error: KafkaError, partition: int) -> None:
        """Take the error of a partition, or of the group, that comes instead of a message."""
        about = codes.meaning(error)
        if about is Meaning.OFFSET_GONE:
            self.trouble = self.trouble or EventError(
                f"read {self._topic}[{partition}]",
                "the records that come next were deleted before they were read",
                "begin with the oldest that is kept: freezer consume --from-beginning",
            )
        elif self._group is None and codes.is_about_a_group(error):
            return  # librdkafka looks for the coordinator of a group that is not joined
        elif about is Meaning.NO_GROUP or codes.concerns_all(error):
            self.trouble = self.trouble or self._explained(error)

    def answered(self) -> None:
        """Take note that a broker sent something, or that waiting for it begins anew."""
        self.unreachable = None
        self._away.answered()
        self._answered_at = time.monotonic()

    @property
    def silent_for_s(self) -> float:
        """For how long nothing has come, in seconds."""
        return time.monotonic() - self._answered_at

    def silence(self) -> UnreachableError:
        """Make the error of a cluster from which nothing comes."""
        heard = self.unreachable or codes.silence(self._timeout_s)
        return UnreachableError(
            f"read topic {self._topic!r} on {self._settings.bootstrap_servers}",
            f"nothing came for {self.silent_for_s:.0f} s: {codes.words(heard)}",
            codes.connection_advice(heard),
        )

    def refusal(self, doing: str, error: KafkaError | None = None) -> EventError:
        """Make the error of a request that was refused; of one without an answer, for None."""
        if self.trouble is not None:
            return self.trouble
        error = error or self.unreachable or codes.silence(self._timeout_s)
        if codes.meaning(error) in {Meaning.AUTHORIZATION, Meaning.NO_TOPIC, Meaning.NO_GROUP}:
            return self._explained(error)
        advice = codes.connection_advice(error)
        return codes.failure(
            f"{doing} on {self._settings.bootstrap_servers}",
            error,
            {
                Meaning.REBALANCED: "start again: what was not committed is read once more",
                Meaning.NO_BROKER: advice,
                Meaning.NO_ANSWER: advice,
            },
        )

    def _explained(self, error: KafkaError) -> EventError:
        return codes.explain(
            error, self._settings, self._topic, operation="READ", group=self._group
        )
