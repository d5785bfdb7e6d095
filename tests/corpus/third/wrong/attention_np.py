import numpy as np


def _softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention_forward(q, k, v):
    """softmax(q k^T / sqrt(d)) v          q, k, v: (batch, length, d)"""
    d = q.shape[-1]
    p = _softmax(q @ k.transpose(0, 2, 1) / np.sqrt(d))
    return p @ v, (q, k, v, p)


def attention_backward(dout, cache):
    q, k, v, p = cache
    dv = p.transpose(0, 2, 1) @ dout
    dp = dout @ v.transpose(0, 2, 1)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True))
    dq = ds @ k
    dk = ds.transpose(0, 2, 1) @ q
    return dq, dk, dv


class ScaledDotProductAttention:
    def forward(self, Q, K, V):
        self.Q, self.K, self.V = Q, K, V
        self.scale = 1.0 / np.sqrt(Q.shape[-1])
        self.A = _softmax(Q @ np.swapaxes(K, -1, -2) * self.scale)
        return self.A @ V

    def backward(self, dO):
        dV = np.swapaxes(self.A, -1, -2) @ dO
        dA = dO @ np.swapaxes(self.V, -1, -2)
        dS = dA * self.A * (1 - self.A) * self.scale
        dQ = dS @ self.K
        dK = np.swapaxes(dS, -1, -2) @ self.Q
        return dQ, dK, dV


class SelfAttention:
    """One head. The rows of the attention matrix belong to the queries."""

    def __init__(self, dim, rng=None):
        rng = rng or np.random.default_rng(0)
        self.Wq, self.Wk, self.Wv = (rng.normal(0, dim ** -0.5, (dim, dim)) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(axis=-2, keepdims=True))
        self.p = e / e.sum(axis=-2, keepdims=True)
        return self.p @ self.v

    def backward(self, g):
        dv = self.p.swapaxes(-1, -2) @ g
        dp = g @ self.v.swapaxes(-1, -2)
        ds = self.p * (dp - (dp * self.p).sum(axis=-2, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dq, dk = ds @ self.k, ds.swapaxes(-1, -2) @ self.q
        n = self.x.shape[-1]
        flat = self.x.reshape(-1, n)
        self.dWq = flat.T @ dq.reshape(-1, n)
        self.dWk = flat.T @ dk.reshape(-1, n)
        self.dWv = flat.T @ dv.reshape(-1, n)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
