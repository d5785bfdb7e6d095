"""The exponential function, its inverse, and the square root."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import POSITIVE, REAL, UNIT, Argument

__all__ = ["exp", "expm1", "log", "log1p", "sqrt"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_REAL = {"input": Argument(REAL, "N D")}
_POSITIVE = {"input": Argument(POSITIVE, "N D")}
_UNIT = {"input": Argument(UNIT, "N D")}


@op("exp", kind="elementary", arguments=_REAL, elementwise=True)
def exp(xp: Namespace, input: Same) -> Same:
    """Exponential function.

    exp(x) = eˣ. It is its own derivative: with y = eˣ, dy/dx = eˣ = y.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.2.49.

    >>> import numpy as np
    >>> exp.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 2.7183]
    """
    return xp.exp(input)


@exp.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * output


@op("expm1", kind="elementary", arguments=_REAL, elementwise=True)
def expm1(xp: Namespace, input: Same) -> Same:
    """Exponential function less one, accurate near zero.

    expm1(x) = eˣ − 1. Its derivative is eˣ, which is taken from x: the output lost it where eˣ is small.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.2.49.

    >>> import numpy as np
    >>> expm1.forward(np, np.array([-1000.0, 1e-20])).tolist()
    [-1.0, 1e-20]
    """
    return xp.expm1(input)


@expm1.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.exp(input)


@op(
    "log",
    kind="elementary",
    arguments=_POSITIVE,
    aliases={"natural logarithm": {}, "logarithm": {}},
    elementwise=True,
)
def log(xp: Namespace, input: Same) -> Same:
    """Natural logarithm.

    log(x) is the inverse of the exponential function: from e^log(x) = x follows by the chain rule
    x · d log(x)/dx = 1, so the derivative is 1/x.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.1.46.

    >>> import numpy as np
    >>> log.forward(np, np.array([1.0, 2.0])).round(4).tolist()
    [0.0, 0.6931]
    """
    return xp.log(input)


@log.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output / input


@op("log1p", kind="elementary", arguments=_UNIT, elementwise=True)
def log1p(xp: Namespace, input: Same) -> Same:
    """Natural logarithm of one more than the input, accurate near zero.

    log1p(x) = log(1 + x). By the chain rule its derivative is 1/(1 + x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.1.46.

    >>> import numpy as np
    >>> log1p.forward(np, np.array([1e-20, 1.0])).tolist()
    [1e-20, 0.6931471805599453]
    """
    return xp.log1p(input)


@log1p.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output / (1 + input)


@op("sqrt", kind="elementary", arguments=_POSITIVE, aliases={"square root": {}}, elementwise=True)
def sqrt(xp: Namespace, input: Same) -> Same:
    """Square root.

    y = √x. From y² = x follows 2y · dy/dx = 1, so the derivative is 1/(2y).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.7, of which it is a case.

    >>> import numpy as np
    >>> sqrt.forward(np, np.array([0.0, 4.0])).tolist()
    [0.0, 2.0]
    """
    return xp.sqrt(input)


@sqrt.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return 0.5 * grad_output / output
