"""The gradient for the weight of a linear map, which many layers have inside."""

from __future__ import annotations

from backproof._typing import Array, Float, Namespace

__all__ = ["products"]


def products(
    xp: Namespace,
    grad_output: Float[Array, "*batch out"],
    input: Float[Array, "*batch in"],
    out: Float[Array, "out in"] | None = None,
) -> Float[Array, "out in"]:
    """Give ∂L/∂W = Gᵀ X of Y = X Wᵀ: the sum over the batch of gₙₒ xₙᵢ, in ``out`` where it is given.

    Examples
    --------
    >>> import numpy as np
    >>> products(np, np.array([[1.0], [10.0]]), np.array([[2.0, 3.0], [4.0, 5.0]])).tolist()
    [[42.0, 53.0]]
    """
    rows, inputs = grad_output, input
    if input.ndim != 2:
        rows = xp.reshape(grad_output, (-1, grad_output.shape[-1]))
        inputs = xp.reshape(input, (-1, input.shape[-1]))
    return rows.T @ inputs if out is None else xp.matmul(rows.T, inputs, out=out)
