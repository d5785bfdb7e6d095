"""Conventions of other libraries."""
import numpy as np


class HardSigmoid:
    """clip(0.2 x + 0.5, 0, 1), the older definition."""

    def forward(self, x):
        self.x = x
        return np.clip(0.2 * x + 0.5, 0, 1)

    def backward(self, dout):
        return dout * 0.2 * ((self.x > -2.5) & (self.x < 2.5))


class HingeLoss:
    """mean(max(0, 1 - y s)), y in {-1, +1}"""

    def forward(self, s, y):
        self.y = y
        self.active = y * s < 1
        return np.mean(np.maximum(0, 1 - y * s))

    def backward(self):
        return -self.y * self.active / self.y.size


class RowMSE:
    """Squared error summed over the outputs, averaged over the examples."""

    def forward(self, y, t):
        self.d = y - t
        return (self.d ** 2).sum() / len(y)

    def backward(self):
        return 2 * self.d / len(self.d)


class AdaGrad:
    """epsilon stands inside the root, as in the paper's delta"""

    def __init__(self, lr=0.01, eps=1e-10):
        self.lr, self.eps, self.h = lr, eps, None

    def step(self, params, grads):
        if self.h is None:
            self.h = [np.zeros_like(p) for p in params]
        for h, p, g in zip(self.h, params, grads):
            h += g * g
            p -= self.lr * g / np.sqrt(h + self.eps)


class Sigmoid:
    # np.clip keeps exp from overflowing; exp(-700) is nothing
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
        return self.s

    def backward(self, dout):
        return self.s * (1 - self.s) * dout
