"""Ctrl-C, SIGTERM and a terminal that goes away: the first ends what runs, none ends the tidying up."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

# Not every system has the last.
_SIGNALS = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interruptions:
    """While entered, the first signal raises; after `hold` it waits until this is left. All further ones are ignored.

    Signals that whoever started us wants ignored stay so, as under nohup. Outside of the main thread nothing changes.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._first: int | None = None
        self._held = False
        self._raised = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for one in _SIGNALS:
                if signal.getsignal(one) not in (signal.SIG_IGN, None):
                    self._before[one] = signal.signal(one, self._heard)
        return self

    def hold(self) -> None:
        """From now on nothing is interrupted."""
        self._held = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)
        if self._first is not None and not self._raised:
            _raise(self._first)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self._first is not None:
            return
        self._first = number
        if not self._held:
            self._raised = True
            _raise(number)


def _raise(number: int) -> NoReturn:
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
