import numpy as np


def attention_forward(q, k, v, causal=False):
    """q, k, v: (N, T, D)"""
    scale = q.shape[-1] ** -0.5
    s = np.einsum("nid,njd->nij", q, k) * scale
    if causal:
        T = s.shape[-1]
        s = np.where(np.tril(np.ones((T, T), dtype=bool)), s, -np.inf)
    w = np.exp(s - s.max(-1, keepdims=True))
    w = w / w.sum(-1, keepdims=True)
    return np.einsum("nij,njd->nid", w, v), (q, k, v, w, scale)


def attention_backward(dout, cache):
    q, k, v, w, scale = cache
    dv = np.einsum("nij,nid->njd", w, dout)
    dw = np.einsum("nid,njd->nij", dout, v)
    ds = w * (dw - np.sum(dw * w, axis=-1, keepdims=True)) * scale
    return np.einsum("nij,njd->nid", ds, k), np.einsum("nij,nid->njd", ds, q), dv


class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.weight = np.ones(dim)
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + self.eps)
        return x * self.r * self.weight

    def backward(self, dy):
        n = self.x * self.r
        self.dweight = (dy * n).reshape(-1, dy.shape[-1]).sum(0)
        d = dy * self.weight
        return self.r * (d - n * (d * n).mean(-1, keepdims=True))
