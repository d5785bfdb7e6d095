"""Activations shaped like an S."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op, register
from backproof.ops.domain import REAL, Argument
from backproof.ops.elementary import hyperbolic
from backproof.ops.op import Op
from backproof.ops.stable import logistic

__all__ = ["sigmoid", "softsign", "tanh"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("Sigmoid", kind="activation", arguments=_ARGUMENTS, aliases={"logistic": {}}, elementwise=True)
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
    return logistic(xp, input)[0]


@sigmoid.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * output * (1 - output)


#: The elementary function, under the name of the activation.
tanh: Op = register(
    hyperbolic.tanh.replace(name="Tanh", kind="activation", aliases={"hyperbolic tangent": {}})
)


@op("Softsign", kind="activation", arguments=_ARGUMENTS, elementwise=True)
def softsign(xp: Namespace, input: Same) -> Same:
    """Softsign: an S whose ends are approached slowly.

    Softsign(x) = x / (1 + |x|). For x > 0 the quotient rule gives the derivative
    ((1 + x) − x) / (1 + x)² = 1 / (1 + |x|)², and by symmetry it is the same for x < 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Bergstra, Desjardins, Lamblin and Bengio, "Quadratic polynomials learn better image
    features", 2009.

    >>> import numpy as np
    >>> softsign.forward(np, np.array([-1.0, 0.0, 3.0])).tolist()
    [-0.5, 0.0, 0.75]
    """
    return input / (1 + xp.abs(input))


@softsign.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    inverse = 1 / (1 + xp.abs(input))
    return grad_output * inverse * inverse
