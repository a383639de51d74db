"""What a person asks of a spool that nobody else uses: retry, drop, a new identity."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from freezer_events.spool.packing import batched, columns, pack
from freezer_events.spool.records import Commit, Loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_events.spool.records import ParkedMessage
    from freezer_events.spool.store import Store


def retry(store: Store, parked: Sequence[ParkedMessage]) -> None:
    """Let parked messages wait again, behind all that waits.

    Raises:
        EventError: the file cannot be written.

    """
    messages = [each.message for each in parked]
    rows = [(len(row), pack(columns(row))) for row in batched(messages)]
    store.commit(Commit(rows=rows, unparked=[each.position for each in parked]))


def drop(store: Store, parked: Sequence[ParkedMessage]) -> None:
    """Give parked messages up, on record.

    Raises:
        EventError: the file cannot be written.

    """
    loss = Loss(len(parked), "dropped on request: they were parked")
    store.commit(Commit(unparked=[each.position for each in parked], losses=[loss]))


def new_identity(store: Store) -> str:
    """Take a new identity: for a copy that is to be used beside its original.

    Raises:
        EventError: the file cannot be written.

    """
    store.commit(Commit(facts={"identity": str(uuid.uuid4())}))
    return store.identity
