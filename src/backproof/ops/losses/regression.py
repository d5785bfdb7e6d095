"""Losses of the difference between a prediction and a number."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import op

__all__ = ["l1_loss", "mse_loss"]

#: Input and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]

_ARGUMENTS = {"input": Argument(REAL, "N D"), "target": Argument(REAL, "N D")}


@op(
    "L1Loss",
    kind="loss",
    arguments=_ARGUMENTS,
    aliases={"mae": {}, "mean absolute error": {}, "absolute error": {}},
    kinks={"input": ("target",)},
)
def l1_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Absolute error.

    ℓ = |x − t|. Its derivative for x is the sign of x − t, and its negative for t. At x = t any
    number in [−1, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.L1Loss``.

    >>> import numpy as np
    >>> l1_loss.forward(np, np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.5, 0.0]
    """
    return xp.abs(input - target)


@l1_loss.rule("input")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * xp.sign(input - target)


@l1_loss.rule("target")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * xp.sign(target - input)


@op(
    "MSELoss",
    kind="loss",
    arguments=_ARGUMENTS,
    aliases={
        "l2": {},
        "mean squared error": {},
        "squared error": {},
        "quadratic": {},
        "mean square error": {},
        "sse": {"reduction": "sum"},
        "sum squared error": {"reduction": "sum"},
    },
)
def mse_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Squared error.

    ℓ = (x − t)². Its derivative for x is 2 (x − t), and its negative for t.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 5.1.4.

    >>> import numpy as np
    >>> mse_loss.forward(np, np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.25, 0.0]
    """
    difference = input - target
    return difference * difference


@mse_loss.rule("input")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return 2 * grad_output * (input - target)


@mse_loss.rule("target")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return 2 * grad_output * (target - input)
