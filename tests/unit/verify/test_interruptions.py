"""The first signal ends what runs, none ends the tidying up."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from egress_policy.verify.interruptions import Interruptions


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit), (signal.SIGHUP, SystemExit)],
)
def test_the_first_signal_raises_and_the_others_are_ignored(number: signal.Signals, error: type[BaseException]) -> None:
    tidied = False
    before = signal.getsignal(number)
    with pytest.raises(error), Interruptions() as interruptions:  # noqa: PT012  # all of it is what must be interrupted
        try:
            os.kill(os.getpid(), number)
        finally:
            interruptions.hold()
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGINT)
            tidied = True
    assert tidied
    assert signal.getsignal(number) is before


def test_a_signal_while_tidying_up_waits_until_that_is_done() -> None:
    tidied = False
    with pytest.raises(SystemExit) as raised, Interruptions() as interruptions:  # noqa: PT012  # it raises at its end
        interruptions.hold()
        os.kill(os.getpid(), signal.SIGTERM)
        tidied = True
    assert (tidied, raised.value.code) == (True, 143)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruptions():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_of_the_main_thread_nothing_changes() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with Interruptions():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
