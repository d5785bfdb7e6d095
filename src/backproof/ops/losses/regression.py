"""Losses of the difference between a prediction and a number."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]

#: Input and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]

_ARGUMENTS = {"input": Argument(REAL, "N D"), "target": Argument(REAL, "N D")}


@op(
    "L1Loss",
    kind="loss",
    arguments=_ARGUMENTS,
    aliases={"mae": {}, "mean absolute error": {}, "absolute error": {}},
    kinks={"input": ("target",)},
    elementwise=True,
)
def l1_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Absolute error.

    ℓ = |x − t|. Its derivative for x is the sign of x − t, and its negative for t. At x = t any
    number in [−1, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.L1Loss``.

    >>> import numpy as np
    >>> l1_loss.forward(np, np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.5, 0.0]
    """
    return xp.abs(input - target)


@l1_loss.rule("input", needs=("input", "target"))
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * xp.sign(input - target)


@l1_loss.rule("target", needs=("input", "target"))
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * xp.sign(target - input)


@op(
    "MSELoss",
    kind="loss",
    arguments=_ARGUMENTS,
    aliases={
        "l2": {},
        "mean squared error": {},
        "squared error": {},
        "quadratic": {},
        "mean square error": {},
        "sse": {"reduction": "sum"},
        "sum squared error": {"reduction": "sum"},
    },
    elementwise=True,
)
def mse_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Squared error.

    ℓ = (x − t)². Its derivative for x is 2 (x − t), and its negative for t.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 5.1.4.

    >>> import numpy as np
    >>> mse_loss.forward(np, np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.25, 0.0]
    """
    difference = input - target
    return difference * difference


@mse_loss.rule("input", needs=("input", "target"))
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return 2 * grad_output * (input - target)


@mse_loss.rule("target", needs=("input", "target"))
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return 2 * grad_output * (target - input)


@op("SmoothL1Loss", kind="loss", arguments=_ARGUMENTS, elementwise=True)
def smooth_l1_loss(xp: Namespace, input: Given, target: Given, *, beta: float = 1.0) -> Values:
    """Squared error near the target, absolute error away from it.

    With z = x − t, ℓ = z²/(2β) for |z| < ``beta`` and |z| − β/2 beyond, where value and slope are the
    same at |z| = β. With m = min(|z|, β) both are (m/β) (|z| − m/2), in which no square overflows.
    The derivative for x is z/β for |z| < β and the sign of z beyond; for t it is the negative.

    At β = 0 this is the absolute error: its subgradient at x = t is PyTorch's choice there, 0.

    Shapes: input and target broadcast together; the values have the common shape.

    Raises: ``ValueError`` if β is negative.

    Source: Girshick, "Fast R-CNN", 2015, equation 3 (β = 1); PyTorch, ``torch.nn.SmoothL1Loss``.

    >>> import numpy as np
    >>> smooth_l1_loss.forward(np, np.array([0.5, 3.0]), np.array([0.0, 0.0])).tolist()
    [0.125, 2.5]
    """
    if beta < 0:
        raise ValueError(f"beta of SmoothL1Loss is 0 or more; got beta={beta!r}")
    if beta == 0:
        return l1_loss.forward(xp, input, target)
    near, rest = _factors(xp, input - target, beta)
    return near / beta * rest


def _factors(xp: Namespace, difference: Values, bend: float) -> tuple[Values, Values]:
    """Give m = min(|z|, bend) and |z| − m/2."""
    size = xp.abs(difference)
    near = xp.minimum(size, bend)
    return near, size - 0.5 * near


def _held(xp: Namespace, difference: Values, bend: float) -> Values:
    """Hold z between −bend and bend. Its own derivative is 0 from the bend on, as PyTorch's."""
    return xp.where(difference >= bend, bend, xp.where(difference <= -bend, -bend, difference))


@smooth_l1_loss.rule("input", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, beta: float
) -> Values:
    difference = input - target
    if beta == 0:
        return grad_output * xp.sign(difference)
    return grad_output * (_held(xp, difference, beta) / beta)


@smooth_l1_loss.rule("target", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, beta: float
) -> Values:
    difference = target - input
    if beta == 0:
        return grad_output * xp.sign(difference)
    return grad_output * (_held(xp, difference, beta) / beta)


@op("HuberLoss", kind="loss", arguments=_ARGUMENTS, elementwise=True)
def huber_loss(xp: Namespace, input: Given, target: Given, *, delta: float = 1.0) -> Values:
    """Half the squared error near the target, a line away from it.

    With z = x − t, ℓ = z²/2 for |z| < ``delta`` and δ (|z| − δ/2) beyond, where value and slope are
    the same at |z| = δ. With m = min(|z|, δ) both are m (|z| − m/2), in which no square overflows.
    The derivative for x is z, held between −δ and δ; for t it is the negative.

    Shapes: input and target broadcast together; the values have the common shape.

    Raises: ``ValueError`` if δ is not positive.

    Source: Huber, "Robust Estimation of a Location Parameter", 1964; PyTorch, ``torch.nn.HuberLoss``.

    >>> import numpy as np
    >>> huber_loss.forward(np, np.array([0.5, 3.0]), np.array([0.0, 0.0]), delta=2.0).tolist()
    [0.125, 4.0]
    """
    if delta <= 0:
        raise ValueError(f"delta of HuberLoss is positive; got delta={delta!r}")
    near, rest = _factors(xp, input - target, delta)
    return near * rest


@huber_loss.rule("input", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, delta: float
) -> Values:
    return grad_output * _held(xp, input - target, delta)


@huber_loss.rule("target", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, delta: float
) -> Values:
    return grad_output * _held(xp, target - input, delta)
