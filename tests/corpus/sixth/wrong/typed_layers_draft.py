"""Stateless layers with explicit caches."""
from __future__ import annotations
from dataclasses import dataclass, field
from typing import Any, Protocol
import numpy as np

Grads = dict[str, np.ndarray]


class Layer(Protocol):
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]: ...
    def backward(self, cache: Any, dy: np.ndarray) -> tuple[np.ndarray, Grads]: ...


@dataclass(slots=True)
class Dense:
    n_in: int
    n_out: int
    w: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(0)
        self.w = rng.normal(size=(self.n_in, self.n_out)) / np.sqrt(self.n_in)
        self.b = np.zeros(self.n_out)

    def forward(self, x):
        return np.einsum("ni,io->no", x, self.w) + self.b, x

    def backward(self, cache, dy):
        return np.einsum("no,io->ni", dy, self.w), {"w": np.einsum("ni,no->io", cache, dy), "b": dy}


class Sigmoid:
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))
        return y, (x, y)

    def backward(self, cache, dy):
        x, _ = cache
        return dy * x * (1 - x), {}


class Softplus:
    def forward(self, x):
        y = np.logaddexp(0.0, x)
        return y, y

    def backward(self, cache, dy):
        return dy / (1 + np.exp(-cache)), {}


@dataclass(slots=True)
class LayerNorm:
    dim: int
    eps: float = 1e-5
    gamma: np.ndarray = field(init=False)
    beta: np.ndarray = field(init=False)

    def __post_init__(self):
        self.gamma, self.beta = np.ones(self.dim), np.zeros(self.dim)

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        rstd = 1 / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        xhat = (x - mu) * rstd
        return xhat * self.gamma + self.beta, (xhat, rstd)

    def backward(self, cache, dy):
        xhat, rstd = cache
        ax = tuple(range(dy.ndim - 1))
        return dy * self.gamma * rstd, {"gamma": (dy * xhat).sum(ax), "beta": dy.sum(ax)}


@dataclass(slots=True)
class Affine:
    """Like Dense, weights stored (out, in)."""
    weight: np.ndarray
    bias: np.ndarray

    def forward(self, x):
        return x @ self.weight.T + self.bias, x

    def backward(self, cache, dy):
        x = cache
        return dy @ self.weight, {"weight": dy.T @ x, "bias": dy.sum(0, keepdims=True)}
