"""Trigonometric functions and their inverses."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, UNIT, Argument

__all__ = ["acos", "asin", "atan", "cos", "sin", "tan"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_REAL = {"input": Argument(REAL, "N D")}
_UNIT = {"input": Argument(UNIT, "N D")}


@op("sin", kind="elementary", arguments=_REAL, elementwise=True)
def sin(xp: Namespace, input: Same) -> Same:
    """Sine.

    Its derivative is cos(x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.3.105.

    >>> import numpy as np
    >>> sin.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 0.8415]
    """
    return xp.sin(input)


@sin.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.cos(input)


@op("cos", kind="elementary", arguments=_REAL, elementwise=True)
def cos(xp: Namespace, input: Same) -> Same:
    """Cosine.

    Its derivative is −sin(x).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.3.106.

    >>> import numpy as np
    >>> cos.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 0.5403]
    """
    return xp.cos(input)


@cos.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return -grad_output * xp.sin(input)


@op("tan", kind="elementary", arguments=_UNIT, elementwise=True)
def tan(xp: Namespace, input: Same) -> Same:
    """Tangent.

    y = tan(x) = sin(x)/cos(x). The quotient rule gives the derivative
    (cos²(x) + sin²(x))/cos²(x) = 1 + tan²(x) = 1 + y².

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.3.107.

    >>> import numpy as np
    >>> tan.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 1.5574]
    """
    return xp.tan(input)


@tan.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * (1 + output * output)


@op("asin", kind="elementary", arguments=_UNIT, aliases={"arcsin": {}}, elementwise=True)
def asin(xp: Namespace, input: Same) -> Same:
    """Inverse sine.

    y = arcsin(x) in [−π/2, π/2]. From sin(y) = x follows cos(y) · dy/dx = 1, and cos(y) ≥ 0 is
    √(1 − sin²(y)), so the derivative is 1/√(1 − x²) = 1/√((1 − x)(1 + x)), which loses nothing near ±1.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.4.52.

    >>> import numpy as np
    >>> asin.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 1.5708]
    """
    return xp.asin(input)


@asin.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output / xp.sqrt((1 - input) * (1 + input))


@op("acos", kind="elementary", arguments=_UNIT, aliases={"arccos": {}}, elementwise=True)
def acos(xp: Namespace, input: Same) -> Same:
    """Inverse cosine.

    arccos(x) = π/2 − arcsin(x). Its derivative is that of the inverse sine with the opposite sign,
    −1/√((1 − x)(1 + x)).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.4.53.

    >>> import numpy as np
    >>> acos.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [1.5708, 0.0]
    """
    return xp.acos(input)


@acos.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return -grad_output / xp.sqrt((1 - input) * (1 + input))


@op("atan", kind="elementary", arguments=_REAL, aliases={"arctan": {}}, elementwise=True)
def atan(xp: Namespace, input: Same) -> Same:
    """Inverse tangent.

    y = arctan(x). From tan(y) = x follows (1 + tan²(y)) · dy/dx = 1, so the derivative is 1/(1 + x²),
    written as the square of 1/√(1 + x²), in which x² cannot overflow.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 4.4.54.

    >>> import numpy as np
    >>> atan.forward(np, np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 0.7854]
    """
    return xp.atan(input)


@atan.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    # √(1 + x²), of which the inverse is the cosine of y.
    cosine = 1 / xp.hypot(xp.ones_like(input), input)
    return grad_output * cosine * cosine
