"""The true values of the losses: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

import mpmath
import numpy as np

from tests.ops.truth import (
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
    log1p,
    log_softmax,
    logits,
    pairs,
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
}
