"""What a model makes of one number after the other: a regression with its data, a logistic curve."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from backproof.ops import CATALOGUE
from backproof.training.decisions import gives_probabilities
from backproof.training.plots.outputs import column, features, outputs, predictor, told, within
from backproof.training.plots.theme import COLOURS, DASHES, MARKS, ink, legend, literal, name_of, panel

__all__ = [
    "MOST",
    "dots",
    "explain_held",
    "held_of",
    "logistic",
    "mark_size",
    "predictions",
    "regression",
    "sampled",
]

#: Points that a picture shows; of more, some.
MOST = 2000
#: Residuals are drawn for so many points.
_RESIDUALS = 300
#: Points that a curve is drawn through.
_CURVE = 400


def regression(
    model: Any,
    X: Any,
    y: Any,
    *,
    names: tuple[str, str] = ("x", "y"),
    held: ArrayLike | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw data, what a model predicts, and the residuals between.

    Of one feature it is the line through the data; of several, what is predicted against what is so.

    Parameters
    ----------
    model
        A module, an estimator, or a function that predicts.
    X, y
        The data.
    names
        What stands at the axes, for one feature.
    held
        Which samples were held out of training, true or false of each: they are drawn hollow.
    ax, path, background
        As for `loss`.

    Raises
    ------
    ValueError
        If the data do not fit one another, or have several targets a sample.
    """
    inputs, targets = features(X, y)
    actual = column(targets, "y").astype(float)
    predict = predictor(model, "predict")
    predicted = column(outputs(predict, inputs), "the prediction").astype(float)
    if inputs.shape[1] > 1:
        return predictions(
            actual, predicted, name=names[1], held=held, ax=ax, path=path, background=background
        )
    across = inputs[:, 0]
    curve = np.linspace(across.min(), across.max(), _CURVE, dtype=inputs.dtype)
    line = curve, column(outputs(predict, curve[:, None]), "the prediction")
    with panel(ax, path, background) as on:
        _points(on, np.stack([across, actual], 1), predicted, held_of(held, len(inputs)), line, "model")
        on.set_xlabel(literal(names[0]))
        on.set_ylabel(literal(names[1]))
        legend(on)
        return on.figure.figure


def predictions(
    actual: Any,
    predicted: Any,
    *,
    name: str = "y",
    held: ArrayLike | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw what is predicted against what is so, with the residuals between.

    Parameters
    ----------
    actual, predicted
        The numbers, one a sample.
    name
        What they are, for the axes.
    held, ax, path, background
        As for `regression`.
    """
    x, y = (column(np.asarray(each), "the numbers").astype(float) for each in (actual, predicted))
    both = np.concatenate([x, y])
    both = both[np.isfinite(both)]
    ends = np.array([both.min(), both.max()]) if both.size else np.array([0.0, 1.0])
    with panel(ax, path, background) as on:
        _points(on, np.stack([x, y], 1), x, held_of(held, len(x)), (ends, ends), "predicted = actual")
        on.set_xlabel(literal(f"actual {name}"))
        on.set_ylabel(literal(f"predicted {name}"))
        legend(on)
        return on.figure.figure


def _points(
    on: Axes,
    points: NDArray[Any],
    feet: NDArray[Any],
    held: NDArray[np.bool_],
    line: tuple[NDArray[Any], NDArray[Any]],
    said: str,
) -> None:
    """Draw points, the line, and from each point to its foot on the line the residual."""
    shown = sampled(on, len(points))
    points, feet, held = points[shown], feet[shown], held[shown]
    on.plot(*line, color=COLOURS[1], label=said, zorder=3)
    dots(on, points, held, color=COLOURS[0], marker=MARKS[0], label="data", zorder=4)
    explain_held(on, held)
    if len(points) <= _RESIDUALS:
        ends = np.stack([points, np.stack([points[:, 0], feet], 1)], axis=1)
        residuals = LineCollection(list(ends), colors=ink(on), linewidths=0.9, linestyles=[DASHES[2]])
        residuals.set_label("residuals")
        on.add_collection(residuals)


def logistic(
    model: Any,
    X: Any,
    y: Any,
    *,
    threshold: float = 0.5,
    name: str = "x",
    loss: Any = None,
    held: ArrayLike | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw the probability of the second of two classes against the one feature, and where the threshold is.

    Parameters
    ----------
    model
        A module, an estimator, or a function that gives probabilities or logits.
    X, y
        The data: one feature, two classes.
    threshold
        The probability from which on the second class is decided on.
    name
        What stands at the axis.
    loss
        What the model was trained by: it says whether its outputs are probabilities or logits. Without it
        they are probabilities if all are from 0 to 1.
    held, ax, path, background
        As for `regression`.

    Raises
    ------
    ValueError
        If there are several features, other than two classes, or no such threshold.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"expected a threshold between 0 and 1; got threshold={threshold!r}")
    inputs, targets = features(X, y)
    across = column(inputs, "X")
    room = 0.05 * (np.ptp(across) or 1.0)
    curve = np.linspace(across.min() - room, across.max() + room, _CURVE, dtype=inputs.dtype)
    output = outputs(predictor(model, "predict_proba", "predict"), curve[:, None])
    given, classes = told(targets, output, loss)
    if len(classes) != 2:
        raise ValueError(f"expected two classes; got {len(classes)} in y")
    chance = _probability(output, loss)
    with panel(ax, path, background) as on:
        _classes(on, across, given, classes, held_of(held, len(across)))
        on.plot(curve, chance, color=COLOURS[2], label="model")
        _threshold(on, curve, chance, threshold, name)
        on.set_ylim(-0.04, 1.04)
        on.set_xlabel(literal(name))
        on.set_ylabel(f"probability of class {name_of(classes[1])}")
        legend(on)
        return on.figure.figure


def _classes(
    on: Axes, across: NDArray[Any], given: NDArray[Any], classes: NDArray[Any], held: NDArray[np.bool_]
) -> None:
    """Draw the samples of the first class at the bottom, those of the second at the top."""
    shown = sampled(on, len(across))
    for index, each in enumerate(classes):
        here = shown[given[shown] == each]
        points = np.stack([across[here], np.full(len(here), float(index))], 1)
        look = {"marker": MARKS[index], "color": COLOURS[index], "label": f"class {name_of(each)}"}
        size = mark_size(len(shown))
        dots(on, points, held[here], alpha=0.8, markersize=size, clip_on=False, **look)
    explain_held(on, held[shown])


def _threshold(on: Axes, x: NDArray[Any], chance: NDArray[Any], threshold: float, name: str) -> None:
    """Draw the threshold, and where the curve crosses it."""
    on.axhline(threshold, color=ink(on), linestyle=DASHES[2], linewidth=1.2)
    crossings = _crossings(x, chance, threshold)
    for crossing in crossings:
        on.axvline(crossing, color=ink(on), linestyle=DASHES[1], linewidth=1.2)
    digits = 3 - math.floor(math.log10(np.ptp(x)))
    where = ", ".join(f"{round(crossing, digits) + 0.0:g}" for crossing in crossings[:3])
    on.lines[-1].set_label(literal(f"threshold {threshold:g}" + (f" at {name} = {where}" if where else "")))


def _probability(output: NDArray[Any], loss: Any) -> NDArray[Any]:
    """Give the probability of the second class."""
    probable = within(output) if loss is None else gives_probabilities(loss)
    if output.ndim > 1 and output.shape[1] == 2:
        output = output[:, 1] if probable else output[:, 1] - output[:, 0]
    scores = column(output, "the prediction").astype(float)
    if probable:
        return scores
    found: NDArray[Any] = CATALOGUE["Sigmoid"].forward(np, scores)
    return found


def _crossings(x: NDArray[Any], values: NDArray[Any], level: float) -> list[float]:
    """Give where a curve crosses a level, straight from point to point."""
    above = values - level
    changes = np.flatnonzero((above[:-1] < 0) != (above[1:] < 0))
    found = [x[i] + (x[i + 1] - x[i]) * above[i] / (above[i] - above[i + 1]) for i in changes]
    return [float(each) for each in found if np.isfinite(each)]


def held_of(held: ArrayLike | None, count: int) -> NDArray[np.bool_]:
    """Give which samples were held out of training: none of them, unless it is said.

    Raises
    ------
    ValueError
        If it is not said of each sample.
    """
    found = np.zeros(count, bool) if held is None else np.asarray(held)
    if found.shape != (count,) or found.dtype != bool:
        raise ValueError(
            f"expected held to be true or false of each of {count} samples; got an array of {found.dtype}, "
            f"of shape {found.shape}"
        )
    return found


def dots(on: Axes, points: NDArray[Any], held: NDArray[np.bool_], *, label: str, **look: Any) -> None:
    """Draw points; those that were held out of training are hollow."""
    look = {"linestyle": "none", "markersize": mark_size(len(points)), **look}
    on.plot(*points[~held].T, label=label, **look)
    if held.any():
        on.plot(*points[held].T, markerfacecolor="none", **look)


def explain_held(on: Axes, held: NDArray[np.bool_]) -> None:
    """Say in the legend what is hollow, if anything is."""
    if held.any():
        on.plot(
            [], [], linestyle="none", marker=MARKS[0], markerfacecolor="none", color=ink(on), label="held out"
        )


def sampled(on: Axes, count: int) -> NDArray[Any]:
    """Give which of many points are drawn, evenly taken, and say so if it is not all."""
    if count <= MOST:
        return np.arange(count)
    on.set_title(f"{MOST} of {count} samples", color=ink(on), loc="right", fontsize=9)
    return np.linspace(0, count - 1, MOST).astype(int)


def mark_size(count: int) -> float:
    """Give how large points are: the smaller, the more there are."""
    return 5.5 if count <= 100 else 4.0 if count <= 500 else 2.5
