import numpy as np


class BatchNorm1d:
    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.gamma, self.beta = np.ones(dim), np.zeros(dim)

    def forward(self, x):
        self.mean, self.var = x.mean(0), x.var(0)
        self.xhat = (x - self.mean) / np.sqrt(self.var + self.eps)
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(0), dy.sum(0)
        return dy * self.gamma / np.sqrt(self.var + self.eps)


class LayerNorm:
    """Per-sample normalisation; x is (batch, features)."""

    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.weight, self.bias = np.ones(dim), np.zeros(dim)

    def forward(self, x):
        c = x - x.mean(0)
        self.inv = 1 / np.sqrt((c * c).mean(0) + self.eps)
        self.xhat = c * self.inv
        return self.xhat * self.weight + self.bias

    def backward(self, dy):
        self.dweight, self.dbias = (dy * self.xhat).sum(0), dy.sum(0)
        g = dy * self.weight
        return self.inv * (g - g.mean(0) - self.xhat * (g * self.xhat).mean(0))


class FastLayerNorm:
    """LayerNorm with a one-pass variance."""

    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.weight, self.bias = np.ones(dim), np.zeros(dim)

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        var = (x * x).mean(-1, keepdims=True) - mu * mu
        self.inv = 1 / np.sqrt(np.maximum(var, 0) + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.xhat * self.weight + self.bias

    def backward(self, dy):
        self.dweight, self.dbias = (dy * self.xhat).sum(0), dy.sum(0)
        g = dy * self.weight
        return self.inv * (g - g.mean(-1, keepdims=True) - self.xhat * (g * self.xhat).mean(-1, keepdims=True))



class BatchNorm:
    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.gamma, self.beta = np.ones(dim), np.zeros(dim)

    def forward(self, x):
        self.n = x.shape[0]
        mu = x.mean(0)
        self.istd = 1 / np.sqrt(x.var(0, ddof=1) + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(0), dy.sum(0)
        g = dy * self.gamma
        return self.istd * (g - g.mean(0) - self.xhat * (g * self.xhat).sum(0) / (self.n - 1))


class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.eps, self.g = eps, np.ones(dim)

    def forward(self, x):
        self.x = x
        self.r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps)
        return x * self.r * self.g

    def backward(self, dy):
        x, r = self.x, self.r
        self.dg = (dy * x).reshape(-1, x.shape[-1]).sum(0)
        u = dy * self.g
        return r * u - x * r**3 * (u * x).mean(-1, keepdims=True)
