"""What the tests of the conversion may ask for."""

from __future__ import annotations

import pytest

from egress_policy.gatekeeper import modules, rules
from tests.engines import POLICY


@pytest.fixture(scope="session")
def found(_opa_on_path: None) -> rules.Found:
    """Our own rules, parsed once."""
    return rules.find(modules.read(POLICY))
