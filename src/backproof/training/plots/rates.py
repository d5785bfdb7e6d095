"""The loss against a learning rate that rises."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backproof.training.plots.curves import spans_decades
from backproof.training.plots.theme import COLOURS, DASHES, MARKS, ink, legend, panel

if TYPE_CHECKING:
    from backproof.training.find_lr import RateSweep

__all__ = ["rates"]


def rates(
    sweep: RateSweep,
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw the losses of a sweep against the rate, each and smoothed, with the rate that is suggested."""
    with panel(ax, path, background) as on:
        on.set_xlabel("learning rate")
        on.set_ylabel("loss")
        on.plot(
            sweep.rates,
            sweep.losses,
            label="each step",
            color=COLOURS[0],
            alpha=0.35,
            linewidth=1,
            marker=".",
        )
        on.plot(sweep.rates, sweep.smoothed, label="smoothed", color=COLOURS[0], linestyle=DASHES[0])
        on.set_xscale("log")
        if spans_decades(sweep.smoothed[sweep.smoothed <= sweep.ceiling]):
            on.set_yscale("log")
        least, most = float(sweep.smoothed.min()), sweep.ceiling
        margin = 0.05 * (most - least) or 0.05
        on.set_ylim(least - margin if on.get_yscale() == "linear" else least / 2, most + margin)
        if math.isfinite(sweep.lr):
            at = int(abs(sweep.rates - sweep.lr).argmin())
            on.axvline(sweep.lr, color=ink(on), linewidth=1, linestyle=DASHES[1])
            on.plot(
                [sweep.lr],
                [sweep.smoothed[at]],
                label=f"lr={sweep.lr:.2g}, {sweep.why}",
                color=COLOURS[1],
                marker=MARKS[0],
                linestyle="none",
            )
        legend(on)
        return on.figure.figure
