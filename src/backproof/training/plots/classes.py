"""What a classifier decides: its regions in the plane, and how often it is right."""

from __future__ import annotations

import os
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from backproof.training.plots.fits import dots, explain_held, held_of, mark_size, sampled
from backproof.training.plots.outputs import features, labels, margins, outputs, predictor, told
from backproof.training.plots.theme import (
    COLOURS,
    DEPTHS,
    HATCHES,
    MARKS,
    ink,
    legend,
    literal,
    name_of,
    panel,
    readable,
    shortened,
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
    loss: Any = None,
    held: ArrayLike | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw which class a model decides on where, with the data: two features, two or more classes.

    Parameters
    ----------
    model
        A module, an estimator, or a function that gives for inputs, one a row, the score of each class, the
        class itself, or, of two classes, the score of the second.
    X, y
        The data.
    names
        What stands at the axes.
    loss
        What the model was trained by: it says what the score of the second class has to be above. Without
        it that is 0.5 if all scores are from 0 to 1, as probabilities are, and otherwise 0.
    held
        Which samples were held out of training, true or false of each: they are drawn hollow.
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
    across, up = (_side(inputs[:, index]) for index in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    output = outputs(predictor(model, "predict"), grid)
    given, classes = told(targets, output, loss)
    wins = margins(output, classes, loss).T.reshape(len(classes), _GRID, _GRID)
    with panel(ax, path, background, (6.0, 4.6)) as on:
        for index, won in enumerate(wins):
            _region(on, across, up, won, index)
        _samples(on, inputs, given, classes, held_of(held, len(inputs)))
        on.set_xlim(across[0], across[-1])
        on.set_ylim(up[0], up[-1])
        on.set_xlabel(literal(names[0]))
        on.set_ylabel(literal(names[1]))
        on.grid(visible=False)
        legend(on, least=1)
        return on.figure.figure


def _samples(
    on: Axes, inputs: NDArray[Any], given: NDArray[Any], classes: NDArray[Any], held: NDArray[np.bool_]
) -> None:
    """Draw the samples of each class in its colour, with its mark."""
    shown = sampled(on, len(inputs))
    for index, each in enumerate(classes):
        here = shown[given[shown] == each]
        mark = MARKS[(index + index // len(COLOURS)) % len(MARKS)]
        look: dict[str, Any] = {"marker": mark, "color": COLOURS[index % len(COLOURS)]}
        hatched = [*HATCHES][index // len(COLOURS) % len(HATCHES)]
        name = name_of(shortened(each)) + (f" ({hatched})" if hatched else "")
        dots(on, inputs[here], held[here], label=name, markersize=mark_size(len(shown)), **look)
    explain_held(on, held[shown])


def _side(values: NDArray[Any]) -> NDArray[Any]:
    room = 0.08 * (np.ptp(values) or 1.0)
    return np.linspace(values.min() - room, values.max() + room, _GRID, dtype=values.dtype)


def _region(on: Axes, across: NDArray[Any], up: NDArray[Any], won: NDArray[Any], index: int) -> None:
    """Fill where a class wins, and draw a line around it.

    Where the colours begin anew the regions are hatched.
    """
    won = np.ma.masked_invalid(won)
    if not won.count() or won.max() <= 0:
        return
    again, colour = divmod(index, len(COLOURS))
    on.contourf(
        across,
        up,
        won,
        levels=[0.0, float(won.max()) * 1.01],
        colors=[COLOURS[colour]],
        alpha=0.2,
    )
    if again:
        hatch = [*HATCHES.values()][again % len(HATCHES)]
        with mpl.rc_context({"hatch.color": ink(on)}):
            on.contourf(across, up, won, levels=[0.0, np.inf], colors="none", hatches=[hatch])
    if won.min() < 0:
        on.contour(across, up, won, levels=[0.0], colors=[ink(on)], linewidths=1.2, linestyles="-")


def confusion(
    actual: Any,
    predicted: Any,
    *,
    of: str = "",
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
    of
        What they are, such as ``"validation samples"``, for the title.
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
        which = " ".join([str(counts.sum()), *([of] if of else [])])
        on.set_title(f"{right} of {which} right: {right / counts.sum():.1%}", color=ink(on))
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
