"""What `freezer produce` was given, and what follows from it before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError
from freezer_events.send.spool_at import SpoolAt

if TYPE_CHECKING:
    from freezer_events.cli.mapping_options import MappingOptions
    from freezer_events.config import Settings

_TUTORIAL_INTERVAL_S: Final = 1.0
_TUTORIAL_COUNT: Final = 10
_TUTORIAL_MOST: Final = 1000


@dataclass(frozen=True, kw_only=True)
class ProduceOptions:
    """The options, by the names that click gives them."""

    env_file: Path | None
    topic: str | None
    properties: tuple[str, ...]
    event_name: str | None
    schemas: Path | None
    into: Path | None
    count: int | None
    interval: float | None
    sensors: int
    seed: int | None
    sources: tuple[str, ...]
    mapping: MappingOptions
    on_bad: str
    rejects: str | None
    rejects_topic: str | None
    dry_run: bool
    timeout: float
    give_up_after: float
    undelivered: str | None
    undelivered_topic: str | None
    start_at: int
    live: bool
    timestamp: str | None
    every: bool | None
    quiet: bool
    metrics: str | None
    log_format: str | None
    log_level: str
    output: str
    spool: Path | None
    spool_max_bytes: int
    spool_full: str
    restart: bool
    follow: bool
    exactly_once: bool

    @property
    def every_delivery(self) -> bool | None:
        """Whether each delivery gets a line; None: the first ones."""
        if self.quiet:
            return False
        tutorial = not self.sources and 0 < self.simulated <= _TUTORIAL_MOST
        return True if self.every is None and tutorial else self.every

    @property
    def simulated(self) -> int:
        """How many events to simulate; 0 for no end."""
        return _TUTORIAL_COUNT if self.count is None else self.count

    @property
    def expected(self) -> int | None:
        """How many events there will be, where that is known."""
        return None if self.sources else self.simulated or None

    @property
    def is_live(self) -> bool:
        """Whether readings are made now, so that a time which one lacks is now."""
        return self.live or not self.sources

    @property
    def interval_s(self) -> float:
        """Seconds from one event to the next."""
        if self.interval is not None:
            return self.interval
        return 0.0 if self.sources else _TUTORIAL_INTERVAL_S

    def spool_at(self, settings: Settings) -> SpoolAt | None:
        """Return the spool that is meant, if one is.

        Raises:
            UsageError: what is not delivered is to be kept elsewhere, too.

        """
        path = self.spool or (settings.spool_dir and Path(settings.spool_dir))
        if not path:
            return None
        if self.undelivered:
            raise UsageError(
                "--undelivered with a spool",
                "what is not delivered stays in the spool",
                "leave --undelivered out",
            )
        return SpoolAt(path, self.spool_max_bytes, drop_oldest=self.spool_full == "drop-oldest")
