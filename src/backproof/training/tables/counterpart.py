"""What is known of linear models otherwise: least squares, and the maximum of the likelihood."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof import nn
from backproof.training.separation import right, separable
from backproof.training.tables.preparing import Part
from backproof.training.tables.recipe import Recipe
from backproof.training.tables.targets import Numbers

__all__ = ["Coefficients", "Counterpart", "counterpart", "in_units"]

_SEPARABLE = (
    "planes tell classes apart without an error, in all rows or in some: the likelihood has no finite "
    "maximum, and the coefficients grow for as long as training goes on; nothing to compare with"
)


@dataclass(frozen=True)
class Coefficients:
    """A linear model: a row of weights for each output, and a shift."""

    weight: NDArray[Any]
    bias: NDArray[Any]

    def outputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Give what the model gives."""
        found: NDArray[Any] = inputs @ self.weight.T + self.bias
        return found


@dataclass(frozen=True)
class Counterpart:
    """The best linear model, by other means.

    Attributes
    ----------
    name
        By which.
    coefficients
        It; ``None`` where there is none.
    note
        What is to be said about it.
    """

    name: str
    coefficients: Coefficients | None = None
    note: str = ""


def counterpart(recipe: Recipe, part: Part, model: nn.Module) -> Counterpart:
    """Find the best linear model, in the units in which the model was trained."""
    if isinstance(recipe.target, Numbers):
        return _least_squares(recipe, part)
    return _likelihood(recipe, len(recipe.target.classes), part, model)


def _least_squares(recipe: Recipe, part: Part) -> Counterpart:
    name = "least squares"
    if recipe.loss != "MSELoss":
        return Counterpart(
            name, note=f"least squares is another loss than {recipe.loss}: nothing to compare with"
        )
    inputs = np.hstack([part.inputs, np.ones((len(part), 1))])
    found, _, rank, _ = np.linalg.lstsq(inputs, part.target, rcond=None)
    note = ""
    if rank < inputs.shape[1]:
        note = (
            f"the inputs depend on one another ({rank} of {inputs.shape[1]}, the intercept counted, "
            "suffice): many coefficients are equally good, and these are the smallest"
        )
    return Counterpart(name, Coefficients(found[:-1].T, found[-1]), note)


def _likelihood(recipe: Recipe, classes: int, part: Part, model: nn.Module) -> Counterpart:
    name = "scikit-learn"
    labels = part.target.reshape(len(part)).astype(np.int64)
    if len(set(labels)) < classes:
        note = "a class is missing in the rows that were trained on: nothing to compare with"
        return Counterpart(name, note=note)
    apart = separable(part.inputs, labels, classes, np.asarray(model(part.inputs)))
    if apart:
        return Counterpart(name, note=_SEPARABLE)
    try:
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError:
        note = 'to compare with scikit-learn, install it: pip install "backproof[train]"'
        return Counterpart(name, note=note)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        best = LogisticRegression(C=np.inf, max_iter=1000, tol=1e-8).fit(part.inputs, labels)
    weight, bias = best.coef_, best.intercept_
    if recipe.outputs == 2:  # two scores of which the difference decides
        weight, bias = np.vstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
    found = Coefficients(weight, bias)
    if apart is None and right(found.outputs(part.inputs), labels).all():
        return Counterpart(name, note=_SEPARABLE)
    slow = any("onverge" in str(each.message) for each in said)
    return Counterpart(name, found, "scikit-learn did not converge" if slow else "")


def in_units(recipe: Recipe, coefficients: Coefficients) -> dict[str, dict[str, float]]:
    """Give coefficients in the units of the data, by the names of the inputs, for each output.

    Of two classes they are those of the logarithm of the odds of the second, which is the difference of the
    scores where there are two. Of more, each score may be shifted by the same: their mean is taken off, so
    that they can be compared.
    """
    weight, bias = coefficients.weight, coefficients.bias
    weight, bias = weight / np.array(recipe.scale), bias - weight @ (np.array(recipe.center) / recipe.scale)
    target = recipe.target
    if isinstance(target, Numbers):
        weight, bias = weight * target.scale, bias * target.scale + target.mean
        names = [target.column]
    elif len(target.classes) == 2:
        if recipe.outputs == 2:
            weight, bias = np.diff(weight, axis=0), np.diff(bias)
        names = [target.names[1]]
    else:
        weight, bias = weight - weight.mean(axis=0), bias - bias.mean()
        names = target.names
    inputs = ["intercept", *recipe.inputs]
    return {
        name: dict(zip(inputs, map(float, (shift, *row)), strict=True))
        for name, shift, row in zip(names, bias, weight, strict=True)
    }
