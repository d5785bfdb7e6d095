"""Activations shaped like an S, written in terms of their own output."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import op

__all__ = ["sigmoid", "tanh"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("Sigmoid", kind="activation", arguments=_ARGUMENTS, aliases={"logistic": {}})
def sigmoid(xp: Namespace, input: Same) -> Same:
    """Logistic sigmoid.

    σ(x) = 1 / (1 + exp(−x)). With y = σ(x) = (1 + e)⁻¹ and e = exp(−x), the chain rule gives
    dy/dx = (1 + e)⁻² · e = y · e/(1 + e) = y (1 − y).

    For x < 0 the same value is written exp(x) / (1 + exp(x)), so that no exponential overflows.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 3.10.

    >>> import numpy as np
    >>> sigmoid.forward(np, np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    decay = xp.exp(-xp.abs(input))
    return xp.where(input >= 0, 1, decay) / (1 + decay)


@sigmoid.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * output * (1 - output)


@op("Tanh", kind="activation", arguments=_ARGUMENTS, aliases={"hyperbolic tangent": {}})
def tanh(xp: Namespace, input: Same) -> Same:
    """Hyperbolic tangent.

    tanh(x) = sinh(x) / cosh(x). The quotient rule gives
    d tanh(x)/dx = (cosh²(x) − sinh²(x)) / cosh²(x) = 1 − tanh²(x) = 1 − y².

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.3.2.

    >>> import numpy as np
    >>> tanh.forward(np, np.array([-1000.0, 0.0, 1000.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return xp.tanh(input)


@tanh.rule("input")
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * (1 - output * output)
