"""Inputs of an op that are taken row by row together: they are of one batch."""

from __future__ import annotations

from backproof._typing import Array, Shaped

__all__ = ["require_same_batch"]


def require_same_batch(axes: int = 1, **arrays: Shaped[Array, "..."]) -> None:
    """Refuse arrays, given by their names, whose shapes differ before the last ``axes`` axes.

    They would broadcast: a state of one row would be shared by a whole batch, which nobody means.

    Raises
    ------
    ValueError
        If one differs from the first, or has fewer axes.

    Examples
    --------
    >>> import numpy as np
    >>> require_same_batch(input=np.ones((4, 3)), hx=np.ones((1, 5)))
    Traceback (most recent call last):
        ...
    ValueError: input and hx have the same batch; got input of shape (4, 3) and hx of shape (1, 5)
    """
    (first, one), *others = arrays.items()
    for name, other in others:
        few = min(one.ndim, other.ndim) < axes
        if few or one.shape[: one.ndim - axes] != other.shape[: other.ndim - axes]:
            raise ValueError(
                f"{first} and {name} have the same batch; got {first} of shape {tuple(one.shape)} and "
                f"{name} of shape {tuple(other.shape)}"
            )
