"""The suite that comes with the templates, as whoever installs them may run it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def test_gator_verifies_every_suite(tool: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [tool("gator"), "verify", "./gatekeeper/..."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ok\t./gatekeeper/suite.yaml")
