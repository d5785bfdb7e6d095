"""Dropout, as a function of what is kept."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.catalogue import op
from backproof.ops.domain import MASK, REAL, Argument

__all__ = ["dropout"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]
#: True where a value is kept.
Mask: TypeAlias = Shaped[Array, "*shape"]


@op("Dropout", kind="layer", arguments={"input": Argument(REAL, "N D"), "mask": Argument(MASK, "N D")})
def dropout(xp: Namespace, input: Same, mask: Mask, *, p: float = 0.5) -> Same:
    """Dropout of the values that the mask does not keep.

    y = m x / (1 − p), with m = 1 where the mask is true and 0 elsewhere. Where each value is kept with
    the probability 1 − p, the expectation of y is x. The mask is given, so y is linear in x and its
    derivative is m / (1 − p). Nothing is kept with ``p`` = 1: the output is 0.

    Shapes: input and mask have any shape, the same; so has the output.

    Raises
    ------
    ValueError
        If ``p`` is no probability.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
    prevent neural networks from overfitting", 2014, section 10, where their p is the probability to
    keep a value, here 1 − p.

    >>> import numpy as np
    >>> dropout.forward(np, np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), p=0.75).tolist()
    [4.0, 0.0, 12.0]
    """
    return input * _factor(xp, mask, input.dtype, p)


def _factor(xp: Namespace, mask: Mask, dtype: object, p: float) -> Same:
    if not 0 <= p <= 1:
        raise ValueError(f"p is the probability to drop a value, from 0 to 1; got p={p!r}")
    return xp.astype(mask, dtype) * (1 / (1 - p) if p < 1 else 0)


@dropout.rule("input", needs=("mask",))
def _(xp: Namespace, grad_output: Same, input: Same, mask: Mask, output: Same, *, p: float) -> Same:
    return grad_output * _factor(xp, mask, grad_output.dtype, p)
