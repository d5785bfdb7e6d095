"""Losses of vectors that should be near to one another, or far."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.backend import power_of_two
from backproof.ops.broadcasting import BROADCASTING
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, SIGN, Argument

__all__ = ["cosine_embedding_loss", "triplet_margin_loss"]

#: A vector for each element of the batch, of shapes that broadcast together.
Vectors: TypeAlias = Float[Array, "..."]
#: One for each element of the batch.
Signs: TypeAlias = Float[Array, "*#batch"]
Values: TypeAlias = Float[Array, "..."]
#: As values, with an axis of size 1 in the place of the vectors'.
Column: TypeAlias = Float[Array, "... 1"]
Same: TypeAlias = Float[Array, "..."]

#: What PyTorch adds to the square of a norm.
_EPS = 1e-12
#: The p of the Euclidean norm, which has a formula without powers.
_EUCLID = 2


@op(
    "CosineEmbeddingLoss",
    kind="loss",
    arguments={
        "input1": Argument(REAL, "N D"),
        "input2": Argument(REAL, "N D"),
        "target": Argument(SIGN, "N"),
    },
    aliases={"cosine": {}},
)
def cosine_embedding_loss(
    xp: Namespace, input1: Vectors, input2: Vectors, target: Signs, *, margin: float = 0.0
) -> Values:
    """Loss of the angle between two vectors, which should be small (t = 1) or wide (t = −1).

    With the cosine c = x₁·x₂ / (n₁ n₂), ℓ = 1 − c for t = 1, max(0, c − Δ) with the ``margin`` Δ for
    t = −1, and 0 for another target. As PyTorch does, n = √(Σ x² + ε) with ε = 1e-12: the cosine of a
    vector of zeros is 0.

    With u = x/n, c = u₁·u₂ and ∂n/∂x = u, the quotient rule gives ∂c/∂x₁ = (u₂ − c u₁)/n₁, and
    the same with 1 and 2 exchanged. The derivative of ℓ for c is −1 for t = 1, and 1 where c ≥ Δ for
    t = −1.

    Shapes: inputs ``(D)`` or ``(N, D)``, which broadcast together; target and values lack the axis D.

    Raises: ``ValueError`` if the target has not one axis less than the inputs.

    Source: PyTorch, ``torch.nn.CosineEmbeddingLoss``.

    >>> import numpy as np
    >>> x1, x2 = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[3.0, 4.0], [3.0, 4.0]])
    >>> cosine_embedding_loss.forward(np, x1, x2, np.array([1.0, -1.0])).round(4).tolist()
    [0.4, 0.6]
    """
    if target.ndim != max(input1.ndim, input2.ndim) - 1:
        raise ValueError(
            f"the target is a sign for each pair of vectors, without their axis; got target of shape="
            f"{tuple(target.shape)} for inputs of shape {tuple(input1.shape)} and {tuple(input2.shape)}"
        )
    (scaled1, norm1, _), (scaled2, norm2, _) = _scaled(xp, input1), _scaled(xp, input2)
    cosine = xp.squeeze(_cosine(xp, scaled1, scaled2, norm1, norm2), axis=-1)
    near = xp.where(target == 1, 1 - cosine, 0)
    return near + xp.where(target == -1, xp.maximum(cosine - margin, 0), 0)


def _scaled(xp: Namespace, vectors: Vectors) -> tuple[Vectors, Column, Column]:
    """Give s x, n s and s, with a power of two s such that no square overflows."""
    factor = 1 / power_of_two(xp, vectors, axis=-1, least=math.sqrt(_EPS))
    scaled, root = vectors * factor, math.sqrt(_EPS) * factor
    return scaled, xp.sqrt(xp.sum(scaled * scaled, axis=-1, keepdims=True) + root * root), factor


def _cosine(xp: Namespace, scaled1: Vectors, scaled2: Vectors, norm1: Column, norm2: Column) -> Column:
    return xp.sum(scaled1 * scaled2, axis=-1, keepdims=True) / (norm1 * norm2)


def _part(xp: Namespace, gradient: Same, vectors: Vectors) -> Same:
    """Give a term's part in the gradient for vectors, which it may have stretched to another size.

    Before it is added to other terms: those may be of another size, and what broadcasting's gradient then
    sums would count each of theirs several times.
    """
    return BROADCASTING.gradient(xp, gradient, (*gradient.shape[:-1], *vectors.shape[-1:]))


@cosine_embedding_loss.rule("input1", "input2", needs=("input1", "input2", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input1: Vectors,
    input2: Vectors,
    target: Signs,
    output: Values,
    *,
    margin: float,
) -> tuple[Vectors, Vectors]:
    (scaled1, norm1, factor1), (scaled2, norm2, factor2) = _scaled(xp, input1), _scaled(xp, input2)
    cosine = _cosine(xp, scaled1, scaled2, norm1, norm2)
    sign, upstream = target[..., None], grad_output[..., None]
    wide = xp.where((sign == -1) & (cosine - margin >= 0), upstream, 0)
    slope = wide - xp.where(sign == 1, upstream, 0)
    unit1, unit2 = scaled1 * (1 / norm1), scaled2 * (1 / norm2)
    return (
        slope * (factor1 / norm1) * (_part(xp, unit2, input1) - cosine * unit1),
        slope * (factor2 / norm2) * (_part(xp, unit1, input2) - cosine * unit2),
    )


@op(
    "TripletMarginLoss",
    kind="loss",
    arguments={
        "anchor": Argument(REAL, "N D"),
        "positive": Argument(REAL, "N D"),
        "negative": Argument(REAL, "N D"),
    },
    aliases={"triplet": {}},
)
def triplet_margin_loss(
    xp: Namespace,
    anchor: Vectors,
    positive: Vectors,
    negative: Vectors,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
) -> Values:
    """Hinge loss of two distances: an anchor's to what is alike, and to what is not.

    ℓ = max(0, Δ + d(a, p) − d(a, n)) with the ``margin`` Δ and the distance
    d(x, y) = ‖x − y + ε‖ₚ, of the norm ``p``, where ``eps`` keeps it from a gradient at 0. With
    ``swap`` the smaller of d(a, n) and d(p, n) stands for the last distance; where they are equal,
    each has half of the gradient.

    With z = x − y + ε and d = (Σ |zᵢ|ᵖ)^(1/p), ∂d/∂xᵢ = sign(zᵢ) (|zᵢ|/d)ᵖ⁻¹ =: u(x, y), and the
    negative for y; u is 0 where zᵢ or d is. Where Δ + d(a, p) − d(a, n) ≥ 0 the derivative for the
    anchor is u(a, p) − u(a, n), for the positive −u(a, p), for the negative u(a, n); elsewhere each is
    0. For p = ∞, d is the largest |zᵢ|, and the largest share the gradient alike.

    Shapes: anchor, positive and negative ``(D)`` or ``(N, D)``; any two that are compared broadcast
    together. The values lack the axis D. Numbers of no axes count as vectors of one.

    Raises: ``ValueError`` if p is negative.

    Source: Balntas et al., "Learning Shallow Convolutional Feature Descriptors with Triplet Losses",
    2016; PyTorch, ``torch.nn.TripletMarginLoss``.

    >>> import numpy as np
    >>> a, b, c = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
    >>> triplet_margin_loss.forward(np, a, b, c).round(4).tolist()
    [4.0]
    """
    if p < 0:
        raise ValueError(f"p of TripletMarginLoss is 0 or more; got p={p!r}")
    near = _norm(xp, _apart(anchor, positive, eps), p)
    far = _norm(xp, _apart(anchor, negative, eps), p)
    if swap:
        far = xp.minimum(far, _norm(xp, _apart(positive, negative, eps), p))
    return xp.squeeze(xp.maximum(margin + near - far, 0), axis=-1)


def _apart(first: Vectors, second: Vectors, eps: float) -> Same:
    """Give x − y + ε, with an axis for the values of a vector."""
    apart = first - second + eps
    return apart if apart.ndim else apart[None]


def _norm(xp: Namespace, vectors: Same, p: float) -> Column:
    """Give the p-norm of each vector, scaled so that no power overflows."""
    size = xp.abs(vectors)
    if p == 0:
        return xp.sum(xp.astype(size > 0, vectors.dtype), axis=-1, keepdims=True)
    if p == 1:
        return xp.sum(size, axis=-1, keepdims=True)
    if p == math.inf:
        return xp.max(size, axis=-1, keepdims=True)
    scale = power_of_two(xp, vectors, axis=-1, least=float(xp.finfo(vectors.dtype).smallest_normal))
    scaled = size / scale
    if p == _EUCLID:
        return scale * xp.sqrt(xp.sum(scaled * scaled, axis=-1, keepdims=True))
    return scale * xp.sum(scaled**p, axis=-1, keepdims=True) ** (1 / p)


def _slope(xp: Namespace, vectors: Same, norm: Column, p: float) -> Same:
    """Give the derivative of the norm for each element, 0 where there is none."""
    sign = xp.sign(vectors)
    if p == 0:
        return xp.zeros_like(vectors)
    if p == 1:
        return sign
    size = xp.abs(vectors)
    if p == math.inf:
        largest = xp.astype(size == norm, vectors.dtype)
        return sign * largest / xp.sum(largest, axis=-1, keepdims=True)
    if p == _EUCLID:
        return vectors / xp.where(norm == 0, 1, norm)
    zero = size == 0
    return xp.where(zero, 0, sign * (xp.where(zero, 1, size) / xp.where(zero, 1, norm)) ** (p - 1))


@triplet_margin_loss.rule("anchor", "positive", "negative", needs=("anchor", "positive", "negative"))
def _(
    xp: Namespace,
    grad_output: Values,
    anchor: Vectors,
    positive: Vectors,
    negative: Vectors,
    output: Values,
    *,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
) -> tuple[Same, Same, Same]:
    near, far = _apart(anchor, positive, eps), _apart(anchor, negative, eps)
    near_norm, far_norm = _norm(xp, near, p), _norm(xp, far, p)
    pull, push = _slope(xp, near, near_norm, p), _slope(xp, far, far_norm, p)
    if not swap:
        upstream = xp.where(margin + near_norm - far_norm >= 0, grad_output[..., None], 0)
        return (
            upstream * (_part(xp, pull, anchor) - _part(xp, push, anchor)),
            -upstream * pull,
            upstream * push,
        )
    other = _apart(positive, negative, eps)
    other_norm = _norm(xp, other, p)
    smaller = xp.minimum(far_norm, other_norm)
    upstream = xp.where(margin + near_norm - smaller >= 0, grad_output[..., None], 0)
    share = 0.5 + 0.5 * xp.sign(other_norm - far_norm)
    push, swapped = share * push, (1 - share) * _slope(xp, other, other_norm, p)
    return (
        upstream * (_part(xp, pull, anchor) - _part(xp, push, anchor)),
        -upstream * (_part(xp, pull, positive) + _part(xp, swapped, positive)),
        upstream * (_part(xp, push, negative) + _part(xp, swapped, negative)),
    )
