"""Losses that ask for a margin: nothing is lost by what is right by more than it."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Int, Namespace, Shaped
from backproof.ops.backend import check_classes, one_hot
from backproof.ops.catalogue import op
from backproof.ops.domain import CLASS, POSITIVE, REAL, SIGN, Argument
from backproof.ops.labels import indices, of_class, require_fit
from backproof.ops.stable import log_one_plus_exp, logistic

__all__ = ["hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "soft_margin_loss"]

#: Inputs and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]
#: The scores of the classes.
Scores: TypeAlias = Float[Array, "..."]
Classes: TypeAlias = Shaped[Array, "*batch"]
Values1: TypeAlias = Float[Array, "*batch"]
#: One for each class; may be left out.
Weight: TypeAlias = Float[Array, "classes"] | None

_SIGNED = {"input": Argument(REAL, "N D"), "target": Argument(SIGN, "N D")}


@op(
    "HingeEmbeddingLoss",
    kind="loss",
    arguments=_SIGNED,
    kinks={"input": ("margin",)},
    elementwise=True,
)
def hinge_embedding_loss(xp: Namespace, input: Given, target: Given, *, margin: float = 1.0) -> Values:
    """Hinge loss of a distance: small where the target is 1, above the margin where it is −1.

    ℓ = x for t = 1, and max(0, Δ − x) with the ``margin`` Δ for t = −1; for another target PyTorch
    adds both, and so does this. The derivative for x is 1, or −1 below the margin. At x = Δ any number
    in [−1, 0] is a subgradient for t = −1; PyTorch's choice, taken here, is −1.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.HingeEmbeddingLoss``.

    >>> import numpy as np
    >>> hinge_embedding_loss.forward(np, np.array([0.25, 0.25]), np.array([1.0, -1.0])).tolist()
    [0.25, 0.75]
    """
    near = xp.where(target != -1, input, 0)
    return near + xp.where(target != 1, xp.maximum(margin - input, 0), 0)


@hinge_embedding_loss.rule("input", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, margin: float
) -> Values:
    near = xp.where(target != -1, grad_output, 0)
    return near - xp.where((target != 1) & (margin - input >= 0), grad_output, 0)


@op("SoftMarginLoss", kind="loss", arguments=_SIGNED, elementwise=True)
def soft_margin_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Logistic loss of a score for a target of −1 or 1.

    ℓ = log(1 + exp(−t x)). As d log(1 + exp(a))/da = exp(a)/(1 + exp(a)) = σ(a), its derivative for
    x is −t σ(−t x).

    Shapes: input and target broadcast together; the values have the common shape.

    Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section
    10.6; PyTorch, ``torch.nn.SoftMarginLoss``.

    >>> import numpy as np
    >>> soft_margin_loss.forward(np, np.array([0.0, -1000.0]), np.array([1.0, 1.0])).round(4).tolist()
    [0.6931, 1000.0]
    """
    return log_one_plus_exp(xp, -target * input)


@soft_margin_loss.rule("input", needs=("input", "target"))
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return -grad_output * (target * logistic(xp, -target * input)[0])


@op(
    "MarginRankingLoss",
    kind="loss",
    arguments={
        "input1": Argument(REAL, "N D"),
        "input2": Argument(REAL, "N D"),
        "target": Argument(SIGN, "N D"),
    },
    elementwise=True,
)
def margin_ranking_loss(
    xp: Namespace, input1: Given, input2: Given, target: Given, *, margin: float = 0.0
) -> Values:
    """Hinge loss of two scores, of which the first should be the higher (t = 1) or lower (t = −1).

    ℓ = max(0, Δ − t (x₁ − x₂)) with the ``margin`` Δ. Where t (x₁ − x₂) ≤ Δ its derivative for x₁ is
    −t, for x₂ it is t, and for t it is x₂ − x₁; elsewhere each is 0. (Equality is a kink, and this
    is what PyTorch takes there.)

    Shapes: all three broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.MarginRankingLoss``.

    >>> import numpy as np
    >>> margin_ranking_loss.forward(np, np.array([2.0, 2.0]), np.array([3.0, 1.0]), np.ones(2)).tolist()
    [1.0, 0.0]
    """
    return xp.maximum(_lacking(input1, input2, target, margin), 0)


def _lacking(input1: Given, input2: Given, target: Given, margin: float) -> Values:
    """Give what the scores' difference lacks to the margin."""
    return margin - target * (input1 - input2)


def _passed(
    xp: Namespace, grad_output: Values, input1: Given, input2: Given, target: Given, margin: float
) -> Values:
    """Give the upstream gradient where the margin is not kept."""
    return xp.where(_lacking(input1, input2, target, margin) >= 0, grad_output, 0)


@margin_ranking_loss.rule("input1", needs=("input1", "input2", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input1: Given,
    input2: Given,
    target: Given,
    output: Values,
    *,
    margin: float,
) -> Values:
    return -target * _passed(xp, grad_output, input1, input2, target, margin)


@margin_ranking_loss.rule("input2", needs=("input1", "input2", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input1: Given,
    input2: Given,
    target: Given,
    output: Values,
    *,
    margin: float,
) -> Values:
    return target * _passed(xp, grad_output, input1, input2, target, margin)


@margin_ranking_loss.rule("target", needs=("input1", "input2", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input1: Given,
    input2: Given,
    target: Given,
    output: Values,
    *,
    margin: float,
) -> Values:
    return (input2 - input1) * _passed(xp, grad_output, input1, input2, target, margin)


@op(
    "MultiMarginLoss",
    kind="loss",
    arguments={
        "input": Argument(REAL, "N C"),
        "target": Argument(CLASS, "N"),
        "weight": Argument(POSITIVE, "C", optional=True),
    },
    aliases={"multi class hinge": {}, "multiclass hinge": {}},
)
def multi_margin_loss(
    xp: Namespace,
    input: Scores,
    target: Classes,
    weight: Weight = None,
    *,
    p: int = 1,
    margin: float = 1.0,
) -> Values1:
    """Hinge loss of one class among many.

    For scores x of C classes, of which c is right, with the ``margin`` Δ, the power ``p`` (1 or 2) and
    the weight w_c of the class (1 where none is given), ℓ = (w_c/C) Σ_{i≠c} max(0, zᵢ)ᵖ with
    zᵢ = Δ + xᵢ − x_c. For i ≠ c its derivative for xᵢ is sᵢ = (w_c/C) p zᵢᵖ⁻¹ where zᵢ > 0, and 0
    elsewhere; x_c stands in every zᵢ with the sign −, so for it the derivative is −Σ_{i≠c} sᵢ.

    Shapes: the input is ``(N, C)``, target and values ``(N)``, the weight is ``(C)``. Of a single sample
    the input may be ``(C)`` and target and values ``()``; a number without axes is one class.

    Raises: ``ValueError`` if p is another power or the shapes do not go together; ``IndexError``, on
    NumPy, if a target is no class.

    Source: Crammer and Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector
    Machines", 2001; PyTorch, ``torch.nn.MultiMarginLoss``.

    >>> import numpy as np
    >>> multi_margin_loss.forward(np, np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([3])).round(4).tolist()
    [0.325]
    """
    if p not in (1, 2):
        raise ValueError(f"p of MultiMarginLoss is 1 or 2; got p={p!r}")
    rows, index = _rows(xp, input, target), indices(xp, target)
    require_fit(rows, index, weight, axis=rows.ndim - 1)
    check_classes(xp, index, rows.shape[-1])
    lost = _lost(xp, rows, index, margin)
    total = xp.sum(lost if p == 1 else lost * lost, axis=-1) / rows.shape[-1]
    return total if weight is None else total * of_class(xp, weight, index)


def _rows(xp: Namespace, input: Scores, target: Classes) -> Float[Array, "*batch classes"]:
    """Give the scores for each class index: those of a single sample with the axes that its index has."""
    classes = input.shape[-1] if input.ndim else 1
    single = input.shape[:-1] in ((), (1,)) and target.shape in ((), (1,))
    return xp.reshape(input, (*target.shape, classes)) if single else input


def _lost(
    xp: Namespace, input: Float[Array, "*batch classes"], target: Int[Array, "*batch"], margin: float
) -> Float[Array, "*batch classes"]:
    """Give max(0, zᵢ) for each class, 0 for the right one."""
    right = xp.take_along_axis(input, target[..., None], axis=-1)
    others = ~one_hot(xp, target, input.shape[-1], xp.bool)
    # The scores first: equal ones differ by exactly 0, however large.
    return xp.where(others, xp.maximum(margin + (input - right), 0), 0)


@multi_margin_loss.rule("input", needs=("input", "target", "weight"))
def _(
    xp: Namespace,
    grad_output: Values1,
    input: Scores,
    target: Classes,
    weight: Weight,
    output: Values1,
    *,
    p: int,
    margin: float,
) -> Scores:
    rows, index = _rows(xp, input, target), indices(xp, target)
    lost = _lost(xp, rows, index, margin)
    slope = xp.astype(lost > 0, rows.dtype) if p == 1 else 2 * lost
    right = one_hot(xp, index, rows.shape[-1], rows.dtype)
    upstream = grad_output / rows.shape[-1]
    if weight is not None:
        upstream = upstream * of_class(xp, weight, index)
    gradient = upstream[..., None] * (slope - right * xp.sum(slope, axis=-1, keepdims=True))
    return xp.reshape(gradient, input.shape)
