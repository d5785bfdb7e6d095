"""What a model makes of one number after the other: a regression with its data, a logistic curve."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backproof.ops import CATALOGUE
from backproof.training.plots.outputs import classes_of, column, features, labels, outputs, predictor
from backproof.training.plots.theme import COLOURS, DASHES, MARKS, ink, legend, literal, name_of, panel

__all__ = ["MOST", "logistic", "mark_size", "regression", "sampled"]

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
    with panel(ax, path, background) as on:
        shown = sampled(on, len(inputs))
        if inputs.shape[1] == 1:
            across = inputs[:, 0]
            curve = np.linspace(across.min(), across.max(), _CURVE, dtype=inputs.dtype)
            line = curve, column(outputs(predict, curve[:, None]), "the prediction")
            _points(on, across[shown], actual[shown], predicted[shown], line)
            on.set_xlabel(literal(names[0]))
            on.set_ylabel(literal(names[1]))
        else:
            both = np.concatenate([actual, predicted])
            both = both[np.isfinite(both)]
            ends = np.array([both.min(), both.max()]) if both.size else np.array([0.0, 1.0])
            _points(on, actual[shown], predicted[shown], actual[shown], (ends, ends), "predicted = actual")
            on.set_xlabel(literal(f"actual {names[1]}"))
            on.set_ylabel(literal(f"predicted {names[1]}"))
        legend(on)
        return on.figure.figure


def _points(
    on: Axes,
    x: NDArray[Any],
    y: NDArray[Any],
    feet: NDArray[Any],
    line: tuple[NDArray[Any], NDArray[Any]],
    said: str = "model",
) -> None:
    """Draw points, the line, and from each point to its foot on the line the residual."""
    on.plot(*line, color=COLOURS[1], label=said, zorder=3)
    on.plot(
        x,
        y,
        color=COLOURS[0],
        marker=MARKS[0],
        linestyle="none",
        markersize=mark_size(len(x)),
        label="data",
        zorder=4,
    )
    if len(x) <= _RESIDUALS:
        ends = np.stack([np.stack([x, y], 1), np.stack([x, feet], 1)], axis=1)
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
    ax: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
    background: str | None = None,
) -> Figure:
    """Draw the probability of the second of two classes against the one feature, and where the threshold is.

    Outputs that are not all from 0 to 1 are taken for logits.

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
    ax, path, background
        As for `loss`.

    Raises
    ------
    ValueError
        If there are several features, other than two classes, or no such threshold.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"expected a threshold between 0 and 1; got threshold={threshold!r}")
    inputs, targets = features(X, y)
    across, given = column(inputs, "X"), labels(targets)
    room = 0.05 * (np.ptp(across) or 1.0)
    curve = np.linspace(across.min() - room, across.max() + room, _CURVE, dtype=inputs.dtype)
    output = outputs(predictor(model, "predict_proba", "predict"), curve[:, None])
    classes = classes_of(given, output)
    if len(classes) != 2:
        raise ValueError(f"expected two classes; got {len(classes)} in y")
    chance = _probability(output)
    with panel(ax, path, background) as on:
        shown = sampled(on, len(across))
        for index, each in enumerate(classes):
            here = shown[given[shown] == each]
            on.plot(
                across[here],
                np.full(len(here), float(index)),
                linestyle="none",
                marker=MARKS[index],
                color=COLOURS[index],
                alpha=0.8,
                markersize=mark_size(len(shown)),
                label=f"class {name_of(each)}",
                clip_on=False,
            )
        on.plot(curve, chance, color=COLOURS[2], label="model")
        on.axhline(threshold, color=ink(on), linestyle=DASHES[2], linewidth=1.2)
        crossings = _crossings(curve, chance, threshold)
        for crossing in crossings:
            on.axvline(crossing, color=ink(on), linestyle=DASHES[1], linewidth=1.2)
        digits = 3 - math.floor(math.log10(np.ptp(curve)))
        where = ", ".join(f"{round(crossing, digits) + 0.0:g}" for crossing in crossings[:3])
        on.lines[-1].set_label(
            literal(f"threshold {threshold:g}" + (f" at {name} = {where}" if where else ""))
        )
        on.set_ylim(-0.04, 1.04)
        on.set_xlabel(literal(name))
        on.set_ylabel(f"probability of class {name_of(classes[1])}")
        legend(on)
        return on.figure.figure


def _probability(output: NDArray[Any]) -> NDArray[Any]:
    """Give the probability of the second class."""
    finite = output[np.isfinite(output)]
    probable = not finite.size or (finite.min() >= 0 and finite.max() <= 1)
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


def sampled(on: Axes, count: int) -> NDArray[Any]:
    """Give which of many points are drawn, evenly taken, and say so if it is not all."""
    if count <= MOST:
        return np.arange(count)
    on.set_title(f"{MOST} of {count} samples", color=ink(on), loc="right", fontsize=9)
    return np.linspace(0, count - 1, MOST).astype(int)


def mark_size(count: int) -> float:
    """Give how large points are: the smaller, the more there are."""
    return 5.5 if count <= 100 else 4.0 if count <= 500 else 2.5
