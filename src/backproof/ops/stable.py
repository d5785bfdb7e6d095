"""Functions that several ops are made of, written so that they hold to the ends of the range.

Where two sides meet at 0 they are joined by `minimum` and `maximum`, whose gradient at a tie is
split evenly: what is differentiated through them, as in PyTorch's double backward, acts there as
x/2, and is exact.
"""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace

__all__ = ["exponential", "log_one_plus_exp", "logistic"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]


def exponential(xp: Namespace, x: Same) -> tuple[Same, Same]:
    """Give eˣ as a fraction: eˣ = a/b, where the larger of a and b is 1.

    a = exp(min(x, 0)) and b = exp(−max(x, 0)), neither of which overflows. A function of eˣ is
    written as a fraction of sums of a and b, in which nothing cancels.

    >>> import numpy as np
    >>> exponential(np, np.array([0.0, 1000.0]))
    (array([1., 1.]), array([1., 0.]))
    """
    return xp.exp(xp.minimum(x, 0)), xp.exp(-xp.maximum(x, 0))


def logistic(xp: Namespace, x: Same) -> tuple[Same, Same]:
    """Give σ(x) = 1 / (1 + e⁻ˣ), and σ(−x) = 1 − σ(x) without the subtraction.

    With eˣ = a/b, σ(x) = a / (a + b) and σ(−x) = b / (a + b).

    >>> import numpy as np
    >>> logistic(np, np.array([0.0, 1000.0]))
    (array([0.5, 1. ]), array([0.5, 0. ]))
    """
    a, b = exponential(xp, x)
    total = a + b
    return a / total, b / total


def log_one_plus_exp(xp: Namespace, x: Same) -> Same:
    """Give log(1 + eˣ) = max(x, 0) + log(1 + exp(−|x|)).

    >>> import numpy as np
    >>> log_one_plus_exp(np, np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.6931, 1000.0]
    """
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))
