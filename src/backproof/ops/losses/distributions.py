"""Losses of distributions: their divergence, and the likelihood of a count and of a number."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.backend import check_not_negative
from backproof.ops.catalogue import op
from backproof.ops.domain import LOG_PROBABILITY, POSITIVE, PROBABILITY, REAL, Argument
from backproof.ops.reduction import BATCH_REDUCTION

__all__ = ["gaussian_nll_loss", "kl_div_loss", "poisson_nll_loss"]

#: Input and target, of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]


@op(
    "KLDivLoss",
    kind="loss",
    arguments={"input": Argument(LOG_PROBABILITY, "N D"), "target": Argument(PROBABILITY, "N D")},
    aliases={"kl": {}, "kl divergence": {}, "kullback leibler": {}, "kullback leibler divergence": {}},
    elementwise=True,
    reduction=BATCH_REDUCTION,
)
def kl_div_loss(xp: Namespace, input: Given, target: Given, *, log_target: bool = False) -> Values:
    """Kullback-Leibler divergence of a distribution, given as log-probabilities, from the target's.

    ℓ = t (log t − x), and 0 at t = 0. Its derivative for x is −t; for t it is log t − x + 1. With
    ``log_target`` the target is u = log t: ℓ = exp(u) (u − x); its derivative for x is −exp(u), for u
    it is exp(u) (u − x) + exp(u).

    The sum over a distribution is its divergence: the reduction ``batchmean`` is the mean of those,
    ``mean`` is over all elements.

    Shapes: input and target broadcast together; the values have the common shape.

    Source: Kullback and Leibler, "On Information and Sufficiency", 1951; PyTorch,
    ``torch.nn.KLDivLoss``.

    >>> import numpy as np
    >>> kl_div_loss.forward(np, np.log([0.5, 0.5]), np.array([1.0, 0.0])).round(4).tolist()
    [0.6931, 0.0]
    """
    if log_target:
        return xp.exp(target) * (target - input)
    # At 0 the logarithm is not looked at, and the product is 0.
    return target * (xp.log(xp.where(target == 0, 1, target)) - input)


@kl_div_loss.rule("input", needs=("target",))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, log_target: bool
) -> Values:
    return -grad_output * (xp.exp(target) if log_target else target)


@kl_div_loss.rule("target", needs=("input", "target"))
def _(
    xp: Namespace, grad_output: Values, input: Given, target: Given, output: Values, *, log_target: bool
) -> Values:
    if log_target:
        return grad_output * (xp.exp(target) * (target - input + 1))
    return grad_output * (xp.log(target) - input + 1)


@op(
    "PoissonNLLLoss",
    kind="loss",
    arguments={"input": Argument(REAL, "N D"), "target": Argument(POSITIVE, "N D")},
    aliases={"poisson": {}},
    elementwise=True,
)
def poisson_nll_loss(
    xp: Namespace,
    input: Given,
    target: Given,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
) -> Values:
    """Negative log-likelihood of a count under a Poisson distribution.

    −log(λᵗ exp(−λ) / t!) = λ − t log λ + log t!. With ``log_input`` the input is x = log λ:
    ℓ = exp(x) − t x; its derivative for x is exp(x) − t, for t it is −x. Without, the input is
    x = λ: ℓ = x − t log(x + ε), with ``eps`` against λ = 0; its derivative for x is 1 − t/(x + ε),
    for t it is −log(x + ε).

    ``full`` adds Stirling's approximation of log t!, t log t − t + log(2πt)/2, where t > 1. Its
    derivative for t is log t + 1/(2t).

    Shapes: input and target broadcast together; the values have the common shape.

    Source: Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.6; PyTorch,
    ``torch.nn.PoissonNLLLoss``.

    >>> import numpy as np
    >>> poisson_nll_loss.forward(np, np.array([0.0, 1.0]), np.array([2.0, 0.0])).round(4).tolist()
    [1.0, 2.7183]
    """
    values = xp.exp(input) - target * input if log_input else input - target * xp.log(input + eps)
    if not full:
        return values
    count = _large(xp, target)
    stirling = count * xp.log(count) - count + 0.5 * xp.log(2 * math.pi * count)
    return values + xp.where(target > 1, stirling, 0)


def _large(xp: Namespace, target: Given) -> Given:
    """Give the counts that Stirling's approximation is for, and 1 in the place of others."""
    return xp.where(target > 1, target, 1)


@poisson_nll_loss.rule("input", needs=("input", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    output: Values,
    *,
    log_input: bool,
    full: bool,
    eps: float,
) -> Values:
    if log_input:
        return grad_output * (xp.exp(input) - target)
    return grad_output * (1 - target / (input + eps))


@poisson_nll_loss.rule("target", needs=("input", "target"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    output: Values,
    *,
    log_input: bool,
    full: bool,
    eps: float,
) -> Values:
    slope = -input if log_input else -xp.log(input + eps)
    if full:
        count = _large(xp, target)
        slope = slope + xp.where(target > 1, xp.log(count) + 0.5 / count, 0)
    return grad_output * slope


@op(
    "GaussianNLLLoss",
    kind="loss",
    arguments={
        "input": Argument(REAL, "N D"),
        "target": Argument(REAL, "N D"),
        "var": Argument(POSITIVE, "N D"),
    },
    aliases={"gaussian": {}},
    autocast="sum",
)
def gaussian_nll_loss(
    xp: Namespace, input: Given, target: Given, var: Array, *, full: bool = False, eps: float = 1e-6
) -> Values:
    """Negative log-likelihood of a number under a normal distribution.

    For the mean x and the variance v, −log(exp(−(x − t)²/(2v)) / √(2πv)) without the constant is
    ℓ = (log v + (x − t)²/v)/2; ``full`` adds the constant, log(2π)/2. With d = x − t the derivative
    for x is d/v, and its negative for t; for v it is (1/v − d²/v²)/2 = (1 − d²/v)/(2v).

    As PyTorch does, the variance is held at or above ``eps``, and the gradient passes as if it were
    not.

    Shapes: input and target broadcast together; the variance is of the input's shape, broadcasts to
    it, or lacks the last axis, for which there is then one variance. The values have the common shape.

    Raises: ``ValueError``, on NumPy, if a variance is negative.

    Source: Nix and Weigend, "Estimating the Mean and Variance of the Target Probability
    Distribution", 1994; PyTorch, ``torch.nn.GaussianNLLLoss``.

    >>> import numpy as np
    >>> x, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> gaussian_nll_loss.forward(np, x, t, np.array([1.0, 2.0])).round(4).tolist()
    [0.0, 1.3466]
    """
    check_not_negative(xp, "var", var)
    var = _variance(xp, input, var, eps)
    difference = input - target
    values = 0.5 * (xp.log(var) + difference / var * difference)
    return values + 0.5 * math.log(2 * math.pi) if full else values


def _lacks_an_axis(input: Given, var: Array) -> bool:
    return bool(var.shape != input.shape and var.shape == input.shape[:-1])


def _variance(xp: Namespace, input: Given, var: Array, eps: float) -> Array:
    """Hold the variance at or above eps, in a shape that broadcasts."""
    return xp.maximum(xp.expand_dims(var, axis=-1) if _lacks_an_axis(input, var) else var, eps)


@gaussian_nll_loss.rule("input", needs=("input", "target", "var"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    var: Array,
    output: Values,
    *,
    full: bool,
    eps: float,
) -> Values:
    return grad_output * ((input - target) / _variance(xp, input, var, eps))


@gaussian_nll_loss.rule("target", needs=("input", "target", "var"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    var: Array,
    output: Values,
    *,
    full: bool,
    eps: float,
) -> Values:
    return grad_output * ((target - input) / _variance(xp, input, var, eps))


@gaussian_nll_loss.rule("var", needs=("input", "target", "var"))
def _(
    xp: Namespace,
    grad_output: Values,
    input: Given,
    target: Given,
    var: Array,
    output: Values,
    *,
    full: bool,
    eps: float,
) -> Values:
    variance, difference = _variance(xp, input, var, eps), input - target
    gradient = grad_output * (0.5 * (1 - difference / variance * difference) / variance)
    # Broadcasting's gradient sums over axes that are added before the others; this one is behind.
    return xp.sum(gradient, axis=-1) if _lacks_an_axis(input, var) else gradient
