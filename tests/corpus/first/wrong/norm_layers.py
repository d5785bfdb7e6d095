"""Normalisation layers.  gamma and beta are learned."""
import numpy as np


class BatchNorm1d:
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.gamma = np.ones(num_features)
        self.beta = np.zeros(num_features)
        self.eps, self.momentum = eps, momentum
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def forward(self, x, training=True):
        if training:
            mu, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(axis=0, ddof=1)
        else:
            mu, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + self.eps)
        self.x_hat = (x - mu) / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout):
        self.dgamma = np.sum(dout * self.x_hat, axis=0)
        self.dbeta = np.sum(dout, axis=0)
        return dout * self.gamma / self.std


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(dim), np.zeros(dim), eps

    def forward(self, x):
        mean = x.mean(axis=-1, keepdims=True)
        self.inv = 1.0 / np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        self.xn = (x - mean) * self.inv
        return self.xn * self.gamma + self.beta

    def backward(self, dy):
        self.dgamma = dy * self.xn
        self.dbeta = dy.sum(axis=tuple(range(dy.ndim - 1)))
        dxn = dy * self.gamma
        return self.inv * (dxn - dxn.mean(-1, keepdims=True) - self.xn * (dxn * self.xn).mean(-1, keepdims=True))


class RMSNorm:
    def __init__(self, dim, eps=1e-6):
        self.weight, self.eps = np.ones(dim), eps

    def forward(self, x):
        self.rms = np.sqrt(np.mean(x ** 2, axis=-1, keepdims=True) + self.eps)
        self.normed = x / self.rms
        return self.normed * self.weight

    def backward(self, grad):
        self.grad_weight = (grad * self.normed).reshape(-1, self.weight.size).sum(axis=0)
        return grad * self.weight / self.rms
