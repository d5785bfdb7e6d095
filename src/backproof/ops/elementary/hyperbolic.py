"""Hyperbolic functions."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["cosh", "sinh", "tanh"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("sinh", kind="elementary", arguments=_ARGUMENTS, elementwise=True)
def sinh(xp: Namespace, input: Same) -> Same:
    """Hyperbolic sine.

    sinh(x) = (eˣ − e⁻ˣ)/2. Its derivative is (eˣ + e⁻ˣ)/2 = cosh(x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.5.71.

    >>> import numpy as np
    >>> sinh.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 1.1752]
    """
    return xp.sinh(input)


@sinh.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.cosh(input)


@op("cosh", kind="elementary", arguments=_ARGUMENTS, elementwise=True)
def cosh(xp: Namespace, input: Same) -> Same:
    """Hyperbolic cosine.

    cosh(x) = (eˣ + e⁻ˣ)/2. Its derivative is (eˣ − e⁻ˣ)/2 = sinh(x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.5.72.

    >>> import numpy as np
    >>> cosh.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 1.5431]
    """
    return xp.cosh(input)


@cosh.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.sinh(input)


@op("tanh", kind="elementary", arguments=_ARGUMENTS, elementwise=True)
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


@tanh.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * (1 - output * output)
