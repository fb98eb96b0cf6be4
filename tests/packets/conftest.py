"""What the tests with real packets share: the programs, a missing one of which fails them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.packets.namespaces import Lab, LabError
from tools import debian
from tools.programs import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def programs() -> debian.Programs:
    """ip, iptables, ip6tables and ipset."""
    try:
        return debian.provide()
    except ProgramError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def lab(programs: debian.Programs) -> Iterator[Lab]:
    """A router, as yet without nodes."""
    try:
        started = Lab(programs).__enter__()
    except LabError as error:
        pytest.fail(str(error), pytrace=False)
    yield started
    started.__exit__()
