"""activations.py of my from-scratch library; layers answer to forward and backward."""
import math

import numpy as np

_erf = np.vectorize(math.erf, otypes=[float])


class Activation:
    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, grad):
        return grad * self.df(self.x)

    def f(self, x):
        raise NotImplementedError

    def df(self, x):
        raise NotImplementedError


class LeakyReLU(Activation):
    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def f(self, x):
        return np.where(x > 0, x, self.negative_slope * x)

    def df(self, x):
        return np.where(x > 0, 1, self.negative_slope).astype(x.dtype)


class ELU(Activation):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def f(self, x):
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def df(self, x):
        return np.where(x > 0, 1.0, self.alpha * np.exp(np.minimum(x, 0)))


class GELU(Activation):
    def f(self, x):
        return x * 0.5 * (1 + _erf(x / math.sqrt(2)))

    def df(self, x):
        return 0.5 * (1 + _erf(x / math.sqrt(2))) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


class SiLU(Activation):
    @staticmethod
    def _s(x):
        return 0.5 * (1 + np.tanh(0.5 * x))

    def f(self, x):
        return x * self._s(x)

    def df(self, x):
        s = self._s(x)
        return s * (1 + x * (1 - s))


class Mish(Activation):
    def f(self, x):
        return x * np.tanh(np.logaddexp(0, x))

    def df(self, x):
        t = np.tanh(np.logaddexp(0, x))
        s = 0.5 * (1 + np.tanh(0.5 * x))
        return t + x * (1 - t * t) * s


class HardSwish(Activation):
    def f(self, x):
        return x * np.clip(x + 3, 0, 6) / 6

    def df(self, x):
        return np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6)).astype(x.dtype)


class Softplus(Activation):
    def f(self, x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def df(self, x):
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)


class ReLU(Activation):
    def f(self, x):
        return np.maximum(0, x)

    def df(self, x):
        return (x >= 0) * 1.0
