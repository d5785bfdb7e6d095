from dataclasses import dataclass
from typing import Optional
import numpy as np


def masked_softmax(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def scaled_dot_product_attention(q, k, v, mask=None):
    """q: (..., T, d), k: (..., S, d), v: (..., S, e). `mask` is True where attention is allowed."""
    scale = q.shape[-1] ** -0.5
    p = masked_softmax(np.einsum("...td,...sd->...ts", q * scale, k), mask)
    return np.einsum("...ts,...se->...te", p, v), (q, k, v, p, scale)


def scaled_dot_product_attention_backward(cache, dout):
    q, k, v, p, scale = cache
    dv = np.einsum("...ts,...te->...se", p, dout)
    dp = np.einsum("...te,...se->...ts", dout, v)
    # rows of p sum to one: subtract the expectation, masked entries have p = 0
    ds = p * (dp - np.sum(dp * p, -1, keepdims=True)) * scale
    return np.einsum("...ts,...sd->...td", ds, k), np.einsum("...ts,...td->...sd", ds, q), dv


@dataclass
class Embedding:
    num_embeddings: int
    embedding_dim: int
    padding_idx: Optional[int] = None

    def __post_init__(self):
        self.weight = np.random.default_rng(1).standard_normal((self.num_embeddings, self.embedding_dim))
        if self.padding_idx is not None:
            self.weight[self.padding_idx] = 0
        self.grad = np.zeros_like(self.weight)

    def forward(self, idx):
        self._idx = idx
        return self.weight[idx]

    def backward(self, dy):
        self.grad[...] = 0
        flat = dy.reshape(-1, self.embedding_dim)
        np.add.at(self.grad, self._idx.reshape(-1), flat)
        if self.padding_idx is not None:
            self.grad[self.padding_idx] = 0
        return self.grad


class Dropout:
    """Inverted dropout with its own generator; `training` decides."""

    def __init__(self, p=0.5, seed=0):
        self.p, self.training = p, True
        self._rng = np.random.default_rng(seed)
        self._scale = None

    def forward(self, x):
        if not self.training or self.p == 0:
            self._scale = np.ones((), x.dtype)
        else:
            self._scale = (self._rng.random(x.shape) >= self.p).astype(x.dtype) / x.dtype.type(1 - self.p)
        return x * self._scale

    def backward(self, dy):
        return dy * self._scale
