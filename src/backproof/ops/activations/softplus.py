"""The softplus, and the logarithm of the sigmoid, which is its mirror image."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument
from backproof.ops.stable import log_one_plus_exp, logistic

__all__ = ["log_sigmoid", "softplus"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op(
    "Softplus",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"smooth relu": {}},
    elementwise=True,
    autocast="sum",
)
def softplus(xp: Namespace, input: Same, *, beta: float = 1.0, threshold: float = 20.0) -> Same:
    """Softplus: a smooth rectifier.

    Softplus(x) = log(1 + exp(β x)) / β, with β = ``beta``. By the chain rule its derivative is
    exp(β x) / (1 + exp(β x)) = σ(β x).

    As in PyTorch, where β x is above ``threshold`` the function is x and its derivative 1, from which
    it hardly differs there.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional
    knowledge for better option pricing", 2001.

    >>> import numpy as np
    >>> softplus.forward(np, np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.6931, 1000.0]
    """
    scaled = beta * input
    return xp.where(scaled > threshold, input, log_one_plus_exp(xp, scaled) / beta)


@softplus.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, beta: float, threshold: float) -> Same:
    scaled = beta * input
    return xp.where(scaled > threshold, grad_output, grad_output * logistic(xp, scaled)[0])


@op("LogSigmoid", kind="activation", arguments=_ARGUMENTS, likelihood=1, elementwise=True)
def log_sigmoid(xp: Namespace, input: Same) -> Same:
    """Logarithm of the sigmoid.

    log σ(x) = log(1 / (1 + exp(−x))) = −log(1 + exp(−x)). By the chain rule its derivative is
    exp(−x) / (1 + exp(−x)) = σ(−x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 3.10.

    >>> import numpy as np
    >>> log_sigmoid.forward(np, np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [-1000.0, -0.6931, -0.0]
    """
    return -log_one_plus_exp(xp, -input)


@log_sigmoid.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * logistic(xp, -input)[0]
