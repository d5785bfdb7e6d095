"""Activations that bring what is near zero to zero."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["hardshrink", "softshrink", "tanhshrink", "threshold"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


#: Lambert's continued fraction tanh x = x/(1 + x²/(3 + x²/(5 + …))), broken off after 19, leaves
#: x − tanh x = x³ N(x²)/D(x²), with these coefficients, the highest power first. All are positive.
_LAST = 654729075
# Over the last of them no coefficient overflows half precision.
_NUMERATOR = tuple(c / _LAST for c in (1, 1430, 289575, 16081065, 218243025))
_DENOMINATOR = tuple(c / _LAST for c in (1, 1485, 315315, 18918900, 310134825, _LAST))


@op(
    "Softshrink",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"soft threshold": {}, "soft thresholding": {}},
    kinks={"input": ("lambd", "-lambd")},
    elementwise=True,
)
def softshrink(xp: Namespace, input: Same, *, lambd: float = 0.5) -> Same:
    """Input, moved towards zero.

    Softshrink(x) = x − λ for x > λ, x + λ for x < −λ and 0 between, with λ = ``lambd``: that is
    x − min(max(x, −λ), λ). Its derivative is 1 for |x| > λ and 0 for |x| < λ. At x = ±λ any
    number in [0, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Donoho, "De-noising by soft-thresholding", 1995.

    >>> import numpy as np
    >>> softshrink.forward(np, np.array([-2.0, 0.25, 2.0])).tolist()
    [-1.5, 0.0, 1.5]
    """
    return input - xp.clip(input, -lambd, lambd)


@softshrink.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, lambd: float) -> Same:
    return _beyond(xp, grad_output, input, lambd)


def _beyond(xp: Namespace, grad_output: Same, input: Same, lambd: float) -> Same:
    """Let through what is of an input further from zero than a bound."""
    return xp.where(xp.abs(input) > lambd, grad_output, 0)


@op(
    "Hardshrink",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"hard thresholding": {}},
    kinks={"input": ("lambd", "-lambd")},
    elementwise=True,
)
def hardshrink(xp: Namespace, input: Same, *, lambd: float = 0.5) -> Same:
    """Input, or zero where it is near zero.

    Hardshrink(x) = x for |x| > λ, 0 otherwise, with λ = ``lambd``. Its derivative is 1 for
    |x| > λ and 0 for |x| < λ. At x = ±λ it jumps, and has no subgradient; PyTorch's choice of a
    gradient, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.

    >>> import numpy as np
    >>> hardshrink.forward(np, np.array([-2.0, 0.25, 2.0])).tolist()
    [-2.0, 0.0, 2.0]
    """
    return xp.where(xp.abs(input) <= lambd, 0, input)


@hardshrink.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, lambd: float) -> Same:
    return _beyond(xp, grad_output, input, lambd)


def _polynomial(coefficients: tuple[float, ...], z: Same) -> Same:
    value = coefficients[0] * z + coefficients[1]
    for coefficient in coefficients[2:]:
        value = value * z + coefficient
    return value


@op("Tanhshrink", kind="activation", arguments=_ARGUMENTS, elementwise=True)
def tanhshrink(xp: Namespace, input: Same) -> Same:
    """Input without its hyperbolic tangent.

    Tanhshrink(x) = x − tanh(x). Its derivative is 1 − (1 − tanh²(x)) = tanh²(x).

    Near zero, where x and tanh(x) cancel down to x³/3, their difference is taken from Lambert's
    continued fraction of tanh: nothing cancels in it, and up to |x| = 1 it is as good as exact.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: PyTorch, ``torch.nn.Tanhshrink``; the fraction: Lambert, 1761, in Abramowitz and Stegun,
    "Handbook of mathematical functions", 1964, 4.5.70.

    >>> import numpy as np
    >>> [f"{y:.5g}" for y in tanhshrink.forward(np, np.array([1e-9, 1.0, 1000.0]))]
    ['3.3333e-28', '0.23841', '999']
    """
    near = xp.clip(input, -1, 1)
    square = near * near
    difference = near * (square * (_polynomial(_NUMERATOR, square) / _polynomial(_DENOMINATOR, square)))
    return xp.where(xp.abs(input) < 1, difference, input - xp.tanh(input))


@tanhshrink.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.tanh(input) ** 2


@op("Threshold", kind="activation", arguments=_ARGUMENTS, kinks={"input": ("threshold",)}, elementwise=True)
def threshold(xp: Namespace, input: Same, *, threshold: float = 0.0, value: float = 0.0) -> Same:
    """Input above a threshold, and a fixed value up to it.

    Threshold(x) = x for x > t, v otherwise, with t = ``threshold`` and v = ``value``. Its derivative
    is 1 for x > t and 0 for x < t. At x = t any number in [0, 1] is a subgradient if v = t, and
    there is none if v ≠ t, where it jumps; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: PyTorch, ``torch.nn.Threshold``, which has no defaults; these make it a ReLU.

    >>> import numpy as np
    >>> threshold.forward(np, np.array([0.5, 2.0]), threshold=1.0, value=-3.0).tolist()
    [-3.0, 2.0]
    """
    return xp.where(input <= threshold, value, input)


@threshold.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, threshold: float, value: float) -> Same:
    return xp.where(input <= threshold, 0, grad_output)
