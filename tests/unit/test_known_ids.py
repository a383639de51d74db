"""A schema id that a registry has given is known when it is out of reach."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from freezer_events.config import Settings
from freezer_events.config.state_folder import state_folder
from freezer_events.errors import AccessError, UnreachableError
from freezer_events.events import FreezerReading
from freezer_events.registry.known_ids import RememberingRegistry
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    from pathlib import Path

TEXT = FreezerReading.__event__.schema


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def asked(url: str, subject: str = "t-value", text: str = TEXT) -> int:
    with RememberingRegistry.connect(Settings(schema_registry_url=url), 0.5) as registry:
        return registry.schema_id(subject, text)


def answer(schema_id: int) -> dict[str, object]:
    return {"subject": "t-value", "id": schema_id, "version": 1, "schema": TEXT}


@pytest.mark.parametrize("fault", ["hangs up", "answers 503"])
def test_what_it_told_is_known_when_it_is_out_of_reach(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultyRegistry(body=answer(4711)) as registry:
        assert asked(registry.url) == 4711
        registry.hang_up = fault == "hangs up"
        registry.status, registry.body = 503, {"error_code": 50301, "message": "x"}
        assert asked(registry.url) == 4711
        assert "going on with schema id 4711" in caplog.text
        with pytest.raises(UnreachableError):
            asked(registry.url, "other-value")
        with pytest.raises(UnreachableError):
            asked(registry.url, text=TEXT.replace("temperature", "warmth"))


def test_a_registry_that_answers_is_believed_and_not_the_memory() -> None:
    with FaultyRegistry(body=answer(1)) as registry:
        assert asked(registry.url) == 1
        registry.body = answer(2)
        assert asked(registry.url) == 2
        registry.status, registry.body = 401, {"error_code": 401, "message": "x"}
        with pytest.raises(AccessError):
            asked(registry.url)
        registry.hang_up = True
        assert asked(registry.url) == 2


def test_what_is_kept_is_private_and_damage_is_asked_for_again() -> None:
    with FaultyRegistry(body=answer(3)) as registry:
        asked(registry.url)
        path = state_folder() / "schema-ids.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.write_text("[1, 2")
        assert asked(registry.url) == 3
        path.write_text("not JSON")
        registry.hang_up = True
        with pytest.raises(UnreachableError):
            asked(registry.url)
