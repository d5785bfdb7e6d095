import numpy as np
from contextlib import contextmanager


class Module:
    training = True

    @contextmanager
    def evaluating(self):
        before, self.training = self.training, False
        try:
            yield self
        finally:
            self.training = before


class BatchNorm1d(Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.dweight = self.dbias = None

    def forward(self, x):
        n = x.shape[0]
        if self.training:
            mu, var = x.mean(0), x.var(0)
            self.running_mean += self.momentum * (mu - self.running_mean)
            self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)
        else:
            mu, var = self.running_mean, self.running_var
        self.istd = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.weight * self.xhat + self.bias

    def backward(self, dout):
        self.dweight = np.einsum("nd,nd->d", dout, self.xhat)
        self.dbias = dout.sum(0)
        dx = dout * self.weight * self.istd
        if self.training:
            n = len(dout)
            dx = dx - (self.weight * self.istd / n) * (self.dbias + self.xhat * self.dweight)
        return dx


class GroupNorm(Module):
    """NCHW."""

    def __init__(self, num_groups, num_channels, eps=1e-5):
        self.g, self.eps = num_groups, eps
        self.weight = np.ones(num_channels)
        self.bias = np.zeros(num_channels)

    def forward(self, x):
        n, c = x.shape[:2]
        grouped = x.reshape(n, self.g, -1)
        mu = grouped.mean(2, keepdims=True)
        self.inv = 1 / np.sqrt(grouped.var(2, keepdims=True) + self.eps)
        self.xhat = ((grouped - mu) * self.inv).reshape(x.shape)
        return self.xhat * self.weight.reshape(1, c, 1, 1) + self.bias.reshape(1, c, 1, 1)

    def backward(self, dy):
        n, c = dy.shape[:2]
        self.dweight = (dy * self.xhat).sum((0, 2, 3))
        self.dbias = dy.sum((0, 2, 3))
        g = (dy * self.weight[None, :, None, None]).reshape(n, self.g, -1)
        h = self.xhat.reshape(n, self.g, -1)
        g = g - g.mean(2, keepdims=True) - h * (g * h).mean(2, keepdims=True)
        return (g * self.inv).reshape(dy.shape)


class RMSNorm(Module):
    def __init__(self, dim, eps=1e-6):
        self.eps = eps
        self.weight = np.ones(dim)

    def forward(self, x):
        self.x = x
        self.r = np.reciprocal(np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + self.eps))
        return x * self.r * self.weight

    def backward(self, dy):
        x, r = self.x, self.r
        self.dweight = (dy * x * r).reshape(-1, x.shape[-1]).sum(0)
        u = dy * self.weight
        return r * u - x * r**3 * np.mean(u * x, axis=-1, keepdims=True)
