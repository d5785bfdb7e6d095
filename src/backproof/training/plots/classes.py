"""What a classifier decides: its regions in the plane, and how often it is right."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backproof.training.plots.fits import mark_size, sampled
from backproof.training.plots.outputs import classes_of, features, labels, margins, outputs, predictor
from backproof.training.plots.theme import (
    COLOURS,
    DEPTHS,
    MARKS,
    ink,
    legend,
    literal,
    name_of,
    panel,
    readable,
)

__all__ = ["boundary", "confusion"]

#: Points along each side of the grid that decisions are asked for.
_GRID = 200
#: A matrix of more classes is shown in colours alone.
_WRITTEN = 20


def boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    names: tuple[str, str] = ("x₁", "x₂"),
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw which class a model decides on where, with the data: two features, two or more classes.

    Parameters
    ----------
    model
        A module, an estimator, or a function that gives for inputs, one a row, the score of each class, the
        class itself, or, of two classes, the score of the second: it is decided on above 0.5 if all
        scores are from 0 to 1, as probabilities are, and otherwise above 0.
    X, y
        The data.
    names
        What stands at the axes.
    ax, path, background
        As for `loss`.

    Raises
    ------
    ValueError
        If there are not two features, or the outputs do not fit the classes.
    """
    inputs, targets = features(X, y)
    if inputs.shape[1] != 2:
        raise ValueError(f"expected two features, which are the plane; got X of shape {inputs.shape}")
    given = labels(targets)
    across, up = (_side(inputs[:, index]) for index in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    output = outputs(predictor(model, "predict"), grid)
    classes = classes_of(given, output)
    wins = margins(output, classes).T.reshape(len(classes), _GRID, _GRID)
    with panel(ax, path, background, (6.0, 4.6)) as on:
        for index, won in enumerate(wins):
            _region(on, across, up, won, index)
        shown = sampled(on, len(inputs))
        for index, each in enumerate(classes):
            here = shown[given[shown] == each]
            on.plot(
                *inputs[here].T,
                linestyle="none",
                marker=MARKS[(index + index // len(COLOURS)) % len(MARKS)],
                color=COLOURS[index % len(COLOURS)],
                markersize=mark_size(len(shown)),
                label=name_of(each),
            )
        on.set_xlim(across[0], across[-1])
        on.set_ylim(up[0], up[-1])
        on.set_xlabel(literal(names[0]))
        on.set_ylabel(literal(names[1]))
        on.grid(visible=False)
        legend(on, least=1)
        return on.figure.figure


def _side(values: NDArray[Any]) -> NDArray[Any]:
    room = 0.08 * (np.ptp(values) or 1.0)
    return np.linspace(values.min() - room, values.max() + room, _GRID, dtype=values.dtype)


def _region(on: Axes, across: NDArray[Any], up: NDArray[Any], won: NDArray[Any], index: int) -> None:
    """Fill where a class wins, and draw a line around it."""
    won = np.ma.masked_invalid(won)
    if not won.count() or won.max() <= 0:
        return
    on.contourf(
        across,
        up,
        won,
        levels=[0.0, float(won.max()) * 1.01],
        colors=[COLOURS[index % len(COLOURS)]],
        alpha=0.2,
    )
    if won.min() < 0:
        on.contour(across, up, won, levels=[0.0], colors=[ink(on)], linewidths=1.2, linestyles="-")


def confusion(
    actual: Any,
    predicted: Any,
    *,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw how often each class was taken for which: a row for each class, a column for what it was taken.

    Parameters
    ----------
    actual, predicted
        The class of each sample, a number or a word; rows of scores, or of ones and zeros, are taken for the
        class of the largest.
    ax, path, background
        As for `loss`.

    Raises
    ------
    ValueError
        If they are not as many, or none.
    """
    is_so, taken_for = labels(np.asarray(actual)), labels(np.asarray(predicted))
    if len(is_so) != len(taken_for) or not len(is_so):
        raise ValueError(
            f"expected as many predicted classes as actual ones; got {len(taken_for)} and {len(is_so)}"
        )
    classes = np.unique(np.concatenate([is_so, taken_for]))
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (np.searchsorted(classes, is_so), np.searchsorted(classes, taken_for)), 1)
    names = [name_of(each) for each in classes]
    side = min(3.0 + 0.5 * len(classes), 11.0)
    with panel(ax, path, background, (side + 0.6, side)) as on:
        _cells(on, counts)
        apart = -(-len(names) // _WRITTEN)
        long = max(map(len, names)) * len(names[::apart]) > 30
        slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
        on.set_xticks(range(0, len(names), apart), names[::apart], **slanted)
        on.set_yticks(range(0, len(names), apart), names[::apart])
        on.tick_params(length=0)
        on.grid(visible=False)
        on.spines[:].set_visible(False)
        on.set_xlabel("predicted")
        on.set_ylabel("actual")
        right = int(np.trace(counts))
        on.set_title(f"{right} of {counts.sum()} right: {right / counts.sum():.1%}", color=ink(on))
        return on.figure.figure


def _cells(on: Axes, counts: NDArray[Any]) -> None:
    """Colour each cell by its share of the row, and write how many it has."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    on.imshow(shares, cmap=DEPTHS, vmin=0.0, vmax=1.0, aspect="equal")
    if len(counts) > _WRITTEN:
        return
    size = 10.0 if len(counts) <= 10 and counts.max() < 10_000 else 7.5
    for (row, place), count in np.ndenumerate(counts):
        letters = readable(to_hex(DEPTHS(shares[row, place])))
        on.text(place, row, str(count), ha="center", va="center", color=letters, fontsize=size)
