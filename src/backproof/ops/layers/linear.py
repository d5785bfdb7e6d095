"""The linear layer."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, SMALL, Argument
from backproof.ops.products import products

__all__ = ["linear"]

#: One row for each element of the batch.
Rows: TypeAlias = Float[Array, "*batch in"]
#: As PyTorch lays it out.
Weight: TypeAlias = Float[Array, "out in"]
#: May be left out.
Bias: TypeAlias = Float[Array, "out"] | None
#: One row for each row of the input.
Out: TypeAlias = Float[Array, "*batch out"]


@op(
    "Linear",
    kind="layer",
    arguments={
        "input": Argument(REAL, "N I"),
        "weight": Argument(SMALL, "O I"),
        "bias": Argument(SMALL, "O"),
    },
    aliases={"dense": {}, "fully connected": {}, "fc": {}, "affine": {}},
    autocast="product",
)
def linear(xp: Namespace, input: Rows, weight: Weight, bias: Bias = None) -> Out:
    """Linear map and shift.

    Y = X Wᵀ + b, in elements yₙₒ = Σᵢ xₙᵢ wₒᵢ + bₒ. With the upstream gradient G = ∂L/∂Y:

    - ∂L/∂xₙᵢ = Σₒ gₙₒ wₒᵢ, so ∂L/∂X = G W;
    - ∂L/∂wₒᵢ = Σₙ gₙₒ xₙᵢ, so ∂L/∂W = Gᵀ X;
    - ∂L/∂bₒ = Σₙ gₙₒ: b was repeated for every row, and broadcasting's gradient sums over them.

    Shapes: input ``(*batch, in)``, weight ``(out, in)``, bias ``(out)`` or ``None``; output
    ``(*batch, out)``. All axes of the batch count as rows.

    Raises: ``ValueError`` if the input's rows are not as long as the weight's.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.5.6.

    >>> import numpy as np
    >>> linear.forward(np, np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5])).tolist()
    [[11.5]]
    """
    if input.shape[-1:] != weight.shape[-1:]:
        raise ValueError(
            f"the rows of the input are as long as those of the weight; got input of shape "
            f"{tuple(input.shape)} and weight of shape {tuple(weight.shape)}"
        )
    product = input @ weight.T
    return product if bias is None else product + bias


@linear.rule("input", needs=("weight",))
def _(xp: Namespace, grad_output: Out, input: Rows, weight: Weight, bias: Bias, output: Out) -> Rows:
    return grad_output @ weight


@linear.rule("weight", needs=("input",))
def _(
    xp: Namespace,
    grad_output: Out,
    input: Rows,
    weight: Weight,
    bias: Bias,
    output: Out,
    *,
    out: Weight | None = None,
) -> Weight:
    return products(xp, grad_output, input, out)


@linear.rule("bias", needs=())
def _(xp: Namespace, grad_output: Out, input: Rows, weight: Weight, bias: Bias, output: Out) -> Out:
    return grad_output
