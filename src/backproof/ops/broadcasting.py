"""Broadcasting's gradient: the one place that sums over the axes along which a value was repeated.

If y repeats x along an axis, each copy's gradient counts: ∂L/∂x = Σ ∂L/∂y over that axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backproof._typing import Array, Namespace

__all__ = ["BROADCASTING", "Broadcasting"]


def _gradient(xp: Namespace, gradient: Array, shape: tuple[int, ...]) -> Array:
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)
    if added:
        gradient = xp.sum(gradient, axis=tuple(range(added)))
        if gradient.shape == shape:  # as of a bias
            return gradient
    stretched = tuple(axis for axis, size in enumerate(shape) if size != gradient.shape[axis])
    return xp.sum(gradient, axis=stretched, keepdims=True) if stretched else gradient


@dataclass(frozen=True)
class Broadcasting:
    """``gradient(xp, gradient, shape)`` sums a gradient down to the shape of its argument.

    Examples
    --------
    >>> import numpy as np
    >>> BROADCASTING.gradient(np, np.ones((3, 5)), (5,)).tolist()
    [3.0, 3.0, 3.0, 3.0, 3.0]
    """

    gradient: Callable[[Namespace, Array, tuple[int, ...]], Array]


BROADCASTING = Broadcasting(_gradient)
