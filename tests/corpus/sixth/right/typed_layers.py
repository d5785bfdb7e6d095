"""Stateless layers: `forward(x) -> (y, cache)`, `backward(cache, dy) -> (dx, grads)`.

A layer owns its weights but never its activations, so one layer may be used
many times in a graph (weight tying) without the calls stepping on each other.
"""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Grads = dict[str, Array]


@runtime_checkable
class Layer(Protocol):
    def forward(self, x: Array) -> tuple[Array, Any]: ...
    def backward(self, cache: Any, dy: Array) -> tuple[Array, Grads]: ...


@dataclass(slots=True)
class Dense:
    n_in: int
    n_out: int
    seed: int = 0
    w: Array = field(init=False, repr=False)
    b: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.w = rng.normal(0.0, 1.0 / math.sqrt(self.n_in), (self.n_in, self.n_out))
        self.b = np.zeros(self.n_out)

    def forward(self, x: Array) -> tuple[Array, Array]:
        return np.einsum("...i,io->...o", x, self.w) + self.b, x

    def backward(self, cache: Array, dy: Array) -> tuple[Array, Grads]:
        x = cache
        lead = tuple(range(dy.ndim - 1))
        dw = np.tensordot(x, dy, axes=(lead, lead))
        db = dy.sum(lead)
        return np.einsum("...o,io->...i", dy, self.w), {"w": dw, "b": db}


class Tanh:
    __slots__ = ()

    def forward(self, x: Array) -> tuple[Array, Array]:
        y = np.tanh(x)
        return y, y

    def backward(self, cache: Array, dy: Array) -> tuple[Array, Grads]:
        return dy * (1 - cache) * (1 + cache), {}


_erf = np.vectorize(math.erf, otypes=[np.float64])


class Gelu:
    """Exact GELU, x * Phi(x)."""

    __slots__ = ()

    def forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        phi = (0.5 * (1.0 + _erf(x / math.sqrt(2.0)))).astype(x.dtype)
        return x * phi, (x, phi)

    def backward(self, cache: tuple[Array, Array], dy: Array) -> tuple[Array, Grads]:
        x, phi = cache
        pdf = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        return dy * (phi + x * pdf), {}


class _NormCache(NamedTuple):
    xhat: Array
    rstd: Array


@dataclass(slots=True)
class LayerNorm:
    """Normalises the last axis (channels last)."""

    dim: int
    eps: float = 1e-5
    gamma: Array = field(init=False)
    beta: Array = field(init=False)

    def __post_init__(self) -> None:
        self.gamma = np.ones(self.dim)
        self.beta = np.zeros(self.dim)

    def forward(self, x: Array) -> tuple[Array, _NormCache]:
        centred = x - x.mean(-1, keepdims=True)
        rstd = 1.0 / np.sqrt((centred**2).mean(-1, keepdims=True) + self.eps)
        xhat = centred * rstd
        return xhat * self.gamma + self.beta, _NormCache(xhat, rstd)

    def backward(self, cache: _NormCache, dy: Array) -> tuple[Array, Grads]:
        xhat, rstd = cache
        lead = tuple(range(dy.ndim - 1))
        grads = {"gamma": (dy * xhat).sum(lead), "beta": dy.sum(lead)}
        g = dy * self.gamma
        # projection away from the constant vector and from xhat
        g = g - g.mean(-1, keepdims=True) - xhat * (g * xhat).mean(-1, keepdims=True)
        return g * rstd, grads
