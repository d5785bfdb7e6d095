"""Requests to end, which wait until there is nothing left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["Signals"]

_AWAITED = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Takes note of SIGINT, which is Ctrl-C, and SIGTERM, instead of what they do: that comes later.

    A second one does at once what it would have done. Signals come to the main thread: in another there is
    nothing to wait for, nor where they are ignored.

    Attributes
    ----------
    received
        The number of the signal that came; 0 for none.
    """

    def __init__(self) -> None:
        self.received = 0
        self._before: dict[int, Any] = {}

    def start(self) -> None:
        """Begin to wait."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _AWAITED:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._receive)

    def stop(self) -> Callable[[], None]:
        """Let signals do again what they did, and give what does what the one that came would have done."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self._receive:
                signal.signal(number, before)
        number, self.received = self.received, 0
        before = self._before.get(number)
        self._before = {}
        if callable(before):
            return lambda: before(number, None)
        return lambda: signal.raise_signal(number) if number else None

    def _receive(self, number: int, frame: FrameType | None) -> None:
        again, self.received = bool(self.received), number
        if again:
            self.stop()()
