"""What every test may ask for (pytest's conftest, not the Go program of that name)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tools import programs

# In CI the same examples every time: a red run must be the change's fault.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("local", deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def _opa_on_path(tool: Callable[[str], Path]) -> Iterator[None]:
    """`--engine opa` takes OPA from PATH; for the tests that is the one that they were promised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tool("opa").parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """Where a Go program is: `tool("opa")`. A missing one fails the test; nothing is skipped."""

    def find(name: str) -> Path:
        path = programs.find(name)
        if path is None:
            pytest.fail(f"{name} is neither on PATH in a fitting version nor built: run `nox -s tools`", pytrace=False)
        return path

    return find
