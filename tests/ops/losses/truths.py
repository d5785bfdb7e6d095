"""The true values of the losses: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from tests.ops.row import generator
from tests.ops.truth import (
    DIGITS_OF_SUMS,
    FEW,
    SUBTRACTED,
    Numbers,
    Truth,
    Within,
    absolute,
    certainties,
    classes,
    exact,
    exp,
    log,
    log1p,
    log_softmax,
    logits,
    pairs,
    probabilities,
    reals,
    sigma,
    sign,
    softmax,
)


def bounded_log(x: Numbers) -> Numbers:
    """Give log x, at least −100 as in PyTorch's BCELoss."""
    return np.array([max(mpmath.log(value), mpmath.mpf(-100)) if value else mpmath.mpf(-100) for value in x])


def bounded(x: Numbers) -> Numbers:
    return np.maximum(x, mpmath.mpf("1e-12"))


def as_distribution(target: Numbers) -> Numbers:
    return exact(np.eye(5)[target.astype(int)]) if target.ndim == 1 else target


def above_zero(x: Numbers) -> Numbers:
    return np.maximum(x, mpmath.mpf(0))


sqrt = np.frompyfunc(mpmath.sqrt, 1, 1)
EPS = mpmath.mpf("1e-12")


def norm(x: Numbers, eps: Any = 0) -> Numbers:
    return sqrt((x**2).sum(axis=-1, keepdims=True) + eps)


# --- Inputs --------------------------------------------------------------------------------------

Inputs = list[tuple[NDArray[Any], ...]]


def signs(size: int, dtype: Any) -> NDArray[Any]:
    return generator("signs").choice([-1, 1], size=size).astype(dtype)


def scores(dtype: Any) -> Inputs:
    values = reals(dtype)
    return [(values, signs(values.size, dtype))]


def ranked(dtype: Any) -> Inputs:
    return [(*pair, signs(pair[0].size, dtype)) for pair in pairs(dtype)]


def divergences(dtype: Any) -> Inputs:
    log_probability = -absolute(reals(dtype))
    target = probabilities(dtype)
    target = generator("divergences").choice(target[target > 0], size=log_probability.size)
    return [(log_probability.astype(dtype), target)]


def log_rates(dtype: Any) -> Inputs:
    # No product of two overflows.
    values = reals(dtype, decades=150 if dtype is np.float64 else 18)
    return [(values, np.abs(generator("log rates").permutation(values)))]


def normals(dtype: Any) -> Inputs:
    rng = generator("normals")
    decades = 100 if dtype is np.float64 else 12
    # A variance below 1e-6 counts as 1e-6.
    sizes = [10.0 ** rng.uniform(low, decades, size=400) for low in (-decades, -decades, -5)]
    numbers = [rng.choice([-1, 1], 400) * size for size in sizes[:2]]
    return [tuple(array.astype(dtype) for array in (*numbers, sizes[2]))]


def of_classes(dtype: Any) -> Inputs:
    """Give scores and class indices, without the targets that are distributions."""
    return [given for given in classes(dtype) if given[1].ndim == 1]


def differing(dtype: Any) -> Inputs:
    """Give scores, five differences of which add up to a float, and class indices."""
    return [(scores / 16, index) for scores, index in of_classes(dtype)]


def vectors(dtype: Any) -> Inputs:
    """Give pairs of vectors, of every size, alike, and so small that the 1e-12 decides, with signs."""
    rng, sign = generator("vectors"), signs(100, dtype)

    def drawn(low: float, high: float) -> Any:
        return (rng.normal(size=(2, 100, 5)) * 10.0 ** rng.uniform(low, high, (2, 100, 1))).astype(dtype)

    first, second = drawn(0, 307 if dtype is np.float64 else 37)
    return [(first, second, sign), (first, first, sign), (*drawn(-20, -8), sign)]


def triples(dtype: Any) -> Inputs:
    """Give three vectors of a size, the positive or the negative far away: or the distances would cancel."""
    rng = generator("triples")
    sizes = 10.0 ** rng.uniform(-8, 306 if dtype is np.float64 else 36, size=(100, 1))
    away = np.where(
        rng.uniform(size=(100, 1)) < 0.5, [[[1.0]], [[8.0]], [[1.0]]], [[[1.0]], [[1.0]], [[8.0]]]
    )
    return [tuple((rng.normal(size=(3, 100, 5)) * sizes * away).astype(dtype))]


# --- Formulas ------------------------------------------------------------------------------------


def smooth_l1(x: Numbers, t: Numbers) -> Numbers:
    z = absolute(x - t)
    return np.where(z < 1, z**2 / 2, z - mpmath.mpf("0.5"))


def held(z: Numbers) -> Numbers:
    return np.where(absolute(z) < 1, z, sign(z))


def chosen(x: Numbers, target: Numbers) -> Numbers:
    return np.take_along_axis(x, target[:, None], axis=-1)


def lost(x: Numbers, target: Numbers) -> Numbers:
    return above_zero(1 - chosen(x, target) + x) * (1 - as_distribution(target))


def multi_margin_slope(g: Numbers, x: Numbers, target: Numbers) -> Numbers:
    slope = sign(lost(x, target))
    total = slope.sum(axis=-1, keepdims=True)
    return g[:, None] * (slope - as_distribution(target) * total) / mpmath.mpf(5)


def cosine(x: Numbers, y: Numbers) -> Numbers:
    return (x * y).sum(axis=-1) / (norm(x, EPS) * norm(y, EPS))[..., 0]


def cosine_loss(x: Numbers, y: Numbers, t: Numbers) -> Numbers:
    return np.where(t == 1, 1 - cosine(x, y), above_zero(cosine(x, y)))


def cosine_slope(g: Numbers, x: Numbers, y: Numbers, t: Numbers) -> Numbers:
    c = cosine(x, y)
    upstream = g * np.where(t == 1, -1, np.where(c >= 0, 1, 0))
    nx, ny = norm(x, EPS), norm(y, EPS)
    return upstream[:, None] * (y / (nx * ny) - c[:, None] * x / nx**2)


def between(x: Numbers, y: Numbers) -> Numbers:
    return x - y + mpmath.mpf("1e-6")


def triplet(a: Numbers, p: Numbers, n: Numbers) -> Numbers:
    return above_zero(1 + norm(between(a, p)) - norm(between(a, n)))[:, 0]


def pulled(g: Numbers, a: Numbers, p: Numbers, n: Numbers, other: Numbers) -> Numbers:
    z = between(a, other)
    return g[:, None] * sign(triplet(a, p, n))[:, None] * z / norm(z)


HALF = Within(0.5)
COSINE = Within(16, "eps", "1 − c and u₂ − c u₁ cancel where the angle is small")


TRUTHS: dict[str, Truth] = {
    "L1Loss": Truth(
        pairs,
        lambda x, t: absolute(x - t),
        {"input": lambda g, x, t: g * sign(x - t), "target": lambda g, x, t: g * sign(t - x)},
        {"output": Within(0.5), "input": Within(0), "target": Within(0)},
    ),
    "MSELoss": Truth(
        pairs,
        lambda x, t: (x - t) ** 2,
        {"input": lambda g, x, t: 2 * g * (x - t), "target": lambda g, x, t: 2 * g * (t - x)},
        {"output": FEW, "input": FEW, "target": FEW},
    ),
    "BCELoss": Truth(
        certainties,
        lambda x, t: -t * bounded_log(x) - (1 - t) * bounded_log(1 - x),
        {
            "input": lambda g, x, t: g * (x - t) / bounded(x - x**2),
            "target": lambda g, x, t: g * (bounded_log(1 - x) - bounded_log(x)),
        },
        {
            "output": FEW,
            "input": FEW,
            "target": Within(4, "eps", "log x and log(1 − x) cancel where x is nearly ½"),
        },
        digits=DIGITS_OF_SUMS,
    ),
    "BCEWithLogitsLoss": Truth(
        logits,
        lambda x, t: (1 - t) * log1p(exp(x)) + t * log1p(exp(-x)),
        {"input": lambda g, x, t: g * (sigma(x) - t), "target": lambda g, x, t: -g * x},
        {"output": FEW, "input": SUBTRACTED, "target": Within(0.5)},
    ),
    "CrossEntropyLoss": Truth(
        classes,
        lambda x, t: -(as_distribution(t) * log_softmax(x)).sum(axis=-1),
        {
            "input": lambda g, x, t: (
                g[:, None]
                * (softmax(x) * as_distribution(t).sum(axis=-1, keepdims=True) - as_distribution(t))
            ),
            "target": lambda g, x, t: -g[:, None] * log_softmax(x),
        },
        {
            "output": Within(8, "eps", "as for LogSoftmax"),
            "input": SUBTRACTED,
            "target": Within(4, "eps", "as for LogSoftmax"),
        },
    ),
    "SmoothL1Loss": Truth(
        pairs,
        smooth_l1,
        {"input": lambda g, x, t: g * held(x - t), "target": lambda g, x, t: g * held(t - x)},
        {"output": FEW, "input": FEW, "target": FEW},
    ),
    "HuberLoss": Truth(
        pairs,
        lambda x, t: 9 * smooth_l1(x / 3, t / 3),
        {
            "input": lambda g, x, t: 3 * g * held((x - t) / 3),
            "target": lambda g, x, t: 3 * g * held((t - x) / 3),
        },
        {"output": FEW, "input": FEW, "target": FEW},
        {"delta": 3.0},
    ),
    "NLLLoss": Truth(
        of_classes,
        lambda x, t: -chosen(x, t)[:, 0],
        {"input": lambda g, x, t: -g[:, None] * as_distribution(t)},
        {"output": Within(0), "input": Within(0)},
    ),
    "KLDivLoss": Truth(
        divergences,
        lambda x, t: t * (log(t) - x),
        {"input": lambda g, x, t: -g * t, "target": lambda g, x, t: g * (log(t) + 1 - x)},
        {
            "output": Within(4, "eps", "log t and x cancel where the distributions are alike"),
            "input": HALF,
            "target": Within(8, "eps", "log t and x cancel where the distributions are alike"),
        },
    ),
    "PoissonNLLLoss": Truth(
        log_rates,
        lambda x, t: exp(x) - t * x,
        {"input": lambda g, x, t: g * (exp(x) - t), "target": lambda g, x, t: -g * x},
        {
            "output": Within(4, "eps", "the rate and the logarithm of its power cancel"),
            "input": Within(4, "eps", "the rate and the count cancel where they are alike"),
            "target": HALF,
        },
    ),
    "GaussianNLLLoss": Truth(
        normals,
        lambda x, t, v: (log(v) + (x - t) ** 2 / v) / 2,
        {
            "input": lambda g, x, t, v: g * (x - t) / v,
            "target": lambda g, x, t, v: g * (t - x) / v,
            "var": lambda g, x, t, v: g * (1 / v - (x - t) ** 2 / v**2) / 2,
        },
        {
            "output": Within(4, "eps", "the logarithm cancels with the rest where the variance is below 1"),
            "input": FEW,
            "target": FEW,
            "var": Within(16, "eps", "its two terms cancel where the variance fits the difference"),
        },
    ),
    "HingeEmbeddingLoss": Truth(
        scores,
        lambda x, t: np.where(t == 1, x, above_zero(1 - x)),
        {"input": lambda g, x, t: g * np.where(t == 1, 1, np.where(x <= 1, -1, 0))},
        {"output": HALF, "input": Within(0)},
    ),
    "SoftMarginLoss": Truth(
        scores,
        lambda x, t: log1p(exp(-t * x)),
        {"input": lambda g, x, t: -g * t * sigma(-t * x)},
        {"output": FEW, "input": FEW},
    ),
    "MarginRankingLoss": Truth(
        ranked,
        lambda x, y, t: above_zero(-t * (x - y)),
        {
            "input1": lambda g, x, y, t: -g * t * (t * (x - y) <= 0),
            "input2": lambda g, x, y, t: g * t * (t * (x - y) <= 0),
            "target": lambda g, x, y, t: g * (y - x) * (t * (x - y) <= 0),
        },
        {"output": HALF, "input1": Within(0), "input2": Within(0), "target": FEW},
    ),
    "MultiMarginLoss": Truth(
        differing,
        lambda x, t: lost(x, t).sum(axis=-1) / 5,
        {"input": multi_margin_slope},
        {
            "output": Within(8, "eps", "the margin cancels with the difference of the scores"),
            "input": FEW,
        },
        digits=DIGITS_OF_SUMS,
    ),
    "CosineEmbeddingLoss": Truth(
        vectors,
        cosine_loss,
        {"input1": cosine_slope, "input2": lambda g, x, y, t: cosine_slope(g, y, x, t)},
        {"output": COSINE, "input1": COSINE, "input2": COSINE},
        digits=DIGITS_OF_SUMS,
    ),
    "TripletMarginLoss": Truth(
        triples,
        triplet,
        {
            "anchor": lambda g, a, p, n: pulled(g, a, p, n, p) - pulled(g, a, p, n, n),
            "positive": lambda g, a, p, n: -pulled(g, a, p, n, p),
            "negative": lambda g, a, p, n: pulled(g, a, p, n, n),
        },
        dict.fromkeys(
            ("output", "anchor", "positive", "negative"),
            Within(16, "eps", "two distances cancel, and where they are small the added 1e-6 is rounded"),
        ),
    ),
}
