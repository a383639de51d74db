"""A second event: in a checkout of this project, and in a project that installed the wheel.

Nothing in `producer/` is edited by hand for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "support" / "doors.py"
FIELDS = (
    *("--field", "open: boolean  # Whether it stood open."),
    *("--field", "recorded_at: timestamp-millis?  # When it was seen, in UTC."),
)


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def begin(freezer: tuple[str | Path, ...], cwd: Path, **environment: str) -> None:
    """Make the event, let the producer fill in its time, release it."""
    run(
        *freezer, "schema", "new", "door-event", "--key", "door_id", *FIELDS, cwd=cwd, **environment
    )
    toml = cwd / "schemas" / "door-event" / "event.toml"
    with toml.open("a", encoding="utf-8") as file:
        file.write('\n[fill]\nrecorded_at = "now"\n')
    shown = run(*freezer, "schema", "release", "door-event", cwd=cwd, **environment)
    assert "door-event: released v1" in shown
    shown = run(*freezer, "schema", "check", cwd=cwd, **environment)
    assert "no problems" in shown


def test_a_checkout_takes_a_second_event_without_an_edit_to_its_code(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for each in ("producer", "schemas"):
        shutil.copytree(ROOT / each, checkout / each, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", checkout)
    before = {path: path.read_bytes() for path in (checkout / "producer").rglob("*.py")}
    freezer = (sys.executable, "-m", "freezer_events.cli")
    path = {"PYTHONPATH": str(checkout / "producer")}

    begin(freezer, checkout, **path)
    assert "door_event" in run(
        sys.executable, "-c", "import freezer_events.events.door_event as m; print(m.__file__)",
        cwd=checkout, **path,
    )  # fmt: skip
    shown = run(sys.executable, PROGRAM, "freezer_events.events", cwd=checkout, **path)
    assert shown == "6 events of door-event read back\n"
    readings = checkout / "doors.jsonl"
    readings.write_text('{"door_id": "door0", "open": true}\n', encoding="utf-8")
    dry = ("produce", "--event", "door-event", "--dry-run", "--from", readings)
    assert "1 event read" in run(*freezer, *dry, cwd=checkout, **path)

    now = {path: path.read_bytes() for path in (checkout / "producer").rglob("*.py")}
    changed = {str(p.relative_to(checkout)) for p in now if before.get(p) != now[p]}
    assert changed == {
        "producer/freezer_events/events/__init__.py",
        "producer/freezer_events/events/door_event.py",
    }


def test_a_project_with_the_wheel_has_its_own_schemas_and_events(
    wheel_freezer: Path, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.freezer]\nschemas = "schemas"\ninto = "my_events"\n', encoding="utf-8"
    )
    begin((wheel_freezer,), tmp_path)
    python = wheel_freezer.with_name("python")
    shown = run(python, PROGRAM, "my_events", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert shown == "6 events of door-event read back\n"
    run(wheel_freezer, "schema", "new", "--field", "note: string?", cwd=tmp_path)
    assert "released v2" in run(wheel_freezer, "schema", "release", cwd=tmp_path)
    assert "v2" in run(wheel_freezer, "schema", "list", cwd=tmp_path)


def test_folders_may_be_named_on_the_command_line_instead(
    wheel_freezer: Path, tmp_path: Path
) -> None:
    where = ("--schemas", "avro")
    both = (*where, "--into", "app/events")
    run(wheel_freezer, "schema", "new", "door-event", *FIELDS, *where, cwd=tmp_path)
    run(wheel_freezer, "schema", "release", *both, cwd=tmp_path)
    assert "up to date" in run(wheel_freezer, "schema", "generate", "--check", *both, cwd=tmp_path)
    assert "no problems" in run(wheel_freezer, "schema", "check", *both, cwd=tmp_path)
    assert (tmp_path / "app" / "events" / "door_event.py").is_file()
