"""The reduction of a loss, and its gradient: the one place in which values become one number.

For values ℓ₁ … ℓₙ the mean is L = (1/n) Σ ℓᵢ, so ∂L/∂ℓᵢ = 1/n; the sum is L = Σ ℓᵢ, so
∂L/∂ℓᵢ = 1; ``none`` leaves them as they are. Where each value counts cᵢ (the weight of its class),
the mean is L = Σ ℓᵢ / Σ cᵢ, so ∂L/∂ℓᵢ = 1 / Σ cᵢ. ``batchmean`` is the sum over the number of samples,
the size of the input's first axis, if it has one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

from backproof._typing import Array, Namespace

__all__ = ["BATCH_REDUCTION", "REDUCTION", "REDUCTIONS", "Reduction", "samples"]

#: The ways to reduce, PyTorch's default first.
REDUCTIONS = ("mean", "sum", "none")


def samples(xp: Namespace, input: Array, *others: Array, **options: object) -> Array:
    """Give one for each sample in the input of a loss; it is a sample itself, if it has no axis."""
    return xp.ones(input.shape[:1])


def _divisor(xp: Namespace, values: Array, how: str, counts: Array | None) -> Array | int:
    """Give what the sum of the values is divided by."""
    if how == "mean" and counts is not None:
        return xp.sum(counts)
    if how == "batchmean":
        return math.prod(values.shape[:1] if counts is None else counts.shape)
    return math.prod(values.shape) if how == "mean" else 1


def _forward(xp: Namespace, values: Array, how: str, counts: Array | None = None) -> Array:
    if how == "none":
        return values
    if how == "mean" and counts is None:
        # In the dtype of the values: the mean of no value is NaN, as in PyTorch.
        return xp.mean(values)
    total = xp.sum(values)
    return total if how == "sum" else total / _divisor(xp, values, how, counts)


def _gradient(
    xp: Namespace, grad_output: Array, values: Array, how: str, counts: Array | None = None
) -> Array:
    if how == "none":
        return grad_output
    divisor = _divisor(xp, values, how, counts)
    if isinstance(divisor, int):
        divisor = divisor or 1  # an empty loss has an empty gradient, whatever it is divided by
    return xp.broadcast_to(grad_output / divisor, values.shape)


@dataclass(frozen=True)
class Reduction:
    """A reduction and its gradient rule; the checker exchanges them to plant a mistake.

    ``forward(xp, values, how, counts)`` reduces; ``gradient(xp, grad_output, values, how, counts)``
    gives the gradient for the values. ``how`` is one of ``ways``; ``counts`` says what each value
    counts in the mean, ``None`` that it is one each; for ``batchmean`` it holds a number for each sample,
    and is ``None`` where the values have as many.
    """

    forward: Callable[..., Array]
    gradient: Callable[..., Array]
    ways: tuple[str, ...] = REDUCTIONS

    def require(self, how: object) -> None:
        """Refuse what is not one of ``ways`` with a ``ValueError``."""
        if how not in self.ways:
            *others, last = map(repr, self.ways)
            raise ValueError(f"reduction is {', '.join(others)} or {last}; got reduction={how!r}")


#: PyTorch's.
REDUCTION = Reduction(_forward, _gradient)
#: PyTorch's of a divergence, which has the mean over the batch besides.
BATCH_REDUCTION = dataclasses.replace(REDUCTION, ways=(*REDUCTIONS, "batchmean"))
