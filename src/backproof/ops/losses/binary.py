"""Cross-entropies of two classes: of a probability, and of a logit."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import BINARY, POSITIVE, PROBABILITY, REAL, Argument
from backproof.ops.stable import log_one_plus_exp, logistic

__all__ = ["bce_loss", "bce_with_logits_loss"]

#: Input and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: May be left out; else it broadcasts with the others.
Weight: TypeAlias = Float[Array, "*#shape"] | None
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]


def _weighted(value: Values, weight: Weight) -> Values:
    return value if weight is None else value * weight


@op(
    "BCELoss",
    kind="loss",
    arguments={
        "input": Argument(PROBABILITY, "N D"),
        "target": Argument(BINARY, "N D"),
        "weight": Argument(POSITIVE, "N D", optional=True),
    },
    aliases={"binary cross entropy": {}, "binary ce": {}, "log loss": {}},
    likelihood=-1,
    elementwise=True,
    autocast="probability",
)
def bce_loss(xp: Namespace, input: Given, target: Given, weight: Weight = None) -> Values:
    """Binary cross-entropy of probabilities.

    ℓ = −w (t log x + (1 − t) log(1 − x)), with the weight w = 1 where none is given. Its derivative
    for x is w (−t/x + (1 − t)/(1 − x)) = w (x − t) / (x (1 − x)); for t it is
    w (log(1 − x) − log x).

    As PyTorch does, each logarithm is held at or above −100, and x (1 − x) in the derivative at or
    above 1e-12: the value is at most 100 w, the gradient finite, at 0 and 1 too.

    Shapes: input, target and weight broadcast together; the values have the common shape. The input
    lies in [0, 1].

    Source: Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.2; the bounds:
    PyTorch, ``torch.nn.BCELoss``.

    >>> import numpy as np
    >>> bce_loss.forward(np, np.array([0.5, 1.0]), np.array([1.0, 0.0])).round(4).tolist()
    [0.6931, 100.0]
    """
    value = (target - 1) * _log_of_complement(xp, input) - target * _log(xp, input)
    return _weighted(value, weight)


def _log(xp: Namespace, probability: Values) -> Values:
    zero = probability == 0  # there NumPy would warn, of a logarithm that is bounded anyway
    return xp.where(zero, -100, xp.maximum(xp.log(xp.where(zero, 1, probability)), -100))


def _log_of_complement(xp: Namespace, probability: Values) -> Values:
    one = probability == 1
    return xp.where(one, -100, xp.maximum(xp.log1p(-xp.where(one, 0, probability)), -100))


@bce_loss.rule("input", needs=("input", "target", "weight"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, weight: Weight, output: Values
) -> Values:
    slope = (input - target) / xp.maximum(input * (1 - input), 1e-12)
    return grad_output * _weighted(slope, weight)


@bce_loss.rule("target", needs=("input", "weight"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, weight: Weight, output: Values
) -> Values:
    return grad_output * _weighted(_log_of_complement(xp, input) - _log(xp, input), weight)


@op(
    "BCEWithLogitsLoss",
    kind="loss",
    arguments={
        "input": Argument(REAL, "N D"),
        "target": Argument(BINARY, "N D"),
        "weight": Argument(POSITIVE, "N D", optional=True),
        "pos_weight": Argument(POSITIVE, "D", optional=True),
    },
    aliases={
        "bce logits": {},
        "bce with logits": {},
        "binary cross entropy with logits": {},
        "sigmoid bce": {},
        "sigmoid binary cross entropy": {},
        "sigmoid cross entropy": {},
    },
    likelihood=-1,
    elementwise=True,
)
def bce_with_logits_loss(
    xp: Namespace, input: Given, target: Given, weight: Weight = None, pos_weight: Weight = None
) -> Values:
    """Binary cross-entropy of logits: the sigmoid and the cross-entropy in one.

    ℓ = −w (q t log σ(x) + (1 − t) log(1 − σ(x))), with the weight w and the weight q of the positive
    class, each 1 where it is not given. With −log σ(x) = log(1 + exp(−x)) =: s(−x) and
    −log(1 − σ(x)) = x + s(−x), ℓ = w ((1 − t) x + (1 − t + q t) s(−x)). For x < 0, s(−x) = s(x) − x,
    and the same value is w (−q t x + (1 − t + q t) s(x)): no exponential overflows, and for t in
    [0, 1] nothing cancels.

    As s' = σ, the derivative for x is w ((1 − t) σ(x) − q t (1 − σ(x))), which without q is
    w (σ(x) − t). For t it is w (q s(−x) − s(x)), which without q is −w x.

    Shapes: input, target and the weights broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.BCEWithLogitsLoss``.

    >>> import numpy as np
    >>> bce_with_logits_loss.forward(np, np.array([0.0, -1000.0]), np.array([1.0, 1.0])).round(4).tolist()
    [0.6931, 1000.0]
    """
    positive = target if pos_weight is None else pos_weight * target
    line = xp.where(input >= 0, 1 - target, -positive) * input
    rest = xp.log1p(xp.exp(-xp.abs(input)))
    return _weighted(line + (rest if pos_weight is None else (1 - target + positive) * rest), weight)


@bce_with_logits_loss.rule("input", needs=("input", "target", "weight", "pos_weight"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    weight: Weight,
    pos_weight: Weight,
    output: Values,
) -> Values:
    probability, complement = logistic(xp, input)
    positive = target if pos_weight is None else pos_weight * target
    return grad_output * _weighted((1 - target) * probability - positive * complement, weight)


@bce_with_logits_loss.rule("target", needs=("input", "weight", "pos_weight"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    weight: Weight,
    pos_weight: Weight,
    output: Values,
) -> Values:
    if pos_weight is None:
        return -grad_output * _weighted(input, weight)
    slope = pos_weight * log_one_plus_exp(xp, -input) - log_one_plus_exp(xp, input)
    return grad_output * _weighted(slope, weight)
