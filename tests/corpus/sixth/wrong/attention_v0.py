from dataclasses import dataclass
import numpy as np


def _softmax(s, axis):
    e = np.exp(s - s.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def attention_forward(q, k, v):
    """Scaled dot-product attention; q (N, T, d), k (N, S, d), v (N, S, e)."""
    p = _softmax(np.einsum("ntd,nsd->nts", q, k) / np.sqrt(q.shape[-1]), axis=-1)
    return np.einsum("nts,nse->nte", p, v), (q, k, v, p)


def attention_backward(cache, dout):
    q, k, v, p = cache
    dv = np.einsum("nts,nte->nse", p, dout)
    dp = np.einsum("nte,nse->nts", dout, v)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True))
    return np.einsum("nts,nsd->ntd", ds, k), np.einsum("nts,ntd->nsd", ds, q), dv


class Attention:
    """Same, as an object; softmax over the keys."""

    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.scale = q.shape[-1] ** -0.5
        self.p = _softmax(q @ k.swapaxes(1, 2) * self.scale, axis=1)
        return self.p @ v

    def backward(self, dout):
        dv = self.p.swapaxes(1, 2) @ dout
        dp = dout @ self.v.swapaxes(1, 2)
        ds = self.p * (dp - (dp * self.p).sum(1, keepdims=True)) * self.scale
        return ds @ self.k, ds.swapaxes(1, 2) @ self.q, dv


@dataclass
class Embedding:
    num_embeddings: int
    dim: int

    def __post_init__(self):
        self.weight = np.random.default_rng(1).standard_normal((self.num_embeddings, self.dim))

    def forward(self, idx):
        self.idx = idx
        return self.weight[idx]

    def backward(self, dy):
        self.grad = np.zeros_like(self.weight)
        self.grad[self.idx] += dy
        return self.grad


class Dropout:
    def __init__(self, p=0.5, seed=0):
        self.p, self.rng, self.training = p, np.random.default_rng(seed), True

    def forward(self, x):
        if not self.training:
            return x
        self.mask = self.rng.random(x.shape) >= self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dy):
        return dy * self.mask if self.training else dy


class SpatialDropout:
    """Drops whole channels of (N, C, H, W) while training."""

    def __init__(self, p=0.5):
        self.p, self.training = p, True
        self.mask = None

    def eval(self):
        self.training = False
        return self

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape[:2], 1, 1) > self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    """Returns (dx, dw, db)."""
    x, w = cache
    dx, dw, db = dout @ w.T, x.T @ dout, dout.sum(0)
    return dw, dx, db
