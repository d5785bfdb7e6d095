"""Gradient descent that arrives: how long its steps may be, and when it is there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backproof import optim
from backproof.nn.parameter import Parameter
from backproof.training.callbacks import Callback
from backproof.training.training import Training

__all__ = ["Curvature", "UntilFlat", "groups", "variances"]

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


@dataclass(frozen=True)
class Curvature:
    """Between what bounds the second derivatives of a loss lie, in every direction in which it changes.

    Attributes
    ----------
    least, most
        The bounds, μ and L.
    """

    least: float
    most: float

    def descent(self, parameters: list[dict[str, object]]) -> optim.Optimizer:
        """Make the optimizer for it: gradient descent with Nesterov's momentum.

        Steps of 1/L with the momentum (√L − √μ)/(√L + √μ) bring a loss nearer to its minimum by the
        factor 1 − √(μ/L) each (Nesterov, Introductory Lectures on Convex Optimization, 2004, theorem
        2.2.3).

        Examples
        --------
        >>> made = Curvature(1.0, 9.0).descent([{"params": [Parameter([0.0])]}])
        >>> round(made.defaults["lr"], 4), made.defaults["momentum"]
        (0.1111, 0.5)
        """
        root, least = math.sqrt(self.most), math.sqrt(self.least)
        momentum = (root - least) / (root + least)
        return optim.SGD(parameters, lr=1 / self.most, momentum=momentum, nesterov=momentum > 0)

    def flat(self, tol: float) -> float:
        """Give how small a gradient is when the parameters are within ``tol`` of those of the minimum.

        Of a loss with curvatures of at least μ they are no further from them than ‖∇‖/μ.
        """
        return max(tol * self.least, _ROUNDING)


class UntilFlat(Callback):
    """Ends training when the gradient is nearly zero, or when the loss is no number.

    Parameters
    ----------
    size
        How large the gradient may be: the root of the sum of its squares. In two steps, one after the
        other: with momentum parameters may rush through a minimum, but not stay.
    decay
        The weight decay of each parameter, by its path; it adds to the gradient.
    """

    by_engine = True

    def __init__(self, size: float, decay: Mapping[str, float]) -> None:
        self.size, self.decay = size, decay
        self.gradient = math.inf
        self.arrived = False

    def on_epoch(self, training: Training) -> None:
        """Look at the gradient of the last step: there is one an epoch, of all samples."""
        before, self.gradient = self.gradient, self._gradient(training)
        if not math.isfinite(training.history[-1].loss):
            training.stop("the loss is not finite")
        elif max(before, self.gradient) <= self.size:
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
