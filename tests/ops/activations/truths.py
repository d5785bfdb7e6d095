"""The true values of the activations: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from tests.ops.row import generator
from tests.ops.truth import (
    DIGITS_OF_SUMS,
    FEW,
    ONE_MINUS_SQUARE,
    SUBTRACTED,
    Numbers,
    Truth,
    Within,
    absolute,
    alone,
    erfc,
    exp,
    expm1,
    log1p,
    log_softmax,
    reals,
    rows,
    sech,
    sigma,
    softmax,
    tanh,
)

EXACT, ROUNDED = Within(0), Within(0.5)
EXPONENT = Within(
    520, why="exp makes the rounding of its argument, as large as 745, a relative error of the tail"
)
NORMAL = Within(1500, why="erfc makes the rounding of x/√2 a relative error of x² units of the tail")
SUBNORMAL = Within(400, why="where σ(x) is subnormal it has few digits, and x makes it 745 times larger")
CROSSING = Within(8, "eps", "where the derivative crosses 0 its two terms cancel, whatever their order")
#: As `EXPONENT`, of the argument 2u that is itself a sum of products.
CUBIC = Within(
    2500, why="exp makes the rounding of 2u, as large as 745 and a cubic, a relative error of the tail"
)


def slopes(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give an input of any size and a slope of its own for each."""
    values = reals(dtype, decades=300 if dtype is np.float64 else 36)
    return [(values[:, None], np.array([weight], dtype=dtype)) for weight in (0.25, -1.7, 1e-3)]


def halves(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give rows of two: what is passed, and its gate; one of them of any size."""
    rng = generator("halves")
    passed, gates = reals(dtype), rng.choice(reals(dtype), size=300)
    unsaturated = rng.normal(size=passed.size).astype(dtype)
    ordinary = rng.normal(size=gates.size).astype(dtype)
    return [(np.stack(pair, axis=1),) for pair in ((passed, unsaturated), (ordinary, gates))]


def normal(x: Numbers) -> Numbers:
    return exp(-(x**2) / 2) / mpmath.sqrt(2 * mpmath.pi)


def distribution(x: Numbers) -> Numbers:
    return erfc(-x / mpmath.sqrt(2)) / 2


def u(x: Numbers) -> Numbers:
    return mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)


def slope_of_u(x: Numbers) -> Numbers:
    return mpmath.sqrt(2 / mpmath.pi) * (1 + 3 * mpmath.mpf("0.044715") * x**2)


def softplus(x: Numbers) -> Numbers:
    return log1p(exp(x))


def slope_of_mish(x: Numbers) -> Numbers:
    return tanh(softplus(x)) + x * sech(softplus(x)) ** 2 * sigma(x)


def clipped(x: Numbers, low: float, high: float) -> Numbers:
    return np.minimum(np.maximum(x, low), high)


def inside(g: Numbers, x: Numbers, low: float, high: float) -> Numbers:
    return np.where((x > low) & (x < high), g, 0)


_SCALE, _ALPHA = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"


def selu(x: Numbers) -> Numbers:
    return mpmath.mpf(_SCALE) * np.where(x > 0, x, mpmath.mpf(_ALPHA) * expm1(x))


def slope_of_selu(x: Numbers) -> Numbers:
    return mpmath.mpf(_SCALE) * np.where(x > 0, 1, mpmath.mpf(_ALPHA) * exp(x))


TRUTHS: dict[str, Truth] = {
    "ReLU": Truth(
        alone,
        lambda x: np.maximum(x, 0),
        {"input": lambda g, x: np.where(x > 0, g, 0)},
        {"output": EXACT, "input": EXACT},
    ),
    "ReLU6": Truth(
        alone,
        lambda x: clipped(x, 0, 6),
        {"input": lambda g, x: inside(g, x, 0, 6)},
        {"output": EXACT, "input": EXACT},
    ),
    "LeakyReLU": Truth(
        alone,
        lambda x: np.where(x > 0, x, x / 4),
        {"input": lambda g, x: np.where(x > 0, g, g / 4)},
        {"output": ROUNDED, "input": ROUNDED},
        {"negative_slope": 0.25},
    ),
    "PReLU": Truth(
        slopes,
        lambda x, a: np.where(x > 0, x, a * x),
        {
            "input": lambda g, x, a: np.where(x > 0, g, a * g),
            "weight": lambda g, x, a: np.where(x > 0, 0, g * x).sum(axis=0),
        },
        {"output": FEW, "input": FEW, "weight": Within(8, "eps", "a sum over all inputs, of both signs")},
    ),
    "ELU": Truth(
        alone,
        lambda x: np.where(x > 0, x, expm1(x) / 4),
        {"input": lambda g, x: np.where(x > 0, g, g * exp(x) / 4)},
        {"output": FEW, "input": FEW},
        {"alpha": 0.25},
    ),
    "SELU": Truth(alone, selu, {"input": lambda g, x: g * slope_of_selu(x)}, {"output": FEW, "input": FEW}),
    "CELU": Truth(
        alone,
        lambda x: np.where(x > 0, x, expm1(4 * x) / 4),
        {"input": lambda g, x: np.where(x > 0, g, g * exp(4 * x))},
        {"output": FEW, "input": FEW},
        {"alpha": 0.25},
    ),
    "GELU": Truth(
        alone,
        lambda x: x * distribution(x),
        {"input": lambda g, x: g * (distribution(x) + x * normal(x))},
        {"output": NORMAL, "input": CROSSING},
    ),
    "GELU tanh": Truth(
        alone,
        lambda x: x * sigma(2 * u(x)),
        {
            "input": lambda g, x: (
                g * (sigma(2 * u(x)) + 2 * x * slope_of_u(x) * sigma(2 * u(x)) * sigma(-2 * u(x)))
            )
        },
        {"output": CUBIC, "input": CROSSING},
        {"approximate": "tanh"},
    ),
    "SiLU": Truth(
        alone,
        lambda x: x * sigma(x),
        {"input": lambda g, x: g * (sigma(x) + x * sigma(x) * sigma(-x))},
        {"output": SUBNORMAL, "input": CROSSING},
    ),
    "Mish": Truth(
        alone,
        lambda x: x * tanh(softplus(x)),
        {"input": lambda g, x: g * slope_of_mish(x)},
        {"output": SUBNORMAL, "input": CROSSING},
    ),
    "GLU": Truth(
        halves,
        lambda x: x[:, :1] * sigma(x[:, 1:]),
        {
            "input": lambda g, x: np.concatenate(
                [g * sigma(x[:, 1:]), g * x[:, :1] * sigma(x[:, 1:]) * sigma(-x[:, 1:])], axis=1
            )
        },
        {"output": FEW, "input": FEW},
    ),
    "Softplus": Truth(
        alone,
        lambda x: np.where(x / 4 > 20, x, 4 * softplus(x / 4)),
        {"input": lambda g, x: g * np.where(x / 4 > 20, 1, sigma(x / 4))},
        {"output": FEW, "input": FEW},
        {"beta": 0.25},
    ),
    "Softsign": Truth(
        alone,
        lambda x: x / (1 + absolute(x)),
        {"input": lambda g, x: g / (1 + absolute(x)) ** 2},
        {"output": FEW, "input": FEW},
    ),
    "Sigmoid": Truth(
        alone,
        sigma,
        {"input": lambda g, x: g * exp(-x) / (1 + exp(-x)) ** 2},
        {"output": FEW, "input": ONE_MINUS_SQUARE},
    ),
    "LogSigmoid": Truth(
        alone,
        lambda x: -softplus(-x),
        {"input": lambda g, x: g * sigma(-x)},
        {"output": FEW, "input": FEW},
    ),
    "Hardsigmoid": Truth(
        alone,
        lambda x: clipped(x + 3, 0, 6) / 6,
        {"input": lambda g, x: inside(g / 6, x, -3, 3)},
        {"output": FEW, "input": FEW},
    ),
    "Hardswish": Truth(
        alone,
        lambda x: x * clipped(x + 3, 0, 6) / 6,
        {"input": lambda g, x: g * np.where(x <= -3, 0, np.where(x < 3, (2 * x + 3) / 6, 1))},
        {"output": FEW, "input": CROSSING},
    ),
    "Hardtanh": Truth(
        alone,
        lambda x: clipped(x, -2, 0.5),
        {"input": lambda g, x: inside(g, x, -2, 0.5)},
        {"output": EXACT, "input": EXACT},
        {"min_val": -2.0, "max_val": 0.5},
    ),
    "Tanh": Truth(
        alone, tanh, {"input": lambda g, x: g * sech(x) ** 2}, {"output": FEW, "input": ONE_MINUS_SQUARE}
    ),
    "Tanhshrink": Truth(
        alone,
        lambda x: x - tanh(x),
        {"input": lambda g, x: g * tanh(x) ** 2},
        {"output": FEW, "input": FEW},
        digits=DIGITS_OF_SUMS,
    ),
    "Softshrink": Truth(
        alone,
        lambda x: x - clipped(x, -0.5, 0.5),
        {"input": lambda g, x: np.where(absolute(x) > 0.5, g, 0)},
        {"output": FEW, "input": EXACT},
    ),
    "Hardshrink": Truth(
        alone,
        lambda x: np.where(absolute(x) > 0.5, x, 0),
        {"input": lambda g, x: np.where(absolute(x) > 0.5, g, 0)},
        {"output": EXACT, "input": EXACT},
    ),
    "Threshold": Truth(
        alone,
        lambda x: np.where(x > 0.5, x, -2),
        {"input": lambda g, x: np.where(x > 0.5, g, 0)},
        {"output": EXACT, "input": EXACT},
        {"threshold": 0.5, "value": -2.0},
    ),
    "Softmax": Truth(
        rows,
        softmax,
        {"input": lambda g, x: softmax(x) * (g - (g * softmax(x)).sum(axis=-1, keepdims=True))},
        {"output": EXPONENT, "input": SUBTRACTED},
    ),
    "Softmin": Truth(
        rows,
        lambda x: softmax(-x),
        {"input": lambda g, x: -softmax(-x) * (g - (g * softmax(-x)).sum(axis=-1, keepdims=True))},
        {"output": EXPONENT, "input": SUBTRACTED},
    ),
    "LogSoftmax": Truth(
        rows,
        log_softmax,
        {"input": lambda g, x: g - softmax(x) * g.sum(axis=-1, keepdims=True)},
        {
            "output": Within(4, "eps", "near 0 it is the logarithm of a sum that rounds to 1"),
            "input": SUBTRACTED,
        },
    ),
}
