"""Losses of one class among many: cross-entropy of logits, and negative log-likelihood."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.activations.softmax import log_softmax
from backproof.ops.catalogue import op
from backproof.ops.domain import CLASS, LOG_PROBABILITY, POSITIVE, REAL, Argument
from backproof.ops.labels import known, of_class, put_class, require_fit, take_class

__all__ = ["cross_entropy_loss", "nll_loss"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]
#: The shape of the input without the axis of the classes.
Values: TypeAlias = Float[Array, "..."]
#: Class indices, or probabilities.
Labels: TypeAlias = Shaped[Array, "..."]
Classes: TypeAlias = Shaped[Array, "..."]
#: One for each class; may be left out.
Weight: TypeAlias = Float[Array, "classes"] | None


def _class_axis(input: Same) -> int:
    return 0 if input.ndim == 1 else 1


def _are_classes(xp: Namespace, input: Same, target: Labels) -> bool:
    if target.ndim < input.ndim:
        return True
    # The class of a single sample may have an axis.
    return input.ndim == 1 and target.shape == (1,) and bool(xp.isdtype(target.dtype, "integral"))


def _along_classes(xp: Namespace, input: Same, weight: Array) -> Array:
    """Bring the weights into a shape that broadcasts along the input's axis of classes."""
    return xp.reshape(weight, (-1, *[1] * (input.ndim - 1 - _class_axis(input))))


def _counts(
    xp: Namespace,
    input: Same,
    target: Labels,
    weight: Weight = None,
    *,
    ignore_index: int,
    label_smoothing: float = 0.0,
) -> Values | None:
    """Give what each value counts in the mean: the weight of its class, nothing if it is ignored."""
    if not _are_classes(xp, input, target):
        return None
    index, kept = known(xp, target, input, _class_axis(input), ignore_index)
    if weight is None:
        return None if kept is None else xp.astype(kept, input.dtype)
    counts = of_class(xp, weight, index)
    return counts if kept is None else xp.where(kept, counts, 0)


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
    xp: Namespace, input: Same, target: Classes, weight: Weight = None, *, ignore_index: int = -100
) -> Values:
    """Negative log-likelihood: the logarithm of the probability that was given to the class.

    For log-probabilities x and a class c of weight w (1 where no weights are given), ℓ = −w_c x_c.
    Its derivative for xⱼ is −w_c where j = c, and 0 elsewhere. A target of ``ignore_index`` has the
    value 0 and no gradient. In the mean a value counts as much as its class weighs, and an ignored one
    nothing: it is Σ ℓ / Σ w_c.

    Shapes: the input is ``(C)``, ``(N, C)`` or ``(N, C, …)``; target and values lack the axis C, and the
    target of a single sample, ``(C)``, may be ``(1)``; the weight is ``(C)``.

    Raises: ``ValueError`` if the shapes do not go together; ``IndexError``, on NumPy, if a target is
    neither a class nor to be ignored.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.1.1; PyTorch,
    ``torch.nn.NLLLoss``.

    >>> import numpy as np
    >>> nll_loss.forward(np, np.log([[0.5, 0.25, 0.25]] * 2), np.array([1, -100])).round(4).tolist()
    [1.3863, 0.0]
    """
    require_fit(input, target, weight, axis=_class_axis(input))
    return _of_classes(xp, input, target, weight, ignore_index)


def _of_classes(xp: Namespace, input: Same, target: Classes, weight: Weight, ignore_index: int) -> Values:
    """Give the negative log-likelihood of each class, from the logarithms of the probabilities."""
    axis = _class_axis(input)
    index, kept = known(xp, target, input, axis, ignore_index)
    values = -take_class(xp, input, index, axis)
    if weight is not None:
        values = values * of_class(xp, weight, index)
    return values if kept is None else xp.where(kept, values, 0)


@nll_loss.rule("input", needs=("input", "target", "weight"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Same,
    target: Classes,
    weight: Weight,
    output: Values,
    *,
    ignore_index: int,
) -> Same:
    _, placed = _passed_on(xp, grad_output, input, target, weight, ignore_index)
    return -placed


def _passed_on(
    xp: Namespace, grad_output: Values, input: Same, target: Classes, weight: Weight, ignore_index: int
) -> tuple[Values, Same]:
    """Give the upstream gradient times what the class weighs, and the same at the class among zeros."""
    axis = _class_axis(input)
    index, kept = known(xp, target, input, axis, ignore_index)
    total = grad_output if weight is None else grad_output * of_class(xp, weight, index)
    if kept is not None:
        # A choice, not a product: where all are ignored the upstream gradient of the mean is infinite.
        total = xp.where(kept, total, 0)
    return total, put_class(xp, total, index, input.shape[axis], axis)


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
    outputs=("output", "log_probability"),
    counts=_counts,
)
def cross_entropy_loss(
    xp: Namespace,
    input: Same,
    target: Labels,
    weight: Weight = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> tuple[Values, Same]:
    """Cross-entropy of logits: the softmax and the negative log-likelihood in one.

    For a class index c, ℓ = −log softmax(x)_c; for probabilities t, ℓ = −Σᵢ tᵢ log softmax(x)ᵢ,
    of which a class index is the case t = one-hot(c). With p = softmax(x) and
    ∂ log pᵢ/∂xⱼ = δᵢⱼ − pⱼ, its derivative for xⱼ is −Σᵢ tᵢ (δᵢⱼ − pⱼ) = pⱼ Σᵢ tᵢ − tⱼ, which is
    pⱼ − tⱼ where the tᵢ add up to 1; for tᵢ it is −log pᵢ.

    With ``label_smoothing`` s, of C classes, (1 − s) tᵢ + s/C stands in the place of tᵢ; with class
    weights w, wᵢ tᵢ does, after that. For tᵢ the derivative then is −wᵢ (1 − s) log pᵢ.

    A class index ``ignore_index`` has the value 0 and no gradient. In the mean of class indices a value
    counts as much as its class weighs, and an ignored one nothing: it is Σ ℓ / Σ w_c. That of
    probabilities is over all values.

    log p is an output too, though none of the loss's, so that it need not be computed again; what else
    is made of it adds its upstream gradient.

    Shapes: the input is ``(C)``, ``(N, C)`` or ``(N, C, …)``; the target has the input's shape
    (probabilities, floating) or lacks the axis C (class indices, integer; of a single sample, ``(C)``,
    also ``(1)``); the weight is ``(C)``. The values lack the axis C, log p does not.

    Raises: ``ValueError`` if s is not between 0 and 1 or the shapes do not go together;
    ``IndexError``, on NumPy, if a class index is neither a class nor to be ignored.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3; label smoothing:
    section 7.5.1; weights: PyTorch, ``torch.nn.CrossEntropyLoss``.

    >>> import numpy as np
    >>> logits = np.array([[1.0, 2.0, 0.5], [2.0, 1.0, 0.5]])
    >>> values, log_probability = cross_entropy_loss.forward(np, logits, np.array([1, 0]))
    >>> values.round(6).tolist()
    [0.464369, 0.464369]
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"label_smoothing of CrossEntropyLoss is between 0 and 1; got label_smoothing={label_smoothing!r}"
        )
    axis = _class_axis(input)
    require_fit(input, target, weight, axis=axis, shares=True)
    log_probability = log_softmax.forward(xp, input, dim=axis)
    if _are_classes(xp, input, target) and not label_smoothing:
        return _of_classes(xp, log_probability, target, weight, ignore_index), log_probability
    share, _ = _shares(xp, input, target, weight, ignore_index, label_smoothing)
    # A class of share 0 adds nothing, even where its logarithm is infinite; its derivative is that logarithm.
    adding = xp.where((share == 0) & xp.isinf(log_probability), 0, log_probability)
    return -xp.sum(share * adding, axis=axis), log_probability


def _shares(
    xp: Namespace, input: Same, target: Labels, weight: Weight, ignore_index: int, label_smoothing: float
) -> tuple[Same, Array | None]:
    """Give what the logarithm of each class's probability is multiplied by, and which are not ignored."""
    axis, kept = _class_axis(input), None
    classes = input.shape[axis]
    if _are_classes(xp, input, target):
        index, kept = known(xp, target, input, axis, ignore_index)
        target = put_class(xp, xp.ones_like(index, dtype=input.dtype), index, classes, axis)
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / classes
    share = target if weight is None else target * _along_classes(xp, input, weight)
    if kept is None:
        return share, None
    kept = xp.expand_dims(kept, axis=axis)
    return xp.where(kept, share, 0), kept


@cross_entropy_loss.rule("input", needs=("target", "weight", "log_probability"))
def _(
    xp: Namespace,
    grad_output: tuple[Values, Same | None],
    input: Same,
    target: Labels,
    weight: Weight,
    output: tuple[Values, Same],
    *,
    ignore_index: int,
    label_smoothing: float,
) -> Same:
    (grad, further), (_, log_probability) = grad_output, output
    axis = _class_axis(log_probability)
    if _are_classes(xp, log_probability, target) and not label_smoothing:
        total, placed = _passed_on(xp, grad, log_probability, target, weight, ignore_index)
        total = xp.expand_dims(total, axis=axis)
    else:
        share, kept = _shares(xp, log_probability, target, weight, ignore_index, label_smoothing)
        placed = xp.expand_dims(grad, axis=axis) * share
        placed = placed if kept is None else xp.where(kept, placed, 0)
        total = xp.sum(placed, axis=axis, keepdims=True)
    gradient = xp.exp(log_probability) * total - placed
    if further is None:
        return gradient
    return gradient + log_softmax.rules["input"](xp, further, log_probability, log_probability, dim=axis)


@cross_entropy_loss.rule("target", needs=("weight", "log_probability"))
def _(
    xp: Namespace,
    grad_output: tuple[Values, Same | None],
    input: Same,
    target: Same,
    weight: Weight,
    output: tuple[Values, Same],
    *,
    ignore_index: int,
    label_smoothing: float,
) -> Same:
    (grad, _), (_, log_probability) = grad_output, output
    upstream = (label_smoothing - 1) * xp.expand_dims(grad, axis=_class_axis(log_probability))
    if weight is not None:
        upstream = upstream * _along_classes(xp, log_probability, weight)
    return upstream * log_probability
