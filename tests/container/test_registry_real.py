"""The registry suite against the real registry of the local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.registry_suite import RegistrySuite

if TYPE_CHECKING:
    from freezer_infra.local.stack import Stack


@pytest.fixture
def url(stack: Stack) -> str:
    return stack.registry_url


class TestRegistry(RegistrySuite):
    """Everything that must work on any registry."""
