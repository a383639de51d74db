"""Fixtures for tests of every kind."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# infra and tests are no part of the installed package, so they are found from here.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import extensions, wheel

# Who is started in the background of a shell ignores Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def built_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel, built once."""
    return wheel.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def wheel_freezer(built_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the `freezer` of the wheel, installed outside of the checkout."""
    return wheel.borrow(built_wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the extension modules: those of the installation, else built here."""
    with extensions.present(tmp_path_factory):
        yield
