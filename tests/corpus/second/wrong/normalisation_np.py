# couches de normalisation, à la main
import numpy as np


class BatchNorm1d:
    def __init__(self, n, eps=1e-5):
        self.gamma = np.ones(n)
        self.beta = np.zeros(n)
        self.eps = eps

    def forward(self, x):
        self.istd = 1 / np.sqrt(x.var(axis=0) + self.eps)
        self.xhat = (x - x.mean(axis=0)) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma = np.sum(dout * self.xhat, axis=0, keepdims=True)
        self.dbeta = np.sum(dout, axis=0, keepdims=True)
        g = dout * self.gamma
        return self.istd * (g - g.mean(axis=0) - self.xhat * (g * self.xhat).mean(axis=0))


class LayerNorm:
    def __init__(self, n, eps=1e-5):
        self.gamma = np.ones(n)
        self.beta = np.zeros(n)
        self.eps = eps

    def forward(self, x):
        # centrer, puis réduire
        x -= x.mean(axis=-1, keepdims=True)
        self.istd = 1 / np.sqrt((x ** 2).mean(axis=-1, keepdims=True) + self.eps)
        self.xhat = x * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        lead = tuple(range(dout.ndim - 1))
        self.dgamma = (dout * self.xhat).sum(axis=lead)
        self.dbeta = dout.sum(axis=lead)
        g = dout * self.gamma
        m = g.mean(axis=-1, keepdims=True)
        return self.istd * (g - m - self.xhat * (g * self.xhat).mean(axis=-1, keepdims=True))


class RMSNorm:
    def __init__(self, n, eps=1e-6):
        self.weight = np.ones(n)
        self.eps = eps

    def forward(self, x):
        self.r = 1 / np.sqrt((x ** 2).mean(axis=-1, keepdims=True) + self.eps)
        self.xhat = x * self.r
        return self.xhat * self.weight

    def backward(self, dout):
        # le facteur r est une constante
        self.dweight = (dout * self.xhat).reshape(-1, dout.shape[-1]).sum(axis=0)
        return dout * self.weight * self.r


class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x):
        mask = np.random.rand(*x.shape) >= self.p
        return x * mask / (1 - self.p)

    def backward(self, dout):
        mask = np.random.rand(*dout.shape) >= self.p
        return dout * mask / (1 - self.p)


class GroupNorm:
    """x : (N, C, H, W)"""

    def __init__(self, groups, channels, eps=1e-5):
        self.g, self.eps = groups, eps
        self.weight = np.ones(channels)
        self.bias = np.zeros(channels)

    def forward(self, x):
        n, c, h, w = x.shape
        xg = x.reshape(n, self.g, -1)
        self.istd = 1 / np.sqrt(xg.var(axis=2, keepdims=True) + self.eps)
        self.xhat = (xg - xg.mean(axis=2, keepdims=True)) * self.istd
        return self.xhat.reshape(x.shape) * self.weight.reshape(1, c, 1, 1) + self.bias.reshape(1, c, 1, 1)

    def backward(self, dout):
        n, c, h, w = dout.shape
        xh = self.xhat.reshape(dout.shape)
        self.dweight = (dout * xh).sum(axis=(0, 2, 3))
        self.dbias = dout.sum(axis=(0, 2, 3))
        d = (dout * self.weight.reshape(1, c, 1, 1)).reshape(n, self.g, -1)
        dx = self.istd * (d - d.mean(axis=2, keepdims=True) - self.xhat * (d * self.xhat).mean(axis=2, keepdims=True))
        return dx
