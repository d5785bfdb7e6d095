"""Gradient descent that arrives: how long its steps may be, and when it is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import optim
from backproof.nn.parameter import Parameter
from backproof.training.callbacks import Callback
from backproof.training.training import Training

__all__ = ["Curvature", "Least", "UntilFlat", "groups", "least_of_both", "spread", "variances"]

#: What gives a bound of the curvatures from below, at parameters that are given by their names.
Least: TypeAlias = Callable[[Mapping[str, NDArray[Any]]], float]
#: A gradient whose elements are of the order of 1 is rounded to about this.
_ROUNDING = 10 * float(np.finfo(np.float64).eps)


def variances(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the variances along the principal axes of data that is centred, the smallest first.

    They are the eigenvalues of XᵀX/n. Those that rounding alone could make are left out: along such an
    axis there is no data, and no step is made.

    Examples
    --------
    >>> variances(np.array([[1.0, 1.0], [-1.0, -1.0]]))
    array([2.])
    """
    count, features = X.shape
    found = np.linalg.eigvalsh((X.T @ X if features <= count else X @ X.T) / count)
    least = found[-1] * np.finfo(np.float64).eps * max(X.shape)
    return np.asarray(found[found > least])


def spread(probabilities: NDArray[np.float64]) -> float:
    """Give the least curvature that a loss of such probabilities has in the intercepts.

    It is the mean of p(1 − p) where there is a column for the second of two classes, and else, with a column
    for each class, the least eigenvalue of the mean of diag(p) − ppᵀ but one: that of 0, as the same added
    to all scores changes nothing.

    Examples
    --------
    >>> spread(np.array([[0.5], [0.5]])), round(spread(np.array([[0.5, 0.25, 0.25]])), 4)
    (0.25, 0.25)
    """
    if probabilities.shape[1] == 1:
        return float(np.mean(probabilities * (1 - probabilities)))
    mean = probabilities.T @ probabilities / len(probabilities)
    return float(np.linalg.eigvalsh(np.diag(probabilities.mean(axis=0)) - mean)[1])


def least_of_both(decay: float, intercept: float, most: float) -> float:
    """Give μ where a weight decay bounds the curvatures in the weights, and not in the intercepts.

    With W the second derivatives of a sample's loss by its scores, of at most L, and their mean of at least
    w, in the direction of the weights U and the intercepts b the curvature is

        λ‖U‖² + mean (Ux + b)ᵀW(Ux + b)  ≥  λ‖U‖² + (√w ‖b‖ − √L ‖U‖)²

    for features x whose mean squares are at most 1 along any axis, as ‖p + q‖ ≥ ‖p‖ − ‖q‖. As a form in ‖U‖
    and ‖b‖ this has the determinant λw and the trace λ + L + w, and their quotient is a bound of its least
    eigenvalue. Where the bracket is negative, λ‖U‖² alone is more than that.

    Parameters
    ----------
    decay, intercept, most
        λ, w and L.
    """
    return decay * intercept / (decay + most + intercept)


@dataclass(frozen=True)
class Curvature:
    """What bounds the second derivatives of a loss, in every direction in which it changes.

    Attributes
    ----------
    most
        The most they are without the weight decay, which adds to them, L.
    share
        The least of them by the largest, with the weight decay, μ/L.
    """

    most: float
    share: float

    def descent(self, parameters: list[dict[str, Any]]) -> optim.Optimizer:
        """Make the optimizer for it: gradient descent with Nesterov's momentum.

        Steps of 1/L with the momentum (√L − √μ)/(√L + √μ) bring a loss nearer to its minimum by the
        factor 1 − √(μ/L) each (Nesterov, Introductory Lectures on Convex Optimization, 2004, theorem
        2.2.3). Parameters with a weight decay have steps of their own, as L is larger for them.

        Examples
        --------
        >>> made = Curvature(9.0, 1 / 9).descent(
        ...     [
        ...         {"params": [Parameter([0.0])], "weight_decay": 1.0},
        ...         {"params": [Parameter([0.0])], "weight_decay": 0.0},
        ...     ]
        ... )
        >>> [round(group["lr"], 4) for group in made.param_groups], round(made.defaults["momentum"], 4)
        ([0.1, 0.1111], 0.5)
        """
        root = math.sqrt(self.share)
        momentum = (1 - root) / (1 + root)
        steps = [{**group, "lr": 1 / (self.most + group["weight_decay"])} for group in parameters]
        return optim.SGD(steps, lr=1 / self.most, momentum=momentum, nesterov=momentum > 0)


class UntilFlat(Callback):
    """Ends training when parameters are near those of the minimum, or when the loss is no number.

    Where curvatures are at least μ they are no further from them than ‖∇‖/μ.

    Parameters
    ----------
    tol
        How far from them they may be. In two steps, one after the other: with momentum parameters may rush
        through a minimum, but not stay.
    least
        What gives μ for the parameters there; it is asked when they may have arrived.
    decay
        The weight decay of each parameter, by its path; it adds to the gradient.
    """

    by_engine = True

    def __init__(self, tol: float, least: Least, decay: Mapping[str, float]) -> None:
        self.tol, self.least, self.decay = tol, least, decay
        self.size = self.gradient = math.inf
        self.arrived = False

    def on_epoch(self, training: Training) -> None:
        """Look at the gradient of the last step: there is one an epoch, of all samples."""
        before, self.gradient = self.gradient, self._gradient(training)
        if not math.isfinite(training.history[-1].loss):
            training.stop("the loss is not finite")
        elif max(before, self.gradient) <= self.size:
            self.size = max(self.tol * self.least(training.engine.parameters()), _ROUNDING)
            if max(before, self.gradient) <= self.size:
                self.arrived = True
                training.stop(f"the gradient is {self.gradient:.1e}, at most {self.size:.1e}")

    def _gradient(self, training: Training) -> float:
        parameters, total = training.engine.parameters(), 0.0
        for name, gradient in training.engine.gradients().items():
            if gradient is not None:
                whole = gradient + self.decay.get(name, 0.0) * parameters[name]
                total += float(np.vdot(whole, whole))
        return math.sqrt(total)


def groups(named: Mapping[str, Parameter], decay: Mapping[str, float]) -> list[dict[str, object]]:
    """Give the groups of an optimizer: those with each weight decay.

    Examples
    --------
    >>> weight, bias = Parameter([1.0]), Parameter([0.0])
    >>> [group["weight_decay"] for group in groups({"weight": weight, "bias": bias}, {"weight": 0.1})]
    [0.1, 0.0]
    """
    found: dict[float, list[Parameter]] = {}
    for name, parameter in named.items():
        found.setdefault(decay.get(name, 0.0), []).append(parameter)
    return [{"params": parameters, "weight_decay": value} for value, parameters in found.items()]
