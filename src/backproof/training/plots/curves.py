"""Curves over the epochs: the loss, or any other column of a history."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from backproof.training.history import History
from backproof.training.plots.theme import COLOURS, DASHES, MARKS, ink, legend, literal, note, panel

__all__ = ["columns", "drawable", "loss", "spans_decades", "thinned", "whole_numbers"]

#: More points than these are more than a picture has dots.
_MOST = 2000
#: So few points are marked, one by one.
_FEW = 30
_DECADES = 100.0
#: Larger numbers are not drawn, nor are infinite ones: matplotlib cannot make room around them.
_LARGEST = 1e200
#: Characters a line of text below.
_WIDEST = 76


def loss(
    history: History,
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw the loss against the epoch, with that of the validation data.

    The scale is logarithmic where the losses span decades; where one is not finite there is a gap with a
    cross.

    Parameters
    ----------
    history
        What `fit` gave.
    ax
        Axes to draw on, of a figure of your own; ``None`` for a new picture.
    path
        A file to save the picture in: png, svg or pdf.
    background
        A colour; ``None`` for none, so that the page is seen.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Examples
    --------
    >>> from backproof.training.history import Epoch
    >>> picture = loss(History([Epoch(1, 3, 0.5, 0.1, 0.0), Epoch(2, 6, 0.25, 0.1, 0.0)]))
    >>> picture.axes[0].lines[0].get_ydata().tolist()
    [0.5, 0.25]
    """
    names = [name for name in ("loss", "validation") if name in history.columns]
    return columns(history, names, ax=ax, path=path, background=background)


def columns(
    history: History,
    names: Iterable[str],
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw columns of a history against the epoch.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    given = {name: history.column(name) for name in names}
    with panel(ax, path, background) as on:
        why = textwrap.fill(f"stopped: {history.stopped}", _WIDEST) if history.stopped else ""
        on.set_xlabel(literal(f"epoch\n{why}" if why else "epoch"))
        on.set_ylabel(literal("loss" if "loss" in given else next(iter(given), "")))
        if not len(history):
            note(on, "no epoch yet")
            return on.figure.figure
        _draw(on, history.column("epoch"), given)
        return on.figure.figure


def _draw(on: Axes, epochs: NDArray[Any], given: dict[str, NDArray[Any]]) -> None:
    few = len(epochs) <= _FEW
    for index, (name, values) in enumerate(given.items()):
        shown = thinned(values)
        on.plot(
            epochs[shown],
            drawable(values[shown]),
            label=_label(name, epochs, values),
            color=COLOURS[index % len(COLOURS)],
            linestyle=DASHES[index % len(DASHES)],
            marker=MARKS[index % len(MARKS)] if few else None,
        )
    if spans_decades(np.concatenate(list(given.values()))):
        on.set_yscale("log")
    whole_numbers(on)
    if len(epochs) == 1:
        on.set_xlim(epochs[0] - 1, epochs[0] + 1)
    broken = epochs[np.isnan(drawable(given["loss"]))] if "loss" in given else epochs[:0]
    if len(broken):
        on.plot(
            broken[thinned(broken)],
            np.full(len(thinned(broken)), 0.98),  # at the top, where they would lie
            transform=on.get_xaxis_transform(),
            linestyle="none",
            marker="x",
            color=ink(on),
            label="loss not finite" if not np.isfinite(given["loss"]).all() else f"loss above {_LARGEST:g}",
        )
    legend(on)


def _label(name: str, epochs: NDArray[Any], values: NDArray[Any]) -> str:
    if name == "loss":
        return "training"
    finite = np.isfinite(values)
    if name == "validation" and finite.any():
        least = int(np.where(finite, values, np.inf).argmin())
        return f"validation, least {values[least]:.4g} at epoch {int(epochs[least])}"
    return literal(name)


def drawable(values: NDArray[Any]) -> NDArray[Any]:
    """Give values with NaN for those that no picture has room for.

    Examples
    --------
    >>> drawable(np.array([1.0, -2.0, 1e300, np.inf])).tolist()
    [1.0, -2.0, nan, nan]
    """
    return np.where(np.abs(values) <= _LARGEST, values, np.nan)


def whole_numbers(on: Axes) -> None:
    """Let the ticks of the epochs, or the steps, be whole numbers."""
    on.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    on.xaxis.set_major_formatter("{x:,.0f}")


def spans_decades(values: NDArray[Any]) -> bool:
    """Say whether values are positive and the largest is at least a hundred times the least.

    Examples
    --------
    >>> spans_decades(np.array([1.0, 0.01, np.nan])), spans_decades(np.array([1.0, 0.1]))
    (True, False)
    """
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() >= _DECADES * finite.min())


def thinned(values: NDArray[Any], most: int = _MOST) -> NDArray[Any]:
    """Give which of many values are drawn: the least and the largest of each stretch, the first and the last.

    Examples
    --------
    >>> thinned(np.array([3.0, 1.0, 2.0])).tolist()
    [0, 1, 2]
    >>> thinned(np.sin(np.arange(1e5))).size <= 2000
    True
    """
    if len(values) <= most:
        return np.arange(len(values))
    ends = np.linspace(0, len(values), most // 2, dtype=int)
    kept = {0, len(values) - 1}
    for start, end in pairwise(ends):
        stretch = values[start:end]
        finite = np.isfinite(stretch)
        kept |= {start + int(np.where(finite, stretch, np.inf).argmin())}
        kept |= {start + int(np.where(finite, stretch, -np.inf).argmax())}
        if not finite.all():
            kept.add(start + int((~finite).argmax()))
    return np.array(sorted(kept))
