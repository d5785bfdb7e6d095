"""Several axes made one."""

from __future__ import annotations

import math

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["flatten"]


@op("Flatten", kind="layer", arguments={"input": Argument(REAL, "N D L")})
def flatten(
    xp: Namespace, input: Float[Array, "*shape"], *, start_dim: int = 1, end_dim: int = -1
) -> Float[Array, "..."]:
    """Make one axis of those from ``start_dim`` to ``end_dim``.

    Every value stays as it is, in the same order: ∂yᵢ/∂xⱼ = δᵢⱼ for the places i and j in that order,
    so the gradient is the upstream gradient in the input's shape.

    Shapes: any; the sizes of the axes that become one are multiplied. A number becomes an axis of
    size 1.

    Raises
    ------
    IndexError
        If the input has no such axis.
    ValueError
        If ``start_dim`` comes after ``end_dim``.

    Source: PyTorch, ``torch.nn.Flatten``.

    >>> import numpy as np
    >>> flatten.forward(np, np.ones((2, 3, 4))).shape
    (2, 12)
    """
    first, last = (
        _axis(name, dim, input.ndim) for name, dim in (("start_dim", start_dim), ("end_dim", end_dim))
    )
    if first > last:
        raise ValueError(
            f"start_dim comes before end_dim; got start_dim={start_dim!r} and end_dim={end_dim!r} "
            f"for an input of {input.ndim} axes"
        )
    shape = input.shape
    return xp.reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def _axis(name: str, dim: int, rank: int) -> int:
    axes = max(rank, 1)
    if not -axes <= dim < axes:
        raise IndexError(f"{name} is an axis of the input, from {-axes} to {axes - 1}; got {name}={dim!r}")
    return dim % axes


@flatten.rule("input", needs=("input",))
def _(
    xp: Namespace,
    grad_output: Float[Array, "..."],
    input: Float[Array, "*shape"],
    output: Float[Array, "..."],
    *,
    start_dim: int,
    end_dim: int,
) -> Float[Array, "*shape"]:
    return xp.reshape(grad_output, input.shape)
