"""What the tests of the conversion may ask for."""

from __future__ import annotations

import pytest

from egress_policy.gatekeeper import modules, rules
from tests.engines import POLICY


@pytest.fixture(scope="session")
def packages(_opa_on_path: None) -> dict[str, modules.Package]:
    """Our own policy, parsed once."""
    return modules.read(POLICY)


@pytest.fixture(scope="session")
def found(packages: dict[str, modules.Package]) -> rules.Found:
    """Our own rules."""
    return rules.find(packages)
