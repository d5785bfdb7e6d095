"""Losses that are negative log-likelihoods: cross-entropies of two and of many classes."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.activations.sigmoids import sigmoid
from backproof.ops.activations.softmax import log_softmax, softmax
from backproof.ops.backend import one_hot
from backproof.ops.domain import BINARY, CLASS, PROBABILITY, REAL, Argument
from backproof.ops.op import op

__all__ = ["bce_loss", "bce_with_logits_loss", "cross_entropy_loss"]

#: Input and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]
#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]
#: Class indices, or probabilities.
Labels: TypeAlias = Shaped[Array, "..."]


@op(
    "BCELoss",
    kind="loss",
    arguments={"input": Argument(PROBABILITY, "N D"), "target": Argument(BINARY, "N D")},
    aliases={"binary cross entropy": {}, "binary ce": {}, "log loss": {}},
    likelihood=-1,
)
def bce_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Binary cross-entropy of probabilities.

    ℓ = −(t log x + (1 − t) log(1 − x)). Its derivative for x is
    −t/x + (1 − t)/(1 − x) = (x − t) / (x (1 − x)); for t it is log(1 − x) − log x.

    As PyTorch does, each logarithm is held at or above −100, and x (1 − x) in the derivative at or
    above 1e-12: the value is at most 100, the gradient finite, at 0 and 1 too.

    Shapes: input and target broadcast together; the values have the common shape. The input lies
    in [0, 1].

    Source: Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.2; the bounds:
    PyTorch, ``torch.nn.BCELoss``.

    >>> import numpy as np
    >>> bce_loss.forward(np, np.array([0.5, 1.0]), np.array([1.0, 0.0])).round(4).tolist()
    [0.6931, 100.0]
    """
    return (target - 1) * _log_of_complement(xp, input) - target * _log(xp, input)


def _log(xp: Namespace, probability: Values) -> Values:
    zero = probability == 0  # there NumPy would warn, of a logarithm that is bounded anyway
    return xp.where(zero, -100, xp.maximum(xp.log(xp.where(zero, 1, probability)), -100))


def _log_of_complement(xp: Namespace, probability: Values) -> Values:
    one = probability == 1
    return xp.where(one, -100, xp.maximum(xp.log1p(-xp.where(one, 0, probability)), -100))


@bce_loss.rule("input")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * (input - target) / xp.maximum(input * (1 - input), 1e-12)


@bce_loss.rule("target")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * (_log_of_complement(xp, input) - _log(xp, input))


@op(
    "BCEWithLogitsLoss",
    kind="loss",
    arguments={"input": Argument(REAL, "N D"), "target": Argument(BINARY, "N D")},
    aliases={
        "bce logits": {},
        "bce with logits": {},
        "binary cross entropy with logits": {},
        "sigmoid bce": {},
        "sigmoid binary cross entropy": {},
        "sigmoid cross entropy": {},
    },
    likelihood=-1,
)
def bce_with_logits_loss(xp: Namespace, input: Given, target: Given) -> Values:
    """Binary cross-entropy of logits: the sigmoid and the cross-entropy in one.

    ℓ = −(t log σ(x) + (1 − t) log(1 − σ(x))) = (1 − t) x + log(1 + exp(−x)). For x < 0 the same
    value is written −t x + log(1 + exp(x)): no exponential overflows, and for t in [0, 1] nothing
    cancels. Its derivative for x is (1 − t) − exp(−x)/(1 + exp(−x)) = σ(x) − t; for t it is −x.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: PyTorch, ``torch.nn.BCEWithLogitsLoss``.

    >>> import numpy as np
    >>> bce_with_logits_loss.forward(np, np.array([0.0, -1000.0]), np.array([1.0, 1.0])).round(4).tolist()
    [0.6931, 1000.0]
    """
    line = xp.where(input >= 0, 1 - target, -target) * input
    return line + xp.log1p(xp.exp(-xp.abs(input)))


@bce_with_logits_loss.rule("input")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return grad_output * (sigmoid.forward(xp, input) - target)


@bce_with_logits_loss.rule("target")
def _(xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values) -> Values:
    return -grad_output * input


@op(
    "CrossEntropyLoss",
    kind="loss",
    arguments={"input": Argument(REAL, "N C"), "target": Argument(CLASS, "N")},
    aliases={
        "ce": {},
        "cross entropy": {},
        "softmax cross entropy": {},
        "categorical cross entropy": {},
        "softmax ce": {},
        "softmax with loss": {},
    },
    likelihood=-1,
)
def cross_entropy_loss(xp: Namespace, input: Same, target: Labels) -> Values:
    """Cross-entropy of logits: the softmax and the negative log-likelihood in one.

    For a class index c, ℓ = −log softmax(x)_c; for probabilities t, ℓ = −Σᵢ tᵢ log softmax(x)ᵢ,
    of which a class index is the case t = one-hot(c). With p = softmax(x) and
    ∂ log pᵢ/∂xⱼ = δᵢⱼ − pⱼ, its derivative for xⱼ is −Σᵢ tᵢ (δᵢⱼ − pⱼ) = pⱼ Σᵢ tᵢ − tⱼ, which is
    pⱼ − tⱼ where the tᵢ add up to 1; for tᵢ it is −log pᵢ.

    Shapes: the input is ``(C)``, ``(N, C)`` or ``(N, C, …)``; the target has the input's shape
    (probabilities, floating) or lacks the axis C (class indices, integer). The values lack the
    axis C.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.

    >>> import numpy as np
    >>> logits = np.array([[1.0, 2.0, 0.5], [2.0, 1.0, 0.5]])
    >>> cross_entropy_loss.forward(np, logits, np.array([1, 0])).round(6).tolist()
    [0.464369, 0.464369]
    """
    axis = _class_axis(input)
    log_probability = log_softmax.forward(xp, input, dim=axis)
    if target.ndim == input.ndim:
        # A class of probability 0 adds nothing, even where its logarithm is infinite.
        return -xp.sum(target * xp.where(target == 0, 0, log_probability), axis=axis)
    chosen = xp.take_along_axis(log_probability, xp.expand_dims(target, axis=axis), axis=axis)
    return -xp.squeeze(chosen, axis=axis)


def _class_axis(input: Same) -> int:
    return 0 if input.ndim == 1 else 1


@cross_entropy_loss.rule("input")
def _(xp: Namespace, grad_output: Values, input: Same, target: Labels, output: Values) -> Same:
    axis = _class_axis(input)
    if target.ndim < input.ndim:
        target = xp.moveaxis(one_hot(xp, target, input.shape[axis], input.dtype), -1, axis)
    probability = softmax.forward(xp, input, dim=axis)
    total = xp.sum(target, axis=axis, keepdims=True)
    return xp.expand_dims(grad_output, axis=axis) * (probability * total - target)


@cross_entropy_loss.rule("target")
def _(xp: Namespace, grad_output: Values, input: Same, target: Same, output: Values) -> Same:
    axis = _class_axis(input)
    return -xp.expand_dims(grad_output, axis=axis) * log_softmax.forward(xp, input, dim=axis)
