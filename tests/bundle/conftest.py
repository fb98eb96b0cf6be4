"""Keys and OPA, for the tests of bundles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundle.signers import Pair, pair


@pytest.fixture(scope="session")
def opa(tool: Callable[[str], Path]) -> Path:
    """The real OPA."""
    return tool("opa")


@pytest.fixture(scope="session")
def es256(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A key on P-256."""
    return pair(tmp_path_factory.mktemp("keys"), "ES256")


@pytest.fixture(scope="session")
def rs256(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """An RSA key."""
    return pair(tmp_path_factory.mktemp("keys"), "RS256")


@pytest.fixture(params=["es256", "rs256"])
def key(request: pytest.FixtureRequest) -> Pair:
    """One of them, then the other."""
    found: Pair = request.getfixturevalue(request.param)
    return found
