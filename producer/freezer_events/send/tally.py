"""The tally: what became of every reading, counted where it happens and compared at the end."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields


class CountsDiffer(RuntimeError):  # noqa: N818 - it names the state
    """The counts do not add up: a bug of this package, never of its user."""


@dataclass(slots=True)
class Tally:
    """Counts of one producer; none of them is what the others leave over.

    At any time `read = rejected + accepted + unsent`, and
    `accepted = delivered + failed + unconfirmed + parked + lost + spooled + in_flight`; at the end
    nothing is in flight.

    Attributes:
        read: readings taken from the source.
        rejected: readings that do not fit their event; never sent.
        broken_rules: rejected readings that break a rule of the schema, by the rule's name.
        accepted: readings whose messages were taken for delivery.
        failed: certainly not on the topic.
        unconfirmed: in flight when they were given up; they may be on the topic all the same.
        parked: set aside in the spool: Kafka will not take them.
        lost: dropped from a full spool, or damaged in it: on record there.
        spooled: in the spool at the end, and not yet delivered.
        unsent: readings that were read and whose messages were not taken.
        interrupted: Ctrl-C came as an exception, which may leave an event between two counts.
        partitions: messages acknowledged by the cluster, by partition. No Counter: that one is
            several times slower at `+= 1`, which happens for every message.

    """

    read: int = 0
    rejected: int = 0
    broken_rules: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    failed: int = 0
    unconfirmed: int = 0
    parked: int = 0
    lost: int = 0
    spooled: int = 0
    unsent: int = 0
    interrupted: bool = False
    partitions: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def delivered(self) -> int:
        """Messages acknowledged by the cluster."""
        return sum(self.partitions.values())

    @property
    def settled(self) -> int:
        """Messages whose outcome is known, those that were given up, and those kept on disk."""
        known = self.delivered + self.failed + self.unconfirmed
        return known + self.parked + self.lost + self.spooled

    @property
    def in_flight(self) -> int:
        """Messages accepted and not yet settled."""
        return self.accepted - self.settled

    @property
    def undelivered(self) -> int:
        """Good readings that are not known to be on the topic."""
        return self.failed + self.unconfirmed + self.lost + self.unsent

    def add(self, other: Tally) -> None:
        """Add the counts of another one."""
        for each in fields(self):
            if each.type == "int":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        for partition, count in other.partitions.items():
            self.partitions[partition] += count
        for rule, count in other.broken_rules.items():
            self.broken_rules[rule] = self.broken_rules.get(rule, 0) + count

    def reject(self, rule: str = "") -> None:
        """Count a reading that does not fit, and the rule that it breaks, if it is for that."""
        self.rejected += 1
        if rule:
            self.broken_rules[rule] = self.broken_rules.get(rule, 0) + 1

    def put_back(self, rule: str = "") -> None:
        """Count a reading as unsent that was counted as rejected, and could not be kept."""
        self.rejected -= 1
        self.unsent += 1
        if rule:
            self.broken_rules[rule] -= 1

    def check(self) -> None:
        """Compare the counts of a run that has ended.

        An event that Ctrl-C caught between two counts is named for what it may be.

        Raises:
            CountsDiffer: a reading was counted twice or not at all.

        """
        astray = self.read - self.rejected - self.accepted - self.unsent
        open_ = self.in_flight
        if self.interrupted and astray >= 0 and open_ >= 0:
            self.unsent += astray
            self.unconfirmed += open_
        elif astray or open_:
            counts = f"{self}, {self.accepted:,} accepted"
            raise CountsDiffer(f"{astray:+,} readings and {open_:+,} messages in: {counts}")

    def as_dict(self) -> dict[str, int | dict[str, int]]:
        """Return the counts for machines; partitions by number, as JSON keys are text."""
        return {
            "read": self.read,
            "rejected": self.rejected,
            "delivered": self.delivered,
            "failed": self.failed,
            "unconfirmed": self.unconfirmed,
            "parked": self.parked,
            "lost": self.lost,
            "spooled": self.spooled,
            "unsent": self.unsent,
            "partitions": {str(n): self.partitions[n] for n in sorted(self.partitions)},
            **({"broken_rules": self.broken_rules} if self.broken_rules else {}),
        }

    def __str__(self) -> str:
        """Give the counts on one line; those that are zero are left out, but read and delivered."""
        counts = [
            (name, count)
            for name, count in self.as_dict().items()
            if isinstance(count, int) and (count or name in {"read", "delivered"})
        ]
        return ", ".join(f"{count:,} {name}{self._rules(name)}" for name, count in counts)

    def _rules(self, name: str) -> str:
        """Return which rules rejected readings broke, in brackets."""
        broken = self.broken_rules.items() if name == "rejected" else ()
        counts = ", ".join(f"{count:,} by the rule {rule}" for rule, count in broken)
        return f" ({counts})" if counts else ""
