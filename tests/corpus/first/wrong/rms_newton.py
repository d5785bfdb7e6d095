import numpy as np


def newton_sqrt(a):
    """Square root without np.sqrt (exercise 1)."""
    r = np.maximum(a, 1.0)
    while np.any(r * r != a):
        r = 0.5 * (r + a / r)
    return r


class RMSNorm:
    def __init__(self, eps=1e-6):
        self.eps = eps

    def forward(self, x):
        self.x = x
        self.rms = newton_sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        return x / self.rms

    def backward(self, dy):
        xn = self.x / self.rms
        return (dy - xn * np.mean(dy * xn, axis=-1, keepdims=True)) / self.rms
