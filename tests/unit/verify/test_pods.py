"""The script that a probe runs in, as a shell runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from egress_policy.verify.pods import SCRIPT


@pytest.mark.parametrize(
    ("limit", "command", "code", "said"),
    [
        pytest.param("20", ["sh", "-c", "echo open; exit 0"], 0, "open\n", id="success"),
        pytest.param("20", ["sh", "-c", "echo refused >&2; exit 1"], 1, "refused\n", id="failure, on standard error"),
        pytest.param("0.2", ["sleep", "9"], 124, "", id="a probe that hangs"),
        pytest.param("20", ["echo", "$(id)", ";", "`id`", "a  b"], 0, "$(id) ; `id` a  b\n", id="nothing is expanded"),
    ],
)
def test_what_a_probe_says_and_how_it_ends_is_kept(
    tmp_path: Path, limit: str, command: list[str], code: int, said: str
) -> None:
    log = tmp_path / "log"
    script = SCRIPT.replace("/dev/termination-log", str(log))
    done = subprocess.run(["sh", "-c", script, "probe", "0", limit, *command], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr, log.read_text()) == (code, b"", b"", said)
