"""The true values of the layers: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

from tests.ops.truth import (
    DOT,
    Truth,
    layers,
)

TRUTHS: dict[str, Truth] = {
    "Linear": Truth(
        layers,
        lambda x, w, b: x @ w.T + b,
        {
            "input": lambda g, x, w, b: g @ w,
            "weight": lambda g, x, w, b: g.T @ x,
            "bias": lambda g, x, w, b: g.sum(axis=0),
        },
        {"output": DOT, "input": DOT, "weight": DOT, "bias": DOT},
    ),
}
