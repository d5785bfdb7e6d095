import numpy as np


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.eps = eps

    def forward(self, x):
        m = x.mean(-1, keepdims=True)
        var = (x ** 2).mean(-1, keepdims=True) - m ** 2
        self.rstd = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - m) * self.rstd
        return self.xhat * self.gamma + self.beta

    def backward(self, dy):
        self.dgamma = (dy * self.xhat).reshape(-1, dy.shape[-1]).sum(0)
        self.dbeta = dy.reshape(-1, dy.shape[-1]).sum(0)
        d = dy * self.gamma
        return self.rstd * (d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True))


class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.g = np.ones(dim)
        self.eps = eps

    def forward(self, x):
        self.r = 1.0 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        self.n = x * self.r
        return self.n * self.g

    def backward(self, dout):
        self.dg = np.sum(dout * self.n, axis=tuple(range(dout.ndim - 1)))
        return dout * self.g * self.r


class BatchNorm1d:
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.gamma = np.ones(num_features)
        self.beta = np.zeros(num_features)
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)
        self.momentum, self.eps, self.training = momentum, eps, True

    def forward(self, x):
        if self.training:
            mu, var = x.mean(0), x.var(0)
            n = x.shape[0]
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var * n / (n - 1)
        else:
            mu, var = self.running_mean, self.running_var
        self.istd = 1 / np.sqrt(var + self.eps)
        self.xh = (x - mu) * self.istd
        return self.gamma * self.xh + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dgamma = dout.sum(axis=0)
        self.dbeta = np.sum(dout * self.xh, axis=0)
        dxh = dout * self.gamma
        return self.istd / n * (n * dxh - dxh.sum(0) - self.xh * (dxh * self.xh).sum(0))
