"""The true values of the activations: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

import numpy as np

from tests.ops.truth import (
    FEW,
    ONE_MINUS_SQUARE,
    SUBTRACTED,
    Truth,
    Within,
    alone,
    exp,
    log_softmax,
    rows,
    sech,
    sigma,
    softmax,
    tanh,
)

TRUTHS: dict[str, Truth] = {
    "ReLU": Truth(
        alone,
        lambda x: np.maximum(x, 0),
        {"input": lambda g, x: np.where(x > 0, g, 0)},
        {"output": Within(0), "input": Within(0)},
    ),
    "LeakyReLU": Truth(
        alone,
        lambda x: np.where(x > 0, x, x / 4),
        {"input": lambda g, x: np.where(x > 0, g, g / 4)},
        {"output": Within(0), "input": Within(0)},
        {"negative_slope": 0.25},
    ),
    "Sigmoid": Truth(
        alone,
        sigma,
        {"input": lambda g, x: g * exp(-x) / (1 + exp(-x)) ** 2},
        {"output": FEW, "input": ONE_MINUS_SQUARE},
    ),
    "Tanh": Truth(
        alone, tanh, {"input": lambda g, x: g * sech(x) ** 2}, {"output": FEW, "input": ONE_MINUS_SQUARE}
    ),
    "Softmax": Truth(
        rows,
        softmax,
        {"input": lambda g, x: softmax(x) * (g - (g * softmax(x)).sum(axis=-1, keepdims=True))},
        {
            "output": Within(520, why="exp makes the rounding of x − max, as large as 745, a relative error"),
            "input": SUBTRACTED,
        },
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
