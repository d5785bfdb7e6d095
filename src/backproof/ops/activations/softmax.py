"""Activations that make a probability distribution along an axis."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["log_softmax", "require_axis", "softmax", "softmin"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N C")}


def require_axis(input: Same, dim: int) -> None:
    """Refuse an axis that the input has not; a single number has one for PyTorch.

    Raises
    ------
    IndexError
        If there is no such axis.
    """
    rank = max(input.ndim, 1)
    if not -rank <= dim < rank:
        raise IndexError(f"an input of {input.ndim} axes has dim from {-rank} to {rank - 1}; got dim={dim}")


def _axis(input: Same, dim: int) -> int | None:
    """Give the axis to take; PyTorch takes a single number along no axis."""
    require_axis(input, dim)
    return dim if input.ndim else None


def _shifted(xp: Namespace, input: Same, dim: int) -> Same:
    """Subtract the maximum along the axis; where the axis is empty there is none."""
    axis = _axis(input, dim)
    if axis is not None and input.shape[axis] == 0:
        return input
    return input - xp.max(input, axis=axis, keepdims=True)


@op("Softmax", kind="activation", arguments=_ARGUMENTS, autocast="sum")
def softmax(xp: Namespace, input: Same, *, dim: int = -1) -> Same:
    """Softmax along the axis ``dim``.

    yᵢ = exp(xᵢ) / Σₖ exp(xₖ). Subtracting the maximum from every x changes nothing and keeps the
    exponentials from overflowing.

    Every output depends on every input: ∂yᵢ/∂xⱼ = yᵢ (δᵢⱼ − yⱼ). Multiplied from the left by the
    upstream gradient g this is Σᵢ gᵢ yᵢ (δᵢⱼ − yⱼ) = yⱼ (gⱼ − Σᵢ gᵢ yᵢ).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.1.

    >>> import numpy as np
    >>> softmax.forward(np, np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    exponentials = xp.exp(_shifted(xp, input, dim))
    return exponentials / xp.sum(exponentials, axis=_axis(input, dim), keepdims=True)


@softmax.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, dim: int) -> Same:
    return output * (grad_output - xp.sum(grad_output * output, axis=_axis(output, dim), keepdims=True))


@op("Softmin", kind="activation", arguments=_ARGUMENTS, autocast="sum")
def softmin(xp: Namespace, input: Same, *, dim: int = -1) -> Same:
    """Softmax of the negative, along the axis ``dim``.

    yᵢ = exp(−xᵢ) / Σₖ exp(−xₖ). By the chain rule its derivative is that of the softmax with the
    opposite sign: ∂yᵢ/∂xⱼ = −yᵢ (δᵢⱼ − yⱼ).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: PyTorch, ``torch.nn.Softmin``.

    >>> import numpy as np
    >>> softmin.forward(np, np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    return softmax.forward(xp, -input, dim=dim)


@softmin.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, dim: int) -> Same:
    return -softmax.rules["input"](xp, grad_output, output, output, dim=dim)


@op("LogSoftmax", kind="activation", arguments=_ARGUMENTS, likelihood=1, autocast="sum")
def log_softmax(xp: Namespace, input: Same, *, dim: int = -1) -> Same:
    """Logarithm of the softmax along the axis ``dim``.

    yᵢ = xᵢ − log Σₖ exp(xₖ). With p = softmax(x), ∂yᵢ/∂xⱼ = δᵢⱼ − pⱼ. Multiplied from the left by
    the upstream gradient g this is gⱼ − pⱼ Σᵢ gᵢ, and p = exp(y).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.

    >>> import numpy as np
    >>> log_softmax.forward(np, np.array([1000.0, 0.0])).tolist()
    [0.0, -1000.0]
    """
    shifted = _shifted(xp, input, dim)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=_axis(input, dim), keepdims=True))


@log_softmax.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, dim: int) -> Same:
    return grad_output - xp.exp(output) * xp.sum(grad_output, axis=_axis(output, dim), keepdims=True)
