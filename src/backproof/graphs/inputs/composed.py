"""NumPy's functions that are no single op: put together from those that are.

Each is given ``op``, which applies an op of the catalogue, and then its arguments: for values of which the
signs of arithmetic and the shape are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

__all__ = ["COMPOSED", "NAMES"]

#: NumPy's functions that are an op of another name.
NAMES: Mapping[str, str] = {
    "true_divide": "divide",
    "float_power": "power",
    "absolute": "abs",
    "fabs": "abs",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
_Op = Callable[..., Any]


# --- Other shapes --------------------------------------------------------------------------------


def _reshape(op: _Op, x: Any, *sizes: Any, shape: Any = None) -> Any:
    """``x.reshape(2, 3)`` and ``np.reshape(x, (2, 3))``."""
    given = shape if not sizes else sizes[0] if len(sizes) == 1 else sizes
    return op("reshape", x, shape=(given,) if isinstance(given, int) else tuple(given))


def _shaped_as(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the numbers in the shape that a function of NumPy gives them."""
    return lambda op, x, *args, **how: op(
        "reshape", x, shape=function(np.empty(x.shape, bool), *args, **how).shape
    )


def _transpose(op: _Op, x: Any, *axes: Any) -> Any:
    """Permute the axes, by default into the opposite order: exchange two at a time."""
    given = axes[0] if len(axes) == 1 else axes
    order = list(range(x.ndim))
    wanted = [axis % x.ndim for axis in given] if given else order[::-1]
    if sorted(wanted) != order:
        raise TypeError(f"expected each of {x.ndim} axes once, got axes={axes}")
    for place, axis in enumerate(wanted):
        other = order.index(axis)
        if other != place:
            order[place], order[other] = order[other], order[place]
            x = op("transpose", x, dim0=place, dim1=other)
    return x


# --- Other formulas ------------------------------------------------------------------------------


def _clip(op: _Op, x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    x = x if low is None else op("maximum", x, low)
    return x if high is None else op("minimum", x, high)


def _logaddexp(op: _Op, x: Any, y: Any) -> Any:
    """log(eˣ + eʸ) = y + log(1 + eˣ⁻ʸ), which is differentiable as often as one likes."""
    return y + op("Softplus", x - y, threshold=math.inf)


def _var(op: _Op, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    apart = x - op("mean", x, dim=axis, keepdim=True)
    return op("mean", apart**2, dim=axis, keepdim=keepdims)


def _norm(op: _Op, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return op("sqrt", op("sum", x**2, dim=axis, keepdim=keepdims))


def _none(instead: str) -> Callable[..., NoReturn]:
    def refuse(op: _Op, *args: Any, **how: Any) -> NoReturn:
        raise TypeError(f"the catalogue has no such op; {instead}")

    return refuse


_LARGEST = _none("np.maximum and np.minimum take two arrays")
_JOINED = _none("compute with the parts, and add up what comes of them")

#: For each function of NumPy how it is put together.
COMPOSED: Mapping[str, Callable[..., Any]] = {
    "reshape": _reshape,
    "ravel": lambda op, x: op("reshape", x, shape=(-1,)),
    "flatten": lambda op, x: op("reshape", x, shape=(-1,)),
    "squeeze": _shaped_as(np.squeeze),
    "expand_dims": _shaped_as(np.expand_dims),
    "transpose": _transpose,
    "permute_dims": _transpose,
    "swapaxes": lambda op, x, axis1, axis2: op("transpose", x, dim0=axis1, dim1=axis2),
    "matrix_transpose": lambda op, x: op("transpose", x, dim0=-2, dim1=-1),
    "square": lambda op, x: x**2,
    "reciprocal": lambda op, x: 1 / x,
    "positive": lambda op, x: x,
    "copy": lambda op, x: x,
    "exp2": lambda op, x: 2**x,
    "log2": lambda op, x: op("log", x) / math.log(2),
    "log10": lambda op, x: op("log", x) / math.log(10),
    "hypot": lambda op, x, y: op("sqrt", x**2 + y**2),
    "clip": _clip,
    "logaddexp": _logaddexp,
    "var": _var,
    "std": lambda op, x, axis=None, *, keepdims=False: op("sqrt", _var(op, x, axis, keepdims=keepdims)),
    "norm": _norm,
    "outer": lambda op, x, y: x[:, None] * y[None, :],
    "zeros_like": lambda op, x: np.zeros(x.shape),
    "ones_like": lambda op, x: np.ones(x.shape),
    "shape": lambda op, x: x.shape,
    "ndim": lambda op, x: x.ndim,
    "size": lambda op, x: x.size,
    **dict.fromkeys(("max", "min", "amax", "amin"), _LARGEST),
    **dict.fromkeys(("concatenate", "stack", "vstack", "hstack"), _JOINED),
}
