import numpy as np


class BatchNorm1d:
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(dim), np.zeros(dim)
        self.eps, self.momentum = eps, momentum
        self.running_mean, self.running_var = np.zeros(dim), np.ones(dim)
        self.training = True

    def forward(self, x):
        if not self.training:
            self.xn = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)
            return self.gamma * self.xn + self.beta
        n = len(x)
        mu, var = x.mean(0), x.var(0)
        self.running_mean += self.momentum * (mu - self.running_mean)
        self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)
        self.xc = x - mu
        self.std = np.sqrt(var + self.eps)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        N = len(dout)
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        if not self.training:
            return dxn / np.sqrt(self.running_var + self.eps)
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc = dxc + (2.0 / N) * self.xc * dvar
        return dxc - dxc.sum(axis=0) / N


def layernorm_forward(x, g, b, eps=1e-5):
    d = x - x.mean(-1, keepdims=True)
    inv = (np.mean(d * d, -1, keepdims=True) + eps) ** -0.5
    return d * inv * g + b, (d * inv, inv, g)


def layernorm_backward(dout, cache):
    h, inv, g = cache
    axes = tuple(range(dout.ndim - 1))
    dh = dout * g
    dx = inv * (dh - dh.mean(-1, keepdims=True) - h * (dh * h).mean(-1, keepdims=True))
    return dx, (dout * h).sum(axes), dout.sum(axes)


class L2Norm:
    def forward(self, x):
        self.n = np.sqrt(np.sum(x * x, axis=1, keepdims=True))
        self.y = x / self.n
        return self.y

    def backward(self, g):
        dx = np.empty_like(g)
        for i in range(len(g)):              # full Jacobian for each row
            J = (np.eye(g.shape[1]) - np.outer(self.y[i], self.y[i])) / self.n[i]
            dx[i] = J.T @ g[i]
        return dx
