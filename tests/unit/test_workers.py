"""A second process: its answers, its errors, and its end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from egress_policy import workers
from egress_policy.engine import EngineError
from egress_policy.errors import EgressPolicyError
from egress_policy.workers import Pipe, Worker, reply

# Python 3.12 warns of forks where threads run, as pytest-xdist's do; the command has none when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def test_messages_of_any_size_pass_both_ways() -> None:
    def task(pipe: Pipe) -> None:
        reply(pipe, {"doubled": pipe.receive() * 2})

    with Worker(task) as worker:
        worker.send(b"0123456789" * 1_000_000)
        assert len(worker.receive()["doubled"]) == 20_000_000


def test_what_a_child_refuses_is_an_error_of_the_parent() -> None:
    def task(_: Pipe) -> None:
        raise EgressPolicyError("namespace 'shop' could not be judged")

    with Worker(task) as worker, pytest.raises(EngineError, match=r"^namespace 'shop' could not be judged$"):
        worker.receive()


def test_a_bug_in_a_child_is_shown_with_its_trace() -> None:
    def task(_: Pipe) -> None:
        os.environ["MISSING"]

    with Worker(task) as worker, pytest.raises(EngineError, match=r"(?s)process failed:.*KeyError: 'MISSING'"):
        worker.receive()


@pytest.mark.parametrize(
    ("death", "expected"),
    [
        pytest.param(lambda: os._exit(7), "exit 7", id="it left"),
        pytest.param(lambda: os.kill(os.getpid(), signal.SIGKILL), "perhaps because memory ran out", id="killed"),
        pytest.param(lambda: os.kill(os.getpid(), signal.SIGTERM), "signal 15", id="it was asked to end"),
        pytest.param(lambda: None, "exit 0", id="it ended without an answer"),
    ],
)  # fmt: skip
def test_a_child_that_ends_early_is_an_error_never_an_empty_answer(death: Callable[[], None], expected: str) -> None:
    def task(_: Pipe) -> None:
        death()

    with Worker(task) as worker, pytest.raises(EngineError, match=f"a worker process ended early.*{expected}"):
        worker.receive()


def test_a_child_that_died_in_the_middle_of_a_message_is_an_error() -> None:
    def task(pipe: Pipe) -> None:
        pipe._end.sendall(b"\0\0\0\0\0\0\0\xff half")
        os._exit(0)

    with Worker(task) as worker, pytest.raises(EngineError, match="ended early"):
        worker.receive()


def test_no_child_outlives_an_interruption() -> None:
    def task(pipe: Pipe) -> None:
        reply(pipe, os.getpid())
        signal.pause()

    children = []

    def interrupted() -> None:
        with Worker(task) as worker:
            children.append(worker.receive())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ProcessLookupError):
        os.kill(children[0], 0)


def test_a_child_without_a_parent_ends() -> None:
    def task(pipe: Pipe) -> None:
        reply(pipe, os.getpid())
        pipe.receive()

    with Worker(task) as worker:
        child = worker.receive()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_where_threads_run_there_is_no_second_process() -> None:
    def available() -> None:
        seen.append(workers.available())

    seen: list[bool] = []
    thread = threading.Thread(target=available)
    thread.start()
    thread.join()
    assert seen == [False]
