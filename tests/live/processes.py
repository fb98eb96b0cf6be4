"""Programs that run for a while: started with a log, waited for, and ended however the tests end."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Answer = TypeVar("Answer")
HOST = "127.0.0.1"

# Becomes the program that is named by its arguments, after asking Linux to kill it should its parent be gone:
# tests that are killed cannot clean up, and what they started would stay for ever.
TETHERED = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""


class StartError(Exception):
    """A program ended, or was not ready in time; the message has the end of its log."""


def until(what: str, question: Callable[[], Answer | None], seconds: float = 60) -> Answer:
    """Ask again and again until the answer is neither empty nor false; TimeoutError says what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s until {what}")
        time.sleep(0.05)
    return answer


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on, none of them twice.

    They lie below those that systems give to outgoing connections, or such a one could take a port before its
    program does.
    """
    for port in random.sample(range(15_000, 32_000), 1_000):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                yield port


class Program:
    """A program that runs, with all that it says in `NAME.log`."""

    def __init__(
        self, name: str, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-IS", "-c", TETHERED, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                # Ctrl-C is for the tests; they end their programs in the right order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_until(self, what: str, question: Callable[[], object]) -> None:
        """Wait for a true answer; StartError if the program has ended meanwhile, or takes a minute."""

        def answered() -> object:
            if not self.runs:
                raise StartError(self._with_log(f"ended with {self._process.returncode} before {what}"))
            return question()

        try:
            until(what, answered)
        except TimeoutError as error:
            raise StartError(self._with_log(str(error))) from None

    def _with_log(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-20:]
        return "\n".join([f"{self.name}: {what}; the end of {self.log}:", *lines])

    def stop(self) -> None:
        """End the program and wait until it is gone; one that takes its time is killed."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
