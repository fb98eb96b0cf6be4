"""Where a report goes, and what a person sees meanwhile."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from egress_policy.audit import Progress
from egress_policy.errors import EgressPolicyError

# A person waits this long without wondering.
_PATIENCE = 0.5
_EVERY = 0.1


class OutputError(EgressPolicyError):
    """The report cannot be written there."""

    exit_code = 2


class Target:
    """Takes text, whatever the stream can show: what it cannot is written as an escape, never an exception."""

    def __init__(self, stream: IO[bytes], encoding: str = "utf-8", *, terminal: bool = False) -> None:
        self._stream, self._encoding = stream, encoding
        self.terminal = terminal

    def write(self, text: str) -> None:
        """Text, in the stream's encoding."""
        self._stream.write(text.encode(self._encoding, "backslashreplace"))

    def utf8(self, text: str) -> None:
        """Text for programs, which expect UTF-8 whatever the terminal shows."""
        self._stream.write(text.encode("utf-8", "backslashreplace"))

    def bytes(self, data: bytes) -> None:
        """What is no text."""
        self._stream.write(data)


def write(name: str | None, render: Callable[[Target], None]) -> None:
    """Render to the file of this name, or to standard output. A file has the whole report, or is as it was."""
    if name is None:
        _shown(render)
        return
    try:
        with _replaced(Path(name)) as stream:
            render(Target(stream))
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror or error}") from error


def save(name: str, data: bytes) -> None:
    """Write bytes to the file of this name, which has all of them, or is as it was."""
    write(name, lambda target: target.bytes(data))


def _shown(render: Callable[[Target], None]) -> None:
    try:
        render(_standard())
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # `egress audit … | head`: whoever reads has seen enough, and the verdict stands
        _discard_rest()
    except OSError as error:
        _discard_rest()
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def _discard_rest() -> None:
    """What is left in the buffer goes nowhere, or Python complains about it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _standard() -> Target:
    if sys.stdout is None:
        raise OutputError("cannot write to standard output: it is closed")
    return Target(sys.stdout.buffer, sys.stdout.encoding or "utf-8", terminal=sys.stdout.isatty())


@contextlib.contextmanager
def _replaced(file: Path) -> Iterator[IO[bytes]]:
    if file.exists() and not file.is_file():  # /dev/stdout, a pipe: nothing to replace
        with file.open("wb") as stream:
            yield stream
        return
    import tempfile  # only --output is worth its import

    real = file.resolve()
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        temporary.chmod(_mode(real))
        temporary.replace(real)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(file: Path) -> int:
    """What the file has, or what any new file would get."""
    if file.exists():
        return stat.S_IMODE(file.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """A line on standard error, only on a terminal and only if it takes a while."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Progress()
        return
    line = _Line()
    try:
        yield line
    finally:
        line.clear()


class _Line(Progress):
    def __init__(self) -> None:
        self._next = time.monotonic() + _PATIENCE
        self._shown = False

    def reading(self, done: int, total: int) -> None:
        self._show("reading", done, total, "files")

    def listing(self, resource: str, done: int) -> None:
        self._write(f"listing {resource}: {done} objects")

    def judging(self, done: int, total: int) -> None:
        self._show("judging", done, total, "namespaces")

    def _show(self, doing: str, done: int, total: int, things: str) -> None:
        self._write(f"{doing} {done * 100 // max(total, 1)} % of {total} {things}")

    def _write(self, text: str) -> None:
        moment = time.monotonic()
        if moment >= self._next:
            self._next, self._shown = moment + _EVERY, True
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
