"""The bilinear layer."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.batches import require_same_batch
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, SMALL, Argument

__all__ = ["bilinear"]

#: One row for each element of the batch.
First: TypeAlias = Float[Array, "*batch in1"]
#: As many rows.
Second: TypeAlias = Float[Array, "*batch in2"]
#: A matrix for each output.
Weight: TypeAlias = Float[Array, "out in1 in2"]
#: May be left out.
Bias: TypeAlias = Float[Array, "out"] | None
#: One row for each pair of rows.
Out: TypeAlias = Float[Array, "*batch out"]


@op(
    "Bilinear",
    kind="layer",
    arguments={
        "input1": Argument(REAL, "N I"),
        "input2": Argument(REAL, "N J"),
        "weight": Argument(SMALL, "O I J"),
        "bias": Argument(SMALL, "O"),
    },
    autocast="widest",
)
def bilinear(xp: Namespace, input1: First, input2: Second, weight: Weight, bias: Bias = None) -> Out:
    """Bilinear map of two inputs and shift.

    yₙₒ = Σᵢⱼ xₙᵢ wₒᵢⱼ zₙⱼ + bₒ, with x the first input and z the second: linear in each of x, z and w
    while the other two are held. So the derivative for one of them is what it is multiplied with,
    and with the upstream gradient g:

    - ∂L/∂xₙᵢ = Σₒ gₙₒ Σⱼ wₒᵢⱼ zₙⱼ;
    - ∂L/∂zₙⱼ = Σₒ gₙₒ Σᵢ xₙᵢ wₒᵢⱼ;
    - ∂L/∂wₒᵢⱼ = Σₙ gₙₒ xₙᵢ zₙⱼ;
    - ∂L/∂bₒ = Σₙ gₙₒ.

    Shapes: inputs ``(*batch, in1)`` and ``(*batch, in2)``, weight ``(out, in1, in2)``, bias ``(out)``
    or ``None``; output ``(*batch, out)``.

    Raises: ``ValueError`` if the inputs are not of one batch.

    Source: PyTorch, ``torch.nn.Bilinear``.

    >>> import numpy as np
    >>> first, second = np.array([[1.0, 2.0]]), np.array([[3.0]])
    >>> bilinear.forward(np, first, second, np.array([[[10.0], [1.0]]]), np.array([0.5])).tolist()
    [[36.5]]
    """
    require_same_batch(input1=input1, input2=input2)
    product = (_contracted(xp, input1, weight, 1) @ input2[..., None])[..., 0]
    return product if bias is None else product + bias


def _contracted(xp: Namespace, rows: Array, weight: Weight, axis: int) -> Float[Array, "*batch out other"]:
    """Sum the weight against the rows over one of its input axes."""
    return xp.tensordot(rows, weight, axes=((rows.ndim - 1,), (axis,)))


@bilinear.rule("input1", needs=("input2", "weight"))
def _(
    xp: Namespace, grad_output: Out, input1: First, input2: Second, weight: Weight, bias: Bias, output: Out
) -> First:
    return (grad_output[..., None, :] @ _contracted(xp, input2, weight, 2))[..., 0, :]


@bilinear.rule("input2", needs=("input1", "weight"))
def _(
    xp: Namespace, grad_output: Out, input1: First, input2: Second, weight: Weight, bias: Bias, output: Out
) -> Second:
    return (grad_output[..., None, :] @ _contracted(xp, input1, weight, 1))[..., 0, :]


@bilinear.rule("weight", needs=("input1", "input2", "weight"))
def _(
    xp: Namespace, grad_output: Out, input1: First, input2: Second, weight: Weight, bias: Bias, output: Out
) -> Weight:
    outputs, first, second = weight.shape
    products = xp.reshape(grad_output[..., :, None] * input1[..., None, :], (-1, outputs * first))
    return xp.reshape(products.T @ xp.reshape(input2, (-1, second)), weight.shape)


@bilinear.rule("bias", needs=())
def _(
    xp: Namespace, grad_output: Out, input1: First, input2: Second, weight: Weight, bias: Bias, output: Out
) -> Out:
    return grad_output
