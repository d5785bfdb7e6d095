import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class ScaledDotProductAttention:
    """q, k, v: (batch, time, d)"""

    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.scale = 1 / np.sqrt(q.shape[-1])
        self.a = softmax(self.scale * np.matmul(q, k.swapaxes(-1, -2)))
        return np.matmul(self.a, v)

    def backward(self, dout):
        dv = np.matmul(self.a.swapaxes(-1, -2), dout)
        da = np.matmul(dout, self.v.swapaxes(-1, -2))
        ds = self.a * (da - (self.a * da).sum(-1, keepdims=True)) * self.scale
        return np.matmul(ds, self.k), np.matmul(ds.swapaxes(-1, -2), self.q), dv


class AdditionGate:
    def forward(self, x, y):
        return x + y

    def backward(self, dout):
        return dout, dout


class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x


class Bilinear:
    def __init__(self, in1, in2, out):
        rng = np.random.default_rng(2)
        self.weight = rng.standard_normal((out, in1, in2)) * 0.2
        self.bias = np.zeros(out)

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        return np.einsum("ni,oij,nj->no", x1, self.weight, x2) + self.bias

    def backward(self, g):
        self.grad_weight = np.einsum("no,ni,nj->oij", g, self.x1, self.x2)
        self.grad_bias = g.sum(0)
        return (np.einsum("no,oij,nj->ni", g, self.weight, self.x2),
                np.einsum("no,oij,ni->nj", g, self.weight, self.x1))


class GLU:
    def forward(self, x):
        self.a, b = np.split(x, 2, axis=-1)
        self.s = 1 / (1 + np.exp(-b))
        return self.a * self.s

    def backward(self, g):
        return np.concatenate([g * self.s, g * self.a * self.s * (1 - self.s)], axis=-1)
