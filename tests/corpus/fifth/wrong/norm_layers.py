import numpy as np


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    x_hat = (x - mu) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)


def batchnorm_backward(dout, cache):
    x_hat, std, gamma = cache
    dgamma = np.sum(dout * x_hat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dx = dout * gamma / std
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, eps=1e-5):
    """Layer norm: normalise every sample over its features. x: (N, D)"""
    mu = x.mean(axis=0, keepdims=True)
    var = x.var(axis=0, keepdims=True)
    inv = 1 / np.sqrt(var + eps)
    xh = (x - mu) * inv
    return gamma * xh + beta, (xh, inv, gamma)


def layernorm_backward(dout, cache):
    xh, inv, gamma = cache
    N = dout.shape[0]
    g = dout * gamma
    dx = inv / N * (N * g - g.sum(axis=0, keepdims=True) - xh * (g * xh).sum(axis=0, keepdims=True))
    return dx, (dout * xh).sum(0), dout.sum(0)


class L2Normalize:
    """ y = x / ||x||_2  (per row) """

    def forward(self, x):
        self.n = np.linalg.norm(x, axis=1, keepdims=True)
        return x / self.n

    def backward(self, dy):
        return dy / self.n


class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.g = np.ones(dim)
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + self.eps)
        return x * self.r * self.g

    def backward(self, dy):
        x, r = self.x, self.r
        self.dg = (dy * x * r).reshape(-1, x.shape[-1]).sum(0)
        h = dy * self.g
        return h * r - x * r ** 3 * (h * x).sum(-1, keepdims=True)
