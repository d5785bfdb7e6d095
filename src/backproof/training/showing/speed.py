"""How far a training is, and how fast: the numbers that are shown, and when it is time to show them."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["PATIENCE", "Pace", "numbers"]

#: A training that is quicker than this is not shown, in seconds.
PATIENCE = 1.0
#: Nobody should wait longer for news, in seconds.
_LONGEST = 10.0


class Pace:
    """Says when to show again: not before some seconds, and so that showing takes a small share of the time.

    Parameters
    ----------
    apart
        Seconds from one to the next.
    share
        Which share of the time showing may take.
    """

    def __init__(self, apart: float, share: float = 0.02) -> None:
        self.apart, self.share = apart, share
        self.due = self._began = math.inf
        self._last, self._step = 0.0, 0
        #: Steps a second, between the last two times; NaN before.
        self.rate = math.nan

    def start(self, training: Training, wait: float) -> None:
        """Begin; it is time after a while."""
        self._last, self._step = time.perf_counter(), training.step
        self.due = self._last + wait

    def begin(self, training: Training) -> None:
        """Note that it is shown now, and how fast training is."""
        self._began = time.perf_counter()
        if training.step > self._step and self._began > self._last:
            self.rate = (training.step - self._step) / (self._began - self._last)
        self._last, self._step = self._began, training.step

    def end(self) -> None:
        """Note that it has been shown."""
        now = time.perf_counter()
        self.due = now + min(max(self.apart, (now - self._began) / self.share), _LONGEST)


def numbers(training: Training, rate: float) -> str:
    """Say the loss, that of the validation data, and the rate.

    The loss is that of the present epoch so far, or of the last one.
    """
    last = training.history[-1] if len(training.history) else None
    if training.samples:
        said = [f"loss {training.total / training.samples:.4g}"]
    else:
        said = [] if last is None else [f"loss {last.loss:.4g}"]
    if last is not None and last.validation is not None:
        said.append(f"validation {last.validation:.4g}")
    if math.isfinite(rate):
        said.append(f"{rate:,.0f} steps/s" if rate >= 10 else f"{rate:.2g} steps/s")
    return "  ".join(said)
