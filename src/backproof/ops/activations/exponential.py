"""Activations that are a line above zero and an exponential below."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["celu", "elu", "selu"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}


#: Of `selu`: with them a mean of 0 and a variance of 1 pass through a layer unchanged.
_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def _forward(xp: Namespace, x: Same, above: float, below: float, rate: float) -> Same:
    """Give above·x for x > 0, and below·(exp(rate·x) − 1) for x ≤ 0."""
    return above * xp.maximum(x, 0) + below * xp.expm1(rate * xp.minimum(x, 0))


def _gradient(xp: Namespace, grad_output: Same, x: Same, above: float, below: float, rate: float) -> Same:
    """Multiply by above for x > 0, and by below·rate·exp(rate·x) for x ≤ 0."""
    falling = (below * rate) * grad_output * xp.exp(rate * xp.where(x >= 0, 0, x))
    return xp.where(x > 0, above * grad_output, falling)


@op(
    "ELU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"exponential linear unit": {}},
    kinks={"input": (0.0,)},
    elementwise=True,
)
def elu(xp: Namespace, input: Same, *, alpha: float = 1.0) -> Same:
    """Exponential linear unit.

    ELU(x) = x for x > 0, α (exp(x) − 1) otherwise, with α = ``alpha``. Its derivative is 1 for x > 0
    and α exp(x) for x < 0. At x = 0 there is one only for α = 1; else any number between α and 1 is
    a subgradient; PyTorch's choice, taken here, is α.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", 2016.

    >>> import numpy as np
    >>> elu.forward(np, np.array([-1000.0, 0.0, 2.0])).tolist()
    [-1.0, 0.0, 2.0]
    """
    return _forward(xp, input, 1.0, alpha, 1.0)


@elu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, alpha: float) -> Same:
    return _gradient(xp, grad_output, input, 1.0, alpha, 1.0)


@op(
    "SELU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"scaled elu": {}, "scaled exponential linear unit": {}},
    kinks={"input": (0.0,)},
    elementwise=True,
)
def selu(xp: Namespace, input: Same) -> Same:
    """Scaled exponential linear unit.

    SELU(x) = λ x for x > 0, λ α (exp(x) − 1) otherwise, with λ = 1.0507… and α = 1.6732…. Its
    derivative is λ for x > 0 and λ α exp(x) for x < 0. At x = 0 any number between λ and λ α is a
    subgradient; PyTorch's choice, taken here, is λ α.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017,
    equation 2, where the numbers are derived.

    >>> import numpy as np
    >>> selu.forward(np, np.array([-1000.0, 0.0, 1.0])).round(4).tolist()
    [-1.7581, 0.0, 1.0507]
    """
    return _forward(xp, input, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA, 1.0)


@selu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return _gradient(xp, grad_output, input, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA, 1.0)


@op(
    "CELU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"continuously differentiable exponential linear unit": {}},
    elementwise=True,
)
def celu(xp: Namespace, input: Same, *, alpha: float = 1.0) -> Same:
    """Continuously differentiable exponential linear unit.

    CELU(x) = x for x > 0, α (exp(x/α) − 1) otherwise, with α = ``alpha``. Its derivative is 1 for
    x > 0 and α · exp(x/α)/α = exp(x/α) for x < 0, which meet at x = 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Raises: ``ValueError`` if α is 0.

    Source: Barron, "Continuously differentiable exponential linear units", 2017.

    >>> import numpy as np
    >>> celu.forward(np, np.array([-1000.0, 0.0, 1.0]), alpha=2.0).tolist()
    [-2.0, 0.0, 1.0]
    """
    if alpha == 0:
        raise ValueError(f"alpha of CELU is not 0; got alpha={alpha!r}")
    return _forward(xp, input, 1.0, alpha, 1 / alpha)


@celu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, alpha: float) -> Same:
    return _gradient(xp, grad_output, input, 1.0, alpha, 1 / alpha)
