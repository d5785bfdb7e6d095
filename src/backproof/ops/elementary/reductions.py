"""Sums and means over axes."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["mean", "total"]

#: Any shape.
Some: TypeAlias = Float[Array, "..."]
#: One axis, several, or all.
Axes: TypeAlias = int | tuple[int, ...] | None

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("sum", kind="elementary", arguments=_ARGUMENTS, aliases={"summation": {}, "reduce sum": {}})
def total(xp: Namespace, input: Some, *, dim: Axes = None, keepdim: bool = False) -> Some:
    """Sum over the axes ``dim``, over all of them if it is ``None``.

    y = Σᵢ xᵢ. Its derivative for each xᵢ is 1: the upstream gradient is repeated along the axes.

    Shapes: any; the output lacks the axes, or has them with the size 1 if ``keepdim``.

    Source: Graham, Knuth and Patashnik, "Concrete mathematics", 1994, section 2.3.

    >>> import numpy as np
    >>> total.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]]), dim=1).tolist()
    [3.0, 7.0]
    """
    return xp.sum(input, axis=dim, keepdims=keepdim)


@total.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, dim: Axes, keepdim: bool) -> Some:
    kept = xp.reshape(grad_output, _kept_shape(input, dim))
    return xp.broadcast_to(kept, input.shape)


def _axes(input: Some, dim: Axes) -> set[int]:
    """Give the numbers of the axes, counted from the first."""
    if dim is None:
        return set(range(input.ndim))
    return {axis % input.ndim for axis in ((dim,) if isinstance(dim, int) else dim)}


def _kept_shape(input: Some, dim: Axes) -> tuple[int, ...]:
    """Give the output's shape with the axes kept, with the size 1."""
    summed = _axes(input, dim)
    return tuple(1 if axis in summed else size for axis, size in enumerate(input.shape))


@op("mean", kind="elementary", arguments=_ARGUMENTS, aliases={"average": {}, "reduce mean": {}})
def mean(xp: Namespace, input: Some, *, dim: Axes = None, keepdim: bool = False) -> Some:
    """Mean over the axes ``dim``, over all of them if it is ``None``.

    y = (1/n) Σᵢ xᵢ, of n numbers. Its derivative for each xᵢ is 1/n.

    Shapes: any; the output lacks the axes, or has them with the size 1 if ``keepdim``. The mean of
    nothing is no number.

    Source: Graham, Knuth and Patashnik, "Concrete mathematics", 1994, section 2.3.

    >>> import numpy as np
    >>> mean.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]]), dim=1).tolist()
    [1.5, 3.5]
    """
    return xp.mean(input, axis=dim, keepdims=keepdim)


@mean.rule("input")
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, dim: Axes, keepdim: bool) -> Some:
    count = math.prod(input.shape[axis] for axis in _axes(input, dim))
    share = grad_output / max(count, 1)  # of nothing there is no share to take
    return total.rules["input"](xp, share, input, output, dim=dim, keepdim=keepdim)
