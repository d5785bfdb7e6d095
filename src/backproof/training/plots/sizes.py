"""How large weights and gradients were, through the layers, over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backproof.training.history import History
from backproof.training.plots.curves import whole_numbers
from backproof.training.plots.theme import (
    COLOURS,
    DASHES,
    DEPTHS,
    MARKS,
    ink,
    legend,
    literal,
    note,
    page,
    panel,
)

__all__ = ["gradients", "layer_sizes", "weights"]

#: More lines than these cannot be told apart: there is a map then, with a row for each.
_LINES = 6
#: More rows than these are not all named.
_NAMED = 40
_FEW = 30


def layer_sizes(
    history: History, *, path: str | os.PathLike[str] | None = None, background: str | None = None
) -> Figure:
    """Draw how large weights and gradients were, beside one another."""
    rows = max((len(each.parameters) for each in history.sizes), default=1)
    height = 4.0 if rows <= _LINES else _height(rows)
    with page(path, background, (10.0, height)) as picture:
        left, right = picture.subplots(1, 2)
        weights(history, ax=left)
        gradients(history, ax=right)
        return picture


def weights(
    history: History,
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw how large the parameters of each layer were: root mean squares, against the step.

    A few are lines, many a map with a row for each, the first layer on top. The scale is logarithmic.
    """
    return _drawn([each.parameters for each in history.sizes], "parameters", history, ax, path, background)


def gradients(
    history: History,
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw how large the gradients of each layer were: root mean squares, against the step.

    Where they fade from the last layer to the first, or grow from step to step, learning is in trouble.
    """
    return _drawn([each.gradients for each in history.sizes], "gradients", history, ax, path, background)


def _drawn(
    rows: Sequence[Any],
    what: str,
    history: History,
    ax: Axes | None,
    path: str | os.PathLike[str] | None,
    background: str | None,
) -> Figure:
    names = list(dict.fromkeys(name for row in rows for name in row))
    steps = np.array([each.step for each in history.sizes], float)
    found = np.array([[row.get(name, np.nan) for row in rows] for name in names], float).reshape(
        len(names), len(rows)
    )
    found = np.where(np.isfinite(found) & (found > 0), found, np.nan)
    height = 4.0 if len(names) <= _LINES else _height(len(names))
    with panel(ax, path, background, (6.4, height)) as on:
        on.set_xlabel("step")
        if not np.isfinite(found).any():
            on.set_ylabel(f"size of {what}")
            note(on, "none recorded" if not found.size else "all zero, or not finite")
        elif len(names) <= _LINES:
            _lines(on, what, names, steps, found)
        else:
            _map(on, what, names, steps, found)
        return on.figure.figure


def _lines(on: Axes, what: str, names: Sequence[str], steps: NDArray[Any], found: NDArray[Any]) -> None:
    for index, (name, values) in enumerate(zip(names, found, strict=True)):
        mark = MARKS[index] if len(steps) <= _FEW else None
        on.plot(
            steps, values, label=literal(name), color=COLOURS[index], linestyle=DASHES[index], marker=mark
        )
    on.set_ylabel(f"size of {what} (root mean square)")
    on.set_yscale("log")
    whole_numbers(on)
    if len(steps) == 1:
        on.set_xlim(steps[0] - 1, steps[0] + 1)
    legend(on, least=1)


def _map(on: Axes, what: str, names: Sequence[str], steps: NDArray[Any], found: NDArray[Any]) -> None:
    between = (steps[:-1] + steps[1:]) / 2
    edges = np.concatenate(
        [[min(steps[0], 0.0)], between, [steps[-1] + (between[-1] < steps[-1] if len(between) else 1)]]
    )
    least, most = np.nanmin(found), np.nanmax(found)
    norm = LogNorm(least, most if most > least else least * 10)
    drawn = on.pcolormesh(
        edges, np.arange(len(names) + 1), np.ma.masked_invalid(found), cmap=DEPTHS, norm=norm
    )
    on.invert_yaxis()
    on.grid(visible=False)
    apart = -(-len(names) // _NAMED)
    on.set_yticks(np.arange(0, len(names), apart) + 0.5, [literal(name) for name in names[::apart]])
    on.tick_params(axis="y", length=0)
    whole_numbers(on)
    bar = on.figure.figure.colorbar(drawn, ax=on, pad=0.02)
    bar.set_label(f"size of {what} (root mean square)", color=ink(on))
    bar.outline.set_visible(False)


def _height(rows: int) -> float:
    return min(2.0 + 0.24 * rows, 12.0)
