"""Programs that render what strangers wrote: no network, nothing of the user's, limits of time, memory and output."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from egress_policy.errors import EgressPolicyError

# Of one chart or kustomization, and of all in an audit.
_SECONDS, _ALL_SECONDS = 60.0, 300.0
_MOST_OUTPUT = 64 << 20
# Address space: a template can ask for any number of strings.
_MOST_MEMORY = 3 << 30
_MOST_COMPLAINT = 300
# Where nobody listens: what would be fetched is refused at once.
_NOWHERE = "http://127.0.0.1:9"


class RenderError(EgressPolicyError):
    """What a program did not render, in the words of the report."""


@dataclass(slots=True)
class Budget:
    """The time that is left for all that an audit renders."""

    _end: float = field(default_factory=lambda: time.monotonic() + _ALL_SECONDS)

    def seconds(self) -> float:
        """For the next program. Raises RenderError where there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise RenderError(f"all charts and kustomizations together took longer than {_ALL_SECONDS:g} seconds")
        return min(left, _SECONDS)


def run(command: Sequence[str], budget: Budget) -> bytes:
    """What a program prints. It finds no other program, no settings of the user, no proxy that answers.

    Raises RenderError with its complaint, or the limit that it ran into.
    """
    seconds = budget.seconds()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, cwd=folder,
                env=_environment(folder), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise RenderError(f"{command[0]} cannot be started: {error.strerror}") from error
        with _limited(process, seconds) as late:
            printed = process.stdout.read(_MOST_OUTPUT + 1) if process.stdout else b""
        if late.is_set():
            raise RenderError(f"{_name(command)} took longer than {_SECONDS:g} seconds")
        if len(printed) > _MOST_OUTPUT:
            raise RenderError(f"{_name(command)} printed more than {_MOST_OUTPUT >> 20} MB")
        if process.returncode != 0:
            raise RenderError(f"{_name(command)} says: {_complaint(complaints)}")
        return printed


def find(*names: str) -> str | None:
    """The first of the programs that is on PATH."""
    return next((path for path in map(shutil.which, names) if path), None)


@contextlib.contextmanager
def _limited(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Whatever becomes of it, the process has ended afterwards; set if it took too long."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        timer.start()
        _limit_memory(process.pid)
        with process.stdout or contextlib.nullcontext():  # closed, it gets SIGPIPE if it has more to say
            yield late
        process.wait()
    finally:
        timer.cancel()
        _kill(process)
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()


def _limit_memory(pid: int) -> None:
    if sys.platform == "linux":  # elsewhere no process can set the limits of another
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


def _environment(folder: str) -> dict[str, str]:
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HELM_PLUGINS", "TMPDIR", "TEMP", "PATH")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    known = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return known | dict.fromkeys(homes, folder) | dict.fromkeys(proxies, _NOWHERE) | {"KUBECONFIG": os.devnull}


def _name(command: Sequence[str]) -> str:
    return os.path.basename(command[0])


def _complaint(said: IO[bytes]) -> str:
    said.seek(0)
    text = said.read(1 << 16).decode(errors="replace")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return (words[:_MOST_COMPLAINT] + "…" if len(words) > _MOST_COMPLAINT else words) or "nothing"
