"""Losses of one class among many: cross-entropy of logits, and negative log-likelihood."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Int, Namespace, Shaped
from backproof.ops.activations.softmax import log_softmax, softmax
from backproof.ops.backend import check_classes, one_hot
from backproof.ops.domain import CLASS, LOG_PROBABILITY, POSITIVE, REAL, Argument
from backproof.ops.labels import of_class, require_fit
from backproof.ops.op import op

__all__ = ["cross_entropy_loss", "nll_loss"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]
#: The shape of the input without the axis of the classes.
Values: TypeAlias = Float[Array, "..."]
#: Class indices, or probabilities.
Labels: TypeAlias = Shaped[Array, "..."]
Classes: TypeAlias = Int[Array, "..."]
#: One for each class; may be left out.
Weight: TypeAlias = Float[Array, "classes"] | None


def _class_axis(input: Same) -> int:
    return 0 if input.ndim == 1 else 1


def _are_classes(input: Same, target: Labels) -> bool:
    return bool(target.ndim < input.ndim)


def _along_classes(xp: Namespace, input: Same, weight: Array) -> Array:
    """Bring the weights into a shape that broadcasts along the input's axis of classes."""
    return xp.reshape(weight, (-1, *[1] * (input.ndim - 1 - _class_axis(input))))


def _counts(
    xp: Namespace,
    input: Same,
    target: Labels,
    weight: Weight = None,
    *,
    ignore_index: int | None,
    label_smoothing: float = 0.0,
) -> Values | None:
    """Give what each value counts in the mean: the weight of its class, nothing if it is ignored."""
    if not _are_classes(input, target) or (ignore_index is None and weight is None):
        return None
    target = xp.reshape(target, (-1,))
    if ignore_index is None:
        return of_class(xp, weight, target)
    ignored = target == ignore_index
    if weight is None:
        return xp.astype(~ignored, input.dtype)
    return xp.where(ignored, 0, of_class(xp, weight, xp.where(ignored, 0, target)))


@op(
    "NLLLoss",
    kind="loss",
    arguments={
        "input": Argument(LOG_PROBABILITY, "N C"),
        "target": Argument(CLASS, "N"),
        "weight": Argument(POSITIVE, "C", optional=True),
    },
    aliases={"negative log likelihood": {}},
    likelihood=-1,
    counts=_counts,
)
def nll_loss(
    xp: Namespace, input: Same, target: Classes, weight: Weight = None, *, ignore_index: int | None = -100
) -> Values:
    """Negative log-likelihood: the logarithm of the probability that was given to the class.

    For log-probabilities x and a class c of weight w (1 where no weights are given), ℓ = −w_c x_c.
    Its derivative for xⱼ is −w_c where j = c, and 0 elsewhere. A target of ``ignore_index`` has the
    value 0 and no gradient; ``None`` says that every target is a class. In the mean a value counts
    as much as its class weighs, and an ignored one nothing: it is Σ ℓ / Σ w_c.

    Shapes: the input is ``(C)``, ``(N, C)`` or ``(N, C, …)``; target and values lack the axis C; the
    weight is ``(C)``.

    Raises: ``ValueError`` if the shapes do not go together; ``IndexError``, on NumPy, if a target is
    neither a class nor to be ignored.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.1.1; PyTorch,
    ``torch.nn.NLLLoss``.

    >>> import numpy as np
    >>> nll_loss.forward(np, np.log([[0.5, 0.25, 0.25]] * 2), np.array([1, -100])).round(4).tolist()
    [1.3863, 0.0]
    """
    axis = _class_axis(input)
    require_fit(input, target, weight, axis=axis)
    if ignore_index is not None:
        check_classes(xp, target, input.shape[axis], ignore_index)
    index = target if ignore_index is None else xp.where(target == ignore_index, 0, target)
    chosen = xp.take_along_axis(input, xp.expand_dims(index, axis=axis), axis=axis)
    chosen = xp.squeeze(chosen, axis=axis)
    if weight is not None:
        chosen = chosen * of_class(xp, weight, index)
    return -chosen if ignore_index is None else xp.where(target == ignore_index, 0, -chosen)


@nll_loss.rule("input")
def _(
    xp: Namespace,
    grad_output: Values,
    input: Same,
    target: Classes,
    weight: Weight,
    output: Values,
    *,
    ignore_index: int | None,
) -> Same:
    axis = _class_axis(input)
    share = -xp.expand_dims(grad_output, axis=axis)
    if weight is not None:
        share = share * _along_classes(xp, input, weight)
    # A choice, not a product: where every target is ignored the upstream gradient of the mean is infinite.
    chosen = _chosen(xp, input, target)
    if ignore_index is not None:
        chosen = chosen & _kept(xp, input, target, ignore_index)
    return xp.where(chosen, share, 0)


def _chosen(xp: Namespace, input: Same, target: Classes) -> Array:
    """Say of each element whether it is that of the target's class."""
    axis = _class_axis(input)
    return xp.moveaxis(one_hot(xp, target, input.shape[axis], xp.bool), -1, axis)


def _kept(xp: Namespace, input: Same, target: Classes, ignore_index: int) -> Array:
    """Say whether a target is not ignored, in a shape that broadcasts with the input."""
    return xp.expand_dims(target != ignore_index, axis=_class_axis(input))


@op(
    "CrossEntropyLoss",
    kind="loss",
    arguments={
        "input": Argument(REAL, "N C"),
        "target": Argument(CLASS, "N"),
        "weight": Argument(POSITIVE, "C", optional=True),
    },
    aliases={
        "ce": {},
        "cross entropy": {},
        "softmax cross entropy": {},
        "categorical cross entropy": {},
        "softmax ce": {},
        "softmax with loss": {},
    },
    likelihood=-1,
    counts=_counts,
)
def cross_entropy_loss(
    xp: Namespace,
    input: Same,
    target: Labels,
    weight: Weight = None,
    *,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
) -> Values:
    """Cross-entropy of logits: the softmax and the negative log-likelihood in one.

    For a class index c, ℓ = −log softmax(x)_c; for probabilities t, ℓ = −Σᵢ tᵢ log softmax(x)ᵢ,
    of which a class index is the case t = one-hot(c). With p = softmax(x) and
    ∂ log pᵢ/∂xⱼ = δᵢⱼ − pⱼ, its derivative for xⱼ is −Σᵢ tᵢ (δᵢⱼ − pⱼ) = pⱼ Σᵢ tᵢ − tⱼ, which is
    pⱼ − tⱼ where the tᵢ add up to 1; for tᵢ it is −log pᵢ.

    With ``label_smoothing`` s, of C classes, (1 − s) tᵢ + s/C stands in the place of tᵢ; with class
    weights w, wᵢ tᵢ does, after that. For tᵢ the derivative then is −wᵢ (1 − s) log pᵢ.

    A class index ``ignore_index`` has the value 0 and no gradient; ``None`` says that every index is
    a class. In the mean of class indices a value counts as much as its class weighs, and an ignored
    one nothing: it is Σ ℓ / Σ w_c. That of probabilities is over all values.

    Shapes: the input is ``(C)``, ``(N, C)`` or ``(N, C, …)``; the target has the input's shape
    (probabilities, floating) or lacks the axis C (class indices, integer); the weight is ``(C)``. The
    values lack the axis C.

    Raises: ``ValueError`` if s is not between 0 and 1 or the shapes do not go together;
    ``IndexError``, on NumPy, if a class index is neither a class nor to be ignored.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3; label smoothing:
    section 7.5.1; weights: PyTorch, ``torch.nn.CrossEntropyLoss``.

    >>> import numpy as np
    >>> logits = np.array([[1.0, 2.0, 0.5], [2.0, 1.0, 0.5]])
    >>> cross_entropy_loss.forward(np, logits, np.array([1, 0])).round(6).tolist()
    [0.464369, 0.464369]
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"label_smoothing of CrossEntropyLoss is between 0 and 1; got label_smoothing={label_smoothing!r}"
        )
    axis = _class_axis(input)
    require_fit(input, target, weight, axis=axis, shares=True)
    log_probability = log_softmax.forward(xp, input, dim=axis)
    if _are_classes(input, target):
        if not label_smoothing:
            return nll_loss.forward(xp, log_probability, target, weight, ignore_index=ignore_index)
        if ignore_index is not None:
            check_classes(xp, target, input.shape[axis], ignore_index)
    share = _shares(xp, input, target, weight, label_smoothing)
    # A class of share 0 adds nothing, even where its logarithm is infinite.
    values = -xp.sum(share * xp.where(share == 0, 0, log_probability), axis=axis)
    if _are_classes(input, target) and ignore_index is not None:
        return xp.where(target == ignore_index, 0, values)
    return values


def _shares(xp: Namespace, input: Same, target: Labels, weight: Weight, label_smoothing: float) -> Same:
    """Give what the logarithm of each class's probability is multiplied by."""
    if _are_classes(input, target):
        target = xp.astype(_chosen(xp, input, target), input.dtype)
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / input.shape[_class_axis(input)]
    return target if weight is None else target * _along_classes(xp, input, weight)


@cross_entropy_loss.rule("input")
def _(
    xp: Namespace,
    grad_output: Values,
    input: Same,
    target: Labels,
    weight: Weight,
    output: Values,
    *,
    ignore_index: int | None,
    label_smoothing: float,
) -> Same:
    axis = _class_axis(input)
    share = _shares(xp, input, target, weight, label_smoothing)
    total = xp.sum(share, axis=axis, keepdims=True)
    gradient = xp.expand_dims(grad_output, axis=axis) * (softmax.forward(xp, input, dim=axis) * total - share)
    if _are_classes(input, target) and ignore_index is not None:
        return xp.where(_kept(xp, input, target, ignore_index), gradient, 0)
    return gradient


@cross_entropy_loss.rule("target")
def _(
    xp: Namespace,
    grad_output: Values,
    input: Same,
    target: Same,
    weight: Weight,
    output: Values,
    *,
    ignore_index: int | None,
    label_smoothing: float,
) -> Same:
    axis = _class_axis(input)
    upstream = (label_smoothing - 1) * xp.expand_dims(grad_output, axis=axis)
    if weight is not None:
        upstream = upstream * _along_classes(xp, input, weight)
    return upstream * log_softmax.forward(xp, input, dim=axis)
