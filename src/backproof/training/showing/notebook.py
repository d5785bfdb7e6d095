"""A plot of the loss that lives in a notebook while training runs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from backproof.training.callbacks import Callback
from backproof.training.showing.speed import PATIENCE, Pace, numbers

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["LivePlot", "displays"]

_APART, _SHARE = 1.0, 0.05


def displays() -> bool:
    """Say whether this runs in a notebook that can show pictures; IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    try:
        import matplotlib as mpl  # noqa: F401 - whether it is there
    except ModuleNotFoundError:
        return False
    return True


class LivePlot(Callback):
    """Shows the loss in a notebook, and at most once a second anew; the last picture stays.

    Parameters
    ----------
    at_once
        Whether to show every training; else only those that take longer than a moment.
    """

    by_engine = True

    def __init__(self, *, at_once: bool = False) -> None:
        self._wait = 0.0 if at_once else PATIENCE
        self._pace = Pace(_APART, _SHARE)
        self._handle: Any = None

    def on_start(self, training: Training) -> None:
        """Begin to wait."""
        self._pace.start(training, self._wait)

    def on_step(self, training: Training, loss: float) -> None:
        """Show it, if it is time."""
        if time.perf_counter() >= self._pace.due:
            self._show(training)

    def on_end(self, training: Training) -> None:
        """Show the last picture."""
        if self._handle is not None:
            self._show(training)

    def _show(self, training: Training) -> None:
        from backproof.training.plots import loss

        self._pace.begin(training)  # what is imported above is so once, and does not count
        picture = loss(training.history)
        picture.suptitle(
            f"epoch {training.epoch} of {training.epochs}  {numbers(training, self._pace.rate)}",
            color=picture.axes[0].xaxis.label.get_color(),
            fontsize=10,
        )
        if self._handle is None:
            self._handle = sys.modules["IPython"].display.display(picture, display_id=True)
        else:
            self._handle.update(picture)
        self._pace.end()
