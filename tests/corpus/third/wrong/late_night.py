from dataclasses import dataclass

import numpy as np


@dataclass
class HuberLoss:
    """quadratic inside delta, linear outside; mean over all entries"""
    delta: float = 1.5

    def __call__(self, pred, target):
        e = np.abs(pred - target)
        return np.mean(np.where(e <= self.delta, 0.5 * e ** 2, self.delta * (e - self.delta)))

    def gradient(self, pred, target):
        return np.clip(pred - target, -self.delta, self.delta) / pred.size


class GELU:
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))"""
    c = np.sqrt(2 / np.pi).item()
    a = 0.44715

    def forward(self, x):
        self.x = x
        self.t = np.tanh(self.c * (x + self.a * x ** 3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dout):
        inner = self.c * (1 + 3 * self.a * self.x ** 2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t ** 2) * inner)


class Softmax:
    """rows are samples"""

    def forward(self, x):
        e = np.exp(x)
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class BatchNorm:
    def __init__(self, n_features, eps=1e-5):
        self.gamma = np.ones((1, n_features))
        self.beta = np.zeros((1, n_features))
        self.eps = eps

    def forward(self, x):
        self.mu = x.mean(axis=0, keepdims=True)
        self.std = np.sqrt(x.var(axis=0, keepdims=True) + self.eps)
        self.x = x
        return self.gamma * (x - self.mu) / self.std + self.beta

    def backward(self, dout):
        n = len(dout)
        xn = (self.x - self.mu) / self.std
        self.dbeta = dout.sum(axis=0, keepdims=True)
        self.dgamma = (dout * self.x).sum(axis=0, keepdims=True)
        d = dout * self.gamma
        return (d - d.sum(axis=0, keepdims=True) / n - xn * (d * xn).sum(axis=0, keepdims=True) / n) / self.std
