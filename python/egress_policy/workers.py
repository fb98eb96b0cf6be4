"""A second process for the second half of the files. It is the only module that starts one.

The child reads its half, says which namespaces it met, hands over those that the parent met as well (a namespace is
judged as a whole), and judges the rest. A pipe that ends early is an error, never an empty answer.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from egress_policy.engine import EngineError
from egress_policy.errors import EgressPolicyError

_LENGTH = struct.Struct("!Q")
_ANSWER, _REFUSED, _FAILED = "answer", "refused", "failed"


def available() -> bool:
    """Whether a second process would help, and can be had by a plain fork.

    Not where other threads run (a fork copies their locks, but not them), as they do in most programs on macOS.
    """
    alone = threading.active_count() == 1 and sys.platform != "darwin"
    return hasattr(os, "fork") and alone and _processors() > 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pipe:
    """Messages of plain values (what `marshal` takes) to and from the process at the other end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Any) -> None:
        """Send one message; waits until the other process takes it."""
        data = marshal.dumps(message)
        self._end.sendall(_LENGTH.pack(len(data)))
        self._end.sendall(data)

    def receive(self) -> Any:
        """The next message; EOFError if the other process is gone."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return marshal.loads(self._exactly(length))  # noqa: S302  # from our own child, over a pipe nobody else has

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view, done = memoryview(data), 0
        while done < length:
            count = self._end.recv_into(view[done:])
            if not count:
                raise EOFError
            done += count
        return data

    def close(self) -> None:
        """The other process sees the end."""
        self._end.close()


class Worker:
    """A child that runs `task(pipe)`. Leaving the context ends it, whatever happened."""

    def __init__(self, task: Callable[[Pipe], None]) -> None:
        ours, theirs = socket.socketpair()
        self._status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _run(task, Pipe(theirs))
        theirs.close()
        self._pipe = Pipe(ours)

    def send(self, message: Any) -> None:
        """EngineError if the child is gone."""
        with self._alive():
            self._pipe.send(message)

    def receive(self) -> Any:
        """What the child sends next; EngineError if it is gone, or whatever it refused with."""
        with self._alive():
            kind, message = self._pipe.receive()
        if kind == _REFUSED:
            raise EngineError(message)
        if kind == _FAILED:
            raise EngineError(f"a worker process failed:\n{message}")
        return message

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            raise EngineError(f"a worker process ended early ({self._ended()})") from error

    def _ended(self) -> str:
        self._wait()
        code = os.waitstatus_to_exitcode(self._status or 0)
        if code == -signal.SIGKILL:
            return "it was killed, perhaps because memory ran out"
        return f"signal {-code}" if code < 0 else f"exit {code}"

    def _wait(self) -> None:
        if self._status is None:
            _, self._status = os.waitpid(self._pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        if self._status is None:
            if kind is not None:
                os.kill(self._pid, signal.SIGKILL)
            self._wait()


def reply(pipe: Pipe, message: Any) -> None:
    """What a task sends to `Worker.receive`."""
    pipe.send((_ANSWER, message))


def _run(task: Callable[[Pipe], None], pipe: Pipe) -> None:
    """The child's whole life. It never returns, or the caller's code would go on in two processes."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        task(pipe)
        code = 0
    except KeyboardInterrupt:
        code = 130
    except EgressPolicyError as error:
        _complain(pipe, _REFUSED, str(error))
    except BaseException:  # noqa: BLE001  # the parent raises it: here there is nobody to catch it
        _complain(pipe, _FAILED, traceback.format_exc())
    finally:
        # Not sys.exit: what the parent had not yet written would be written twice.
        os._exit(code)


def _complain(pipe: Pipe, kind: str, message: str) -> None:
    with contextlib.suppress(OSError):  # the parent is gone: there is nobody to tell
        pipe.send((kind, message))
