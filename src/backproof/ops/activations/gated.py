"""Activations that let their input through a gate between 0 and 1."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.activations.softmax import require_axis
from backproof.ops.backend import erfc
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument
from backproof.ops.stable import exponential, logistic

__all__ = ["gelu", "glu", "mish", "silu"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}

#: GELU's gate is 0 or 1 in every float beyond this: a larger input has no larger exponent.
_CLOSED = 40.0
#: Of the tanh form of GELU: tanh(κ (x + c x³)).
_KAPPA, _CUBIC = math.sqrt(2 / math.pi), 0.044715


@op(
    "SiLU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"swish": {}, "sigmoid linear unit": {}},
    elementwise=True,
)
def silu(xp: Namespace, input: Same) -> Same:
    """Sigmoid linear unit, or swish.

    SiLU(x) = x σ(x). As σ'(x) = σ(x) (1 − σ(x)) and 1 − σ(x) = σ(−x), the product rule gives its
    derivative σ(x) + x σ(x) σ(−x) = σ(x) (1 + x σ(−x)).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016, section 2;
    Ramachandran, Zoph and Le, "Searching for activation functions", 2017.

    >>> import numpy as np
    >>> silu.forward(np, np.array([-1000.0, 0.0, 1000.0])).tolist()
    [-0.0, 0.0, 1000.0]
    """
    return input * logistic(xp, input)[0]


@silu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    gate, closed = logistic(xp, input)
    return grad_output * gate * (1 + input * closed)


def _mish_gate(a: Same, b: Same) -> tuple[Same, Same, Same]:
    """Give n, w and n + w, where the gate is n / (n + w)."""
    numerator, rest = a * (a + 2 * b), 2 * b * b
    return numerator, rest, numerator + rest


@op("Mish", kind="activation", arguments=_ARGUMENTS, elementwise=True)
def mish(xp: Namespace, input: Same) -> Same:
    """Mish: the input times the tanh of its softplus.

    Mish(x) = x t with t = tanh(log(1 + eˣ)). As tanh(log u) = (u² − 1)/(u² + 1), and with eˣ = a/b,

    t = ((a + b)² − b²) / ((a + b)² + b²) = n / (n + w), where n = a (a + 2b) and w = 2b²,

    in which nothing cancels. With tanh' = 1 − tanh² and (log(1 + eˣ))' = σ(x), the product rule
    gives the derivative t + x (1 − t²) σ(x), where 1 − t² = (1 − t)(1 + t) = w (2n + w) / (n + w)² and
    σ(x) = a / (a + b).

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2020.

    >>> import numpy as np
    >>> mish.forward(np, np.array([-1000.0, 0.0, 1000.0])).tolist()
    [-0.0, 0.0, 1000.0]
    """
    numerator, _, total = _mish_gate(*exponential(xp, input))
    return input * (numerator / total)


@mish.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    a, b = exponential(xp, input)
    n, w, total = _mish_gate(a, b)
    gate = n / total
    # 1 + t is 1 + gate: here it is w / (n + w) that must not come from a subtraction.
    slope = (w / total) * (1 + gate) * (a / (a + b))
    return grad_output * (gate + input * slope)


@op(
    "GELU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={
        "gaussian error linear unit": {},
        "gelu tanh": {"approximate": "tanh"},
        "tanh gelu": {"approximate": "tanh"},
        "approximate gelu": {"approximate": "tanh"},
        "new gelu": {"approximate": "tanh"},
    },
    elementwise=True,
)
def gelu(xp: Namespace, input: Same, *, approximate: str = "none") -> Same:
    """Gaussian error linear unit.

    GELU(x) = x Φ(x), with the distribution function of the standard normal distribution,
    Φ(x) = ½ erfc(−x/√2), and its density φ(x) = exp(−x²/2)/√(2π) = Φ'(x). The product rule gives the
    derivative Φ(x) + x φ(x).

    With ``approximate="tanh"``, Φ(x) is replaced by ½ (1 + tanh u) = σ(2u), where
    u = √(2/π) (x + 0.044715 x³), and φ(x) by its derivative 2u' σ(2u) σ(−2u), where
    u' = √(2/π) (1 + 3 · 0.044715 x²).

    Left of zero, erfc and σ are as accurate as they are small, which 1 + erf and 1 + tanh are not.

    Shapes: any; the output has the input's shape and floating dtype.

    Raises `ValueError` for an unknown ``approximate``.

    Source: Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016, section 2.

    >>> import numpy as np
    >>> gelu.forward(np, np.array([-1000.0, 1.0, 1000.0])).round(4).tolist()
    [-0.0, 0.8413, 1000.0]
    >>> gelu.forward(np, np.array([-1000.0, 1.0, 1000.0]), approximate="tanh").round(4).tolist()
    [-0.0, 0.8412, 1000.0]
    """
    if _by_tanh(approximate):
        return input * logistic(xp, _doubled(xp.clip(input, -_CLOSED, _CLOSED)))[0]
    return input * _distribution(xp, input)


def _by_tanh(approximate: str) -> bool:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"GELU takes approximate='none' or 'tanh'; got approximate={approximate!r}")
    return approximate == "tanh"


def _distribution(xp: Namespace, x: Same) -> Same:
    """Give Φ(x)."""
    return 0.5 * erfc(xp, -math.sqrt(0.5) * x)


def _doubled(x: Same) -> Same:
    """Give 2u."""
    return (2 * _KAPPA) * (x + _CUBIC * (x * x * x))


@gelu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, approximate: str) -> Same:
    x = xp.clip(input, -_CLOSED, _CLOSED)  # beyond, the density is 0, and squares and cubes overflow
    square = x * x
    if _by_tanh(approximate):
        gate, closed = logistic(xp, _doubled(x))
        density = gate * closed * ((2 * _KAPPA) * (1 + (3 * _CUBIC) * square))
    else:
        gate = _distribution(xp, x)
        density = xp.exp(-0.5 * square) * (1 / math.sqrt(2 * math.pi))
    return grad_output * (gate + x * density)


@op(
    "GLU",
    kind="activation",
    arguments={"input": Argument(REAL, "2N 2D")},
    aliases={"gated linear unit": {}},
)
def glu(xp: Namespace, input: Float[Array, "..."], *, dim: int = -1) -> Float[Array, "..."]:
    """Gated linear unit: half of the input, gated by the other half.

    The input is cut in two halves a and b along the axis ``dim``: GLU(a, b) = a σ(b). As
    σ'(b) = σ(b) σ(−b), its derivative for a is σ(b), and for b it is a σ(b) σ(−b).

    Shapes: at least one axis, of which ``dim`` is even; the output has half its size there, and the
    input's floating dtype.

    Raises `ValueError` if the size of the axis is odd.

    Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks",
    2017, equation 1.

    >>> import numpy as np
    >>> glu.forward(np, np.array([3.0, 5.0, 0.0, 1000.0])).tolist()
    [1.5, 5.0]
    """
    passed, gates = _halves(xp, input, dim)
    return passed * logistic(xp, gates)[0]


def _halves(xp: Namespace, input: Float[Array, "..."], dim: int) -> tuple[Array, Array]:
    if not input.ndim:
        raise ValueError("GLU cuts its input in two along an axis; got an input of shape ()")
    require_axis(input, dim)
    size = input.shape[dim]
    if size % 2:
        raise ValueError(
            f"GLU cuts its input in two along dim={dim}, so the size there is even; got shape={input.shape}"
        )
    last = xp.moveaxis(input, dim, -1)
    first, second = last[..., : size // 2], last[..., size // 2 :]
    return xp.moveaxis(first, -1, dim), xp.moveaxis(second, -1, dim)


@glu.rule("input", needs=("input",))
def _(
    xp: Namespace,
    grad_output: Float[Array, "..."],
    input: Float[Array, "..."],
    output: Float[Array, "..."],
    *,
    dim: int,
) -> Float[Array, "..."]:
    passed, gates = _halves(xp, input, dim)
    gate, closed = logistic(xp, gates)
    for_passed = grad_output * gate
    return xp.concat([for_passed, for_passed * passed * closed], axis=dim)
