from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.reader.texts import kubernetes


@pytest.fixture(scope="session")
def oracle(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[object]]:
    """What Kubernetes reads from a text; None for what it refuses."""
    program, folder = tool("kubernetes"), tmp_path_factory.mktemp("kubernetes")

    def ask(text: str) -> list[object]:
        documents, problem = kubernetes(program, folder, text)
        return [*documents, None] if problem else documents

    return ask
