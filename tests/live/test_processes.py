"""What tests start is gone when they are."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.processes import HOST, Program, StartError, free_ports, until

SLEEP = (sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)")
KILLED = """
import sys
from pathlib import Path
from tests.live.processes import Program
program = Program("sleeper", sys.argv[2:], Path(sys.argv[1]))
print(program.pid, flush=True)
input()
"""


def test_a_program_ends_when_it_is_stopped(tmp_path: Path) -> None:
    program = Program("sleeper", SLEEP, tmp_path)
    program.wait_until("it is awake", lambda: "awake" in program.log.read_text())
    assert program.runs
    program.stop()
    assert not program.runs


def test_a_program_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, "-c", KILLED, tmp_path, *SLEEP]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        until("the program is awake", (tmp_path / "sleeper.log").read_text)
        tests.send_signal(signal.SIGKILL)
    until("the program is gone", lambda: not runs(pid))


def runs(pid: int) -> bool:
    """Whether there is such a process, and it is not only waiting for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_ends_early_says_why(tmp_path: Path) -> None:
    program = Program("failing", [sys.executable, "-c", "import sys; sys.exit('no such luck')"], tmp_path)
    with pytest.raises(StartError, match=r"(?s)failing: ended with 1 before it is ready.*no such luck"):
        program.wait_until("it is ready", lambda: False)


def test_a_program_gets_its_environment(tmp_path: Path) -> None:
    show = "import os; print(os.environ['NAME'], len(os.environ))"
    program = Program("showing", [sys.executable, "-c", show], tmp_path, {"NAME": "value"})
    until("it has spoken", lambda: program.log.read_text() == f"value {len(os.environ) + 1}\n")
    program.stop()


def test_a_port_in_use_is_not_offered() -> None:
    ports = free_ports()
    with socket.create_server((HOST, next(ports))) as server:
        taken = server.getsockname()[1]
        assert taken not in set(ports)
