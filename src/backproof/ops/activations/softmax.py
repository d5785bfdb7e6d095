"""Activations that make a probability distribution along an axis."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import op

__all__ = ["log_softmax", "softmax"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N C")}


def _shifted(xp: Namespace, input: Same, dim: int) -> Same:
    """Subtract the maximum along the axis; where the axis is empty there is none."""
    return input - xp.max(input, axis=dim, keepdims=True) if input.shape[dim] else input


@op("Softmax", kind="activation", arguments=_ARGUMENTS)
def softmax(xp: Namespace, input: Same, *, dim: int = -1) -> Same:
    """Softmax along the axis ``dim``.

    yᵢ = exp(xᵢ) / Σₖ exp(xₖ). Subtracting the maximum from every x changes nothing and keeps the
    exponentials from overflowing.

    Every output depends on every input: ∂yᵢ/∂xⱼ = yᵢ (δᵢⱼ − yⱼ). Multiplied from the left by the
    upstream gradient g this is Σᵢ gᵢ yᵢ (δᵢⱼ − yⱼ) = yⱼ (gⱼ − Σᵢ gᵢ yᵢ).

    Shapes: any with at least one axis; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.1.

    >>> import numpy as np
    >>> softmax.forward(np, np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    exponentials = xp.exp(_shifted(xp, input, dim))
    return exponentials / xp.sum(exponentials, axis=dim, keepdims=True)


@softmax.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, dim: int) -> Same:
    return output * (grad_output - xp.sum(grad_output * output, axis=dim, keepdims=True))


@op("LogSoftmax", kind="activation", arguments=_ARGUMENTS, likelihood=1)
def log_softmax(xp: Namespace, input: Same, *, dim: int = -1) -> Same:
    """Logarithm of the softmax along the axis ``dim``.

    yᵢ = xᵢ − log Σₖ exp(xₖ). With p = softmax(x), ∂yᵢ/∂xⱼ = δᵢⱼ − pⱼ. Multiplied from the left by
    the upstream gradient g this is gⱼ − pⱼ Σᵢ gᵢ, and p = exp(y).

    Shapes: any with at least one axis; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.

    >>> import numpy as np
    >>> log_softmax.forward(np, np.array([1000.0, 0.0])).tolist()
    [0.0, -1000.0]
    """
    shifted = _shifted(xp, input, dim)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=dim, keepdims=True))


@log_softmax.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, dim: int) -> Same:
    return grad_output - xp.exp(output) * xp.sum(grad_output, axis=dim, keepdims=True)
