"""The reduction of a loss, and its gradient: the one place in which values become one number.

For values ℓ₁ … ℓₙ the mean is L = (1/n) Σ ℓᵢ, so ∂L/∂ℓᵢ = 1/n; the sum is L = Σ ℓᵢ, so
∂L/∂ℓᵢ = 1; ``none`` leaves them as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from backproof._typing import Array, Namespace

__all__ = ["REDUCTION", "REDUCTIONS", "Reduction"]

#: The ways to reduce, PyTorch's default first.
REDUCTIONS = ("mean", "sum", "none")


def _require(how: str) -> None:
    if how not in REDUCTIONS:
        raise ValueError(f"reduction is 'mean', 'sum' or 'none'; got reduction={how!r}")


def _forward(xp: Namespace, values: Array, how: str) -> Array:
    _require(how)
    if how == "mean":
        # In the dtype of the values: the mean of no value is NaN, as in PyTorch.
        return xp.mean(values)
    return xp.sum(values) if how == "sum" else values


def _gradient(xp: Namespace, grad_output: Array, values: Array, how: str) -> Array:
    _require(how)
    if how == "none":
        return grad_output
    count = math.prod(values.shape) if how == "mean" else 1
    # Dividing by at least 1: an empty loss has an empty gradient, whatever it is divided by.
    return xp.broadcast_to(grad_output / max(count, 1), values.shape)


@dataclass(frozen=True)
class Reduction:
    """A reduction and its gradient rule; the checker exchanges them to plant a mistake.

    ``forward(xp, values, how)`` reduces; ``gradient(xp, grad_output, values, how)`` gives the
    gradient for the values. ``how`` is ``mean``, ``sum`` or ``none``; anything else is a
    ``ValueError``.
    """

    forward: Callable[[Namespace, Array, str], Array]
    gradient: Callable[[Namespace, Array, Array, str], Array]


#: PyTorch's.
REDUCTION = Reduction(_forward, _gradient)
