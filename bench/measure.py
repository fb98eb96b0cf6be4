"""Whole processes, measured from outside: time by the kernel's account, memory by looking at the process group.

Nothing is measured inside a process. Commands that are compared take turns, so that what else the machine does
meets all of them alike; memory is looked at in runs of its own, as looking costs time.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.005


class RunError(Exception):
    """A measured command did not do its work."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run. It has to end with 0: nothing in the corpus is to be found fault with."""

    arguments: tuple[str, ...]


@dataclass(slots=True)
class Figures:
    """One entry a run: seconds by the clock and of processors, and bytes of memory at the peak of one further run."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def seconds(self) -> float:
        """The median by the clock."""
        return statistics.median(self.wall)

    def as_json(self) -> dict[str, object]:
        """Everything that was seen, seconds and bytes."""
        return {"seconds": self.seconds, "wall": self.wall, "cpu": self.cpu, "memory": self.memory}


def alternately(commands: Mapping[str, Command], rounds: int) -> dict[str, Figures]:
    """Run all commands in turn, `rounds` times, after one round that only warms the caches and looks at memory."""
    figures = {name: Figures(memory=_peak(command)) for name, command in commands.items()}
    for _ in range(rounds):
        for name, command in commands.items():
            wall, cpu = _timed(command)
            figures[name].wall.append(wall)
            figures[name].cpu.append(cpu)
    return figures


def _timed(command: Command) -> tuple[float, float]:
    start = time.perf_counter()
    process = _start(command.arguments)
    # wait4 counts what the process's own children used, too.
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    _check(command, process.returncode)
    return wall, usage.ru_utime + usage.ru_stime


def _peak(command: Command) -> int:
    """The most memory that all its processes had together; a page that they share counts once."""
    process, peak = _start(command.arguments), 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional(member) for member in _group(process.pid)))
        time.sleep(_EVERY)
    _check(command, process.returncode)
    return peak


def _start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: its processes are found by their group.
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _check(command: Command, code: int) -> None:
    if code != 0:
        raise RunError(f"exit code {code}: {' '.join(command.arguments)}")


def _group(leader: int) -> list[Path]:
    return [folder for folder in Path("/proc").glob("[0-9]*") if _leader(folder) == leader]


def _leader(folder: Path) -> int | None:
    try:
        # The name of the program, in brackets, may hold anything; the group is the third field after it.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, IndexError):
        return None  # it ended meanwhile


def _proportional(folder: Path) -> int:
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended meanwhile
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
