"""Models, optimizers, and how they are compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import backproof as bp
from backproof import nn
from backproof.optim.optimizer import optimizer_of
from backproof.training.comparing.comparison import Comparison
from backproof.updates.adam import Adam
from backproof.updates.sgd import SGD

RNG = np.random.default_rng(0)
X, Y, CLASSES = RNG.normal(size=(24, 3)), RNG.normal(size=24), RNG.integers(0, 3, 24)
IMAGES, INDICES = RNG.normal(size=(24, 1, 6, 6)), RNG.integers(0, 7, (24, 4))


def network(activation: Any = nn.Tanh, dtype: Any = np.float32, outputs: int = 1) -> nn.Sequential:
    layers = [nn.Linear(3, 6, dtype=dtype, rng=0), activation(), nn.Linear(6, outputs, dtype=dtype, rng=1)]
    return nn.Sequential(*layers)


def compared(model: Any, x: Any = X, y: Any = Y, **how: Any) -> Comparison:
    batches = {} if y is None else {"batch_size": 8}  # batches are made already
    given = {"loss": "mse", "optimizer": "adam", "epochs": 2, **batches, **how}
    if isinstance(given["optimizer"], str):
        given.setdefault("lr", 0.02)
    return bp.compare(model, x, y, **given)


def theirs(activation: Any = torch.nn.Tanh) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(3, 6), activation(), torch.nn.Linear(6, 1))


def with_layer(kind: Any) -> Callable[[], Any]:
    return lambda: nn.Sequential(nn.Linear(3, 6, rng=0), nn.Tanh(), kind(6, 1, rng=1))


@dataclasses.dataclass(frozen=True, kw_only=True)
class InTheRoot(Adam):
    """ε stands inside of the root."""

    def scale(self, xp: Any, second: Any, step: float) -> Any:
        found = second / self.correction(self.betas[1], step) + self.eps
        return xp.sqrt(found)


class Tiring(optimizer_of(SGD)):  # type: ignore[misc]  # a class that is made
    """From some step on it moves half as far."""

    def __init__(self, params: Any, at: int, lr: float) -> None:
        super().__init__(params, lr=lr)
        self.left = at

    def step(self, closure: Any = None) -> Any:
        self.left -= 1
        if not self.left:
            self.param_groups[0]["lr"] /= 2
        return super().step(closure)


class ByHand:
    """An optimizer as it is written in a lab."""

    def __init__(self, parameters: Any, lr: float, sign: float = -1.0) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]
        self.sign = sign

    def step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.data += self.sign * self.param_groups[0]["lr"] * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None
