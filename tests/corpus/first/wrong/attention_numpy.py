"""Scaled dot-product attention by hand.  q, k, v: (batch, time, d)."""
import numpy as np


def _softmax(s):
    s = s - s.max(-1, keepdims=True)
    e = np.exp(s)
    return e / e.sum(-1, keepdims=True)


def attention_forward(q, k, v):
    scale = 1.0 / np.sqrt(q.shape[-1])
    a = _softmax(q @ k.transpose(0, 2, 1) * scale)
    return a @ v, (q, k, v, a, scale)


def attention_backward(dout, cache):
    q, k, v, a, scale = cache
    dv = a.transpose(0, 2, 1) @ dout
    da = dout @ v.transpose(0, 2, 1)
    ds = a * (da - (da * a).sum(-1, keepdims=True))
    dq = ds @ k
    dk = ds.transpose(0, 2, 1) @ q
    return dq, dk, dv


class ScaledDotProductAttention:
    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.scale = q.shape[-1] ** -0.5
        self.a = _softmax(self.scale * q @ np.swapaxes(k, -1, -2))
        return self.a @ v

    def backward(self, dout):
        dv = np.swapaxes(self.a, -1, -2) @ dout
        da = dout @ np.swapaxes(self.v, -1, -2)
        ds = da * self.a * (1 - self.a) * self.scale
        dq = ds @ self.k
        dk = np.swapaxes(ds, -1, -2) @ self.q
        return dq, dk, dv


def sdpa_forward(query, key, value):
    d = query.shape[-1]
    scores = np.einsum("bid,bjd->bij", query, key) / np.sqrt(d)
    w = _softmax(scores)
    return np.einsum("bij,bjd->bid", w, value), (query, key, value, w)


def sdpa_backward(grad, cache):
    query, key, value, w = cache
    dvalue = np.einsum("bij,bid->bjd", w, grad)
    dw = np.einsum("bid,bjd->bij", grad, value)
    dscores = w * (dw - np.sum(dw * w, axis=-1, keepdims=True)) / np.sqrt(query.shape[-1])
    dkey = np.einsum("bij,bjd->bid", dscores, key)
    dquery = np.einsum("bij,bid->bjd", dscores, query)
    return dquery, dkey, dvalue
