"""Networks and data to train on, healthy ones to begin with."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from backproof import nn

RNG = np.random.default_rng(0)
PLANE = RNG.normal(size=(200, 2))
RINGS = (np.hypot(PLANE[:, 0], PLANE[:, 1]) > 1.2).astype(int)
LINE = np.linspace(12, 22, 23)
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])


def deep(
    activation: type[nn.Module], *sizes: int, scale: float = 1.0, dtype: Any = np.float32, seed: int = 1
) -> nn.Sequential:
    """Make a network of linear layers of these sizes, whose weights are multiplied by a scale."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.Linear(inputs, outputs, rng=rng, dtype=dtype)
        linear.weight[...] *= scale
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])


class Log(nn.Module):
    """The logarithm, which is not finite where its input is not positive."""

    def forward(self, input: Any) -> Any:
        self.input = input
        return np.log(input)

    def backward(self, grad_output: Any) -> Any:
        return grad_output / self.input


class Root(nn.Module):
    """The root of what is positive: at 0 its gradient is 0 · ∞."""

    def forward(self, input: Any) -> Any:
        self.input, self.output = input, np.sqrt(np.maximum(input, 0))
        return self.output

    def backward(self, grad_output: Any) -> Any:
        return grad_output * (self.input > 0) / (2 * self.output)


class ByHand:
    """Gradient descent, with no state."""

    state = None

    def __init__(self, parameters: Any, lr: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]

    def step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.data -= self.param_groups[0]["lr"] * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None
