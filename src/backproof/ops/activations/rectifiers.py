"""Activations that are straight lines on either side of zero."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import op

__all__ = ["leaky_relu", "relu"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("ReLU", kind="activation", arguments=_ARGUMENTS, aliases={"rectifier": {}}, kinks={"input": (0.0,)})
def relu(xp: Namespace, input: Same) -> Same:
    """Rectified linear unit.

    ReLU(x) = max(0, x). Its derivative is 1 for x > 0 and 0 for x < 0. At x = 0 any number in
    [0, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    >>> import numpy as np
    >>> relu.forward(np, np.array([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    return xp.maximum(input, 0)


@relu.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return xp.where(output <= 0, 0, grad_output)


@op("LeakyReLU", kind="activation", arguments=_ARGUMENTS, kinks={"input": (0.0,)})
def leaky_relu(xp: Namespace, input: Same, *, negative_slope: float = 0.01) -> Same:
    """Rectified linear unit that leaks: a small slope for negative inputs.

    LeakyReLU(x) = x for x > 0, a·x otherwise, with a = ``negative_slope``. Its derivative is 1 for
    x > 0 and a for x < 0. At x = 0 any number between a and 1 is a subgradient; PyTorch's choice,
    taken here, is a.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
    2013.

    >>> import numpy as np
    >>> leaky_relu.forward(np, np.array([-1.0, 0.0, 2.0])).tolist()
    [-0.01, 0.0, 2.0]
    """
    return xp.where(input > 0, input, negative_slope * input)


@leaky_relu.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, negative_slope: float) -> Same:
    return xp.where(input > 0, grad_output, negative_slope * grad_output)
