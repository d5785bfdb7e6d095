"""The matrix product."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["matmul"]

#: A vector, a matrix or a batch of matrices.
Factor: TypeAlias = Float[Array, "..."]


@op(
    "matmul",
    kind="elementary",
    arguments={"input": Argument(REAL, "N I"), "other": Argument(REAL, "I O")},
    aliases={"matrix product": {}, "matrix multiplication": {}, "matrix multiply": {}},
)
def matmul(xp: Namespace, input: Factor, other: Factor) -> Factor:
    """Matrix product.

    C = A B, in elements cₙₒ = Σᵢ aₙᵢ bᵢₒ. With the upstream gradient G = ∂L/∂C:

    - ∂L/∂aₙᵢ = Σₒ gₙₒ bᵢₒ, so ∂L/∂A = G Bᵀ;
    - ∂L/∂bᵢₒ = Σₙ gₙₒ aₙᵢ, so ∂L/∂B = Aᵀ G.

    A vector on the left is a matrix of one row, a vector on the right a matrix of one column; that
    axis is left out of the output.

    Shapes: input ``(i)`` or ``(*batch, n, i)``, other ``(i)`` or ``(*batch, i, o)``, whose axes of the
    batch broadcast together; output ``(*batch, n, o)`` without the axis that a vector has not. The
    derivatives are of these shapes.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.5.6.

    >>> import numpy as np
    >>> matmul.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])).tolist()
    [-1.0, -1.0]
    """
    return xp.matmul(input, other)


def _as_matrix(xp: Namespace, grad_output: Factor, input: Factor, other: Factor) -> Factor:
    """Give the upstream gradient the axes that the product leaves out of a vector."""
    if other.ndim == 1:
        grad_output = xp.expand_dims(grad_output, axis=-1)
    return xp.expand_dims(grad_output, axis=-2) if input.ndim == 1 else grad_output


@matmul.rule("input", needs=("input", "other"))
def _(xp: Namespace, grad_output: Factor, input: Factor, other: Factor, output: Factor) -> Factor:
    upstream = _as_matrix(xp, grad_output, input, other)
    transposed = other[None, :] if other.ndim == 1 else xp.matrix_transpose(other)
    gradient = xp.matmul(upstream, transposed)
    return xp.squeeze(gradient, axis=-2) if input.ndim == 1 else gradient


@matmul.rule("other", needs=("input", "other"))
def _(xp: Namespace, grad_output: Factor, input: Factor, other: Factor, output: Factor) -> Factor:
    upstream = _as_matrix(xp, grad_output, input, other)
    transposed = input[:, None] if input.ndim == 1 else xp.matrix_transpose(input)
    gradient = xp.matmul(transposed, upstream)
    return xp.squeeze(gradient, axis=-1) if other.ndim == 1 else gradient
