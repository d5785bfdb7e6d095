"""The true values of the elementary ops, and the accuracy to expect."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from tests.ops.row import generator
from tests.ops.truth import (
    DOT,
    FEW,
    ONE_MINUS_SQUARE,
    Numbers,
    Truth,
    Within,
    absolute,
    alone,
    below_one_half,
    exp,
    expm1,
    log,
    log1p,
    pairs,
    reals,
    sech,
    sign,
    tanh,
)

sqrt, sin, cos, tan, sinh, cosh = (
    np.frompyfunc(function, 1, 1)
    for function in (mpmath.sqrt, mpmath.sin, mpmath.cos, mpmath.tan, mpmath.sinh, mpmath.cosh)
)
asin, acos, atan = (np.frompyfunc(function, 1, 1) for function in (mpmath.asin, mpmath.acos, mpmath.atan))

EXACT = Within(0)
ROUNDED = Within(0.5)
POWER = Within(400, why="the exponential makes the rounding of p − 1 a relative error, 745 units at most")
OF_NUMPY = Within(6, why="NumPy's own in float32 is off by as much")
TWICE = Within(8, why="the error of the tangent counts twice in its square")


def positive(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    values = reals(dtype)
    return [(values[values > 0],)]


def exponents(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give values whose exponential is a float, and so the derivative."""
    values = reals(dtype)
    return [(values[np.abs(values) < np.log(np.finfo(dtype).max)],)]


def matrices(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    return [(first,) for first, _ in factors(dtype)]


def units(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give values in (−1, 1), as near to 0 and to ±1 as the dtype has."""
    rng = generator("units")
    small, near = below_one_half(dtype), 1 - np.finfo(dtype).eps * 2.0 ** np.arange(-1, 20)
    values = np.concatenate([small, near, rng.uniform(size=40)])
    return [(np.concatenate([values, -values, [0.0]]).astype(dtype),)]


def ordinary(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give values below 1e5 in size, as far as NumPy's reduction by π/2 is the same on every machine."""
    values = reals(dtype)
    return [(values[np.abs(values) < 1e5],)]


def two(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give pairs of any size but 0."""
    rng, values = generator("two"), reals(dtype)
    values = values[values != 0]
    return [(values, rng.permutation(values)), (values, values)]


def powers(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give bases of half of the exponents: the power p − 1 is a float where p times it is."""
    rng, decades = generator("powers"), 150 if dtype is np.float64 else 18
    base = 10.0 ** rng.uniform(-decades, decades, size=300)
    exponent = rng.normal(size=300) * 10.0 ** rng.uniform(-6, 0.2, size=300)
    return [(base.astype(dtype), exponent.astype(dtype))]


def choices(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    rng = generator("choices")
    return [(rng.uniform(size=values.shape) < 0.5, values, other) for values, other in pairs(dtype)]


def factors(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    rng, values = generator("factors"), reals(dtype, decades=150 if dtype is np.float64 else 18)
    return [(rng.choice(values, size=(3, 5)), rng.choice(values, size=(5, 2))) for _ in range(20)]


def chosen(g: Numbers, first: Numbers, second: Numbers) -> Numbers:
    """Give the share of the one that is larger, a half at a tie."""
    return np.where(first > second, g, np.where(first == second, g / 2, 0))


TRUTHS: dict[str, Truth] = {
    "add": Truth(
        pairs,
        lambda a, b: a + b,
        {"input": lambda g, a, b: g, "other": lambda g, a, b: g},
        {"output": ROUNDED, "input": EXACT, "other": EXACT},
    ),
    "subtract": Truth(
        pairs,
        lambda a, b: a - b,
        {"input": lambda g, a, b: g, "other": lambda g, a, b: -g},
        {"output": ROUNDED, "input": EXACT, "other": EXACT},
    ),
    "multiply": Truth(
        two,
        lambda a, b: a * b,
        {"input": lambda g, a, b: g * b, "other": lambda g, a, b: g * a},
        {"output": ROUNDED, "input": ROUNDED, "other": ROUNDED},
    ),
    "divide": Truth(
        two,
        lambda a, b: a / b,
        {"input": lambda g, a, b: g / b, "other": lambda g, a, b: -g * a / b**2},
        {"output": ROUNDED, "input": ROUNDED, "other": FEW},
    ),
    "power": Truth(
        powers,
        lambda x, p: exp(p * log(x)),
        {
            "input": lambda g, x, p: g * p * exp((p - 1) * log(x)),
            "exponent": lambda g, x, p: g * exp(p * log(x)) * log(x),
        },
        {"output": FEW, "input": POWER, "exponent": FEW},
    ),
    "negative": Truth(alone, lambda x: -x, {"input": lambda g, x: -g}, {"output": EXACT, "input": EXACT}),
    "exp": Truth(exponents, exp, {"input": lambda g, x: g * exp(x)}, {"output": FEW, "input": FEW}),
    "expm1": Truth(exponents, expm1, {"input": lambda g, x: g * exp(x)}, {"output": OF_NUMPY, "input": FEW}),
    "log": Truth(positive, log, {"input": lambda g, x: g / x}, {"output": FEW, "input": ROUNDED}),
    "log1p": Truth(units, log1p, {"input": lambda g, x: g / (1 + x)}, {"output": FEW, "input": FEW}),
    "sqrt": Truth(
        positive, sqrt, {"input": lambda g, x: g / (2 * sqrt(x))}, {"output": ROUNDED, "input": FEW}
    ),
    "abs": Truth(alone, absolute, {"input": lambda g, x: g * sign(x)}, {"output": EXACT, "input": EXACT}),
    "sin": Truth(ordinary, sin, {"input": lambda g, x: g * cos(x)}, {"output": FEW, "input": FEW}),
    "cos": Truth(ordinary, cos, {"input": lambda g, x: -g * sin(x)}, {"output": FEW, "input": FEW}),
    "tan": Truth(ordinary, tan, {"input": lambda g, x: g / cos(x) ** 2}, {"output": FEW, "input": TWICE}),
    "asin": Truth(units, asin, {"input": lambda g, x: g / sqrt(1 - x**2)}, {"output": FEW, "input": FEW}),
    "acos": Truth(units, acos, {"input": lambda g, x: -g / sqrt(1 - x**2)}, {"output": FEW, "input": FEW}),
    "atan": Truth(alone, atan, {"input": lambda g, x: g / (1 + x**2)}, {"output": FEW, "input": FEW}),
    "sinh": Truth(exponents, sinh, {"input": lambda g, x: g * cosh(x)}, {"output": FEW, "input": FEW}),
    "cosh": Truth(exponents, cosh, {"input": lambda g, x: g * sinh(x)}, {"output": FEW, "input": FEW}),
    "tanh": Truth(
        alone, tanh, {"input": lambda g, x: g * sech(x) ** 2}, {"output": FEW, "input": ONE_MINUS_SQUARE}
    ),
    "maximum": Truth(
        pairs,
        np.maximum,
        {"input": chosen, "other": lambda g, a, b: chosen(g, b, a)},
        {"output": EXACT, "input": EXACT, "other": EXACT},
    ),
    "minimum": Truth(
        pairs,
        np.minimum,
        {"input": lambda g, a, b: chosen(g, b, a), "other": chosen},
        {"output": EXACT, "input": EXACT, "other": EXACT},
    ),
    "where": Truth(
        choices,
        np.where,
        {"input": lambda g, c, a, b: np.where(c, g, 0), "other": lambda g, c, a, b: np.where(c, 0, g)},
        {"output": EXACT, "input": EXACT, "other": EXACT},
    ),
    "sum": Truth(
        matrices,
        lambda x: x.sum(axis=0),
        {"input": lambda g, x: g + 0 * x},
        {"output": DOT, "input": EXACT},
        {"dim": 0},
    ),
    "mean": Truth(
        matrices,
        lambda x: x.sum(axis=0) / 3,
        {"input": lambda g, x: g / 3 + 0 * x},
        {"output": DOT, "input": ROUNDED},
        {"dim": 0},
    ),
    "matmul": Truth(
        factors,
        lambda a, b: a @ b,
        {"input": lambda g, a, b: g @ b.T, "other": lambda g, a, b: a.T @ g},
        {"output": DOT, "input": DOT, "other": DOT},
    ),
}

_MOVED = "it computes nothing: numbers are moved, or added up by the one place for broadcasting"
#: Ops that have no row, and why.
WITHOUT: dict[str, str] = dict.fromkeys(("reshape", "transpose", "indexing", "broadcast_to"), _MOVED)
